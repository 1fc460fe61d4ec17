//! What a `postgres://` location says: the server, the person, how TLS is used, and the schema.

use crate::domain::text::printable;
use crate::remote::secret::Secret;
use crate::store::error::StoreError;
use std::path::PathBuf;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// How far TLS goes, with libpq's words and meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// Never.
    Disable,
    /// Where the server offers it; nobody's identity is checked. What libpq does when nothing is said.
    Prefer,
    /// Always; the certificate is checked only when `sslrootcert` names who signs it.
    Require,
    /// Always; the certificate must be signed by `sslrootcert`, else by an authority of the system.
    VerifyCa,
    /// As before, and it must be made out for the host's name.
    VerifyFull,
}

impl TlsMode {
    /// The mode of its name in a location.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "disable" => Self::Disable,
            // libpq's `allow` tries without first; whoever writes it does not mind TLS.
            "allow" | "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => return None,
        })
    }
}

/// A location taken apart. Its `Debug` shows no password.
#[derive(Clone, Debug)]
pub struct Address {
    /// Server, person and database, without the password.
    pub(super) config: Config,
    /// The password of the location.
    pub(super) password: Option<Secret>,
    /// How TLS is used.
    pub tls: TlsMode,
    /// Who signs the server's certificate; `None`: the authorities of the system.
    pub root: Option<PathBuf>,
    /// The schema that holds the tables.
    pub schema: String,
    /// The longest a statement may take.
    pub(super) limit: Duration,
    place: String,
    /// Whether a person knows it by another name than its address.
    named: bool,
}

/// The schema of our tables where the location does not name one.
const SCHEMA: &str = "lakelens";
/// The longest a statement may take where the location does not say.
const LIMIT: Duration = Duration::from_secs(60);

impl Address {
    /// Takes a location apart.
    ///
    /// # Errors
    /// [`StoreError::Invalid`], which never repeats the location, because it may hold a password.
    pub fn parse(location: &str) -> Result<Self, StoreError> {
        let wrong = |why: String| {
            StoreError::invalid(format!(
                "this PostgreSQL location cannot be used: {why}; it looks like \
                 postgres://user@host:5432/database?sslmode=verify-full, with `%40` for an `@` in the user's name"
            ))
        };
        let rest = location.strip_prefix("postgres://").or_else(|| location.strip_prefix("postgresql://"));
        let rest = rest.ok_or_else(|| wrong("it does not begin with postgres://".to_owned()))?;
        let (server, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (mut tls, mut root, mut schema, mut limit) = (TlsMode::Prefer, None, SCHEMA.to_owned(), LIMIT);
        let mut passed: Vec<&str> = Vec::new();
        for pair in query.split('&').filter(|p| !p.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value);
            match key {
                "sslmode" => {
                    let unknown = || {
                        wrong(format!(
                            "sslmode `{}` is none of disable, prefer, require, verify-ca, verify-full",
                            printable(&value)
                        ))
                    };
                    tls = TlsMode::from_name(&value).ok_or_else(unknown)?;
                }
                "sslrootcert" => root = (value != "system").then(|| PathBuf::from(value)),
                "schema" if is_name(&value) => schema = value,
                "schema" => return Err(wrong("the schema is not a name of letters, digits and `_`".to_owned())),
                "statement_timeout" => {
                    let seconds =
                        value.parse().map_err(|_| wrong("statement_timeout is in whole seconds".to_owned()))?;
                    limit = Duration::from_secs(seconds);
                }
                _ => passed.push(pair),
            }
        }
        let separator = if passed.is_empty() { "" } else { "?" };
        let parsed = format!("postgres://{server}{separator}{}", passed.join("&")).parse::<Config>();
        let mut config = parsed.map_err(|e| wrong(printable(&describe(&e)).into_owned()))?;
        let password = config.get_password().map(|p| Secret::new(String::from_utf8_lossy(p)));
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(wrong("it names no host".to_owned()));
        }
        config.password("");
        config.ssl_mode(match tls {
            TlsMode::Disable => SslMode::Disable,
            TlsMode::Prefer => SslMode::Prefer,
            _ => SslMode::Require,
        });
        if config.get_application_name().is_none() {
            config.application_name("lakelens");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(10));
        }
        config.keepalives_idle(Duration::from_secs(30)).tcp_user_timeout(Duration::from_secs(30));
        let place = place(&config, &schema);
        Ok(Self { config, password, tls, root, schema, limit, place, named: false })
    }

    /// The same place with the schema in which other programs keep their tables, unless the location names one.
    #[must_use]
    pub fn for_others(&self) -> Self {
        let mut other = self.clone();
        if other.schema == SCHEMA {
            other.schema = "public".to_owned();
            if !other.named {
                other.place = place(&other.config, SCHEMA);
            }
        }
        other
    }

    /// The same server as a person named it, where its address was found out for them; without a secret.
    #[must_use]
    pub fn called(self, name: &str) -> Self {
        Self { place: printable(name).into_owned(), named: true, ..self }
    }

    /// How messages call it: without password and options.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The person it signs in as, where it says.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.config.get_user()
    }

    /// Whether the location itself holds a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.password.as_ref().is_some_and(|p| !p.is_empty())
    }
}

/// A location as it may be shown, whether or not it can be used.
#[must_use]
pub fn shown(location: &str) -> String {
    match Address::parse(location) {
        Ok(address) => address.place().to_owned(),
        Err(_) => "postgres://…".to_owned(),
    }
}

fn place(config: &Config, schema: &str) -> String {
    let mut out = String::from("postgres://");
    if let Some(user) = config.get_user() {
        out += &user.replace('%', "%25").replace('@', "%40");
        out.push('@');
    }
    let host = |h: &Host| match h {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string().replace('/', "%2F"),
    };
    let ports = config.get_ports();
    let port = |i: usize| ports.get(i).or(ports.first()).filter(|p| **p != 5432).map(|p| format!(":{p}"));
    let hosts = config.get_hosts().iter().enumerate().map(|(i, h)| host(h) + &port(i).unwrap_or_default());
    out += &hosts.collect::<Vec<_>>().join(",");
    if let Some(name) = config.get_dbname() {
        out.push('/');
        out += name;
    }
    if schema != SCHEMA {
        out += &format!("?schema={schema}");
    }
    printable(&out).into_owned()
}

/// What the parser of locations says, with the reason under it.
fn describe(error: &tokio_postgres::Error) -> String {
    let reason = std::error::Error::source(error).map(|s| format!(": {s}")).unwrap_or_default();
    format!("{error}{reason}")
}

fn is_name(text: &str) -> bool {
    let letters = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    letters && text.len() <= 63 && text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
}

/// Decodes `%20` and the like; what is no code stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while let Some(byte) = bytes.get(i) {
        let code = text.get(i + 1..i + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code.filter(|_| *byte == b'%') {
            Some(code) => {
                out.push(code);
                i += 3;
            }
            None => {
                out.push(*byte);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_taken_apart_and_shown_without_their_password() {
        let text = "postgresql://alice%40example.com:s3cr%40t@db.example:6543/labels?sslmode=verify-full\
                    &sslrootcert=%2Fetc%2Fca.pem&schema=team_a&statement_timeout=5";
        let address = Address::parse(text).unwrap();
        assert_eq!(address.place(), "postgres://alice%40example.com@db.example:6543/labels?schema=team_a");
        assert_eq!(address.password.as_ref().unwrap().expose(), "s3cr@t");
        assert_eq!((address.tls, address.root.as_deref()), (TlsMode::VerifyFull, Some("/etc/ca.pem".as_ref())));
        assert_eq!(address.limit, Duration::from_secs(5));
        assert!(!format!("{address:?}").contains("s3cr"));
        let called = address.clone().called("lakebase://shop/labels");
        assert_eq!((called.place(), called.for_others().place()), ("lakebase://shop/labels", "lakebase://shop/labels"));
        let plain = Address::parse("postgres://h/d").unwrap();
        assert_eq!((plain.schema.as_str(), plain.tls), ("lakelens", TlsMode::Prefer));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for bad in [
            "postgres://u:s3cret@h:70000/d",
            "postgres://u:s3cret@h/d?sslmode=maybe",
            "postgres://u:s3cret@h/d?schema=a-b",
            "postgres://u:s3cret@h/d?what=ever",
            "postgres://u:s3cret@h/d?statement_timeout=soon",
        ] {
            let error = Address::parse(bad).unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{error}");
            assert!(error.contains("postgres://user@host"), "{error}");
            assert!(!shown(bad).contains("s3cret"));
        }
    }
}
