//! The whole HTTP surface on one screen.

mod accept;
mod addresses;
pub mod admin;
mod bodies;
mod callbacks;
mod calls;
mod cdr;
pub mod cursor;
mod events;
mod export;
mod fallback;
mod followed_lines;
#[cfg(fuzzing)]
pub mod fuzzing;
mod headers;
mod import;
mod ingest;
mod limits;
mod line_counts;
mod lines;
mod notes;
mod numbers;
mod openapi;
mod parameters;
mod paths;
mod people;
mod people_schemas;
mod places;
mod responses;
mod schemas;
mod sent;
mod summary;
mod upload;
mod writes;

use std::sync::Weak;
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderValue;
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, Resource, guard, web};
use tracing::Instrument as _;

use crate::assets::{self, Site};
use crate::clients::{Clients, Slots};
use crate::credentials::Credentials;
use crate::events::Events;
use crate::metrics::{self, Metrics};
use crate::problem::ApiError;
use crate::rate_limit::RateLimit;
use crate::reads::{self, Replica};
use crate::request_id::{self, RequestId};
use calls_phone::Region;
use calls_store::counter::Counter;
use calls_store::hot::HotOptions;
use calls_store::keys::Version;
use calls_store::labels::Labels;
use calls_store::lister::Lister;
use calls_store::pool::{Database, DatabaseError};
use calls_store::server::Server;

pub(crate) use addresses::page_address;
pub(crate) use export::{Export, Wanted};
pub use export::{write_csv, write_ndjson};
pub use headers::{add_headers, page_policy};
pub use limits::{refuse_excess, refuse_other_hosts};
pub(crate) use parameters::Format;

/// State of the application.
#[derive(Clone)]
pub struct App {
    /// Connections to PostgreSQL for what takes its time.
    pub database: Database,
    /// Configuration of each worker's connections for plain pages and single calls.
    pub hot: HotOptions,
    /// Server of reads. None: the same PostgreSQL.
    pub replica: Option<Replica>,
    /// The parties behind keys.
    pub labels: Labels,
    /// Keeps the counts of long histories current.
    pub counter: Counter,
    /// Lists who occurs in histories.
    pub lister: Lister,
    /// Region whose national numbers are understood without a country code.
    pub region: Option<Region>,
    /// Whether it may be asked which numbers there are.
    pub has_directory: bool,
    /// Whether it takes no notes and marks from browsers.
    pub read_only: bool,
    /// Public URL of this server.
    pub public_url: Option<String>,
    /// Rate limit. None: no limit.
    pub rate_limit: Option<RateLimit>,
    /// Tells clients apart.
    pub clients: Clients,
    /// Exports that may run at once.
    pub exports: Slots,
    /// Clients that may follow a history at once.
    pub followers: Slots,
    /// Metrics.
    pub metrics: Metrics,
    /// Credentials of senders.
    pub credentials: Credentials,
    /// Bytes that a call log may have which is sent in.
    pub most_import_bytes: u64,
    /// Tells new calls to those who follow a history.
    pub events: Events,
    /// Address of PostgreSQL.
    pub server: Weak<Server>,
    /// The page's files.
    pub site: Site,
}

impl App {
    /// Connections for reads that no version is known of.
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

/// Every path there is.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::scope("/api")
                .service(read_or_post("/calls", lines::list_line_calls, ingest::post_calls))
                .service(post("/import", import::post_import))
                .service(get("/calls/events", followed_lines::follow_lines))
                .service(get("/calls/summary", line_counts::summarize_lines))
                .service(get("/calls/callbacks", line_counts::list_line_callbacks))
                .service(get("/lines", line_counts::list_sets))
                .service(get("/calls/{number}", calls::list_calls))
                .service(get("/calls/{number}/events", events::follow_calls))
                .service(get("/calls/{number}/callbacks", callbacks::list_callbacks))
                .service(put(
                    "/calls/{number}/callbacks/{party}",
                    callbacks::put_callback,
                    callbacks::delete_callback,
                ))
                .service(get("/calls/{number}/with/{party}", people::list_calls_with))
                .service(get("/calls/{number}/with/{party}/summary", people::get_person))
                .service(put("/calls/{number}/{id}/note", notes::put_note, notes::delete_note))
                .service(post("/cdr/freeswitch", cdr::post_freeswitch))
                .service(post("/cdr/twilio", cdr::post_twilio))
                .service(get("/calls/{number}/summary", summary::get_summary))
                .service(get("/calls/{number}/{id}", people::get_call))
                .service(get("/numbers", numbers::list_numbers))
                .service(get("/numbers/{number}", numbers::get_number))
                .service(get("/openapi.json", openapi::get_openapi))
                .service(get("/docs", assets::get_docs))
                .service(get("/docs/{file}", assets::get_asset))
                .default_service(web::to(not_found)),
        )
        .service(get("/calls/{number}", calls::list_calls_or_page))
        .service(get("/calls/{number}/callbacks", places::get_callbacks))
        .service(get("/calls/{number}/with/{party}", places::get_person))
        .service(get("/lines", places::get_lines))
        .service(get("/lines/{set}", places::get_lines))
        .service(get("/shell", assets::get_shell))
        .service(get("/", places::get_home))
        .default_service(web::to(assets::get_asset));
}

/// Counts and logs a request by its route's template, never by its path or query, which hold phone numbers.
pub async fn log_request(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let start = Instant::now();
    let method = metrics::method_label(request.method());
    let metrics = request.app_data::<web::Data<App>>().map(|app| app.metrics.clone());
    let route = request.request().match_pattern().unwrap_or_else(|| "other".to_owned());
    let id = RequestId::of(request.headers());
    // Each line that is logged meanwhile names the request.
    let span = tracing::error_span!("request", request_id = id.as_str(), method, route);
    let mut response = id.clone().during(next.call(request)).instrument(span.clone()).await?;
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(request_id::HEADER, id);
    }
    if let Some(metrics) = metrics {
        metrics.count(&route, method, response.status().as_u16(), start.elapsed());
    }
    let ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    span.in_scope(|| {
        if let Some(error) = response.response().error().and_then(|error| error.as_error::<ApiError>()) {
            error.log_failure(&route);
        }
        tracing::info!(method, route, status, ms, "request");
    });
    Ok(response)
}

/// A resource that can be read and nothing else.
fn get<F, Args>(path: &str, handler: F) -> Resource
where
    F: actix_web::Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    let reading = guard::Any(guard::Get()).or(guard::Head());
    web::resource(path)
        .route(web::route().guard(reading).to(handler))
        .default_service(web::to(method_not_allowed))
}

/// A resource that takes what is sent to it and nothing else.
fn post<F, Args>(path: &str, handler: F) -> Resource
where
    F: actix_web::Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    web::resource(path).route(web::post().to(handler)).default_service(web::to(only_post))
}

/// A resource that can be read, and takes what is sent to it.
fn read_or_post<R, P, ReadArgs, PostArgs>(path: &str, read: R, post: P) -> Resource
where
    R: actix_web::Handler<ReadArgs>,
    ReadArgs: actix_web::FromRequest + 'static,
    R::Output: actix_web::Responder + 'static,
    P: actix_web::Handler<PostArgs>,
    PostArgs: actix_web::FromRequest + 'static,
    P::Output: actix_web::Responder + 'static,
{
    web::resource(path)
        .route(web::route().guard(guard::Any(guard::Get()).or(guard::Head())).to(read))
        .route(web::post().to(post))
        .default_service(web::to(only_read_or_post))
}

async fn only_read_or_post() -> Result<HttpResponse, ApiError> {
    Err(ApiError::MethodNotAllowed { allow: "GET, HEAD, POST" })
}

/// A resource that is put and deleted.
fn put<P, D, PutArgs, DeleteArgs>(path: &str, put: P, delete: D) -> Resource
where
    P: actix_web::Handler<PutArgs>,
    PutArgs: actix_web::FromRequest + 'static,
    P::Output: actix_web::Responder + 'static,
    D: actix_web::Handler<DeleteArgs>,
    DeleteArgs: actix_web::FromRequest + 'static,
    D::Output: actix_web::Responder + 'static,
{
    web::resource(path)
        .route(web::put().to(put))
        .route(web::delete().to(delete))
        .default_service(web::to(only_put))
}

async fn only_put() -> Result<HttpResponse, ApiError> {
    Err(ApiError::MethodNotAllowed { allow: "PUT, DELETE" })
}

async fn not_found() -> Result<HttpResponse, ApiError> {
    Err(ApiError::NotFound)
}

async fn method_not_allowed() -> Result<HttpResponse, ApiError> {
    Err(ApiError::MethodNotAllowed { allow: "GET, HEAD" })
}

async fn only_post() -> Result<HttpResponse, ApiError> {
    Err(ApiError::MethodNotAllowed { allow: "POST" })
}
