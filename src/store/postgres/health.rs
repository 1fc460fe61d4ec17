//! What `doctor` says of a server.

use super::address::Address;
use super::link::{Link, Maker};
use super::schema;
use crate::remote::net::Net;
use crate::remote::password::PasswordSource;
use crate::store::Result;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How a server is.
#[derive(Clone, Debug)]
pub struct Health {
    /// The store, without its password.
    pub place: String,
    /// The server's version, as it says.
    pub version: String,
    /// The version of TLS; `None` without.
    pub tls: Option<String>,
    /// The version of our schema; 0 where there is none.
    pub schema: i64,
    /// The shortest of three round trips.
    pub latency: Duration,
}

/// Connects, looks, and leaves everything as it is.
///
/// # Errors
/// As [`super::PostgresStore::open`].
pub fn health(location: &str, password: Option<Arc<dyn PasswordSource>>, net: &Net) -> Result<Health> {
    let address = Address::parse(location)?;
    let password = password.filter(|_| !address.has_password());
    let mut link = Link::new(Maker::new(net.clone(), address, password)?);
    let line = link.line(false)?;
    let schema = schema::version(&line)?;
    let sql =
        "SELECT current_setting('server_version'), (SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid())";
    let rows = line.wait(line.client.query_typed(sql, &[]))?;
    let read = |i| rows.first().and_then(|r| r.try_get::<_, Option<String>>(i).ok().flatten());
    let (version, tls) = (read(0).unwrap_or_default(), read(1));
    let mut latency = Duration::MAX;
    for _ in 0..3 {
        let begun = Instant::now();
        line.wait(line.client.query_typed("SELECT 1", &[]))?;
        latency = latency.min(begun.elapsed());
    }
    Ok(Health { place: line.place().to_owned(), version, tls, schema, latency })
}
