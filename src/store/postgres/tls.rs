//! How far a server's certificate is checked, in libpq's sense.

use super::address::{Address, TlsMode};
use crate::domain::text::printable;
use crate::store::error::StoreError;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

/// The TLS of an address.
///
/// # Errors
/// [`StoreError::Invalid`] when `sslrootcert` cannot be read or used.
pub(super) fn connector(address: &Address) -> Result<MakeRustlsConnect, StoreError> {
    let provider = Arc::new(ring::default_provider());
    let checked = match address.tls {
        TlsMode::Disable | TlsMode::Prefer => None,
        TlsMode::Require if address.root.is_none() => None,
        TlsMode::Require | TlsMode::VerifyCa => Some(false),
        TlsMode::VerifyFull => Some(true),
    };
    let verifier = match checked {
        None => Verifier { chain: None, roots: Vec::new(), name: false, provider: Arc::clone(&provider) },
        Some(name) => {
            let (chain, roots) = chain(address, &provider)?;
            Verifier { chain: Some(chain), roots, name, provider: Arc::clone(&provider) }
        }
    };
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|e| StoreError::invalid(format!("TLS cannot be set up: {e}")))?;
    let config = config.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

type Chain = (Arc<dyn ServerCertVerifier>, Vec<CertificateDer<'static>>);

fn chain(address: &Address, provider: &Arc<CryptoProvider>) -> Result<Chain, StoreError> {
    let Some(path) = &address.root else {
        let system = rustls_platform_verifier::Verifier::new(Arc::clone(provider));
        let failed = |e| StoreError::invalid(format!("the certificates of this system cannot be read: {e}"));
        return Ok((Arc::new(system.map_err(failed)?), Vec::new()));
    };
    let shown = path.to_string_lossy();
    let shown = printable(&shown);
    let wrong = |why: String| StoreError::invalid(format!("sslrootcert `{shown}` cannot be used: {why}"));
    let certificates: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(path).map_err(|e| wrong(e.to_string()))?.collect();
    let certificates = certificates.map_err(|e| wrong(e.to_string()))?;
    let mut store = RootCertStore::empty();
    let (added, _) = store.add_parsable_certificates(certificates.iter().cloned());
    if added == 0 {
        return Err(wrong("it holds no certificate in PEM form".to_owned()));
    }
    let built = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider)).build();
    Ok((built.map_err(|e| wrong(e.to_string()))?, certificates))
}

/// Checks as much as the mode asks for.
#[derive(Debug)]
struct Verifier {
    /// `None`: any certificate will do.
    chain: Option<Arc<dyn ServerCertVerifier>>,
    /// A server that shows one of these itself is who it says: self-signed certificates.
    roots: Vec<CertificateDer<'static>>,
    /// The name must be right too.
    name: bool,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        if self.roots.iter().any(|root| root.as_ref() == end_entity.as_ref()) {
            if self.name {
                rustls::client::verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
            }
            return Ok(ServerCertVerified::assertion());
        }
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.name => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
