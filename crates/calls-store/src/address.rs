//! Connection strings for both kinds of connections: libpq, which parses the string itself, and
//! tokio-postgres, which gets the parameters that are parsed here.
//!
//! The format is libpq's (PostgreSQL documentation, chapter "Database Connection Control Functions"): a URI
//! or `keyword=value` pairs, completed by the `PG...` variables of the environment and the password file.
//! Parameters that tokio-postgres does not support are refused when the program starts, with the reason.

mod parameters;
mod password_file;
mod tls;

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use postgres_openssl::MakeTlsConnector;
use tokio_postgres::config::{ChannelBinding, SslMode, TargetSessionAttrs};
use tokio_postgres::{Client, Config, Connection, Socket};

use parameters::Parameters;

/// Address of PostgreSQL for tokio-postgres.
#[derive(Clone)]
pub struct Address {
    /// One configuration per host, in the order in which they are tried.
    hosts: Vec<Config>,
    tls: MakeTlsConnector,
    /// Time limit per host until a connection is ready. `None`: no limit.
    connect_timeout: Option<Duration>,
    /// Whether a primary is used only if no standby is found (`prefer-standby`).
    prefers_standby: bool,
    /// Whether the first host is chosen at random (`load_balance_hosts=random`).
    begins_anywhere: bool,
}

/// The half of a connection that does its I/O.
pub(crate) type Driver = Connection<Socket, postgres_openssl::TlsStream<Socket>>;

/// The failure to connect to the last host that was tried. Contains no values of rows.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Error of tokio-postgres.
    #[error(transparent)]
    Postgres(#[from] tokio_postgres::Error),
    /// The host did not respond.
    #[error("no answer within {0:?}")]
    Silent(Duration),
}

impl Address {
    /// Parses a connection string.
    ///
    /// # Errors
    /// The string is malformed, or has a parameter that tokio-postgres does not support. The error names the
    /// parameter, never a password.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let mut parameters = Parameters::parse(text)?;
        parameters.complete(|name| std::env::var(name).ok())?;
        Self::new(&parameters)
    }

    /// A connection string as environment variables, for programs that use libpq, such as `pg_dump`.
    ///
    /// # Errors
    /// As [`Address::parse`].
    pub fn variables(text: &str) -> anyhow::Result<Vec<(&'static str, String)>> {
        let mut parameters = Parameters::parse(text)?;
        parameters.complete(|name| std::env::var(name).ok())?;
        Ok(parameters.variables())
    }

    fn new(parameters: &Parameters) -> anyhow::Result<Self> {
        let user = parameters.get("user").map_or_else(system_user, |user| Ok(user.to_owned()))?;
        let mut config = Config::new();
        config.dbname(parameters.get("dbname").unwrap_or(&user)).user(&user);
        for (name, set) in [
            ("options", Config::options as fn(&mut Config, String) -> &mut Config),
            ("application_name", Config::application_name),
        ] {
            if let Some(value) = parameters.get(name) {
                set(&mut config, value.to_owned());
            }
        }
        let connect_timeout = set_timeouts(&mut config, parameters)?;
        set_session(&mut config, parameters)?;
        let needed = tls::mode(parameters)?;
        let mut hosts = Vec::new();
        for host in hosts_of(parameters)? {
            let mut config = config.clone();
            host.set(&mut config, needed);
            let password = match parameters.get("password") {
                Some(password) => Some(password.to_owned()),
                None => password_file::find(parameters, &user, &host),
            };
            if let Some(password) = password {
                config.password(password);
            }
            hosts.push(config);
        }
        Ok(Self {
            hosts,
            tls: tls::connector(parameters)?,
            connect_timeout,
            prefers_standby: parameters.get("target_session_attrs") == Some("prefer-standby"),
            begins_anywhere: parameters.get("load_balance_hosts") == Some("random"),
        })
    }

    /// Connects, and returns the connection and the half that must be polled. Hosts are tried in order, each
    /// for at most `connect_timeout`.
    ///
    /// # Errors
    /// No host can be connected to, or none matches `target_session_attrs`.
    pub(crate) async fn connect(&self) -> Result<(Client, Driver), ConnectError> {
        let first = if self.begins_anywhere { random() % self.hosts.len() } else { 0 };
        let (before, from_first) = self.hosts.split_at(first);
        let in_order = || from_first.iter().chain(before);
        let mut last = None;
        if self.prefers_standby {
            for host in in_order() {
                let mut host = host.clone();
                host.target_session_attrs(TargetSessionAttrs::ReadOnly);
                match self.connect_to(&host).await {
                    Ok(connected) => return Ok(connected),
                    Err(error) => last = Some(error),
                }
            }
        }
        for host in in_order() {
            match self.connect_to(host).await {
                Ok(connected) => return Ok(connected),
                Err(error) => last = Some(error),
            }
        }
        // There is at least one host.
        Err(last.unwrap_or(ConnectError::Silent(Duration::ZERO)))
    }

    async fn connect_to(&self, host: &Config) -> Result<(Client, Driver), ConnectError> {
        let connecting = host.connect(self.tls.clone());
        match self.connect_timeout {
            None => Ok(connecting.await?),
            Some(limit) => match tokio::time::timeout(limit, connecting).await {
                Ok(connected) => Ok(connected?),
                Err(_) => Err(ConnectError::Silent(limit)),
            },
        }
    }
}

/// A number that differs between calls.
fn random() -> usize {
    usize::try_from(RandomState::new().hash_one(0) >> 33).unwrap_or_default()
}

/// A server of a connection string.
pub(super) struct Host<'a> {
    /// A name, an address or the folder of a Unix socket.
    name: Option<&'a str>,
    address: Option<std::net::IpAddr>,
    port: u16,
}

impl Host<'_> {
    /// PostgreSQL has no TLS on Unix sockets, and libpq requests none.
    fn is_local(&self) -> bool {
        self.name.is_some_and(|name| name.starts_with('/'))
    }

    fn set(&self, config: &mut Config, needed: SslMode) {
        if let Some(name) = self.name {
            config.host(name);
        }
        if let Some(address) = self.address {
            config.hostaddr(address);
        }
        config.port(self.port).ssl_mode(if self.is_local() { SslMode::Disable } else { needed });
    }
}

fn hosts_of(parameters: &Parameters) -> anyhow::Result<Vec<Host<'_>>> {
    let list = |name| parameters.get(name).map(|list| list.split(',').map(str::trim).collect::<Vec<_>>());
    let (names, addresses, ports) = (list("host"), list("hostaddr"), list("port").unwrap_or_default());
    let count = names.as_ref().or(addresses.as_ref()).map_or(1, Vec::len);
    for (name, found) in [("hostaddr", addresses.as_ref().map(Vec::len)), ("port", Some(ports.len()))] {
        let found = found.filter(|found| *found > 1).unwrap_or(count);
        ensure!(found == count, "{name}: expected as many as there are hosts, {count}, but found {found}");
    }
    let host = |index: usize| {
        let address = addresses.as_ref().and_then(|addresses| addresses.get(index).copied());
        let address = address.filter(|text| !text.is_empty()).map(|text| {
            text.parse().with_context(|| format!("hostaddr: expected an IP address, but found {text:?}"))
        });
        let address = address.transpose()?;
        let name = names.as_ref().and_then(|names| names.get(index).copied()).filter(|name| !name.is_empty());
        let port = ports.get(index).or(ports.first()).copied().filter(|port| !port.is_empty());
        let number = port.map_or(Ok(5432), str::parse);
        let port = number.with_context(|| {
            format!("port: expected a number up to 65535, but found {:?}", port.unwrap_or_default())
        })?;
        Ok(Host { name: name.or_else(|| address.is_none().then(default_host)), address, port })
    };
    (0..count).map(host).collect()
}

/// The default of libpq: the distribution's folder of Unix sockets, or else localhost by TCP.
fn default_host() -> &'static str {
    let folders = ["/var/run/postgresql", "/run/postgresql", "/tmp"];
    let has_socket = |folder: &&str| std::path::Path::new(folder).join(".s.PGSQL.5432").exists();
    folders.into_iter().find(has_socket).unwrap_or("localhost")
}

fn system_user() -> anyhow::Result<String> {
    let named = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    named.context(
        "expected a user in the connection string, but found none, and neither USER nor LOGNAME is set",
    )
}

/// Sets timeouts, with the short defaults of pooled connections. Returns the time limit for connecting to a
/// host.
fn set_timeouts(config: &mut Config, parameters: &Parameters) -> anyhow::Result<Option<Duration>> {
    let number = |name: &str, default: u64| match parameters.get(name) {
        None => Ok(default),
        Some(text) => text.parse().with_context(|| format!("{name}: expected a number, but found {text:?}")),
    };
    // libpq waits forever at 0, and at least two seconds otherwise.
    let seconds = number("connect_timeout", 2)?;
    let connect_timeout = (seconds > 0).then(|| Duration::from_secs(seconds.max(2)));
    match number("tcp_user_timeout", 2000)? {
        0 => {}
        ms => _ = config.tcp_user_timeout(Duration::from_millis(ms)),
    }
    config.keepalives(number("keepalives", 1)? != 0);
    config.keepalives_idle(Duration::from_secs(number("keepalives_idle", 2)?));
    config.keepalives_interval(Duration::from_secs(number("keepalives_interval", 1)?));
    config.keepalives_retries(number("keepalives_count", 2)?.try_into().unwrap_or(u32::MAX));
    Ok(connect_timeout)
}

fn set_session(config: &mut Config, parameters: &Parameters) -> anyhow::Result<()> {
    config.target_session_attrs(match parameters.get("target_session_attrs").unwrap_or("any") {
        "any" | "prefer-standby" => TargetSessionAttrs::Any,
        "read-write" | "primary" => TargetSessionAttrs::ReadWrite,
        "read-only" | "standby" => TargetSessionAttrs::ReadOnly,
        other => bail!(
            "target_session_attrs: expected any, read-write, read-only, primary, standby or prefer-standby, \
             but found {other:?}"
        ),
    });
    let order = parameters.get("load_balance_hosts").unwrap_or("disable");
    ensure!(
        ["disable", "random"].contains(&order),
        "load_balance_hosts: expected disable or random, but found {order:?}"
    );
    config.channel_binding(match parameters.get("channel_binding").unwrap_or("prefer") {
        "disable" => ChannelBinding::Disable,
        "prefer" => ChannelBinding::Prefer,
        "require" => ChannelBinding::Require,
        other => bail!("channel_binding: expected disable, prefer or require, but found {other:?}"),
    });
    let encoding = parameters.get("client_encoding").unwrap_or("UTF8");
    ensure!(
        ["utf8", "utf-8", "unicode", "auto"].contains(&encoding.to_ascii_lowercase().as_str()),
        "client_encoding: expected UTF8, but found {encoding:?}"
    );
    let encryption = parameters.get("gssencmode").unwrap_or("prefer");
    ensure!(
        encryption != "require",
        "gssencmode: expected disable or prefer, but found \"require\": use TLS"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio_postgres::config::Host as Named;

    use super::*;

    fn address(text: &str) -> anyhow::Result<Address> {
        Address::new(&Parameters::parse(text)?)
    }

    #[test]
    fn each_host_has_its_address_port_and_tls() {
        let text =
            "host=a.example,/tmp/x,b.example hostaddr=192.0.2.1,,192.0.2.3 port=1,2,3 user=u sslmode=require";
        let hosts = address(text).unwrap().hosts;
        let seen: Vec<_> = hosts
            .iter()
            .map(|host| (host.get_hosts(), host.get_hostaddrs().len(), host.get_ports(), host.get_ssl_mode()))
            .collect();
        let tcp = |name: &str| [Named::Tcp(name.to_owned())];
        assert_eq!(
            seen,
            [
                (&tcp("a.example")[..], 1, &[1][..], SslMode::Require),
                (&[Named::Unix("/tmp/x".into())], 0, &[2], SslMode::Disable),
                (&tcp("b.example"), 1, &[3], SslMode::Require),
            ]
        );
        assert_eq!(address("postgres://u@a.example,b.example:7/x").unwrap().hosts[0].get_ports(), [5432]);
    }

    #[test]
    fn what_tokio_postgres_cannot_do_is_refused_by_its_name() {
        for (text, named) in [
            ("host=a,b port=1,2,3 user=u", "port: expected as many as there are hosts, 2, but found 3"),
            ("host=a hostaddr=a user=u", "hostaddr: expected an IP address"),
            ("host=a user=u port=x", "port: expected a number"),
            ("host=a user=u gssencmode=require", "gssencmode"),
            ("host=a user=u sslmode=verify", "sslmode: expected disable"),
            ("host=a user=u target_session_attrs=best", "target_session_attrs: expected any"),
            ("host=a user=u channel_binding=maybe", "channel_binding: expected disable"),
        ] {
            let error = address(text).err().map(|error| format!("{error:#}")).unwrap_or_default();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
