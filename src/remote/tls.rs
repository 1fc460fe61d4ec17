//! One implementation of TLS for every connection.
//!
//! Why: HTTP, gRPC and PostgreSQL each bring rustls, and rustls refuses to choose between two cryptographic providers on
//! its own. What always holds: `main` calls [`install`] before anything else, and so does every test that connects.

/// Makes ring the provider of this process. Calling it again changes nothing.
pub fn install() {
    // An error means that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
