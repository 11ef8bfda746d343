//! Commands and options that fix common errors.

use std::path::Path;

/// Parts of error messages of PostgreSQL, libpq and this program, each with its fix. `{folder}` is the data
/// folder. The first row that matches counts.
const CURES: [(&str, &str); 20] = [
    ("No space left on device", "make room: df -h {folder}"),
    ("upgrade-postgres", "calls upgrade-postgres"),
    ("started by hand", "pg_ctl stop -D {folder}/postgres"),
    ("invalid permissions", "chmod 700 {folder}/postgres"),
    ("belongs to the user", "run Calls as its owner, or: chown -R USER {folder}"),
    ("Permission denied", "run Calls as the owner of the folder, or: chown -R USER {folder}"),
    ("cannot enter", "calls serve --data-dir /var/lib/calls, or let others through: chmod o+x"),
    ("could not map anonymous shared memory", "free memory: free -m"),
    ("Connection refused", "start that PostgreSQL, or mend the host and port in DATABASE_URL: pg_isready"),
    ("could not translate host name", "mend the host in DATABASE_URL, or add it to the DNS or to /etc/hosts"),
    (
        "password authentication failed",
        "mend the password in DATABASE_URL, or set it: ALTER ROLE ... PASSWORD",
    ),
    ("no password supplied", "put the password into DATABASE_URL or ~/.pgpass"),
    ("no pg_hba.conf entry", "add this machine to pg_hba.conf of that PostgreSQL, then: pg_ctl reload"),
    ("database \"", "createdb, as the owner that DATABASE_URL names, or mend the name in it"),
    ("role \"", "createuser --pwprompt, or mend the user in DATABASE_URL"),
    ("too many clients", "raise max_connections of that PostgreSQL, or: calls serve --connections 4"),
    ("connection slots", "raise max_connections of that PostgreSQL, or: calls serve --connections 4"),
    ("certificate", "mend sslmode and sslrootcert in DATABASE_URL"),
    ("pool_mode", "pool_mode = session in pgbouncer.ini"),
    ("only took the connection", "restart that PostgreSQL, or the pooler in front of it"),
];

/// The fix for an error of the database. `folder` is the data folder if the database is private.
pub(super) fn of(error: &str, folder: Option<&Path>) -> String {
    let shown = folder.map(|folder| folder.display().to_string());
    let found = CURES.iter().find(|(words, _)| error.contains(words)).map(|(_, cure)| *cure);
    match (found, shown) {
        (Some(cure), shown) => cure.replace("{folder}", shown.as_deref().unwrap_or("/var/lib/postgresql")),
        (None, Some(folder)) => format!("look into PostgreSQL's log: tail {folder}/postgres.log"),
        (None, None) => "try it without Calls: psql \"$DATABASE_URL\"".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_the_cure_of_its_cause() {
        let folder = Some(Path::new("/srv/calls"));
        let full = "PostgreSQL did not start: could not write: No space left on device";
        assert_eq!(of(full, folder), "make room: df -h /srv/calls");
        let mode = "FATAL:  data directory \"/srv/calls/postgres\" has invalid permissions";
        assert_eq!(of(mode, folder), "chmod 700 /srv/calls/postgres");
        let missing = "FATAL:  database \"calls\" does not exist";
        assert!(of(missing, None).starts_with("createdb"), "{}", of(missing, None));
        assert_eq!(of("something else", folder), "look into PostgreSQL's log: tail /srv/calls/postgres.log");
        assert!(of("something else", None).starts_with("try it without Calls"));
    }
}
