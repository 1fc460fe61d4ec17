//! Stores: one suite of cases that every kind must pass, and what only SQLite files can go through.

mod answers;
mod credit;
mod crowded;
mod doubt;
pub(crate) mod fixture;
mod followed;
mod gold;
mod kept;
mod links;
mod model;
mod on_tables;
mod outbox;
mod outlines;
mod passes;
mod projects;
mod quality;
mod queues;
mod scans;
pub(crate) mod server;
mod sessions;
mod shelf;
mod table;
mod team;
mod threads;
mod trouble;
mod versions;
pub(crate) mod webapp;
