//! The terminal layer: what bytes mean, and what we write.

mod encoders;
mod input;
mod probe;
mod screen;
