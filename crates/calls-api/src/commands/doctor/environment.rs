//! The port, the host names, the proxy and the backups.

use std::io;
use std::net::ToSocketAddrs as _;

use chrono::{TimeDelta, Utc};

use super::{Arguments, Findings, proxy};
use crate::commands::health;
use crate::hosts;
use crate::listen::{Listen, Socket};
use calls_store::backup::folder;

pub(super) fn check(arguments: &Arguments, findings: &mut Findings) {
    check_port(arguments, findings);
    check_public(arguments, findings);
    check_backups(arguments, findings);
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

fn check_port(arguments: &Arguments, findings: &mut Findings) {
    let bind = &arguments.bind;
    match Socket::new(bind) {
        Ok(_) => findings.ok("port", format!("{bind} is free")),
        Err(error) => match health::is_calls(bind) {
            true => findings.ok("port", format!("`calls serve` answers at {bind}")),
            false => findings.fail("port", format!("{error:#}"), cure_of_port(bind, &error)),
        },
    }
}

/// The fix for an address that cannot be bound.
fn cure_of_port(bind: &Listen, error: &anyhow::Error) -> String {
    let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
    match (bind, kind) {
        (Listen::Tcp(bind), Some(io::ErrorKind::PermissionDenied)) => {
            format!(
                "calls serve --bind {}:8000, behind a proxy that may listen on {}",
                bind.ip(),
                bind.port()
            )
        }
        (Listen::Tcp(_), Some(io::ErrorKind::AddrNotAvailable)) => {
            "an address of this machine: ip address show".to_owned()
        }
        (Listen::Tcp(bind), _) => {
            let (ip, port) = (bind.ip(), bind.port());
            format!(
                "calls serve --bind {ip}:{}; who has it: ss -ltnp 'sport = :{port}'",
                port.saturating_add(1)
            )
        }
        (Listen::Unix(_), _) => "calls serve --bind 127.0.0.1:8000".to_owned(),
    }
}

fn check_public(arguments: &Arguments, findings: &mut Findings) {
    let (url, proxy) = (given(&arguments.public_url), given(&arguments.trusted_proxy));
    let is_local = arguments.bind.is_loopback();
    let host = url.map(|url| (url, hosts::host_of(url)));
    match host {
        None if !is_local && given(&arguments.allowed_hosts).is_none() => {
            let found = format!("{} is open to the network, and no host name is allowed", arguments.bind);
            findings.warn("public URL", found, "calls serve --public-url https://calls.example.com");
        }
        None => findings.ok("public URL", "none"),
        Some((url, None)) => {
            let mend = "calls serve --public-url https://calls.example.com";
            findings.fail("public URL", format!("expected a URL, but found {url:?}"), mend);
        }
        Some((url, Some(_))) => {
            let name =
                url.split("://").nth(1).unwrap_or_default().split(['/', ':']).next().unwrap_or_default();
            let is_found = (name, 443).to_socket_addrs().is_ok_and(|mut all| all.next().is_some());
            if !is_found {
                let mend = format!("add {name} to the DNS or to /etc/hosts");
                findings.warn("public URL", format!("{url}: this machine finds no address of {name}"), mend);
            } else if url.starts_with("http://") {
                let mend = format!("calls serve --public-url https://{name}, behind a proxy with TLS");
                findings.warn("public URL", format!("{url}: numbers cross the network in plain text"), mend);
            } else {
                findings.ok("public URL", url);
            }
            if is_found {
                proxy::check(url, &arguments.bind, findings);
            }
        }
    }
    match (url, proxy) {
        (Some(url), None) if url.starts_with("https://") => {
            let found =
                "none is trusted, so all clients behind it count as one, for rate limits and event streams";
            findings.warn("proxy", found, "calls serve --trusted-proxy 127.0.0.1");
        }
        (_, None) => findings.ok("proxy", "none"),
        (_, Some(proxy)) => findings.ok("proxy", format!("X-Forwarded-For of {proxy} is read")),
    }
}

fn check_backups(arguments: &Arguments, findings: &mut Findings) {
    let mend = "calls serve --backup-to DIR";
    let Some(path) = arguments.backup_to.as_ref().filter(|path| !path.as_os_str().is_empty()) else {
        return findings.warn("backups", "no folder for regular backups (CALLS_BACKUP_TO)", mend);
    };
    match folder::list(path).map(|mut files| files.pop()) {
        Err(error) => findings.fail("backups", format!("{}: {error}", path.display()), mend),
        Ok(None) => findings.warn("backups", format!("none in {}", path.display()), mend),
        Ok(Some((time, file))) => {
            let shown = format!("{}", file.display());
            match Utc::now() - time {
                age if age > TimeDelta::days(8) => {
                    findings.warn("backups", format!("the newest is {shown}"), mend)
                }
                _ => findings.ok("backups", shown),
            }
        }
    }
}
