//! The pure state machine: `State`, `Event`, actions, `Effect`, `update`. No I/O, no clock, no thread.

pub mod picture;
