//! Whole workflows over real folders.

mod demo;
mod export;
mod export_formats;
mod full;
mod look;
mod project;
mod quality;
mod scan;
mod snapping;
mod stored;
