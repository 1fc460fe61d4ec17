//! Stores on Lakebase: `lakebase://NAME` becomes an address of PostgreSQL, and a password minted for each connection.
//!
//! What always holds: the workspace is asked once where the database is; all connections share the minted password; TLS
//! is used and the certificate checked unless the location says otherwise.

use super::connections::Shared;
use crate::domain::text::printable;
use crate::remote::error::{Kind, RemoteError};
use crate::remote::lakebase::{DATABASE, Lakebase, PORT, Target};
use crate::remote::password::PasswordSource;
use crate::store::StoreError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// All connections that are made at the same time learn of one failure: each would wait as long for its own.
const SAME_TIME: Duration = Duration::from_secs(5);
/// What such a location begins with.
const SCHEME: &str = "lakebase://";

/// A store on Lakebase. Cheap to clone; clones share what was found out.
#[derive(Clone)]
pub struct LakebaseStore(Arc<Inner>);

struct Inner {
    wanted: Wanted,
    connections: Shared,
    known: Mutex<Known>,
}

/// What is known of the way to the database.
#[derive(Default)]
struct Known {
    reached: Option<(String, Lakebase)>,
    /// When and why nobody could say it.
    failed: Option<(Instant, StoreError)>,
}

/// A location taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    name: String,
    profile: Option<String>,
    database: String,
    /// What PostgreSQL is told besides.
    rest: Vec<String>,
}

impl LakebaseStore {
    /// The store of a location `lakebase://NAME?profile=P&database=D&…`, the rest as for `postgres://`; nothing for
    /// locations of other kinds.
    #[must_use]
    pub fn of(location: &str, connections: &Shared) -> Option<Self> {
        let (wanted, connections) = (Wanted::read(location)?, connections.clone());
        Some(Self(Arc::new(Inner { wanted, connections, known: Mutex::default() })))
    }

    /// How messages call it; what tells it from other stores, and no secret.
    #[must_use]
    pub fn place(&self) -> String {
        let Wanted { name, profile, database, rest } = &self.0.wanted;
        let mut place = format!("{SCHEME}{name}/{database}");
        let schema = rest.iter().find_map(|pair| pair.strip_prefix("schema="));
        for (word, value) in [("profile", profile.as_deref()), ("schema", schema)] {
            place.extend(value.map(|value| format!(", {word} {value}")));
        }
        printable(&place).into_owned()
    }

    /// The location for PostgreSQL, and what gives the passwords. Asks the workspace where the database is, and waits.
    ///
    /// # Errors
    /// When the workspace does not answer, or has no such database.
    pub fn reach(&self) -> Result<(String, Arc<dyn PasswordSource>), StoreError> {
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, error)) = known.failed.as_ref().filter(|(at, _)| at.elapsed() < SAME_TIME) {
            return Err(error.clone());
        }
        let (location, database) = match known.reached.as_ref() {
            Some(found) => found.clone(),
            None => match self.0.ask() {
                Ok(found) => known.reached.insert(found).clone(),
                Err(error) => {
                    let error = of_remote(&error, self.0.wanted.shown());
                    known.failed = Some((Instant::now(), error.clone()));
                    return Err(error);
                }
            },
        };
        Ok((location, Arc::new(database)))
    }
}

impl std::fmt::Debug for LakebaseStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("LakebaseStore").field(&self.0.wanted).finish()
    }
}

impl Inner {
    fn ask(&self) -> Result<(String, Lakebase), RemoteError> {
        let workspace = self.connections.get().workspace(self.wanted.profile.as_deref())?;
        let database = Lakebase::new(workspace.clone(), Target::read(&self.wanted.name));
        let address = workspace.wait(database.address())?;
        Ok((self.wanted.location(&address.host, &address.user), database))
    }
}

impl Wanted {
    fn shown(&self) -> String {
        format!("{SCHEME}{}", printable(&self.name))
    }

    fn read(location: &str) -> Option<Self> {
        let (name, query) = location.strip_prefix(SCHEME).map(|rest| rest.split_once('?').unwrap_or((rest, "")))?;
        let mut wanted = Self { name: name.to_owned(), profile: None, database: DATABASE.to_owned(), rest: Vec::new() };
        for pair in query.split('&').filter(|p| !p.is_empty()) {
            match pair.split_once('=') {
                Some(("profile", name)) => wanted.profile = Some(name.to_owned()),
                Some(("database", name)) => name.clone_into(&mut wanted.database),
                _ => wanted.rest.push(pair.to_owned()),
            }
        }
        if !wanted.rest.iter().any(|pair| pair.starts_with("sslmode=")) {
            wanted.rest.push("sslmode=verify-full".to_owned());
        }
        Some(wanted)
    }

    fn location(&self, host: &str, user: &str) -> String {
        // An e-mail address has an `@`, which would end the user's name.
        let user = user.replace('%', "%25").replace('@', "%40").replace([':', '/', '?'], "_");
        let port = if host.contains(':') { String::new() } else { format!(":{PORT}") };
        format!("postgres://{user}@{host}{port}/{}?{}", self.database, self.rest.join("&"))
    }
}

/// What a workspace says, as the error of the store at `place`.
pub(super) fn of_remote(error: &RemoteError, place: String) -> StoreError {
    let why = format!("{}: {}; {}", error.headline(), error.why(), error.remedy());
    match error.kind() {
        Kind::SignIn | Kind::Permission => StoreError::Denied { place, why },
        kind if kind.is_network() => StoreError::Offline { place, why },
        _ => StoreError::invalid(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_become_those_of_postgres() {
        let read = |text: &str| Wanted::read(text).unwrap().location("h.example.com", "ann@example.com");
        assert_eq!(
            read("lakebase://shop"),
            "postgres://ann%40example.com@h.example.com:5432/databricks_postgres?sslmode=verify-full"
        );
        assert_eq!(
            read("lakebase://projects/p/branches/b/endpoints/e?profile=x&database=d&schema=s&sslmode=require"),
            "postgres://ann%40example.com@h.example.com:5432/d?schema=s&sslmode=require"
        );
        assert_eq!(Wanted::read("lakebase://shop?profile=x").unwrap().profile.as_deref(), Some("x"));
        assert_eq!(Wanted::read("postgres://shop"), None);
    }
}
