//! pgbouncer in front of a server.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use percent_encoding::percent_decode_str;

use super::expect;
use crate::Error;
use crate::keeper::Keeper;
use crate::layout::Layout;
use crate::lock::{Lock, Mode, POLL};
use crate::server::{answers, spawn_detached};
use crate::stop::Stop;

/// pgbouncer's usual port, here only a part of the socket's name.
const PORT: u16 = 6432;

/// Time limit of a start and of a stop.
const LIMIT: Duration = Duration::from_secs(60);

/// Directories to search beside `PATH`: Debian installs it where only root's `PATH` leads.
const USUAL_PLACES: [&str; 4] = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin", "/usr/local/bin"];

/// A running pgbouncer that pools connections per transaction (`pool_mode = transaction`).
///
/// Clients reach it through a Unix socket that only its user may enter, as any user and without a password.
/// It has every database of the server. What is not said here is as pgbouncer's defaults have it; so it
/// refuses clients that send `options`, as some versions do.
#[derive(Debug)]
pub struct Pgbouncer {
    layout: Layout,
    /// Held while the value lives.
    _users: Lock,
    keeper: Option<Keeper>,
}

/// The server that a URL names.
#[derive(Debug, PartialEq)]
struct Target {
    host: String,
    port: u16,
    user: String,
    password: Option<String>,
}

impl Pgbouncer {
    /// Starts one in front of the server at `url`, `postgresql://USER[:PASSWORD]@HOST[:PORT][/...]` with a
    /// host name, an address or the percent-encoded folder of a socket. Returns when it answers.
    ///
    /// # Panics
    /// Also if pgbouncer is not installed, or `url` is no such URL.
    pub fn before(url: &str) -> Pgbouncer {
        Pgbouncer::with_settings(url, &[])
    }

    /// As [`Pgbouncer::before`], with settings for the section `[pgbouncer]`:
    /// `("ignore_startup_parameters", "options")`.
    pub fn with_settings(url: &str, settings: &[(&str, &str)]) -> Pgbouncer {
        let target = Target::parse(url).unwrap_or_else(|| {
            panic!("expected postgresql://USER[:PASSWORD]@HOST[:PORT]/DATABASE, but found {url:?}")
        });
        expect(Pgbouncer::start(&target, settings))
    }

    /// The URL of a database through pgbouncer.
    pub fn url(&self, database: &str) -> String {
        self.layout.url(database)
    }

    /// Its log.
    pub fn log_file(&self) -> PathBuf {
        self.layout.log()
    }

    fn start(target: &Target, settings: &[(&str, &str)]) -> Result<Pgbouncer, Error> {
        let program = program();
        let layout = Layout::temporary(PORT)?;
        let users = Lock::open(&layout, &layout.users_lock())?;
        users.wait(Mode::Shared, LIMIT)?;
        let keeper = Some(Keeper::fork(&layout, stop(&layout), true)?);
        // From here on dropping the value removes everything.
        let pgbouncer = Pgbouncer { layout, _users: users, keeper };
        let layout = &pgbouncer.layout;
        layout.prepare_socket_dir()?;
        let file = layout.socket_dir.join("pgbouncer.ini");
        layout.write_for_server(&file, configuration(layout, target, settings).as_bytes())?;
        let lock = Lock::open(layout, &layout.server_lock())?;
        lock.attempt(Mode::Exclusive)?;
        let mut command = Command::new(program);
        command.arg(file).stdin(Stdio::null());
        spawn_detached(layout, &lock, command)?;
        // pgbouncer has its own copy. Only without ours the lock tells when it ends.
        drop(lock);
        pgbouncer.wait_until_ready()?;
        Ok(pgbouncer)
    }

    fn wait_until_ready(&self) -> Result<(), Error> {
        let layout = &self.layout;
        let lock = Lock::open(layout, &layout.server_lock())?;
        let deadline = Instant::now() + LIMIT;
        while answers(&layout.socket()).is_err() {
            let ended = lock.attempt(Mode::Exclusive)?;
            if ended || Instant::now() >= deadline {
                panic!("pgbouncer did not start. The end of its log:\n{}", layout.log_tail());
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }
}

impl Drop for Pgbouncer {
    fn drop(&mut self) {
        if stop(&self.layout).run(Some(LIMIT)) {
            let _ = fs::remove_dir_all(&self.layout.socket_dir);
            let _ = fs::remove_dir_all(&self.layout.data_dir);
            if let Some(keeper) = self.keeper.take() {
                keeper.dismiss();
            }
        }
    }
}

impl Target {
    fn parse(url: &str) -> Option<Target> {
        let rest = url.strip_prefix("postgresql://").or_else(|| url.strip_prefix("postgres://"))?;
        let (address, _) = rest.split_once(['/', '?']).unwrap_or((rest, ""));
        let (login, host) = address.rsplit_once('@')?;
        let (user, password) = login.split_once(':').map_or((login, None), |(user, word)| (user, Some(word)));
        // An address of IPv6 is in brackets.
        let (host, port) = match host.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (host, crate::layout::PORT),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let decoded = |text| percent_decode_str(text).decode_utf8().ok().map(String::from);
        let password = match password {
            Some(password) => Some(decoded(password)?),
            None => None,
        };
        let target = Target { host: decoded(host)?, port, user: decoded(user)?, password };
        (!target.host.is_empty() && !target.user.is_empty()).then_some(target)
    }

    /// As pgbouncer reads it.
    fn connection_string(&self) -> String {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let mut text = format!("host={} port={} user={}", quoted(&self.host), self.port, quoted(&self.user));
        if let Some(password) = &self.password {
            text.push_str(&format!(" password={}", quoted(password)));
        }
        text
    }
}

/// The file that pgbouncer reads. The socket's folder is the one place where it can write.
fn configuration(layout: &Layout, target: &Target, settings: &[(&str, &str)]) -> String {
    let folder = layout.socket_dir.display();
    let port = layout.port;
    let mut text = format!(
        "[databases]\n* = {}\n[pgbouncer]\npool_mode = transaction\nauth_type = any\n\
         listen_addr =\nlisten_port = {port}\nunix_socket_dir = {folder}\nunix_socket_mode = 0700\n\
         pidfile = {}\n",
        target.connection_string(),
        pid_file(layout).display(),
    );
    for (name, value) in settings {
        text.push_str(&format!("{name} = {value}\n"));
    }
    text
}

/// There is nothing to save, and what the other signals mean differs between versions.
fn stop(layout: &Layout) -> Stop {
    Stop::of(layout, &pid_file(layout), libc::SIGKILL)
}

fn pid_file(layout: &Layout) -> PathBuf {
    layout.socket_dir.join("pgbouncer.pid")
}

fn program() -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(USUAL_PLACES.iter().map(PathBuf::from));
    folders
        .map(|folder| folder.join("pgbouncer"))
        .find(|program| program.is_file())
        .unwrap_or_else(|| panic!("expected the program pgbouncer in PATH: install it (Debian: pgbouncer)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_read_from_its_url() {
        let target = |host: &str, port, password: Option<&str>| Target {
            host: host.to_owned(),
            port,
            user: "u".to_owned(),
            password: password.map(str::to_owned),
        };
        for (url, expected) in [
            ("postgresql://u@%2Ftmp%2Fx:5433/d", Some(target("/tmp/x", 5433, None))),
            (
                "postgres://u:a%40%27b@localhost/d?sslmode=disable",
                Some(target("localhost", 5432, Some("a@'b"))),
            ),
            ("postgres://u@[::1]", Some(target("::1", 5432, None))),
            ("postgres://u@[::1]:1", Some(target("::1", 1, None))),
            ("postgres://localhost/d", None),
            ("host=localhost user=u", None),
        ] {
            assert_eq!(Target::parse(url), expected, "{url}");
        }
    }

    #[test]
    fn values_are_quoted_for_pgbouncer() {
        let target = Target::parse("postgres://u:a%27b@h").unwrap();
        assert_eq!(target.connection_string(), "host='h' port=5432 user='u' password='a''b'");
    }
}
