//! Whole workflows without a screen: scan a source, export a project, count and measure it, make a demo data set.
//!
//! Why: the screens and the headless subcommands must do exactly the same thing, so both call this and both show the
//! same records ([`report`]). What always holds: memory is bounded whatever the size of the source, progress is
//! reported, every workflow can be cancelled between two steps, and nothing half-done is left looking finished.

pub mod report;
