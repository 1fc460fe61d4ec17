//! The terminal: guard, probe, input, escape sequences, graphics protocols. Knows no product concept.

pub mod caps;
pub mod cells;
pub mod graphics;
pub mod guard;
pub mod input;
pub mod output;
pub mod probe;
pub mod seq;
pub mod surroundings;
pub mod tmux;
