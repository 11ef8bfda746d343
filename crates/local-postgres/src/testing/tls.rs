//! A server that takes TCP connections only with TLS.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use percent_encoding::PercentEncode;

use super::certificates::{Certificate, Workshop};
use super::{Server, expect};
use crate::Error;
use crate::layout::{Layout, USER};
use crate::url::encoded;

/// The superuser that logs in with a certificate, whose common name it is.
const CERTIFIED: &str = "certified";

/// pg_hba.conf: local sockets are trusted; over TCP with TLS the superuser `postgres` needs its password and
/// [`CERTIFIED`] a certificate. All others are rejected, also without TLS.
const HBA: &str = "\
local all all trust
hostssl all certified 127.0.0.1/32 cert
hostssl all postgres 127.0.0.1/32 scram-sha-256
";

/// A throwaway server that takes TCP connections only with TLS. Its certificate is for `localhost`, signed by
/// an authority made for it.
///
/// URLs name the host `localhost`. Its Unix socket is without TLS.
#[derive(Debug)]
pub struct TlsServer {
    server: Server,
    authority: Certificate,
    stranger: Certificate,
    client: Certificate,
}

impl TlsServer {
    /// Makes the certificates and the server, and starts it.
    ///
    /// # Panics
    /// Also if there is no program `openssl`.
    pub fn start() -> TlsServer {
        let layout = Server::place();
        let certificates = layout.data_dir.join("certificates");
        let made = expect(make_certificates(&certificates));
        let settings = expect(install(&layout, &made.authority, &made.server));
        let server = Server::make(layout, Server::recipe(settings));
        server.query("postgres", &format!("CREATE ROLE {CERTIFIED} LOGIN SUPERUSER"));
        TlsServer { server, authority: made.authority, stranger: made.stranger, client: made.client }
    }

    /// The server. Its [`Server::url`] names the host 127.0.0.1, for which the certificate is not valid.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The URL of a database for `postgres` with the password, without options: append `?sslmode=verify-full`
    /// and the like.
    pub fn url(&self, database: &str) -> String {
        let (port, password) = (self.server.port(), self.server.password());
        format!("postgresql://{USER}:{password}@localhost:{port}/{}", encoded(database.as_bytes()))
    }

    /// The URL of a database for `postgres` with the password, with `sslmode=verify-full` and the authority.
    pub fn verified_url(&self, database: &str) -> String {
        format!("{}?{}", self.url(database), self.verification())
    }

    /// The URL of a database for the superuser `certified`, who has no password: `sslmode=verify-full`, the
    /// authority, the client's certificate and key.
    pub fn certificate_url(&self, database: &str) -> String {
        let (port, database) = (self.server.port(), encoded(database.as_bytes()));
        let (certificate, key) = (option(self.client_certificate()), option(self.client_key()));
        let options = format!("{}&sslcert={certificate}&sslkey={key}", self.verification());
        format!("postgresql://{CERTIFIED}@localhost:{port}/{database}?{options}")
    }

    /// The options of a client that verifies the server.
    fn verification(&self) -> String {
        format!("sslmode=verify-full&sslrootcert={}", option(self.authority()))
    }

    /// The certificate of the authority that signed the server's and the client's (`sslrootcert`).
    pub fn authority(&self) -> &Path {
        &self.authority.certificate
    }

    /// The certificate of an authority that signed nothing here.
    pub fn other_authority(&self) -> &Path {
        &self.stranger.certificate
    }

    /// The client's certificate, for the role `certified` (`sslcert`).
    pub fn client_certificate(&self) -> &Path {
        &self.client.certificate
    }

    /// The key of the client's certificate, which only this process's user can read (`sslkey`).
    pub fn client_key(&self) -> &Path {
        &self.client.key
    }
}

struct Certificates {
    authority: Certificate,
    stranger: Certificate,
    server: Certificate,
    client: Certificate,
}

fn make_certificates(folder: &Path) -> Result<Certificates, Error> {
    fs::create_dir(folder).map_err(Error::io("create the folder", folder))?;
    let workshop = Workshop::new(folder, "localhost")?;
    let authority = workshop.authority("authority")?;
    Ok(Certificates {
        stranger: workshop.authority("stranger")?,
        server: workshop.signed(&authority, "server", "localhost")?,
        client: workshop.signed(&authority, "client", CERTIFIED)?,
        authority,
    })
}

/// Gives the server the files that it reads, and returns the settings that name them.
fn install(layout: &Layout, authority: &Certificate, server: &Certificate) -> Result<[String; 5], Error> {
    // The server may run as another user, and refuses a key that others can read.
    let folder = layout.data_dir.join("server");
    layout.create_for_server(&folder)?;
    let file = |setting: &str, content: &[u8]| {
        let path = folder.join(setting);
        layout.write_for_server(&path, content)?;
        Ok(format!("{setting}={}", path.display()))
    };
    let copy = |setting: &str, from: &Path| file(setting, &fs::read(from).map_err(Error::io("read", from))?);
    Ok([
        "ssl=on".to_owned(),
        file("hba_file", HBA.as_bytes())?,
        copy("ssl_ca_file", &authority.certificate)?,
        copy("ssl_cert_file", &server.certificate)?,
        copy("ssl_key_file", &server.key)?,
    ])
}

/// A path as the value of an option in a URL.
fn option(path: &Path) -> PercentEncode<'_> {
    encoded(path.as_os_str().as_bytes())
}
