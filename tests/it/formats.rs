//! Readers of annotation files with files that nobody meant.

mod mutations;
mod odd;
mod programs;
mod variants;
