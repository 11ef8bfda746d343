//! Backups: one file each, made by `pg_dump` while the server runs.
//!
//! A file is an archive of `pg_dump` in the custom format, which `pg_restore` reads without this program,
//! followed by a manifest and a digest (see [`archive`]). It is written under a temporary name in the same
//! folder, read back, and renamed when it is on disk, so a process that is killed leaves the previous file
//! intact.

pub mod archive;
pub mod folder;
mod script;
mod tools;

use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, Read};
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use chrono::Utc;
use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};

use crate::migrations;
use crate::server::Server;
use archive::{Manifest, Rows};
use script::Script;
pub(crate) use tools::{Running, Tools};

/// A step of a backup or a restore, for progress. The observer may cancel it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Number of bytes that `pg_dump` has written.
    Dumping(u64),
    /// Rows are read back.
    Verifying {
        /// Number of rows so far.
        done: u64,
        /// Total number of rows.
        total: u64,
    },
    /// Rows are restored.
    Restoring {
        /// Number of rows so far.
        done: u64,
        /// Total number of rows.
        total: u64,
    },
    /// The end of a restore: indexes are built, and data is flushed.
    Finishing,
}

/// Observer of the steps.
pub type Watch<'a> = &'a mut dyn FnMut(Step) -> ControlFlow<()>;

/// Backs up the database of `server` into the file `target`, replacing a previous backup.
///
/// Databases of every version can be backed up. No migration is applied.
///
/// # Errors
/// There are no calls, `target` is not a backup, `pg_dump` failed or is not installed, or the written file
/// differs from the database. `target` is unchanged then.
pub fn write(server: &Server, target: &Path, watch: Watch) -> anyhow::Result<Manifest> {
    if target.exists() && !archive::is_backup(target) {
        bail!("expected {} to be a backup of Calls or not there, but found another file", target.display());
    }
    let snapshot = Snapshot::take(server)?;
    let tools = Tools::new(server, snapshot.postgres)?;
    let unfinished = Unfinished::create(target)?;
    dump(&tools, &snapshot, &unfinished.path, watch)?;
    read_back(&tools, &snapshot.rows, &unfinished.path, watch)?;
    let manifest = Manifest {
        calls: env!("CARGO_PKG_VERSION").to_owned(),
        layout: snapshot.layout.clone(),
        made_at: snapshot.made_at,
        postgres: snapshot.postgres,
        rows: snapshot.rows.clone(),
    };
    archive::seal(&unfinished.path, &manifest)?;
    archive::read(&unfinished.path)?;
    unfinished.keep(target)?;
    Ok(manifest)
}

/// A snapshot of the database, which lasts as long as the value.
struct Snapshot {
    _connection: PgConnection,
    id: String,
    layout: String,
    made_at: chrono::DateTime<Utc>,
    postgres: u32,
    rows: Rows,
}

impl Snapshot {
    fn take(server: &Server) -> anyhow::Result<Self> {
        #[derive(QueryableByName)]
        struct Exported {
            #[diesel(sql_type = Text)]
            id: String,
        }
        let mut connection = server.connect()?;
        let postgres = major_version(&mut connection)?;
        connection.batch_execute(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
             SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0",
        )?;
        let layout = migrations::layout(&mut connection).context("cannot read the database's layout")?;
        let layout =
            layout.context("expected a database with calls, but found one that Calls has not used")?;
        let exported: Exported = diesel::sql_query("SELECT pg_export_snapshot() AS id")
            .get_result(&mut connection)
            .context("cannot export a snapshot")?;
        let made_at = Utc::now();
        let rows = count_rows(&mut connection).context("cannot count the rows")?;
        Ok(Self { _connection: connection, id: exported.id, layout, made_at, postgres, rows })
    }
}

/// Counts the rows of each table, by its quoted and qualified name.
pub(crate) fn count_rows(connection: &mut PgConnection) -> QueryResult<Rows> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        rows: i64,
    }
    let mut rows = Rows::new();
    for table in tables(connection)? {
        let query = diesel::sql_query(format!("SELECT count(*) AS rows FROM {table}"));
        let count: Count = query.get_result(connection)?;
        rows.insert(table, count.rows.unsigned_abs());
    }
    Ok(rows)
}

/// Quoted and qualified names of all tables with rows in a dump.
pub(crate) fn tables(connection: &mut PgConnection) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Table {
        #[diesel(sql_type = Text)]
        name: String,
    }
    const TABLES: &str = "
        SELECT format('%I.%I', nspname, relname) AS name
        FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE relkind = 'r' AND relpersistence <> 't' AND nspname <> 'information_schema' AND nspname !~ '^pg_'
              AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass
                              AND objid = pg_class.oid AND deptype = 'e')
        ORDER BY 1";
    let tables: Vec<Table> = diesel::sql_query(TABLES).load(connection)?;
    Ok(tables.into_iter().map(|table| table.name).collect())
}

/// The major version of the server.
pub(crate) fn major_version(connection: &mut PgConnection) -> anyhow::Result<u32> {
    #[derive(QueryableByName)]
    struct Version {
        #[diesel(sql_type = Integer)]
        version: i32,
    }
    let query = "SELECT current_setting('server_version_num')::integer / 10000 AS version";
    let version: Version = diesel::sql_query(query).get_result(connection)?;
    Ok(version.version.unsigned_abs())
}

/// An unfinished file beside its target, removed on drop.
pub struct Unfinished {
    path: PathBuf,
}

impl Unfinished {
    /// Creates an empty file that only its owner may read.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn create(target: &Path) -> anyhow::Result<Self> {
        let name = target.file_name().context("expected the name of a file, but found a folder")?;
        let path = target.with_file_name(format!(".{}{}", name.to_string_lossy(), folder::UNFINISHED));
        // A killed process may have left one.
        let removed = fs::remove_file(&path);
        let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        created
            .or_else(|error| removed.and(Err(error)))
            .with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self { path })
    }

    /// Path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Renames the file to its target. Its content must be on disk.
    ///
    /// # Errors
    /// A system call failed.
    pub fn keep(self, target: &Path) -> anyhow::Result<()> {
        fs::rename(&self.path, target).with_context(|| format!("cannot rename {}", self.path.display()))?;
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| Path::new("."));
        // The new name must also survive a power failure.
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.with_context(|| format!("cannot write {}", folder.display()))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // The file is gone if it was kept.
        fs::remove_file(&self.path).ok();
    }
}

/// Runs `pg_dump` on the snapshot.
fn dump(tools: &Tools, snapshot: &Snapshot, path: &Path, watch: Watch) -> anyhow::Result<()> {
    let mut command = tools.command("pg_dump");
    command.args(["--format=custom", "--no-password", "--no-owner", "--no-privileges", "--no-comments"]);
    command.args(["--no-publications", "--no-subscriptions", "--no-security-labels", "--no-tablespaces"]);
    command.arg(format!("--snapshot={}", snapshot.id)).arg("--file").arg(path);
    let mut running = Running::start(command, "pg_dump")?;
    loop {
        let written = fs::metadata(path).map_or(0, |found| found.len());
        if watch(Step::Dumping(written)).is_break() {
            bail!("the backup was broken off");
        }
        if running.has_ended()? {
            return running.succeed();
        }
        std::thread::sleep(tools::POLL);
    }
}

/// Unpacks an archive and counts its rows.
fn read_back(tools: &Tools, expected: &Rows, path: &Path, watch: Watch) -> anyhow::Result<()> {
    let total = expected.values().sum();
    let mut running = unpack(tools, path)?;
    let mut script = Script::default();
    let mut lines = BufReader::with_capacity(1 << 20, running.output()?);
    while let Some(rows) = script.skip(&mut lines).context("cannot read what pg_restore unpacks")? {
        if watch(Step::Verifying { done: rows, total }).is_break() {
            bail!("the backup was broken off");
        }
    }
    running.succeed()?;
    let found = script.rows();
    ensure!(
        found == expected,
        "expected the rows of the database in {}, but found others: {}",
        path.display(),
        archive::difference(expected, found)
    );
    Ok(())
}

/// A `pg_restore` that converts an archive to a script.
fn unpack(tools: &Tools, path: &Path) -> anyhow::Result<Running> {
    let mut command = tools.command("pg_restore");
    command.args(["--no-owner", "--no-privileges", "--no-comments", "--file=-"]).arg(path);
    Running::start(command, "pg_restore")
}

/// A `pg_restore` that converts an archive to a script, for [`restore`](crate::restore).
pub(crate) struct Unpacking {
    running: Running,
    lines: BufReader<Box<dyn Read>>,
    script: Script,
}

impl Unpacking {
    pub(crate) fn start(tools: &Tools, path: &Path) -> anyhow::Result<Self> {
        let mut running = unpack(tools, path)?;
        let lines = BufReader::with_capacity(1 << 20, running.output()?);
        Ok(Self { running, lines, script: Script::default() })
    }

    /// Copies a part of the script. Returns the number of rows so far, or `None` at the end.
    pub(crate) fn copy(&mut self, out: &mut impl std::io::Write) -> std::io::Result<Option<u64>> {
        self.script.copy(&mut self.lines, out)
    }

    /// Waits for the end of the program.
    pub(crate) fn succeed(self) -> anyhow::Result<()> {
        self.running.succeed()
    }
}
