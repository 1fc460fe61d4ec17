//! The integration tests: one binary, a module for each level.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed assumption is a failed test")]

mod app;
mod architecture;
mod keymap;
mod pty;
mod support;
mod term;
mod theme;
