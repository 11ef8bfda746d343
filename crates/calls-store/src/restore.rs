//! Restores a backup in one transaction.

use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, bail, ensure};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

use crate::backup::archive::{self, Manifest, Rows};
use crate::backup::{self, Step, Tools, Unpacking, Watch};
use crate::migrations;
use crate::server::Server;

/// A verified backup that this version can restore.
pub struct Checked<'a> {
    path: &'a Path,
    manifest: Manifest,
}

/// Removes everything that Calls may have created in the schema: tables, sequences, functions and types that
/// belong to no extension.
const REMOVE_ALL: &str = "
DO $remove$
DECLARE statements text;
BEGIN
    SELECT string_agg(statement, '; ' ORDER BY place) INTO statements FROM (
        SELECT 1 AS place, format('DROP %s IF EXISTS %s CASCADE',
                                  CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END,
                                  oid::regclass) AS statement, 'pg_class'::regclass AS class, oid
        FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm') AND relnamespace = current_schema()::regnamespace
        UNION ALL
        SELECT 2, format('DROP SEQUENCE IF EXISTS %s CASCADE', oid::regclass), 'pg_class'::regclass, oid
        FROM pg_class WHERE relkind = 'S' AND relnamespace = current_schema()::regnamespace
        UNION ALL
        SELECT 3, format('DROP ROUTINE IF EXISTS %s CASCADE', oid::regprocedure), 'pg_proc'::regclass, oid
        FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
        UNION ALL
        SELECT 4, format('DROP TYPE IF EXISTS %s CASCADE', oid::regtype), 'pg_type'::regclass, oid
        FROM pg_type WHERE typtype IN ('e', 'd') AND typnamespace = current_schema()::regnamespace
    ) AS objects
    WHERE NOT EXISTS (SELECT FROM pg_depend
                      WHERE classid = objects.class AND objid = objects.oid AND deptype = 'e');
    IF statements IS NOT NULL THEN EXECUTE statements; END IF;
END $remove$;
";

/// Verifies a backup, without changing anything.
///
/// # Errors
/// It is damaged, truncated, from a newer version of Calls, or in a format that the installed PostgreSQL does
/// not support.
pub fn check(path: &Path) -> anyhow::Result<Checked<'_>> {
    let manifest = archive::read(path)?;
    let newest = migrations::newest_layout()?;
    ensure!(
        manifest.layout <= newest,
        "expected a backup of layout {newest} or older, but found layout {}: a newer version of Calls ({}) has made it",
        manifest.layout,
        manifest.calls
    );
    Tools::for_files(manifest.postgres)?.check(path)?;
    Ok(Checked { path, manifest })
}

impl Checked<'_> {
    /// Content of the backup.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Replaces the database of `server` with the backup, without applying migrations.
    ///
    /// # Errors
    /// The database has calls and `replace` is not set, other clients are connected to it, its PostgreSQL is
    /// older, or a row is missing at the end. The database is unchanged then.
    pub fn restore(&self, server: &Server, replace: bool, watch: Watch) -> anyhow::Result<()> {
        let postgres = {
            let mut connection = server.connect()?;
            let postgres = backup::major_version(&mut connection)?;
            ensure!(
                postgres >= self.manifest.postgres,
                "expected a backup of PostgreSQL {postgres} or older, but found one of {}",
                self.manifest.postgres
            );
            if !replace && !is_empty(&mut connection).context("cannot look into the database")? {
                bail!("expected an empty database, but found one with data: add --replace to replace it");
            }
            let others = others(&mut connection).context("cannot list the other clients")?;
            ensure!(
                others == 0,
                "expected no other connections to the database, but found {others}: stop `calls serve` first"
            );
            postgres
        };
        self.run(&Tools::new(server, postgres)?, watch)
    }

    /// Runs `psql` on the output of `pg_restore`, in one transaction that is committed if all rows are there.
    fn run(&self, tools: &Tools, watch: Watch) -> anyhow::Result<()> {
        let mut command = tools.command("psql");
        command.args(["--no-psqlrc", "--no-password", "--quiet", "--set=ON_ERROR_STOP=1"]);
        // The details of an error can quote a row.
        command.args(["--set=VERBOSITY=terse", "--output=/dev/null", "--file=-"]).stdin(Stdio::piped());
        let mut psql = backup::Running::start(command, "psql")?;
        let mut input = BufWriter::with_capacity(1 << 20, psql.input()?);
        let mut unpacking = Unpacking::start(tools, self.path)?;
        let total = self.manifest.rows.values().sum();
        let mut broken_off = false;
        let mut feed = || -> std::io::Result<()> {
            writeln!(input, "BEGIN;\nSET LOCAL lock_timeout = '10s';{REMOVE_ALL}")?;
            while let Some(done) = unpacking.copy(&mut input)? {
                broken_off |= watch(Step::Restoring { done, total }).is_break();
                if broken_off {
                    return Ok(());
                }
            }
            broken_off |= watch(Step::Finishing).is_break();
            input.write_all(count_check(&self.manifest.rows).as_bytes())?;
            input.flush()
        };
        let fed = feed();
        ensure!(!broken_off, "the restore was broken off");
        // If `psql` has ended, it reports the reason.
        if let Err(error) = fed {
            drop(input);
            psql.succeed()?;
            return Err(error).context("cannot pass the backup to psql");
        }
        // No commit without its success.
        unpacking.succeed()?;
        let committed = input.write_all(b"COMMIT;\n").and_then(|()| input.flush());
        drop(input);
        psql.succeed()?;
        committed.context("cannot pass the backup to psql")
    }
}

/// A statement that fails unless the tables have these numbers of rows.
fn count_check(rows: &Rows) -> String {
    let mut check = "\nDO $check$\nDECLARE found bigint;\nBEGIN\n".to_owned();
    for (table, expected) in rows {
        check += &format!(
            "    SELECT count(*) INTO found FROM {table};\n    \
             IF found <> {expected} THEN\n        \
             RAISE EXCEPTION 'expected {expected} rows in %, but found %', $name${table}$name$, found;\n    \
             END IF;\n"
        );
    }
    check + "END $check$;\n"
}

/// Whether all tables are empty, except for the rows of a new database.
fn is_empty(connection: &mut PgConnection) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    for table in backup::tables(connection)? {
        // The withheld and the unknown caller always have rows.
        let condition = match table.as_str() {
            "public.__diesel_schema_migrations" => continue,
            "public.other_parties" | "public.phone_numbers" => "WHERE number < -2",
            _ => "",
        };
        let query = diesel::sql_query(format!("SELECT EXISTS (SELECT FROM {table} {condition}) AS found"));
        if query.get_result::<Found>(connection)?.found {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Number of other clients of the database.
fn others(connection: &mut PgConnection) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Others {
        #[diesel(sql_type = BigInt)]
        others: i64,
    }
    const OTHERS: &str = "SELECT count(*) AS others FROM pg_stat_activity WHERE datname = current_database()
                          AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    Ok(diesel::sql_query(OTHERS).get_result::<Others>(connection)?.others)
}
