//! Splits a connection string into parameters.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use percent_encoding::percent_decode_str;

/// The parameters of a connection string by libpq's keywords.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Parameters(BTreeMap<String, String>);

/// Keywords that both kinds of connections support, with their environment variables.
const KNOWN: [(&str, Option<&str>); 29] = [
    ("host", Some("PGHOST")),
    ("hostaddr", Some("PGHOSTADDR")),
    ("port", Some("PGPORT")),
    ("dbname", Some("PGDATABASE")),
    ("user", Some("PGUSER")),
    ("password", Some("PGPASSWORD")),
    ("passfile", Some("PGPASSFILE")),
    ("options", Some("PGOPTIONS")),
    ("application_name", Some("PGAPPNAME")),
    ("fallback_application_name", None),
    ("connect_timeout", Some("PGCONNECT_TIMEOUT")),
    ("tcp_user_timeout", None),
    ("keepalives", None),
    ("keepalives_idle", None),
    ("keepalives_interval", None),
    ("keepalives_count", None),
    ("client_encoding", Some("PGCLIENTENCODING")),
    ("target_session_attrs", Some("PGTARGETSESSIONATTRS")),
    ("load_balance_hosts", Some("PGLOADBALANCEHOSTS")),
    ("channel_binding", Some("PGCHANNELBINDING")),
    ("gssencmode", Some("PGGSSENCMODE")),
    ("sslmode", Some("PGSSLMODE")),
    ("sslrootcert", Some("PGSSLROOTCERT")),
    ("sslcert", Some("PGSSLCERT")),
    ("sslkey", Some("PGSSLKEY")),
    ("sslsni", Some("PGSSLSNI")),
    ("sslcompression", None),
    ("ssl_min_protocol_version", Some("PGSSLMINPROTOCOLVERSION")),
    ("ssl_max_protocol_version", Some("PGSSLMAXPROTOCOLVERSION")),
];

/// Variables that only libpq supports: connections of tokio-postgres would ignore them.
const REFUSED: [&str; 6] =
    ["PGSERVICE", "PGREQUIREPEER", "PGREQUIREAUTH", "PGSSLCRL", "PGSSLCRLDIR", "PGSSLNEGOTIATION"];

impl Parameters {
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let uri = ["postgres://", "postgresql://"].iter().find_map(|scheme| text.strip_prefix(scheme));
        let parameters = match uri {
            Some(uri) => Self::parse_uri(uri)?,
            None => Self::parse_pairs(text)?,
        };
        let unknown = parameters.0.keys().find(|name| !KNOWN.iter().any(|(known, _)| known == name));
        match unknown {
            Some(name) => bail!("expected connection parameters that Calls knows, but found {name:?}"),
            None => Ok(parameters),
        }
    }

    /// Adds parameters from the environment that are not set.
    ///
    /// # Errors
    /// The environment sets a variable that only libpq supports.
    pub(super) fn complete(&mut self, variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<()> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        if let Some(name) = REFUSED.into_iter().find(|name| variable(name).is_some()) {
            bail!("expected no {name} in the environment: Calls does not support it");
        }
        for (name, value) in KNOWN.iter().filter_map(|(name, of)| Some((*name, of.and_then(&variable)?))) {
            self.0.entry(name.to_owned()).or_insert(value);
        }
        Ok(())
    }

    /// The parameters as environment variables, for programs that use libpq. Arguments are not used, because
    /// everybody on the machine can list them.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        let variable = |(name, variable): &(&str, Option<&'static str>)| {
            variable.and_then(|variable| Some((variable, self.get(name)?.to_owned())))
        };
        KNOWN.iter().filter_map(variable).collect()
    }

    /// The value of a parameter. `None` if it is empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Parses the part after the scheme: `user:password@host:port,host:port/dbname?name=value&...`.
    fn parse_uri(uri: &str) -> anyhow::Result<Self> {
        let mut parameters = BTreeMap::new();
        let mut set = |name: &str, value: &str| -> anyhow::Result<()> {
            let value = percent_decode_str(value).decode_utf8();
            let value = value.with_context(|| format!("{name}: expected UTF-8 behind its percent signs"))?;
            parameters.insert(name.to_owned(), value.into_owned());
            Ok(())
        };
        let (address, query) = uri.split_once('?').unwrap_or((uri, ""));
        let (authority, database) = address.split_once('/').unwrap_or((address, ""));
        let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        set("user", user)?;
        set("password", password)?;
        set("dbname", database)?;
        let hosts: Vec<(&str, &str)> = hosts.split(',').map(host_and_port).collect();
        let join = |parts: Vec<&str>| parts.join(",");
        if hosts.iter().any(|(host, _)| !host.is_empty()) {
            set("host", &join(hosts.iter().map(|(host, _)| *host).collect()))?;
        }
        if hosts.iter().any(|(_, port)| !port.is_empty()) {
            set("port", &join(hosts.iter().map(|(_, port)| *port).collect()))?;
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let Some((name, value)) = pair.split_once('=') else {
                bail!(
                    "expected name=value behind the question mark of the connection string, but found {pair:?}"
                )
            };
            set(
                if name == "ssl" && value == "true" { "sslmode" } else { name },
                if name == "ssl" { "require" } else { value },
            )?;
        }
        Ok(Self(parameters))
    }

    /// Parses `name = value` pairs. A value in single quotes may contain spaces, and a backslash escapes the
    /// next character.
    fn parse_pairs(text: &str) -> anyhow::Result<Self> {
        let mut parameters = BTreeMap::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let Some((name, value)) = rest.split_once('=') else {
                bail!("expected a connection string of name=value pairs, but found a name without a value")
            };
            let (value, after) = take_value(value.trim_start())?;
            parameters.insert(name.trim().to_owned(), value);
            rest = after.trim_start();
        }
        Ok(Self(parameters))
    }
}

/// Splits a host, which may be an IPv6 address in brackets, from its port.
fn host_and_port(text: &str) -> (&str, &str) {
    if let Some((host, rest)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        return (host, rest.trim_start_matches(':'));
    }
    text.rsplit_once(':').unwrap_or((text, ""))
}

fn take_value(text: &str) -> anyhow::Result<(String, &str)> {
    let (quoted, mut characters) = match text.strip_prefix('\'') {
        Some(inner) => (true, inner.char_indices()),
        None => (false, text.char_indices()),
    };
    let inner = characters.as_str();
    let mut value = String::new();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(|(_, next)| next)),
            '\'' if quoted => return Ok((value, &inner[at + 1..])),
            c if !quoted && c.is_whitespace() => return Ok((value, &inner[at..])),
            c => value.push(c),
        }
    }
    if quoted {
        bail!("expected a closing quote in the connection string, but found its end")
    }
    Ok((value, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let Parameters(parameters) = Parameters::parse(text).unwrap();
        parameters.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_uri_and_pairs_say_the_same() {
        let expected = pairs(&[
            ("dbname", "calls"),
            ("host", "a.example,b.example"),
            ("password", "p@s s"),
            ("port", "5432,5433"),
            ("sslmode", "verify-full"),
            ("user", "me"),
        ]);
        let uri = "postgresql://me:p%40s%20s@a.example:5432,b.example:5433/calls?sslmode=verify-full";
        assert_eq!(read(uri), expected);
        let words = "user=me password='p@s s' host=a.example,b.example port = 5432,5433 dbname=calls sslmode=verify-full";
        assert_eq!(read(words), expected);
    }

    #[test]
    fn sockets_addresses_and_quotes_are_read() {
        let socket = "postgresql://postgres@%2Ftmp%2Fx:5433/calls";
        let expected = [("dbname", "calls"), ("host", "/tmp/x"), ("port", "5433"), ("user", "postgres")];
        assert_eq!(read(socket), pairs(&expected));
        assert_eq!(read("postgres://[::1]:5433/"), pairs(&[("host", "::1"), ("port", "5433")]));
        assert_eq!(read(r"password='it\'s' user=a\ b"), pairs(&[("password", "it's"), ("user", "a b")]));
        assert_eq!(read("postgres://"), []);
    }

    #[test]
    fn what_is_not_understood_is_refused_by_its_name() {
        for (text, named) in [
            ("postgres://h/db?service=x", "\"service\""),
            ("host=h krbsrvname=x", "\"krbsrvname\""),
            ("postgres://h/db?sslmode", "\"sslmode\""),
            ("host='h", "closing quote"),
            ("host", "without a value"),
        ] {
            let error = Parameters::parse(text).unwrap_err().to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
    }

    #[test]
    fn the_environment_completes_what_is_not_there() {
        let mut parameters = Parameters::parse("postgres://h/db").unwrap();
        parameters
            .complete(|name| ["PGHOST", "PGSSLMODE"].contains(&name).then(|| name.to_lowercase()))
            .unwrap();
        assert_eq!((parameters.get("host"), parameters.get("sslmode")), (Some("h"), Some("pgsslmode")));
        let refused = parameters.complete(|name| (name == "PGSSLCRL").then(|| "x".to_owned())).unwrap_err();
        assert!(refused.to_string().contains("PGSSLCRL"), "{refused}");
    }
}
