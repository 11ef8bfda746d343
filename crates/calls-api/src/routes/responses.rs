//! Responses that depend on the version of one history and on names.

use actix_web::http::header::{CACHE_CONTROL, ETAG};
use actix_web::{HttpRequest, HttpResponse, web};
use calls_model::{CallbackQueue, Party, PersonSummary, Summary};
use calls_store::keys::Version;
use calls_store::pool::Database;
use calls_store::{list, names, parties};
use serde::Serialize;

use crate::app::App;
use crate::conditional::{etag_with_names, is_known, known, versions_seen};
use crate::problem::ApiError;
use crate::reads::newest_seen;

/// A response that may cover only part of the calls, and more of them at a later request.
pub(super) trait Partial {
    fn is_partial(&self) -> bool;
}

impl Partial for Summary {
    fn is_partial(&self) -> bool {
        self.covers.is_some()
    }
}

impl Partial for PersonSummary {
    fn is_partial(&self) -> bool {
        self.covers.is_some()
    }
}

impl Partial for CallbackQueue {
    fn is_partial(&self) -> bool {
        self.covers.is_some()
    }
}

/// Responds with the result of `find` and an entity tag, or with 304 if the client has that tag. A partial
/// response gets no tag and is not stored, and neither does one that depends on the current time
/// (`is_timeless` is false).
pub(super) async fn respond<T: Serialize + Partial + Send + 'static>(
    request: &HttpRequest,
    app: &web::Data<App>,
    number: Party,
    is_timeless: bool,
    find: impl Fn(&App, &Database, &Party) -> Result<T, ApiError> + Send + Sync + 'static,
) -> Result<HttpResponse, ApiError> {
    let seen = newest_seen(request, versions_seen(&known(request)));
    let tag = |database: &Database, number: &Party| {
        let (version, names) = versions_of(database, number)?;
        Ok((version, etag_with_names(version, names)))
    };
    respond_tagged(request, app, (number, seen, is_timeless), tag, find).await
}

/// Like [`respond`], with a given version and tag. Reads from the primary if the replica has an older version
/// than the client.
pub(super) async fn respond_tagged<S: Send + Sync + 'static, T: Serialize + Partial + Send + 'static>(
    request: &HttpRequest,
    app: &web::Data<App>,
    (subject, seen, is_timeless): (S, Version, bool),
    tag: impl Fn(&Database, &S) -> Result<(Version, String), ApiError> + Send + Sync + 'static,
    find: impl Fn(&App, &Database, &S) -> Result<T, ApiError> + Send + Sync + 'static,
) -> Result<HttpResponse, ApiError> {
    let tags = known(request);
    let data = app.clone();
    let read = move |database: &Database| {
        // Read first: if a call or a name arrives in between, the tag is older than the content, never newer.
        let (version, etag) = tag(database, &subject)?;
        let found = match is_timeless && is_known(&tags, &etag) {
            true => None,
            false => Some(find(&data, database, &subject)?),
        };
        Ok::<_, ApiError>((version, (etag, found)))
    };
    let (etag, found) = app.read(seen, read).await?;
    Ok(match found {
        None => HttpResponse::NotModified().insert_header((ETAG, etag)).finish(),
        Some(found) if found.is_partial() || !is_timeless => not_stored(&found),
        Some(found) => HttpResponse::Ok().insert_header((ETAG, etag)).json(found),
    })
}

/// A response that must not be cached.
pub(super) fn not_stored(content: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(content)
}

/// The version of a number's history, and the version of the names.
fn versions_of(database: &Database, number: &Party) -> Result<(Version, i64), ApiError> {
    Ok(database.read(|connection| {
        let names = names::version(connection)?;
        Ok(match parties::find_party(connection, number)? {
            Some(owner) => (list::version(connection, owner)?, names),
            None => (Version::NONE, names),
        })
    })?)
}
