//! Runs PostgreSQL's client programs.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, bail};
use local_postgres::Programs;

use crate::address::Address;
use crate::server::Server;

/// Interval of checks whether a program has ended.
pub(super) const POLL: Duration = Duration::from_millis(50);

/// Client programs for a server, with their connection parameters.
pub(crate) struct Tools {
    programs: Programs,
    variables: Vec<(&'static str, String)>,
}

impl Tools {
    /// The programs for the database of `server`, whose major version is `postgres`.
    pub(crate) fn new(server: &Server, postgres: u32) -> anyhow::Result<Self> {
        let variables = Address::variables(server.url()).context("cannot read the database's address")?;
        Ok(Self { programs: server.programs(postgres)?, variables })
    }

    /// The programs of a major version or newer, without a connection.
    pub(crate) fn for_files(postgres: u32) -> anyhow::Result<Self> {
        Ok(Self { programs: Programs::find(postgres)?, variables: Vec::new() })
    }

    /// A command that connects to the database. Connection parameters and password are in its environment,
    /// because everybody on the machine can list the arguments of programs.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = self.programs.command(program);
        command.envs(self.variables.iter().cloned());
        command
    }

    /// Checks that `pg_restore` supports the version of an archive.
    pub(crate) fn check(&self, path: &std::path::Path) -> anyhow::Result<()> {
        let mut command = self.command("pg_restore");
        command.arg("--list").arg(path);
        let mut running = Running::start(command, "pg_restore")?;
        std::io::copy(&mut running.output()?, &mut std::io::sink())?;
        running.succeed()
    }
}

/// A running program, killed on drop.
pub(crate) struct Running {
    process: Child,
    name: &'static str,
    errors: Option<JoinHandle<String>>,
}

impl Running {
    /// Starts a program, with its output captured.
    pub(crate) fn start(mut command: Command, name: &'static str) -> anyhow::Result<Self> {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().with_context(|| format!("cannot run {name}"))?;
        let mut errors = process.stderr.take().context("no standard error")?;
        let errors = std::thread::spawn(move || {
            let mut text = Vec::new();
            // An incomplete message is still reported.
            errors.read_to_end(&mut text).ok();
            String::from_utf8_lossy(&text).trim().to_owned()
        });
        Ok(Self { process, name, errors: Some(errors) })
    }

    /// Standard output of the program.
    pub(crate) fn output(&mut self) -> anyhow::Result<Box<dyn Read>> {
        Ok(Box::new(self.process.stdout.take().context("the output is being read already")?))
    }

    /// Standard input of the program.
    pub(crate) fn input(&mut self) -> anyhow::Result<std::process::ChildStdin> {
        self.process.stdin.take().context("the input is being written already")
    }

    pub(crate) fn has_ended(&mut self) -> anyhow::Result<bool> {
        Ok(self.process.try_wait()?.is_some())
    }

    /// Waits for the end of the program.
    ///
    /// # Errors
    /// The program failed; the error has its message.
    pub(crate) fn succeed(mut self) -> anyhow::Result<()> {
        let status = self.process.wait()?;
        let said = self.errors.take().and_then(|errors| errors.join().ok()).unwrap_or_default();
        if !status.success() {
            bail!("{} failed ({status}): {said}", self.name);
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails only if it has ended.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
