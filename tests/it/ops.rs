//! Whole workflows over real folders.

mod demo;
mod scan;
