//! TLS of both directions: our certificate as a server, and whom we believe as a client.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// What a server needs to speak TLS, from a chain of certificates and a key, both in PEM.
///
/// The error names the file and what is wrong with it.
pub fn server(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, String> {
    let unreadable = |path: &Path, error: &dyn std::fmt::Display| format!("{} cannot be used: {error}", path.display());
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable(certificate, &error))?;
    if chain.is_empty() {
        return Err(unreadable(certificate, &"there is no certificate in it"));
    }
    let key_der = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, &error))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key_der));
    config.map(Arc::new).map_err(|error| unreadable(key, &error))
}

/// The certificates of `extra`, in PEM, or why they are none.
pub fn extra_roots(extra: Option<&str>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for one in CertificateDer::pem_slice_iter(extra.unwrap_or_default().as_bytes()) {
        let added = one.map_err(|error| error.to_string()).and_then(|one| roots.add(one).map_err(|e| e.to_string()));
        added.map_err(|error| format!("tls_roots cannot be used: {error}"))?;
    }
    match extra {
        Some(_) if roots.is_empty() => Err("tls_roots holds no certificate".to_owned()),
        _ => Ok(roots),
    }
}

/// What a client needs: the system's certificates, and those of `extra` in PEM.
pub(super) fn client(extra: Option<&str>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = extra_roots(extra)?;
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}
