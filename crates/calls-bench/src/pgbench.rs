//! The limit: what PostgreSQL answers when nothing but pgbench is before it. It is asked with the statements
//! that the API itself sends, which PostgreSQL writes to its log here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use local_postgres::Cluster;
use tempfile::TempDir;

use crate::data::{FIRST_NUMBER, Size};
use crate::processes::{INGEST_TOKEN, Server};

/// Options of a connection whose statements are logged, percent-encoded, for the end of a URL.
const LOGGED: &str = "options=-c%20log_statement%3Dall%20-c%20log_error_verbosity%3Ddefault%20\
                      -c%20log_parameter_max_length%3D-1";

/// Options of a connection that plans a prepared statement once.
const GENERIC_PLANS: &str = "-c plan_cache_mode=force_generic_plan";

/// An API whose statements PostgreSQL logs.
pub struct Listener {
    log: PathBuf,
    server: Server,
}

impl Listener {
    /// Starts it.
    pub fn start(cluster: &Cluster, database: &str, calls: &Path) -> anyhow::Result<Self> {
        let url = format!("{}?{LOGGED}", cluster.url(database));
        let mut command = Command::new(calls);
        // One connection, so that it has prepared what it is asked twice.
        command.args([
            "serve",
            "--bind",
            "127.0.0.1:0",
            "--connections",
            "1",
            "--ingest-token",
            INGEST_TOKEN,
        ]);
        command.args(["--database-url", &url]);
        Ok(Self { log: cluster.log_file(), server: Server::start(&mut command)? })
    }

    /// The statements that the API runs for one request. The request is sent twice.
    pub fn statements(&self, send: impl Fn(&str) -> anyhow::Result<()>) -> anyhow::Result<Vec<Statement>> {
        send(&self.server.address)?;
        let before = fs::metadata(&self.log)?.len() as usize;
        send(&self.server.address)?;
        let log = fs::read(&self.log)?;
        let statements = read_log(&String::from_utf8_lossy(&log[before..]));
        if statements.is_empty() {
            bail!("expected statements in PostgreSQL's log, but found none")
        }
        Ok(statements)
    }
}

/// A prepared statement and the values that it was executed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    sql: String,
    /// Of `$1`, `$2` and so on; none for NULL.
    values: Vec<Option<String>>,
}

/// The prepared statements of a log whose lines may begin with anything.
fn read_log(log: &str) -> Vec<Statement> {
    let mut statements: Vec<Statement> = Vec::new();
    let mut within = false;
    for line in log.lines() {
        if let Some((_, execute)) = line.split_once("LOG:  execute ") {
            let sql = execute.split_once(": ").map_or("", |(_, sql)| sql);
            statements.push(Statement { sql: sql.to_owned(), values: Vec::new() });
            within = true;
        } else if let (Some((_, values)), Some(last)) =
            (line.split_once("DETAIL:  parameters: "), statements.last_mut())
        {
            last.values = read_values(values);
            within = false;
        } else if let (true, Some(rest), Some(last)) =
            (within, line.strip_prefix('\t'), statements.last_mut())
        {
            last.sql.push(' ');
            last.sql.push_str(rest);
        } else {
            within = false;
        }
    }
    statements
}

/// The values of `$1 = 'a', $2 = NULL, $3 = 'it''s'`.
fn read_values(text: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    let mut rest = text;
    while let Some((_, from)) = rest.split_once(" = ") {
        let Some(mut after) = from.strip_prefix('\'') else {
            values.push(None);
            rest = from;
            continue;
        };
        let mut value = String::new();
        while let Some((part, left)) = after.split_once('\'') {
            value.push_str(part);
            after = left;
            match left.strip_prefix('\'') {
                Some(left) => {
                    value.push('\'');
                    after = left;
                }
                None => break,
            }
        }
        values.push(Some(value));
        rest = after;
    }
    values
}

/// A value of statements that is another one each time.
pub struct Varied {
    /// The literal in the statements.
    pub value: String,
    /// An expression of pgbench's.
    pub expression: String,
}

impl Varied {
    /// Any of the dataset's numbers in the place of the first.
    pub fn number(size: Size) -> Self {
        let expression = format!("{FIRST_NUMBER} + random(0, {} - 1)", size.numbers);
        Self { value: FIRST_NUMBER.to_string(), expression }
    }
}

/// The pgbench script of one request.
pub struct Script {
    folder: TempDir,
    variables: Vec<String>,
    database: String,
    programs: PathBuf,
    environment: Vec<(&'static str, std::ffi::OsString)>,
}

impl Script {
    /// The statements, with some of their values varied.
    pub fn new(
        cluster: &Cluster,
        size: Size,
        statements: &[Statement],
        varied: &[Varied],
    ) -> anyhow::Result<Self> {
        let mut text = String::new();
        for (index, Varied { expression, .. }) in varied.iter().enumerate() {
            text.push_str(&format!("\\set varied{index} {expression}\n"));
        }
        let mut variables = Vec::new();
        for (position, Statement { sql, values }) in statements.iter().enumerate() {
            let mut sql = sql.clone();
            // From the last, for `$1` is the beginning of `$10`.
            for (index, value) in values.iter().enumerate().rev() {
                let written = match value {
                    None => "NULL".to_owned(),
                    Some(value) => match varied.iter().position(|varied| varied.value == *value) {
                        Some(varied) => format!(":varied{varied}"),
                        None => {
                            variables.push(format!("s{position}v{index}={value}"));
                            format!(":s{position}v{index}")
                        }
                    },
                };
                sql = sql.replace(&format!("${}", index + 1), &written);
            }
            text.push_str(&sql);
            text.push_str(";\n");
        }
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("script"), text)?;
        Ok(Self {
            folder,
            variables,
            database: size.database(),
            programs: cluster.bin_dir().to_owned(),
            // As the API plans its statements.
            environment: [cluster.variables().to_vec(), vec![("PGOPTIONS", GENERIC_PLANS.into())]].concat(),
        })
    }

    /// Runs it over and over on `clients` connections. Gives how often per second.
    pub fn run(&self, clients: usize, duration: Duration) -> anyhow::Result<f64> {
        let mut command = Command::new(self.programs.join("pgbench"));
        command.envs(self.environment.iter().cloned()).args(["-n", "-M", "prepared"]);
        command.args(["-c", &clients.to_string(), "-T", &duration.as_secs().max(1).to_string()]);
        for variable in &self.variables {
            command.args(["-D", variable]);
        }
        let done = command.arg("-f").arg(self.folder.path().join("script")).arg(&self.database).output();
        let done = done.context("cannot run pgbench, which comes with PostgreSQL")?;
        let out = String::from_utf8_lossy(&done.stdout);
        let rate = out.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        match rate {
            Some(rate) if done.status.success() => Ok(rate),
            _ => bail!("pgbench: {}", String::from_utf8_lossy(&done.stderr)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_gives_prepared_statements_with_their_values() {
        let log = "2024 [7] LOG:  statement: BEGIN\n\
                   2024 [7] LOG:  execute __diesel_stmt_1: SELECT a: b\n\t\tFROM c WHERE d = $1 AND e = $2\n\
                   2024 [7] DETAIL:  parameters: $1 = '12', $2 = NULL, $3 = 'it''s'\n\
                   2024 [7] LOG:  execute <unnamed>: SELECT 1\n";
        let statement = |sql: &str, values: &[&str]| Statement {
            sql: sql.to_owned(),
            values: values.iter().map(|value| (*value != "NULL").then(|| (*value).to_owned())).collect(),
        };
        assert_eq!(
            read_log(log),
            [
                statement("SELECT a: b \tFROM c WHERE d = $1 AND e = $2", &["12", "NULL", "it's"]),
                statement("SELECT 1", &[])
            ]
        );
    }
}
