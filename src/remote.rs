//! Connections to workspaces: what a profile says, which way of signing in follows from it, and where each value came
//! from; and the clients that follow from it. Knows no product concept: no image, no label, no screen.
//!
//! Why a part of its own: the rules are those of the official Databricks SDKs, and people rely on them with the same
//! files and variables. Those of profiles are pure functions over texts, so that every rule can be tested without a
//! network; those of requests are in one client, which everything else asks through.
//! What always holds: nothing here reads a file or the environment; a token or password lives in a
//! [`secret::Secret`] from the moment it was read; a message names places and lengths, never a secret.

pub mod checkup;
pub mod compute;
pub mod connections;
pub mod error;
pub mod http;
pub mod ini;
pub mod lakebase;
pub mod lenient;
pub mod net;
pub mod password;
pub mod person;
pub mod profile;
pub mod secret;
pub mod spark;
pub mod sql;
pub mod tls;
mod token;
pub mod warehouse;
