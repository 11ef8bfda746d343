//! TLS with the semantics of libpq (PostgreSQL documentation, chapter "SSL Support"), by OpenSSL, as libpq.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use openssl::ssl::{SslConnector, SslFiletype, SslMethod, SslVerifyMode, SslVersion};
use postgres_openssl::MakeTlsConnector;
use tokio_postgres::config::SslMode;

use super::parameters::Parameters;

/// Verification of a server's certificate, as by libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Proof {
    /// No verification.
    None,
    /// A trusted authority has signed it.
    Authority,
    /// A trusted authority has signed it, for the requested host.
    Name,
}

/// Whether TLS is required.
pub(super) fn mode(parameters: &Parameters) -> anyhow::Result<SslMode> {
    Ok(match parameters.get("sslmode").unwrap_or("prefer") {
        "disable" => SslMode::Disable,
        // `allow` prefers no TLS, but both accept what the server offers.
        "allow" | "prefer" => SslMode::Prefer,
        "require" | "verify-ca" | "verify-full" => SslMode::Require,
        other => bail!(
            "sslmode: expected disable, allow, prefer, require, verify-ca or verify-full, but found {other:?}"
        ),
    })
}

/// Connector for TLS.
pub(super) fn connector(parameters: &Parameters) -> anyhow::Result<MakeTlsConnector> {
    let root = root_certificate(parameters);
    let mode = parameters.get("sslmode").unwrap_or("prefer");
    let proof = match mode {
        "verify-ca" => Proof::Authority,
        "verify-full" => Proof::Name,
        // As in libpq.
        "require" if root.is_some() => Proof::Authority,
        _ => Proof::None,
    };
    if let Some(list) = default_file("root.crl").filter(|_| proof != Proof::None) {
        bail!("expected no list of revoked certificates, which is not read, but found {}", list.display());
    }
    let mut builder = SslConnector::builder(SslMethod::tls_client()).context("cannot prepare TLS")?;
    builder.set_verify(if proof == Proof::None { SslVerifyMode::NONE } else { SslVerifyMode::PEER });
    match root.as_ref() {
        Some(Root::System) => {
            builder.set_default_verify_paths().context("sslrootcert: cannot read the system's")?
        }
        Some(Root::File(file)) => {
            builder
                .set_ca_file(file)
                .with_context(|| format!("sslrootcert: cannot read {}", file.display()))?;
        }
        None if proof == Proof::None => {}
        None => bail!("sslrootcert: expected the authority's certificate for sslmode={mode}, but found none"),
    }
    set_client_certificate(&mut builder, parameters)?;
    let minimum = parameters.get("ssl_min_protocol_version").unwrap_or("TLSv1.2");
    builder.set_min_proto_version(Some(version(minimum)?))?;
    builder.set_max_proto_version(parameters.get("ssl_max_protocol_version").map(version).transpose()?)?;
    let mut make = MakeTlsConnector::new(builder.build());
    let by_name = proof == Proof::Name || matches!(root.as_ref(), Some(Root::System));
    let sends_name = parameters.get("sslsni") != Some("0");
    make.set_callback(move |connect, _| {
        connect.set_verify_hostname(by_name);
        connect.set_use_server_name_indication(sends_name);
        Ok(())
    });
    Ok(make)
}

/// Trusted certificate authorities.
enum Root {
    System,
    File(PathBuf),
}

fn root_certificate(parameters: &Parameters) -> Option<Root> {
    match parameters.get("sslrootcert") {
        Some("system") => Some(Root::System),
        Some(file) => Some(Root::File(file.into())),
        None => default_file("root.crt").map(Root::File),
    }
}

fn set_client_certificate(
    builder: &mut openssl::ssl::SslConnectorBuilder,
    parameters: &Parameters,
) -> anyhow::Result<()> {
    let file = |name, default| parameters.get(name).map(PathBuf::from).or_else(|| default_file(default));
    let Some(certificate) = file("sslcert", "postgresql.crt") else { return Ok(()) };
    let key =
        file("sslkey", "postgresql.key").context("sslkey: expected the key of sslcert, but found none")?;
    let shown = |file: &Path| file.display().to_string();
    builder
        .set_certificate_chain_file(&certificate)
        .with_context(|| format!("sslcert: cannot read {}", shown(&certificate)))?;
    builder
        .set_private_key_file(&key, SslFiletype::PEM)
        .with_context(|| format!("sslkey: cannot read {}", shown(&key)))?;
    Ok(())
}

/// A file at libpq's default path, if it exists.
fn default_file(name: &str) -> Option<PathBuf> {
    let file = PathBuf::from(std::env::var_os("HOME")?).join(".postgresql").join(name);
    file.is_file().then_some(file)
}

fn version(text: &str) -> anyhow::Result<SslVersion> {
    match text {
        "TLSv1" => Ok(SslVersion::TLS1),
        "TLSv1.1" => Ok(SslVersion::TLS1_1),
        "TLSv1.2" => Ok(SslVersion::TLS1_2),
        "TLSv1.3" => Ok(SslVersion::TLS1_3),
        other => bail!("expected a version of TLS such as TLSv1.2, but found {other:?}"),
    }
}
