//! The connection string of Spark Connect: `sc://host:port/;key=value;…`.
//!
//! Source: `client-connection-string.md` and `ChannelBuilder` of Apache Spark 4. What always holds: the token is kept as a
//! [`Secret`], and so is every header, because some are keys; no error shows a value.

use crate::domain::text::printable;
use crate::remote::secret::Secret;
use std::fmt;
use uuid::Uuid;

/// The port where none is given.
pub const PORT: u16 = 15002;

/// Where a Spark Connect server is, and how to talk to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Name or number of the machine.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether the connection is encrypted; always when there is a token, except on this machine.
    pub tls: bool,
    /// Sent as `Authorization: Bearer …`.
    pub token: Option<Secret>,
    /// Who we say we are.
    pub user: Option<String>,
    /// What is said before our own name in the user agent.
    pub agent: Option<String>,
    /// The session to go on with.
    pub session: Option<Uuid>,
    /// All other keys: headers of every request.
    pub headers: Vec<(String, Secret)>,
}

impl Address {
    /// Reads a connection string.
    ///
    /// # Errors
    /// A sentence that says what is wrong, without any value.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| {
            format!("the address of the Spark Connect server is wrong: {why}; write sc://HOST:PORT/;token=TOKEN")
        };
        let rest = text.trim().strip_prefix("sc://").ok_or_else(|| wrong("it does not start with sc://"))?;
        let (place, parameters) = rest.split_once('/').unwrap_or((rest, ""));
        if place.contains(';') {
            return Err(wrong("parameters stand behind a slash, as in sc://host:15002/;use_ssl=true"));
        }
        let (host, port) = host_and_port(place).map_err(wrong)?;
        let mut address =
            Self { host, port, tls: false, token: None, user: None, agent: None, session: None, headers: Vec::new() };
        let parameters = match parameters.strip_prefix(';') {
            Some(list) => list,
            None if parameters.is_empty() => "",
            None => return Err(wrong("it has a path; parameters start with `/;`")),
        };
        let mut plain = None;
        for pair in parameters.split(';').filter(|p| !p.is_empty()) {
            let (key, value) = pair.split_once('=').ok_or_else(|| wrong("a parameter has no `=`"))?;
            if value.contains('=') {
                return Err(wrong(&format!("the value of `{}` holds a `=`; write it as %3D", printable(key))));
            }
            let value = decoded(value).ok_or_else(|| wrong("a `%` is not followed by two hexadecimal digits"))?;
            address.set(key.trim(), value, &mut plain).map_err(|why| wrong(&why))?;
        }
        address.settle(plain).map_err(|why| wrong(&why))?;
        Ok(address)
    }

    fn set(&mut self, key: &str, value: String, tls: &mut Option<bool>) -> Result<(), String> {
        match key.to_ascii_lowercase().as_str() {
            "token" if value.is_empty() => return Err("the token is empty".to_owned()),
            "token" => self.token = Some(Secret::new(value)),
            "user_id" => self.user = Some(value),
            "user_agent" => self.agent = Some(value),
            "use_ssl" => *tls = Some(value.eq_ignore_ascii_case("true")),
            "session_id" => {
                let id = Uuid::try_parse(&value).map_err(|_| "`session_id` is no UUID".to_owned())?;
                self.session = Some(id);
            }
            // Settings of other clients that mean nothing here.
            "grpc_max_message_size" => {}
            name if is_header(name) => {
                if !value.chars().all(|c| matches!(c, ' '..='~')) {
                    return Err(format!("the value of `{name}` holds characters that no header can hold"));
                }
                self.headers.push((name.to_owned(), Secret::new(value)));
            }
            _ => return Err(format!("`{}` is no name of a parameter or a header", printable(key))),
        }
        Ok(())
    }

    /// A token is never sent in the clear over a network.
    fn settle(&mut self, tls: Option<bool>) -> Result<(), String> {
        let local = matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "[::1]" | "::1");
        self.tls = tls.unwrap_or(self.token.is_some() && !local);
        if self.token.is_some() && !self.tls && !local {
            return Err("a token would be sent unencrypted; leave out `use_ssl=false`".to_owned());
        }
        Ok(())
    }

    /// The address of the server as gRPC needs it.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("{}://{}:{}", if self.tls { "https" } else { "http" }, self.host, self.port)
    }

    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&Secret> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }
}

impl fmt::Display for Address {
    /// Without token and headers: safe to show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sc://{}:{}", self.host, self.port)
    }
}

fn host_and_port(place: &str) -> Result<(String, u16), &'static str> {
    let split = if place.starts_with('[') {
        let end = place.find(']').ok_or("a bracket is not closed")?;
        let (host, rest) = place.split_at(end + 1);
        if !rest.is_empty() && !rest.starts_with(':') {
            return Err("after the `]` comes a colon and the port");
        }
        (host, rest.strip_prefix(':'))
    } else {
        place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port)))
    };
    let (host, port) = split;
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '[' | ']' | ':');
    if host.is_empty() || !host.chars().all(fine) {
        return Err("it has no name of a machine");
    }
    let port = match port {
        None => PORT,
        Some(text) => text.parse().ok().filter(|p| *p > 0).ok_or("its port is no number from 1 to 65535")?,
    };
    Ok((host.to_owned(), port))
}

/// Names that HTTP/2 allows for a header of text.
fn is_header(name: &str) -> bool {
    !name.is_empty()
        && !name.ends_with("-bin")
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.'))
}

/// `%41` becomes `A`; `None` when it is not UTF-8, or a `%` stands alone.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes().iter();
    while let Some(byte) = rest.next() {
        if *byte == b'%' {
            let digit = |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16));
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(*byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_specification() {
        let address = Address::parse("sc://localhost").unwrap();
        assert_eq!((address.host.as_str(), address.port, address.tls), ("localhost", 15002, false));
        let text = "sc://myhost.com:443/;use_ssl=true;token=ABC%3DDEFG;user_id=martin;X-Databricks-Cluster-Id=0-1-a";
        let address = Address::parse(text).unwrap();
        assert_eq!((address.port, address.tls, address.user.as_deref()), (443, true, Some("martin")));
        assert_eq!(address.token.as_ref().map(Secret::expose), Some("ABC=DEFG"));
        assert_eq!(address.header("x-databricks-cluster-id").map(Secret::expose), Some("0-1-a"));
        assert_eq!(address.uri(), "https://myhost.com:443");
        assert_eq!(address.to_string(), "sc://myhost.com:443");
        assert!(Address::parse("sc://[::1]:15002/;token=x").is_ok_and(|a| !a.tls && a.host == "[::1]"));
        assert!(Address::parse("sc://far:1/;token=x").is_ok_and(|a| a.tls));
        let id = "sc://h/;session_id=00112233-4455-6677-8899-aabbccddeeff";
        assert!(Address::parse(id).is_ok_and(|a| a.session.is_some()));
    }

    #[test]
    fn mistakes_are_named_without_the_value() {
        for (text, why) in [
            ("http://h", "sc://"),
            ("sc://", "no name of a machine"),
            ("sc://h:0", "port"),
            ("sc://h:99999", "port"),
            ("sc://h;token=sesame", "behind a slash"),
            ("sc://h/db;token=sesame", "path"),
            ("sc://h/;token", "no `=`"),
            ("sc://h/;token=ses=ame", "%3D"),
            ("sc://h/;token=sesame%zz", "hexadecimal"),
            ("sc://h/;token=", "empty"),
            ("sc://h/;session_id=sesame", "UUID"),
            ("sc://far/;token=sesame;use_ssl=false", "unencrypted"),
            ("sc://h/;b ad=sesame", "`b ad`"),
            ("sc://h/;x-a=sesame%0aw", "no header can hold"),
        ] {
            let error = Address::parse(text).unwrap_err();
            assert!(error.contains(why) && !error.contains("sesame"), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_token_survives_encoding(token in "\\PC{1,30}") {
            let encoded: String = token.bytes().map(|b| format!("%{b:02x}")).collect();
            let address = Address::parse(&format!("sc://h/;token={encoded}")).unwrap();
            prop_assert_eq!(address.token.as_ref().map(Secret::expose), Some(token.as_str()));
            let shown = format!("{address} {address:?}");
            prop_assert!(token.len() < 4 || !shown.contains(&token));
        }

        #[test]
        fn no_text_panics(text in "(sc://)?\\PC{0,40}") {
            let _ = Address::parse(&text);
        }
    }
}
