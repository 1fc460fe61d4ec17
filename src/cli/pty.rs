//! The built program in a terminal: what only the whole of it shows.

mod command_line;
