//! Connections: the configuration file, the official order of values, the ways of signing in, hosts, secrets.

mod host;
mod http;
mod ini;
mod official;
mod order;
mod secret;
mod spark;
