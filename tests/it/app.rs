//! The update level: keys in, state and effects out. And the screen level: snapshots with styles.

mod adjudicate;
mod alike;
mod boxes;
mod classes;
mod comments;
mod conflicts;
mod damaged;
mod gallery;
mod gold;
mod guide;
pub(crate) mod harness;
mod label;
mod lake;
mod lists;
mod objects;
mod preview;
mod review;
mod screens;
mod sql;
mod stats;
mod sweep;
mod table;
mod team;
mod trace;
mod versions;
mod wizard;
mod zoom;
