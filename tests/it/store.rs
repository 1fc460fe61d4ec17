//! Stores: one suite of cases that every kind must pass, and what only SQLite files can go through.

mod answers;
mod fixture;
mod projects;
mod scans;
