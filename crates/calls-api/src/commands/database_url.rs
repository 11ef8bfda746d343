//! Checks a connection string before libpq reads it.
//!
//! libpq quotes what it cannot parse, which is most often part of a password whose special characters are not
//! percent-encoded. The errors here quote nothing of the string.

use anyhow::{bail, ensure};
use percent_encoding::percent_decode_str;

/// libpq's keywords (PostgreSQL documentation, "Parameter Key Words").
const KEYWORDS: [&str; 50] = [
    "application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "dbname",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "oauth_client_id",
    "oauth_client_secret",
    "oauth_issuer",
    "oauth_scope",
    "options",
    "passfile",
    "password",
    "port",
    "replication",
    "require_auth",
    "requirepeer",
    "requiressl",
    "scram_client_key",
    "scram_server_key",
    "service",
    "servicefile",
    "ssl",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslkeylogfile",
    "sslmode",
    "sslnegotiation",
    "sslpassword",
    "sslrootcert",
    "sslsni",
];
const OTHER_KEYWORDS: [&str; 4] = ["target_session_attrs", "tcp_user_timeout", "tty", "user"];

/// Checks that a password is percent-encoded.
const ENCODE: &str = "special characters of a user or password are written with a percent sign, such as \
                      %40 for @, %2F for /, %3A for :, %3F for ? and %25 for %";

/// Checks the form of a connection string: a URI or `keyword=value` pairs.
///
/// # Errors
/// libpq would refuse it, or take part of the password for something else. The error quotes nothing of it.
pub(super) fn check(text: &str) -> anyhow::Result<()> {
    let uri = ["postgres://", "postgresql://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    match uri {
        Some(uri) => check_uri(uri),
        None if text.contains("://") => {
            bail!("expected postgres:// or postgresql://, but found another scheme")
        }
        None => check_pairs(text),
    }
}

/// `user:password@host:port,host:port/dbname?name=value&...`
fn check_uri(uri: &str) -> anyhow::Result<()> {
    let (address, query) = uri.split_once('?').map_or((uri, None), |(address, query)| (address, Some(query)));
    let (authority, database) = address.split_once('/').unwrap_or((address, ""));
    let (login, hosts) = authority.split_once('@').unwrap_or(("", authority));
    ensure!(!hosts.contains('@'), "expected one @, before the host, but found another: {ENCODE}");
    ensure!(!database.contains('@'), "expected a database's name behind the host, but found an @: {ENCODE}");
    for part in login.splitn(2, ':').chain(hosts.split(',')).chain([database]) {
        ensure!(
            is_encoded(part),
            "expected two hexadecimal digits behind each %, but found others: {ENCODE}"
        );
    }
    for host in hosts.split(',') {
        let (name, port) = match host.strip_prefix('[') {
            Some(address) => address.split_once(']').unwrap_or((address, ":")),
            None => host.find(':').map_or((host, ""), |colon| host.split_at(colon)),
        };
        let digits = port.strip_prefix(':').unwrap_or(port);
        let is_port = digits.is_empty() || digits.parse::<u16>().is_ok_and(|port| port > 0);
        ensure!(
            is_port && (port.is_empty() || port.starts_with(':')) && !name.contains(['[', ']']),
            "expected a host and a port up to 65535, but found another port: {ENCODE}"
        );
    }
    for (number, pair) in (1..).zip(query.into_iter().flat_map(|query| query.split('&'))) {
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        ensure!(
            is_keyword(name) && is_encoded(value) && !value.contains('='),
            "expected a parameter of PostgreSQL and its value at place {number} behind the question mark, \
             but found something else: {ENCODE}"
        );
    }
    Ok(())
}

/// `keyword = value` pairs; a value with blanks stands in single quotes.
fn check_pairs(text: &str) -> anyhow::Result<()> {
    let mut rest = text.trim_start();
    for number in 1.. {
        if rest.is_empty() {
            break;
        }
        let (name, value) = rest.split_once('=').unwrap_or(("", rest));
        ensure!(
            is_keyword(name.trim()),
            "expected a parameter of PostgreSQL at place {number} of the connection string, but found \
             something else: a value with blanks stands in single quotes, with \\ before a quote"
        );
        let Some(after) = skip_value(value.trim_start()) else {
            bail!("expected a single quote behind the value at place {number} of the connection string")
        };
        rest = after.trim_start();
    }
    Ok(())
}

/// The text after a value. `None` if its closing quote is missing.
fn skip_value(text: &str) -> Option<&str> {
    let (quoted, inner) = text.strip_prefix('\'').map_or((false, text), |inner| (true, inner));
    let mut characters = inner.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => _ = characters.next(),
            '\'' if quoted => return Some(&inner[at + 1..]),
            c if !quoted && c.is_whitespace() => return Some(&inner[at..]),
            _ => {}
        }
    }
    (!quoted).then_some("")
}

fn is_keyword(name: &str) -> bool {
    KEYWORDS.iter().chain(&OTHER_KEYWORDS).any(|known| *known == name)
}

/// Whether every percent sign begins an escape (RFC 3986) and none encodes a zero byte.
fn is_encoded(text: &str) -> bool {
    let mut parts = text.split('%');
    let is_hex = |part: &str| {
        part.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            && !part.starts_with("00")
    };
    parts.next();
    parts.all(is_hex) && percent_decode_str(text).decode_utf8().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libpq_reads_is_right() {
        for text in [
            "postgres://",
            "postgres:///calls",
            "postgres://me:hunter2#secret@db.example/calls",
            "postgresql://me:p%40s%20s@a.example:5432,b.example:5433/calls?sslmode=verify-full",
            "postgresql://postgres@%2Ftmp%2Fx:5433/calls",
            "postgres://me:a:b@[::1]:5433/calls?host=/tmp&connect_timeout=2",
            "postgres://db.example/calls?user=me@tenant&password=p%3Dq",
            "postgres://me@[::1]/",
            "",
            " host = /tmp dbname=calls ",
            r"user=me password='it\'s a secret' host=a.example,b.example port = 5432,5433",
            "host= dbname=calls",
        ] {
            if let Err(error) = check(text) {
                panic!("{text}: {error}");
            }
        }
    }

    #[test]
    fn an_error_quotes_nothing_of_a_password() {
        for text in [
            "postgres://me:hunter2/secret@db.example/calls",
            "postgres://me:hunter2@secret@db.example/calls",
            "postgres://me:hunter2?secret@db.example/calls",
            "postgres://me:hunter2?user=secret=x@db.example/calls",
            "postgres://me:hunter2%secret@db.example/calls",
            "postgres://me:hunter2%00secret@db.example/calls",
            "postgres://me:hunter2%ffsecret@db.example/calls",
            "postgres://me:123/secret@db.example/calls",
            "postgres://me:[hunter2/secret@db.example/calls",
            "postgres://me@db.example/calls?password=hunter2&secret",
            "postgres://me@db.example/calls?password=hunter2&secret=1",
            "postgres://db.example:99999/secret",
            "mysql://me:hunter2secret@db.example",
            "password=hunter2 secret host=db.example",
            "password=hunter2 secret=1",
            "host=db.example password='hunter2 secret",
            "host=db.example password='hunter2' secret' user=me",
        ] {
            let error = format!("{:#}", check(text).unwrap_err());
            assert!(!error.contains("hunter2") && !error.contains("secret"), "{text}: {error}");
            assert!(error.contains("expected"), "{error}");
        }
    }
}
