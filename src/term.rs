//! The terminal: guard, probe, input, escape sequences, graphics protocols. Knows no product concept.

pub mod caps;
pub mod guard;
pub mod input;
pub mod output;
pub mod seq;
pub mod tmux;
