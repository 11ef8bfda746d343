//! Databases of made-up calls, the same in every run. Unlike those of `calls seed` they have millions of
//! calls, and one number has half a million.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};
use local_postgres::Cluster;

/// The number with the most calls.
pub const BIGGEST_NUMBER: u64 = 12_015_540_000;
/// The number with a fifth as many.
pub const MIDDLE_NUMBER: u64 = 12_015_541_000;
/// The first of the other numbers, which are consecutive and have a hundred calls each.
pub const FIRST_NUMBER: u64 = 12_015_550_000;
/// A counterparty of many of them.
pub const CALLED_NUMBER: u64 = 14_085_550_017;

const MOST: u64 = 500_000;
const MIDDLE: u64 = 100_000;
const EACH: u64 = 100;

/// Size of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Total number of calls.
    pub calls: u64,
    /// Number of calls of [`BIGGEST_NUMBER`].
    pub biggest: u64,
    /// Number of calls of [`MIDDLE_NUMBER`].
    pub middle: u64,
    /// Number of the other numbers.
    pub numbers: u64,
}

impl Size {
    /// A database of `calls` calls, of which the biggest number has up to 500 thousand: 4,000 other numbers
    /// for a million calls, 94,000 for ten million.
    pub fn of(calls: u64) -> Self {
        let biggest = MOST.min(calls / 2);
        let middle = MIDDLE.min(biggest / 5);
        Self { calls, biggest, middle, numbers: ((calls - biggest - middle) / EACH).max(1) }
    }

    /// One history of `calls` calls and one of 100 thousand.
    pub fn long(calls: u64) -> Self {
        let middle = MIDDLE.min(calls / 5);
        Self { calls: calls + middle, biggest: calls, middle, numbers: 0 }
    }

    /// Whether it has numbers for page requests, and not only long histories.
    pub fn has_numbers(self) -> bool {
        self.numbers > 0
    }

    /// Name in tables: `10 M`.
    pub fn label(self) -> String {
        match self.has_numbers() {
            true => short(self.calls),
            false => format!("long {}", short(self.biggest)),
        }
    }

    /// The database's name.
    pub fn database(self) -> String {
        format!("calls_{}_{}", self.calls, self.biggest)
    }
}

/// A number such as `10 M`, `2.5 M` or `50 k`.
pub fn short(calls: u64) -> String {
    match calls {
        1_000_000.. => format!("{} M", calls as f64 / 1e6),
        1_000.. => format!("{} k", calls as f64 / 1e3),
        _ => calls.to_string(),
    }
}

/// Creates and fills the database of this size, unless an earlier run did.
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

/// Creates an empty database with all migrations.
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

/// Loads what requests read into PostgreSQL's memory, as after some uptime. Deletes the counts of histories,
/// so that counting can be measured.
pub fn warm(cluster: &Cluster, size: Size) -> anyhow::Result<()> {
    // All indexes on calls, and the table and key of the histories.
    let sql = "DELETE FROM history_counts;
               DELETE FROM day_counts;
               DELETE FROM counterparty_counts;
               VACUUM (ANALYZE) history_counts, day_counts, counterparty_counts;
               SET enable_seqscan = off;
               SET enable_bitmapscan = off;
               SELECT sum(counterparty + id + coalesce(duration_ms, 0)) FROM calls WHERE number > 0;
               SELECT count(*) FROM (SELECT FROM calls ORDER BY number, counterparty, type, created_at) AS keys;
               SELECT sum(version) FROM histories WHERE number > 0;";
    run_sql(cluster, &size.database(), sql)
}

/// Size of a call with its indexes, in bytes.
pub fn bytes_per_call(cluster: &Cluster, database: &str) -> anyhow::Result<f64> {
    let sql = "SELECT pg_total_relation_size('calls')::float8 / count(*) FROM calls";
    ask_sql(cluster, database, sql)?.trim().parse().context("no number of bytes")
}

/// Runs a psql script.
fn run_sql(cluster: &Cluster, database: &str, sql: &str) -> anyhow::Result<()> {
    ask_sql(cluster, database, sql).map(|_| ())
}

/// Runs a psql script, and returns its rows without a header.
fn ask_sql(cluster: &Cluster, database: &str, sql: &str) -> anyhow::Result<String> {
    let mut command = Command::new(cluster.bin_dir().join("psql"));
    command.envs(cluster.variables()).args(["-d", database, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]);
    // psql supports \gexec only in files.
    let script = tempfile::NamedTempFile::new()?;
    std::fs::write(script.path(), sql)?;
    let done = command.arg("-f").arg(script.path()).output().context("cannot run psql")?;
    if !done.status.success() {
        bail!("psql: {}", String::from_utf8_lossy(&done.stderr));
    }
    Ok(String::from_utf8(done.stdout)?)
}

/// Calls in the order of their time, as they come in: so those of one number are all over the table. The
/// indexes are made afterwards, which is faster, from their own definitions.
fn load(Size { calls, biggest, middle, numbers }: Size) -> String {
    let others = numbers.max(1);
    let first_other = biggest + middle;
    // A multiplication by a prime gives each call a place of its own, far from the place of the call before.
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
                     WHEN number < {FIRST_NUMBER} THEN 14085550000 + floor(20000 * luck * luck)::bigint
                     ELSE 14085550000 + (number * 37 + floor(40 * luck * luck)::bigint) % 50000 END,
                created_at, type,
                CASE WHEN type IN (1, 3) THEN floor(3000 * length)::integer * 100 END
         FROM (
             SELECT CASE WHEN place < {biggest} THEN {BIGGEST_NUMBER}
                         WHEN place < {first_other} THEN {MIDDLE_NUMBER}
                         ELSE {FIRST_NUMBER} + (place - {first_other}) % {others} END AS number,
                    timestamptz '2022-01-01' + n * interval '3 years' / {calls} AS created_at,
                    1 + floor(4 * random())::smallint AS type, random() AS luck, random() AS length, n
             FROM (SELECT n, n * 2654435761 % {calls} AS place FROM generate_series(0, {calls} - 1::bigint) AS n)
                  AS placed
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_of_a_size_are_all_of_its_calls() {
        for calls in [50_000, 1_000_000, 10_000_000] {
            let Size { biggest, middle, numbers, .. } = Size::of(calls);
            assert_eq!(biggest + middle + numbers * EACH, calls);
        }
        assert_eq!(Size::of(1_000_000).numbers, 4_000);
        assert_eq!(Size::long(10_000_000).calls, 10_100_000);
    }

    #[test]
    fn sizes_are_written_short() {
        assert_eq!([200, 50_000, 2_500_000].map(short), ["200", "50 k", "2.5 M"]);
    }
}
