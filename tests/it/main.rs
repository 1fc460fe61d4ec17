//! The integration tests: one binary, a module for each level.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed assumption is a failed test")]
#![allow(clippy::print_stdout, reason = "skipped checks are printed")]

mod app;
mod architecture;
mod cli;
mod docs;
mod formats;
mod keymap;
mod kill;
mod lake;
mod media;
mod ops;
mod present;
mod pty;
mod real_terminals;
mod remote;
mod store;
mod support;
mod term;
mod theme;
