//! Connections: the configuration file, the official order of values, the ways of signing in, hosts, secrets.

mod host;
mod ini;
mod order;
mod secret;
