//! PostgreSQL: its programs, the data folder, and the database itself.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Text, Timestamptz};
use local_postgres::Programs;

use super::{Findings, fixes, folders};
use crate::commands::storage::{Place, Storage};
use calls_store::server::Server;
use calls_store::{directory, migrations};

pub(super) fn check(storage: Storage, findings: &mut Findings) {
    match storage.place() {
        Err(error) => findings.fail("address", format!("{error:#}"), "calls doctor --help"),
        Ok(Place::Url(url)) => {
            findings.ok("postgresql", "a server of its own, by --database-url (DATABASE_URL)");
            if let Some(major) = open(Some(url), None, findings) {
                check_programs(major, findings);
            }
        }
        Ok(Place::Folder(folder)) => check_private(&folder, findings),
    }
}

fn check_private(folder: &Path, findings: &mut Findings) {
    match local_postgres::installed() {
        Err(error) => {
            return findings.fail("postgresql", error.to_string(), "apt-get install postgresql");
        }
        Ok(all) => {
            let each = all.iter().map(|(major, folder)| format!("{major} in {}", folder.display()));
            findings.ok("postgresql", each.collect::<Vec<_>>().join(", "));
        }
    }
    check_user(folder, findings);
    if !folders::check(folder, findings) {
        return;
    }
    if !local_postgres::has_cluster(folder) {
        return findings.ok("database", format!("none yet in {}: `calls serve` makes it", folder.display()));
    }
    if let Some(major) = open(None, Some(folder), findings) {
        check_programs(major, findings);
    }
}

/// Checks the user that the server runs as.
fn check_user(folder: &Path, findings: &mut Findings) {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let owner = std::fs::metadata(folder.join("postgres")).map_or(0, |found| found.uid());
    let own = "useradd --system calls, and start `calls serve` as that user";
    match local_postgres::user_of_server(owner) {
        Ok(Some(name)) if ["postgres", "nobody"].contains(&name.as_str()) => {
            let found = format!(
                "root: PostgreSQL runs as {name}, as which other services may run and read the calls"
            );
            findings.warn("user", found, own);
        }
        Ok(name) => {
            findings.warn("user", format!("root; PostgreSQL runs as {}", name.unwrap_or_default()), own)
        }
        Err(error) => findings.fail("user", error.to_string(), own),
    }
}

/// Connects to the database, and returns the server's major version.
fn open(url: Option<String>, folder: Option<&Path>, findings: &mut Findings) -> Option<u32> {
    let opened = Server::open_existing(url, folder.map(Path::to_path_buf)).and_then(|server| {
        server.require_answer(|| {})?;
        server.require_sessions()?;
        let connection = server.connect()?;
        Ok((server, connection))
    });
    let (_server, mut connection) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            let text = format!("{error:#}");
            let mend = fixes::of(&text, folder);
            findings.fail("database", text, mend);
            return None;
        }
    };
    match examine(&mut connection, findings) {
        Ok(major) => Some(major),
        Err(error) => {
            let text = format!("{error:#}");
            let mend = fixes::of(&text, folder);
            findings.fail("database", text, mend);
            None
        }
    }
}

fn examine(connection: &mut PgConnection, findings: &mut Findings) -> anyhow::Result<u32> {
    #[derive(QueryableByName)]
    struct About {
        #[diesel(sql_type = Text)]
        version: String,
        #[diesel(sql_type = Text)]
        encoding: String,
        #[diesel(sql_type = Text)]
        collation: String,
        #[diesel(sql_type = Timestamptz)]
        now: DateTime<Utc>,
    }
    const ABOUT: &str = "
        SELECT current_setting('server_version') AS version, pg_encoding_to_char(encoding) AS encoding,
               datcollate::text AS collation, clock_timestamp() AS now
        FROM pg_database WHERE datname = current_database()";
    let about: About = diesel::sql_query(ABOUT).get_result(connection)?;
    let now = Utc::now();
    let major =
        about.version.split(['.', ' ']).next().and_then(|major| major.parse().ok()).unwrap_or_default();
    let version = format!("PostgreSQL {}", about.version);
    match major {
        14.. => findings.ok("database", version),
        _ => findings.fail("database", format!("{version}: expected 14 or newer"), "upgrade the server"),
    }
    let (known, layout) = (migrations::newest_layout()?, migrations::layout(connection)?);
    match layout {
        Some(layout) if layout > known => {
            let found = format!("{layout}, made by a newer version of Calls; this one knows {known}");
            findings.fail("layout", found, "install the newer version of Calls");
        }
        Some(layout) if layout == known => findings.ok("layout", layout),
        layout => {
            let found = format!("{}; this version has {known}", layout.as_deref().unwrap_or("none"));
            findings.warn("layout", found, "calls migrate");
        }
    }
    let locale = format!("{} {}", about.encoding, about.collation);
    match about.encoding.as_str() {
        "UTF8" => findings.ok("locale", locale),
        _ => findings.fail("locale", locale, "createdb --encoding UTF8 --template template0 calls"),
    }
    let newest = if migrations::layout(connection)?.as_deref() >= Some("20261127000007") {
        directory::newest_call(connection)?
    } else {
        None
    };
    check_clock(now, about.now, newest, findings);
    Ok(major)
}

fn check_clock(
    now: DateTime<Utc>,
    database: DateTime<Utc>,
    newest: Option<DateTime<Utc>>,
    findings: &mut Findings,
) {
    /// Date of the first version of this program.
    const EARLIEST: DateTime<Utc> = DateTime::from_timestamp(1_767_225_600, 0).expect("2026-01-01");
    let mend = "timedatectl set-ntp true";
    let apart = (now - database).abs();
    let shown = now.format("%Y-%m-%d %H:%M:%S UTC").to_string();
    if now < EARLIEST {
        findings.fail("clock", format!("{shown}, which is long ago"), mend);
    } else if apart > TimeDelta::seconds(5) {
        findings.warn("clock", format!("{shown}, {} s away from the database's", apart.num_seconds()), mend);
    } else if let Some(newest) = newest.filter(|newest| *newest - now > TimeDelta::days(1)) {
        let found = format!("{shown}, before the newest call ({})", newest.format("%Y-%m-%d"));
        findings.warn("clock", found, mend);
    } else if newest.is_some_and(|newest| now - newest > TimeDelta::days(365)) {
        let found = format!("{shown}, more than a year after the newest call");
        findings.warn("clock", found, "if it is wrong: timedatectl set-ntp true");
    } else {
        findings.ok("clock", shown);
    }
}

fn check_programs(major: u32, findings: &mut Findings) {
    match Programs::find(major) {
        Ok(programs) => findings.ok("backups by", format!("pg_dump {}", programs.major())),
        Err(error) => {
            let mend = format!("apt-get install postgresql-client-{major}");
            findings.warn("backups by", error.to_string(), mend);
        }
    }
}
