//! Whole workflows over real folders.

mod demo;
mod export;
mod project;
mod scan;
mod stored;
