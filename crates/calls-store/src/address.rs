//! A connection string, as both kinds of connections read it: libpq's, which is handed the string itself, and
//! tokio-postgres', which is handed what is read here.
//!
//! The format is libpq's (PostgreSQL documentation, chapter "Database Connection Control Functions"): a URI or
//! `keyword=value` pairs, completed by the `PG...` variables of the environment and the password file. What
//! tokio-postgres cannot do is refused when the program starts, with the reason.

mod parameters;
mod password_file;
mod tls;

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use postgres_openssl::MakeTlsConnector;
use tokio_postgres::config::{LoadBalanceHosts, TargetSessionAttrs};
use tokio_postgres::{Client, Config, Connection, Socket};

use parameters::Parameters;

/// Where PostgreSQL is, for tokio-postgres.
#[derive(Clone)]
pub struct Address {
    config: Config,
    tls: MakeTlsConnector,
}

/// A connection's other half, which does its work.
pub(crate) type Driver = Connection<Socket, postgres_openssl::TlsStream<Socket>>;

impl Address {
    /// Reads a connection string.
    ///
    /// # Errors
    /// It is malformed, or asks for what tokio-postgres cannot do. The error names the parameter, never a password.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let mut parameters = Parameters::parse(text)?;
        parameters.complete(|name| std::env::var(name).ok());
        Self::new(&parameters)
    }

    fn new(parameters: &Parameters) -> anyhow::Result<Self> {
        let mut config = Config::new();
        set_hosts(&mut config, parameters)?;
        let user = parameters.get("user").map_or_else(system_user, |user| Ok(user.to_owned()))?;
        config.dbname(parameters.get("dbname").unwrap_or(&user)).user(&user);
        if let Some(password) = parameters.get("password") {
            config.password(password);
        } else if let Some(password) = password_file::find(parameters, &user)? {
            config.password(password);
        }
        for (name, set) in [
            ("options", Config::options as fn(&mut Config, String) -> &mut Config),
            ("application_name", Config::application_name),
        ] {
            if let Some(value) = parameters.get(name) {
                set(&mut config, value.to_owned());
            }
        }
        set_timeouts(&mut config, parameters)?;
        set_session(&mut config, parameters)?;
        let tls = tls::connector(&mut config, parameters)?;
        Ok(Self { config, tls })
    }

    /// A connection, and the half that has to be driven.
    pub(crate) async fn connect(&self) -> Result<(Client, Driver), tokio_postgres::Error> {
        self.config.connect(self.tls.clone()).await
    }
}

fn set_hosts(config: &mut Config, parameters: &Parameters) -> anyhow::Result<()> {
    let list = |name| parameters.get(name).map(|list| list.split(',').map(str::trim).collect::<Vec<_>>());
    let (hosts, addresses) = (list("host"), list("hostaddr"));
    for host in hosts.iter().flatten() {
        match *host {
            "" => config.host(default_host()),
            host => config.host(host),
        };
    }
    for address in addresses.iter().flatten().filter(|address| !address.is_empty()) {
        config.hostaddr(
            address
                .parse()
                .with_context(|| format!("hostaddr: expected an IP address, but found {address:?}"))?,
        );
    }
    if hosts.is_none() && addresses.is_none() {
        config.host(default_host());
    }
    for port in list("port").iter().flatten() {
        let number = if port.is_empty() { Ok(5432) } else { port.parse() };
        config.port(
            number.with_context(|| format!("port: expected a number up to 65535, but found {port:?}"))?,
        );
    }
    Ok(())
}

/// libpq's default: the folder of Unix sockets that the distribution has, else this machine by TCP.
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

/// Where the string does not say: short, as for the connections of the pool.
fn set_timeouts(config: &mut Config, parameters: &Parameters) -> anyhow::Result<()> {
    let number = |name: &str, default: u64| match parameters.get(name) {
        None => Ok(default),
        Some(text) => text.parse().with_context(|| format!("{name}: expected a number, but found {text:?}")),
    };
    // libpq waits for ever at 0, and no shorter than two seconds.
    match number("connect_timeout", 2)? {
        0 => {}
        seconds => _ = config.connect_timeout(Duration::from_secs(seconds.max(2))),
    }
    match number("tcp_user_timeout", 2000)? {
        0 => {}
        ms => _ = config.tcp_user_timeout(Duration::from_millis(ms)),
    }
    config.keepalives(number("keepalives", 1)? != 0);
    config.keepalives_idle(Duration::from_secs(number("keepalives_idle", 2)?));
    config.keepalives_interval(Duration::from_secs(number("keepalives_interval", 1)?));
    config.keepalives_retries(number("keepalives_count", 2)?.try_into().unwrap_or(u32::MAX));
    Ok(())
}

fn set_session(config: &mut Config, parameters: &Parameters) -> anyhow::Result<()> {
    config.target_session_attrs(match parameters.get("target_session_attrs").unwrap_or("any") {
        "any" => TargetSessionAttrs::Any,
        "read-write" | "primary" => TargetSessionAttrs::ReadWrite,
        "read-only" | "standby" => TargetSessionAttrs::ReadOnly,
        other => bail!(
            "target_session_attrs: expected any, read-write, read-only, primary or standby, but found {other:?}"
        ),
    });
    config.load_balance_hosts(match parameters.get("load_balance_hosts").unwrap_or("disable") {
        "disable" => LoadBalanceHosts::Disable,
        "random" => LoadBalanceHosts::Random,
        other => bail!("load_balance_hosts: expected disable or random, but found {other:?}"),
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
