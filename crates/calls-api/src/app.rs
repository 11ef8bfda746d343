//! State that the handlers share.

use std::sync::Weak;

use calls_phone::Region;
use calls_store::counter::Counter;
use calls_store::hot::HotOptions;
use calls_store::keys::Version;
use calls_store::labels::Labels;
use calls_store::lister::Lister;
use calls_store::pool::{Database, DatabaseError};
use calls_store::server::Server;

use crate::assets::Site;
use crate::clients::{Clients, Slots};
use crate::credentials::Credentials;
use crate::events::Events;
use crate::metrics::Metrics;
use crate::problem::ApiError;
use crate::rate_limit::RateLimit;
use crate::reads::{self, Replica};

/// State of the application.
#[derive(Clone)]
pub struct App {
    /// Connection pool for everything but the hot path.
    pub database: Database,
    /// Configuration of each worker's connections for the hot path: plain pages and single calls.
    pub hot: HotOptions,
    /// Replica that reads go to. `None`: they go to `database`.
    pub replica: Option<Replica>,
    /// Cache of the parties without digits, by key.
    pub labels: Labels,
    /// Keeps the counts of long histories current.
    pub counter: Counter,
    /// Keeps the list of counterparties over all histories current.
    pub lister: Lister,
    /// Region of numbers that are written without a country code.
    pub region: Option<Region>,
    /// Whether `GET /api/numbers` answers.
    pub has_directory: bool,
    /// Whether notes and callback marks are refused.
    pub read_only: bool,
    /// Public URL of this server.
    pub public_url: Option<String>,
    /// Rate limit per client. `None`: unlimited.
    pub rate_limit: Option<RateLimit>,
    /// Identifies clients by their address.
    pub clients: Clients,
    /// Limit of concurrent exports.
    pub exports: Slots,
    /// Limit of concurrent event streams.
    pub followers: Slots,
    /// Metrics for Prometheus.
    pub metrics: Metrics,
    /// Credentials of senders.
    pub credentials: Credentials,
    /// Maximum size of an uploaded call log, in bytes.
    pub most_import_bytes: u64,
    /// Sends new calls to event streams.
    pub events: Events,
    /// The PostgreSQL server, as long as it is used.
    pub server: Weak<Server>,
    /// The built page.
    pub site: Site,
}

impl App {
    /// Connections for a read without a version: the replica, where there is one.
    pub fn reads(&self) -> &Database {
        self.replica.as_ref().map_or(&self.database, |replica| &replica.database)
    }

    /// # Errors
    /// [`ApiError::Missing`] on a server that lists no numbers.
    pub fn expect_directory(&self) -> Result<(), ApiError> {
        match self.has_directory {
            true => Ok(()),
            false => Err(ApiError::Missing { detail: "the server was started with --no-directory" }),
        }
    }

    /// Reads a value with the version of its history (see [`reads::read`]).
    ///
    /// # Errors
    /// Those of [`reads::read`].
    pub async fn read<T, E>(
        &self,
        known: Version,
        find: impl Fn(&Database) -> Result<(Version, T), E> + Send + Sync + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        reads::read(&self.database, self.replica.as_ref(), known, find).await
    }
}
