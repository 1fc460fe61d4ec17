//! What a connection that did not work says, in words: names, certificates, addresses, time.
//!
//! What always holds: no address of a link is shown, because links carry permissions.

use crate::remote::error::{Kind, RemoteError};
use rustls::{CertificateError, Error as Tls};
use std::error::Error;
use std::io;

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
    if let Some(tls) = find::<Tls>(error) {
        let (why, remedy) = tls_words(tls);
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

/// The cause of an error; what an I/O error wraps is hidden from `source`.
fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut at = Some(error);
    while let Some(cause) = at {
        if let Some(found) = cause.downcast_ref::<T>() {
            return Some(found);
        }
        at = below(cause);
    }
    None
}

/// Why there is no secure connection, and what to do.
fn tls_words(error: &Tls) -> (String, &'static str) {
    const CLOCK: &str = "check the clock of this computer; else the server needs a new certificate";
    const AUTHORITY: &str = "add the certificate authority of the server, or of your proxy, to the system's, or name its file with SSL_CERT_FILE";
    const NAME: &str = "check the host: the server answers under another name";
    const PLAIN: &str = "check the port, and whether the server speaks https at all";
    match error {
        Tls::InvalidCertificate(why) => match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                ("its certificate has expired".to_owned(), CLOCK)
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                ("its certificate is not valid yet".to_owned(), CLOCK)
            }
            CertificateError::UnknownIssuer => {
                ("its certificate is of an authority that this computer does not know".to_owned(), AUTHORITY)
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                ("its certificate is for another name".to_owned(), NAME)
            }
            other => (format!("its certificate is not accepted: {other}"), AUTHORITY),
        },
        Tls::InvalidMessage(_) => ("it does not speak TLS at this port".to_owned(), PLAIN),
        other => (other.to_string(), "check the host and its port; a proxy in between may break the connection"),
    }
}
