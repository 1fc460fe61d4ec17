//! Whole workflows over real folders.

mod demo;
mod export;
mod export_formats;
mod project;
mod scan;
mod stored;
