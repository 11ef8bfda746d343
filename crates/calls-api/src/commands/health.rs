//! `calls health`.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use crate::listen::Listen;

/// Time limit of each step.
const LIMIT: Duration = Duration::from_secs(3);

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Address that the server listens on, or unix: and the path of its socket
    #[arg(long, env = "CALLS_BIND", default_value = "127.0.0.1:8000", value_name = "ADDR:PORT|unix:PATH")]
    bind: Listen,
    /// Its admin address, which is checked instead if given
    #[arg(long, env = "CALLS_ADMIN_BIND", value_name = "ADDR:PORT|unix:PATH")]
    admin_bind: Option<Listen>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (address, path) = match &arguments.admin_bind {
        Some(admin) => (admin, "/health/ready"),
        // The cheapest request that needs the database: extension 0 has no calls.
        None => (&arguments.bind, "/api/calls/0?limit=1"),
    };
    let address = reachable(address);
    let status = connect_and_ask(&address, path).with_context(|| format!("no response from {address}"))?;
    // A 4xx, such as 429, shows that the server responds.
    ensure!(status < 500, "expected an answer from {address}{path}, but found the status {status}");
    println!("healthy");
    Ok(ExitCode::SUCCESS)
}

fn connect_and_ask(address: &Listen, path: &str) -> anyhow::Result<u16> {
    match address {
        Listen::Tcp(address) => {
            let stream = TcpStream::connect_timeout(address, LIMIT)?;
            stream.set_read_timeout(Some(LIMIT))?;
            stream.set_write_timeout(Some(LIMIT))?;
            ask(stream, path)
        }
        Listen::Unix(socket) => {
            let stream = UnixStream::connect(socket)?;
            stream.set_read_timeout(Some(LIMIT))?;
            stream.set_write_timeout(Some(LIMIT))?;
            ask(stream, path)
        }
    }
}

/// Whether the server that listens on an address is Calls.
pub(super) fn is_calls(bind: &Listen) -> bool {
    connect_and_ask(&reachable(bind), "/api/openapi.json").is_ok_and(|status| status == 200)
}

/// An address at which a server bound to all addresses can be reached.
fn reachable(listen: &Listen) -> Listen {
    let Listen::Tcp(address) = listen else { return listen.clone() };
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    Listen::Tcp(SocketAddr::new(ip, address.port()))
}

/// Sends a GET request and returns the status of the response.
fn ask(mut stream: impl Read + Write, path: &str) -> anyhow::Result<u16> {
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer)?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    match text.strip_prefix("HTTP/1.1 ").and_then(|status| status.parse().ok()) {
        Some(status) => Ok(status),
        None => bail!("expected HTTP, but found {text:?}"),
    }
}
