//! The terminal layer: what bytes mean, and what we write.

mod input;
mod screen;
