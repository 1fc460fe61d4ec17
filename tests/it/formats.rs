//! Readers of annotation files with files that nobody meant.

mod effort;
mod further;
mod mutations;
mod odd;
mod programs;
mod tables;
mod variants;
mod writers;
