//! Databases full of made-up calls, the same in every run. Unlike those of `calls seed` they come by the million,
//! and one number has half a million of them.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};
use local_postgres::Cluster;

/// The calls of the one number with the most.
pub const BIGGEST: u64 = 500_000;
/// That number.
pub const BIGGEST_NUMBER: u64 = 12_015_540_000;
/// The first of the other numbers; the others follow.
pub const FIRST_NUMBER: u64 = 12_015_550_000;

/// How much is in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// All calls.
    pub calls: u64,
    /// The numbers that share what the biggest leaves.
    pub numbers: u64,
}

impl Size {
    /// `calls` calls, and a number for each hundred or two of them: 5,000 numbers for a million, 100,000 for ten.
    pub fn of(calls: u64) -> Self {
        Self { calls, numbers: if calls < 5_000_000 { calls / 200 } else { calls / 100 } }
    }

    /// The database's name.
    pub fn database(self) -> String {
        format!("calls_{}", self.calls)
    }
}

/// Makes and fills the database of this size, unless an earlier run did.
pub fn prepare(cluster: &Cluster, size: Size, calls: &Path) -> anyhow::Result<()> {
    let database = size.database();
    if run_sql(cluster, &database, "SELECT FROM bench_is_ready").is_ok() {
        return Ok(());
    }
    eprintln!("making up {} calls ...", size.calls);
    empty(cluster, &database, calls)?;
    run_sql(cluster, &database, &load(size))?;
    Ok(())
}

/// Makes a database with the layout and nothing in it.
pub fn empty(cluster: &Cluster, database: &str, calls: &Path) -> anyhow::Result<()> {
    cluster.drop_database(database)?;
    cluster.create_database(database, None)?;
    let migrated =
        Command::new(calls).arg("migrate").arg("--database-url").arg(cluster.url(database)).output();
    let migrated = migrated.with_context(|| format!("cannot run {}", calls.display()))?;
    if !migrated.status.success() {
        bail!("cannot migrate: {}", String::from_utf8_lossy(&migrated.stderr));
    }
    Ok(())
}

/// Has PostgreSQL read what requests read, as one that has run for a while has it in memory.
pub fn warm(cluster: &Cluster, size: Size) -> anyhow::Result<()> {
    // All columns of the index on histories, and the table and key of the numbers.
    let sql = "SET enable_seqscan = off;
               SET enable_bitmapscan = off;
               SELECT sum(counterparty + id + coalesce(duration_ms, 0)) FROM calls WHERE number > 0;
               SELECT sum(version) FROM histories WHERE number > 0;";
    run_sql(cluster, &size.database(), sql)
}

/// Runs a script of psql's.
fn run_sql(cluster: &Cluster, database: &str, sql: &str) -> anyhow::Result<()> {
    let mut command = Command::new(cluster.bin_dir().join("psql"));
    command.envs(cluster.variables()).args([
        "-d",
        database,
        "-X",
        "-q",
        "-v",
        "ON_ERROR_STOP=1",
        "-o",
        "/dev/null",
    ]);
    // psql understands \gexec only where it reads a file.
    let script = tempfile::NamedTempFile::new()?;
    std::fs::write(script.path(), sql)?;
    let done = command.arg("-f").arg(script.path()).output().context("cannot run psql")?;
    if !done.status.success() {
        bail!("psql: {}", String::from_utf8_lossy(&done.stderr));
    }
    Ok(())
}

/// Calls in the order of their time, as they come in: so those of one number are all over the table. The indexes
/// are made afterwards, which is faster, from their own definitions.
fn load(Size { calls, numbers }: Size) -> String {
    let every = (calls / BIGGEST).max(1);
    format!(
        "SET maintenance_work_mem = '512MB';
         SET synchronous_commit = off;
         CREATE TEMP TABLE parts AS
         SELECT format('ALTER TABLE calls DROP CONSTRAINT %I', conname) AS remove,
                format('ALTER TABLE calls ADD CONSTRAINT %I %s', conname, pg_get_constraintdef(oid)) AS make
         FROM pg_constraint WHERE conrelid = 'calls'::regclass AND contype IN ('p', 'u')
         UNION ALL
         SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
         FROM pg_index WHERE indrelid = 'calls'::regclass
           AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid);
         SELECT remove FROM parts \\gexec
         SELECT setseed(0.5);
         INSERT INTO calls (number, id, counterparty, created_at, type, duration_ms)
         SELECT number, n + 1,
                CASE WHEN luck < 0.01 THEN -1 WHEN luck < 0.02 THEN -2
                     WHEN number = {BIGGEST_NUMBER} THEN 14085550000 + floor(20000 * luck * luck)::bigint
                     ELSE 14085550000 + (number * 37 + floor(40 * luck * luck)::bigint) % 50000 END,
                created_at, type,
                CASE WHEN type IN (1, 3)
                     THEN (floor(3000 * luck) * 100)::integer END
         FROM (
             SELECT CASE WHEN n % {every} = 0 AND n / {every} < {BIGGEST} THEN {BIGGEST_NUMBER}
                         ELSE {FIRST_NUMBER} + floor({numbers} * random())::bigint END AS number,
                    timestamptz '2022-01-01' + n * interval '3 years' / {calls} AS created_at,
                    1 + floor(4 * random())::smallint AS type, random() AS luck, n
             FROM generate_series(0, {calls} - 1) AS n
         ) AS call;
         SELECT make FROM parts \\gexec
         INSERT INTO histories (number, version, calls, epoch, last_call)
         SELECT number, now.micros, count(*), now.micros, max(created_at)
         FROM calls, (SELECT (extract(epoch FROM now()) * 1000000)::bigint AS micros) AS now
         GROUP BY number, now.micros;
         VACUUM (ANALYZE) calls;
         VACUUM (ANALYZE) histories;
         CREATE TABLE bench_is_ready ();"
    )
}
