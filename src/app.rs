//! The pure state machine: what is open, what a key does, what has to be asked of the outside.
//!
//! Why: a labelling tool must never do what the person did not mean, and that can only be tested when every decision is
//! a function of the state and an event. What always holds: nothing here does I/O, reads a clock or starts a thread;
//! time comes in with events; everything asked of the outside is an [`effect::Effect`], plain data; a reply with an old
//! generation is dropped in one place, [`update::update`].

pub mod effect;
pub mod event;
pub mod messages;
pub mod overlays;
pub mod picture;
pub mod places;
pub mod preview_report;
pub mod registry;
pub mod screens;
pub mod slots;
pub mod state;
pub mod tasks;
pub mod team;
pub mod update;
pub mod writes;
pub mod zoom;
