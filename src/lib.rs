//! lakelens: browse, preview, label and review the images of a lakehouse in a terminal.
//!
//! One crate in layers; `tests/it/architecture.rs` holds them. A layer uses only what stands below it:
//!
//! ```text
//! cli, main                      command line, exit codes
//! runtime                        the loop: effects, tasks, pictures on the screen
//! ui                             State -> cells, and where pictures go
//! app                            the pure state machine: Event -> update -> Effect
//! ops                            whole workflows without a screen
//! config  theme  keymap          settings, colours, keys
//! lake  store  predict           where pictures and labels live
//! remote  media  formats  term   connections, pixels, file formats, the terminal
//! domain                         pure types and rules
//! ```
//!
//! One way round: input, replies and signals become events; `update` turns an event into a new state and effects,
//! without ever blocking; the runtime runs effects and sends replies back; the state is rendered, and the presenter
//! places pictures after the frame. Edits are never cancelled and are durable before they are shown as saved.

pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod formats;
pub mod keymap;
pub mod lake;
pub mod media;
pub mod ops;
pub mod remote;
pub mod runtime;
pub mod store;
pub mod term;
pub mod theme;
pub mod ui;
