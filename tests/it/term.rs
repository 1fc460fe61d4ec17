//! The terminal layer: what bytes mean, and what we write.

mod cells;
mod encoders;
mod input;
mod laws;
mod output;
mod probe;
mod screen;
pub(crate) mod wire;
