//! Connections: the configuration file, the official order of values, the ways of signing in, hosts, secrets.

mod compute;
mod host;
pub(crate) mod http;
mod ini;
mod lakebase;
mod official;
mod order;
mod secret;
mod spark;
mod token;
pub(crate) mod warehouse;
mod workspace;
