//! Routes reads to a replica, unless the client knows a newer version of the history than the replica has.

use std::sync::Arc;

use actix_web::{HttpRequest, web};
use calls_store::hot::{Hot, HotOptions, Page, PageQuestion};
use calls_store::keys::Version;
use calls_store::pool::{Database, DatabaseError};
use futures_util::future::try_join_all;

/// One or several standbys that reads go to.
#[derive(Clone)]
pub struct Replica {
    /// Connection pool for everything but the hot path.
    pub database: Database,
    /// Configuration of each worker's connections for the hot path.
    pub hot: HotOptions,
}

/// Reads a value with the version of its history: from the primary if the replica's version is below `known`.
///
/// # Errors
/// Those of `find`, and of [`Database::block`].
pub async fn read<T, E>(
    primary: &Database,
    replica: Option<&Replica>,
    known: Version,
    find: impl Fn(&Database) -> Result<(Version, T), E> + Send + Sync + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<DatabaseError> + Send + 'static,
{
    let find = Arc::new(find);
    if let Some(database) = replica.map(|replica| replica.database.clone()) {
        let find = find.clone();
        let (version, found) = database.clone().block(move || find(&database)).await?;
        if version >= known {
            return Ok(found);
        }
    }
    let database = primary.clone();
    primary.block(move || find(&database)).await.map(|(_, found)| found)
}

/// The newest version of a history that a client may have seen: from a tag in `If-None-Match`, or from an
/// event id in `Last-Event-ID`, which is at most the version.
pub fn newest_seen(request: &HttpRequest, tagged: impl IntoIterator<Item = Version>) -> Version {
    let event = request.headers().get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    tagged.into_iter().chain(event.map(Version)).max().unwrap_or(Version::NONE)
}

/// A worker's connections for the hot path.
pub struct HotReads {
    primary: web::Data<Hot>,
    replica: Option<Hot>,
}

impl HotReads {
    /// Connects at the first request.
    pub fn new(primary: web::Data<Hot>, replica: Option<&Replica>) -> Self {
        Self { primary, replica: replica.map(|replica| Hot::new(replica.hot.clone())) }
    }

    /// The requested page: from the primary if the replica's version is below `known`.
    ///
    /// # Errors
    /// Those of [`Hot::page`].
    pub async fn page(&self, known: Version, question: PageQuestion) -> Result<Page, DatabaseError> {
        if let Some(replica) = &self.replica {
            let page = replica.page(question).await?;
            if page.version >= known {
                return Ok(page);
            }
        }
        self.primary.page(question).await
    }

    /// Pages of several histories, all from one database: from the primary if the sum of the replica's
    /// versions is below `known`.
    ///
    /// # Errors
    /// Those of [`Hot::page`].
    pub async fn pages(
        &self,
        known: Version,
        questions: &[PageQuestion],
    ) -> Result<Vec<Page>, DatabaseError> {
        if let Some(replica) = &self.replica {
            let pages = try_join_all(questions.iter().map(|question| replica.page(*question))).await?;
            if pages.iter().map(|page| page.version.0).sum::<i64>() >= known.0 {
                return Ok(pages);
            }
        }
        try_join_all(questions.iter().map(|question| self.primary.page(*question))).await
    }
}
