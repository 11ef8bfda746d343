//! A throwaway server that listens on TCP as well, and can be stopped and started.

use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{expect, port, query};
use crate::binaries::Installed;
use crate::layout::{Layout, USER};
use crate::recipe::{Origin, Recipe};
use crate::stop::FAST;
use crate::{Cluster, Error, url};

/// Settings of each of these servers, beside those of every throwaway one.
const SETTINGS: [&str; 3] = [
    "listen_addresses=127.0.0.1",
    // Several of them run at once, with little data.
    "shared_buffers=32MB",
    // Commits survive kill -9.
    "synchronous_commit=on",
];

/// A throwaway server with a Unix socket that only its user may enter, and a TCP port on 127.0.0.1 that asks
/// for a password.
#[derive(Debug)]
pub struct Server {
    cluster: Cluster,
    port: u16,
    password: String,
}

impl Server {
    /// A place for a server: an empty temporary folder and a port.
    pub(super) fn place() -> Layout {
        expect(Layout::temporary(port::free()))
    }

    /// Recipe of an empty server with further settings.
    pub(super) fn recipe<S: Into<String>>(settings: impl IntoIterator<Item = S>) -> Recipe {
        let origin = Origin::Empty { host_authentication: "scram-sha-256" };
        Recipe { origin, ..Recipe::throwaway() }.with(SETTINGS).with(settings)
    }

    /// Makes an empty server and starts it.
    pub(super) fn make(layout: Layout, recipe: Recipe) -> Server {
        let password = expect(random_password());
        let server = Server::join(layout, recipe, password);
        server.query("postgres", &format!("ALTER ROLE {USER} PASSWORD '{}'", server.password));
        server
    }

    /// Makes a server whose superuser has `password` already, and starts it.
    pub(super) fn join(layout: Layout, recipe: Recipe, password: String) -> Server {
        let port = layout.port;
        let join = || Cluster::join(layout, Installed::find()?, recipe);
        Server { cluster: expect(join()), port, password }
    }

    /// The URL of a database by TCP, for the superuser `postgres` with the password. There is always a
    /// database `postgres`.
    pub fn url(&self, database: &str) -> String {
        several_hosts(&[self], database)
    }

    /// The URL of a database by the Unix socket, where no password is asked for.
    pub fn socket_url(&self, database: &str) -> String {
        self.cluster.url(database)
    }

    /// The TCP port on 127.0.0.1. It stays the same when the server is stopped and started.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The superuser's password: hexadecimal digits.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The server's log.
    pub fn log_file(&self) -> PathBuf {
        self.cluster.log_file()
    }

    /// Runs a statement as the superuser, see [`query()`]. Works without a password and without TLS.
    ///
    /// # Panics
    /// If it fails.
    #[track_caller]
    pub fn query(&self, database: &str, statement: &str) -> String {
        query(&self.socket_url(database), statement).unwrap_or_else(|said| panic!("{statement}: {said}"))
    }

    /// Shuts the server down: connections are ended, and standbys get everything first. Returns when it is
    /// gone.
    pub fn stop(&self) {
        expect(self.cluster.end_server(FAST));
    }

    /// Ends the server with kill -9. Returns when its processes are gone.
    pub fn kill(&self) {
        expect(self.cluster.end_server(libc::SIGKILL));
    }

    /// Starts the server again. Returns when it answers; at once if it runs.
    pub fn start(&self) {
        expect(self.cluster.ensure_running());
    }
}

/// The URL of a database on any of several servers by TCP, in the order in which libpq tries them. The
/// servers have the same password: a primary and its standbys.
///
/// Append `?target_session_attrs=read-write` and the like.
pub fn several_hosts(servers: &[&Server], database: &str) -> String {
    let password = servers.first().map_or("", |server| &server.password);
    let hosts: Vec<String> = servers.iter().map(|server| format!("127.0.0.1:{}", server.port)).collect();
    format!("postgresql://{USER}:{password}@{}/{}", hosts.join(","), url::encoded(database.as_bytes()))
}

/// 128 random bits in hexadecimal digits.
fn random_password() -> Result<String, Error> {
    let path = Path::new("/dev/urandom");
    let mut bytes = [0; 16];
    File::open(path).and_then(|mut file| file.read_exact(&mut bytes)).map_err(Error::io("read", path))?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
