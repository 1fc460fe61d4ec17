//! Whole workflows over real folders.

mod scan;
