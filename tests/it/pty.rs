//! The built program in a terminal: what only the whole of it shows.

mod boxes;
mod command_line;
mod crash;
mod expiring;
mod labelling;
mod link;
mod misbehaving;
mod pictures;
mod slow;
mod sql;
mod stories;
mod table;
mod terminal;
mod together;
mod versions;
mod wizard;
