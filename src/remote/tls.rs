//! One implementation of TLS for every connection, and what it says where there is none.
//!
//! Why: HTTP, gRPC and PostgreSQL each bring rustls, and rustls refuses to choose between two cryptographic providers on
//! its own. What always holds: `main` calls [`install`] before anything else, and so does every test that connects.

use rustls::{CertificateError, Error as Tls};
use std::error::Error;
use std::io;

/// Makes ring the provider of this process. Calling it again changes nothing.
pub fn install() {
    // An error means that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Why there is no secure connection, and what to do; nothing where that is not what an error is about.
pub(super) fn failure(error: &(dyn Error + 'static)) -> Option<(String, &'static str)> {
    let mut at = Some(error);
    while let Some(cause) = at {
        if let Some(found) = cause.downcast_ref::<Tls>() {
            return Some(words(found));
        }
        at = below(cause);
    }
    None
}

/// The cause of an error; what an I/O error wraps is hidden from `source`.
pub(super) fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// Why there is no secure connection, and what to do.
fn words(error: &Tls) -> (String, &'static str) {
    const CLOCK: &str = "check the clock of this computer; else the server needs a new certificate";
    const AUTHORITY: &str = "add the certificate authority of the server, or of your proxy, to the system's, or name its file with SSL_CERT_FILE";
    const NAME: &str = "check the host: the server answers under another name";
    const PLAIN: &str = "check the port, and whether the server speaks TLS at all";
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
