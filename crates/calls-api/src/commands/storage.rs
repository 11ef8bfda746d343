//! Options for the database, shared by all commands.

use std::path::PathBuf;

use anyhow::{Context, bail};
use calls_store::migrations::{self, Step};
use calls_store::server::Server;
use indicatif::ProgressBar;

use super::{database_url, secret_file};

/// Options for the database.
#[derive(Debug, clap::Args)]
pub(crate) struct Storage {
    /// PostgreSQL server, as postgres://user:password@host/database. Without it Calls runs a private
    /// PostgreSQL in the data folder
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// File with the server's address, instead of --database-url; surrounding white space is ignored
    #[arg(long, global = true, env = "DATABASE_URL_FILE", value_name = "FILE")]
    database_url_file: Option<PathBuf>,
    /// Folder of the private PostgreSQL [default: the user's data folder; /var/lib/calls for root]
    #[arg(long, global = true, env = "CALLS_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl Storage {
    /// Opens the server and applies pending migrations, for work that needs session-level features.
    pub(crate) fn open(self) -> anyhow::Result<(Server, Vec<String>)> {
        let server = self.server()?;
        server.require_sessions().context("cannot use the database")?;
        migrate(server)
    }

    /// Opens the server and applies pending migrations only.
    pub(crate) fn migrate(self) -> anyhow::Result<(Server, Vec<String>)> {
        migrate(self.server()?)
    }

    /// Location of the calls.
    ///
    /// # Errors
    /// The URL is malformed, or there is no place for a data folder.
    pub(super) fn place(self) -> anyhow::Result<Place> {
        Ok(match self.checked()? {
            (Some(url), _) => Place::Url(url),
            (None, folder) => Place::Folder(folder.map_or_else(local_postgres::default_data_dir, Ok)?),
        })
    }

    /// The data folder of the private PostgreSQL.
    ///
    /// # Errors
    /// The options name a server that is not the private one.
    pub(super) fn private_folder(self) -> anyhow::Result<PathBuf> {
        match self.place()? {
            Place::Folder(folder) => Ok(folder),
            Place::Url(_) => {
                bail!("expected no --database-url (DATABASE_URL): this is for the private PostgreSQL alone")
            }
        }
    }

    /// The server without migrations, for commands that replace the database.
    pub(super) fn server(self) -> anyhow::Result<Server> {
        let (url, data_dir) = self.checked()?;
        answering(Server::open(url, data_dir)?)
    }

    /// The existing server without migrations. A missing private cluster is an error.
    pub(super) fn existing(self) -> anyhow::Result<Server> {
        let (url, data_dir) = self.checked()?;
        let server = answering(Server::open_existing(url, data_dir)?)?;
        server.require_sessions().context("cannot use the database")?;
        Ok(server)
    }

    /// The URL of an external server, and the data folder.
    fn checked(self) -> anyhow::Result<(Option<String>, Option<PathBuf>)> {
        // An empty variable, as in `DATABASE_URL= calls serve`, counts as absent.
        let url = secret_file::read("--database-url", self.database_url, self.database_url_file)?;
        url.as_deref().map_or(Ok(()), database_url::check).context("--database-url (DATABASE_URL)")?;
        Ok((url, self.data_dir))
    }
}

/// Options for the database.
pub(super) enum Place {
    /// URL of an external server.
    Url(String),
    /// The data folder of the private PostgreSQL.
    Folder(PathBuf),
}

/// The server, once it accepts connections.
fn answering(server: Server) -> anyhow::Result<Server> {
    let waits = || eprintln!("waiting for PostgreSQL, which has taken the connection and does not answer");
    server.require_answer(waits).context("cannot use the database")?;
    Ok(server)
}

/// Applies pending migrations.
pub(super) fn migrate(server: Server) -> anyhow::Result<(Server, Vec<String>)> {
    let mut shown = Shown::default();
    let applied = migrations::migrate(&mut server.connect()?, |step| shown.show(step))
        .context("cannot migrate the database")?;
    Ok((server, applied))
}

/// Progress of a migration.
#[derive(Default)]
struct Shown {
    bar: Option<ProgressBar>,
    says_that_it_waits: bool,
}

impl Shown {
    fn show(&mut self, step: Step) {
        match step {
            Step::Waiting if self.says_that_it_waits => {}
            Step::Waiting => {
                self.says_that_it_waits = true;
                eprintln!("waiting for another process that migrates this database");
            }
            Step::Moving { done, total } => {
                let template = "moving the calls of version 0.1  {bar:30} {human_pos}/{human_len}  {per_sec}  {eta} left";
                let bar = self.bar.get_or_insert_with(|| {
                    eprintln!("moving {total} calls of version 0.1 into the layout of this version");
                    super::progress(total, template)
                });
                bar.set_position(done);
            }
            Step::Indexing { number, of } => {
                if let Some(bar) = &self.bar {
                    bar.suspend(|| eprintln!("building index {number} of {of}"));
                }
            }
            Step::Moved => self.bar.take().iter().for_each(ProgressBar::finish_and_clear),
        }
    }
}
