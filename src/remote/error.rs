//! What can go wrong between here and a server, said so that a person knows what, where, why, and what to do.
//!
//! What always holds: text of a server was made harmless and short before it came in here, and no secret is in it.

use crate::domain::text::printable;
use std::fmt;

/// More of a server's message says nothing more.
const LONGEST: usize = 600;

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The server, or whoever signs in for us, does not accept who we are.
    SignIn,
    /// We are known and may not.
    Permission,
    /// It does not exist, or is not shown to us.
    NotFound,
    /// It exists already.
    Exists,
    /// Somebody else did something to it at the same time.
    Conflict,
    /// A name means several things.
    Ambiguous,
    /// The server does not accept what was asked.
    Invalid,
    /// More than the server takes, or more than is read here.
    TooLarge,
    /// The server wants fewer requests, and went on wanting that.
    Throttled,
    /// The server is there and cannot answer now.
    Unavailable,
    /// The server failed.
    Server,
    /// The name of the server is not known.
    Dns,
    /// Nobody answers at that address.
    Connect,
    /// No secure connection.
    Tls,
    /// No answer in time.
    Timeout,
    /// The connection broke on the way.
    Cut,
    /// An answer that is none of this API.
    Protocol,
    /// The profile or a setting cannot be used.
    Config,
    /// Something of this computer is missing, such as a program that signs in.
    Local,
    /// The user stopped it.
    Cancelled,
}

impl Kind {
    /// Its name in logs and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Permission => "permission",
            Self::NotFound => "not-found",
            Self::Exists => "exists",
            Self::Conflict => "conflict",
            Self::Ambiguous => "ambiguous",
            Self::Invalid => "invalid",
            Self::TooLarge => "too-large",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Server => "server",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Cut => "cut",
            Self::Protocol => "protocol",
            Self::Config => "config",
            Self::Local => "local",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether the same request may work later without being changed.
    #[must_use]
    pub fn passes(self) -> bool {
        matches!(
            self,
            Self::Throttled | Self::Unavailable | Self::Server | Self::Dns | Self::Connect | Self::Timeout | Self::Cut
        )
    }

    /// Whether no server was reached, or none that could answer: what exit code 5 is for.
    #[must_use]
    pub fn is_network(self) -> bool {
        self.passes() || matches!(self, Self::Tls | Self::Protocol)
    }

    /// What to do where nothing better is known.
    fn remedy(self) -> &'static str {
        match self {
            Self::SignIn => "sign in again, and check the profile with `lakelens auth status`",
            Self::Permission => "ask its owner or an administrator of the workspace for the privilege",
            Self::NotFound => "check the name; what you may not see does not exist for you either",
            Self::Exists => "choose another name, or remove the other one first",
            Self::Conflict => "read it again and repeat the change",
            Self::Ambiguous => "name it by its id",
            Self::Invalid => "check what was asked for",
            Self::TooLarge => "ask for less at once",
            Self::Throttled => "wait a minute; others may be using up the same limit",
            Self::Unavailable => "try again in a minute, and look at the status page of the service if it stays",
            Self::Server => "try again; report it to whoever runs the server if it stays",
            Self::Dns => "check the spelling of the host, and the network",
            Self::Connect => "check the host and its port, the network, VPN and firewall",
            Self::Tls => "add the certificate authority of the server, or of your proxy, to the system's",
            Self::Timeout => "check the network, and try again",
            Self::Cut => "try again; it was read only in part",
            Self::Protocol => {
                "check that the host is the address of the workspace, as `https://NAME`, and nothing more"
            }
            Self::Config => "check it with `lakelens auth status`",
            Self::Local => "install it, or choose another way of signing in",
            Self::Cancelled => "start it again when you want it",
        }
    }
}

/// A failure. Small to carry; cloning copies its texts.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteError(Box<Details>);

#[derive(Clone, PartialEq, Eq)]
struct Details {
    kind: Kind,
    what: String,
    place: String,
    why: String,
    remedy: Option<String>,
    code: Option<String>,
    status: Option<u16>,
}

impl RemoteError {
    /// A failure of this kind. `what` is the thing or the request, such as "the volume `a.b.c`"; `place` the server.
    #[must_use]
    pub fn new(kind: Kind, what: impl AsRef<str>, place: impl AsRef<str>, why: impl AsRef<str>) -> Self {
        let (what, place, why) = (short(what.as_ref()), short(place.as_ref()), short(why.as_ref()));
        Self(Box::new(Details { kind, what, place, why, remedy: None, code: None, status: None }))
    }

    /// Says what to do, where that is better known than by the kind alone.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl AsRef<str>) -> Self {
        self.0.remedy = Some(short(remedy.as_ref()));
        self
    }

    /// Adds the server's own code and the HTTP status.
    #[must_use]
    pub fn with_answer(mut self, code: Option<&str>, status: u16) -> Self {
        self.0.code = code.map(short);
        self.0.status = Some(status);
        self
    }

    /// The same failure, of another kind: for callers who know what an answer means for their thing.
    #[must_use]
    pub fn with_kind(mut self, kind: Kind) -> Self {
        if kind != self.0.kind {
            self.0.kind = kind;
            self.0.remedy = None;
        }
        self
    }

    /// The same failure, said of this thing.
    #[must_use]
    pub fn about(mut self, what: impl AsRef<str>) -> Self {
        self.0.what = short(what.as_ref());
        self
    }

    /// What kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The thing, or the request.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.0.what
    }

    /// The server.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.0.place
    }

    /// Why, mostly in the words of the server.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.0.why
    }

    /// What to do.
    #[must_use]
    pub fn remedy(&self) -> &str {
        self.0.remedy.as_deref().unwrap_or(self.0.kind.remedy())
    }

    /// The code in the server's answer, such as `TABLE_DOES_NOT_EXIST`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The HTTP status, where there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// What happened, to which thing, and where; without why and what to do.
    #[must_use]
    pub fn headline(&self) -> String {
        let (what, place) = (&self.0.what, &self.0.place);
        match self.0.kind {
            Kind::SignIn => format!("signing in to {place} did not work"),
            Kind::Permission => format!("you may not use {what} at {place}"),
            Kind::NotFound => format!("{what} does not exist at {place}"),
            Kind::Exists => format!("{what} exists already at {place}"),
            Kind::Conflict => format!("{what} was changed by somebody else at {place}"),
            Kind::Ambiguous => format!("{what} means several things at {place}"),
            Kind::Invalid => format!("{place} does not accept this of {what}"),
            Kind::TooLarge => format!("{what} at {place} is too large"),
            Kind::Throttled => format!("{place} takes no more requests at the moment ({what})"),
            Kind::Unavailable => format!("{place} cannot answer now ({what})"),
            Kind::Server => format!("{place} failed ({what})"),
            Kind::Dns => format!("there is no server with the name of {place}"),
            Kind::Connect => format!("{place} cannot be reached"),
            Kind::Tls => format!("there is no secure connection to {place}"),
            Kind::Timeout => format!("{place} did not answer in time ({what})"),
            Kind::Cut => format!("the connection to {place} broke ({what})"),
            Kind::Protocol => format!("{place} gave an answer that cannot be understood ({what})"),
            Kind::Config | Kind::Local => format!("{what} cannot be used"),
            Kind::Cancelled => format!("{what} was stopped"),
        }
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.headline(), self.0.why, self.remedy())
    }
}

impl fmt::Debug for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({self})", self.0.kind.name())
    }
}

impl std::error::Error for RemoteError {}

/// Text from outside, on one line, harmless, and not longer than anybody reads.
fn short(text: &str) -> String {
    let shown = printable(text.trim());
    match shown.char_indices().nth(LONGEST) {
        None => shown.into_owned(),
        Some((end, _)) => format!("{}…", shown.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_where_why_and_what_to_do() {
        let error =
            RemoteError::new(Kind::NotFound, "the volume `a.b.c`", "dev (https://h)", "no \u{1b}[31msuch thing ");
        assert_eq!(
            error.to_string(),
            "the volume `a.b.c` does not exist at dev (https://h): no \\x1b[31msuch thing; check the name; what you may \
             not see does not exist for you either"
        );
        assert!(error.with_remedy("look").to_string().ends_with("; look"));
        let long = RemoteError::new(Kind::Server, "x", "y", "z".repeat(5000));
        assert!(long.why().chars().count() <= LONGEST + 1);
    }
}
