//! What a connection that did not work says, in words: names, certificates, addresses, time.
//!
//! What always holds: no address of a link is shown, because links carry permissions.

use crate::remote::error::{Kind, RemoteError};
use crate::remote::tls::{self, below};
use std::error::Error;

/// A failure before an answer began.
pub(super) struct Broken {
    pub(super) error: RemoteError,
    /// Whether the server may have seen the request.
    pub(super) sent: bool,
    /// Whether it is worth trying again soon.
    pub(super) passes: bool,
}

/// Says why nothing was answered.
pub(super) fn before_answer(error: &reqwest::Error, subject: &str, server: &str) -> Broken {
    let make = |kind, why: &str| RemoteError::new(kind, subject, server, why);
    if let Some((why, remedy)) = tls::failure(error) {
        let error = make(Kind::Tls, &why);
        return Broken { error: error.with_remedy(remedy), sent: false, passes: false };
    }
    let why = innermost(error);
    if error.is_dns() {
        // The name service itself being away is another thing than a name that it does not know.
        let passes = why.contains("Temporary failure") || why.contains("Try again");
        return Broken { error: make(Kind::Dns, &why), sent: false, passes };
    }
    let connecting = error.is_connect();
    if error.is_timeout() {
        let why = if connecting { "no connection in time" } else { "no answer in time" };
        return Broken { error: make(Kind::Timeout, why), sent: !connecting, passes: true };
    }
    if connecting {
        return Broken { error: make(Kind::Connect, &why), sent: false, passes: true };
    }
    if error.is_builder() {
        return Broken { error: make(Kind::Invalid, &why), sent: false, passes: false };
    }
    Broken { error: make(Kind::Cut, &why), sent: true, passes: true }
}

/// Says why an answer ended in the middle.
pub(super) fn while_reading(error: &reqwest::Error, subject: &str, server: &str, read: u64) -> RemoteError {
    let why = format!("the answer ended after {read} bytes: {}", innermost(error));
    RemoteError::new(Kind::Cut, subject, server, why)
}

/// The innermost cause, which says most; it never holds an address.
fn innermost(error: &reqwest::Error) -> String {
    let mut last = None;
    let mut at = error.source();
    while let Some(cause) = at {
        last = Some(cause);
        at = below(cause);
    }
    let text = last.map(ToString::to_string).unwrap_or_default();
    match text.split_once(" (os error") {
        Some((plain, _)) => plain.to_lowercase(),
        None if text.is_empty() => "it was refused here before it was sent".to_owned(),
        None => text,
    }
}
