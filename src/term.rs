//! The terminal: guard, probe, input, escape sequences, graphics protocols. Knows no product concept.

pub mod caps;
