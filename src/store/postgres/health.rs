//! What `doctor` says of a server.

use super::PostgresStore;
use super::address::Address;
use super::link::{Link, Maker};
use super::schema;
use crate::remote::net::Net;
use crate::remote::password::PasswordSource;
use crate::store::cvexplorer::CvExplorer;
use crate::store::records::Mode;
use crate::store::{Result, StoreError};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Whose tables a database holds, where this program looks for its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// Nobody's.
    None,
    /// Our own, of this version of the schema.
    Ours(i64),
    /// Those of CV Explorer, which are used as they are.
    CvExplorer,
}

/// How a server is.
#[derive(Clone, Debug)]
pub struct Health {
    /// The store, without its password.
    pub place: String,
    /// The server's version, as it says.
    pub version: String,
    /// The version of TLS; `None` without.
    pub tls: Option<String>,
    /// Whose tables are there.
    pub tables: Tables,
    /// The shortest of three round trips.
    pub latency: Duration,
}

/// Connects, looks, and leaves everything as it is.
///
/// # Errors
/// As [`super::PostgresStore::open`].
pub fn health(location: &str, password: Option<Arc<dyn PasswordSource>>, net: &Net) -> Result<Health> {
    health_of(Address::parse(location)?, password, net)
}

/// As [`health`], of an address that was taken apart.
///
/// # Errors
/// As [`health`].
pub fn health_of(address: Address, password: Option<Arc<dyn PasswordSource>>, net: &Net) -> Result<Health> {
    let password = password.filter(|_| !address.has_password());
    let mut link = Link::new(Maker::new(net.clone(), address.clone(), password.clone())?);
    let line = link.line(false)?;
    let ours = schema::version(&line);
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
    let place = line.place().to_owned();
    let tables = match ours {
        Ok(version @ 1..) => Tables::Ours(version),
        Ok(_) | Err(StoreError::NotAStore { .. }) => {
            let others = PostgresStore::attach(address.for_others(), password, Mode::Read, net)?;
            match (CvExplorer::on_server(others)?, ours) {
                (Ok(_), _) => Tables::CvExplorer,
                (Err(_), Ok(_)) => Tables::None,
                (Err(_), Err(error)) => return Err(error),
            }
        }
        Err(error) => return Err(error),
    };
    Ok(Health { place, version, tls, tables, latency })
}
