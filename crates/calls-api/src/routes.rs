//! The routing table, and the handlers by resource.

mod accept;
pub mod admin;
mod bodies;
mod callbacks;
mod calls;
mod cdr;
pub mod cursor;
mod events;
mod export;
mod followed_lines;
#[cfg(fuzzing)]
pub mod fuzzing;
mod headers;
mod import;
mod ingest;
mod initial_data;
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
mod responses;
mod schemas;
mod script_pages;
mod sent_call;
mod summary;
mod upload;
mod writes;

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderValue;
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, Resource, guard, web};
use tracing::Instrument as _;

use crate::app::App;
use crate::assets;
use crate::metrics;
use crate::problem::ApiError;
use crate::request_id::{self, RequestId};

pub(crate) use export::{Export, Wanted};
pub use export::{write_csv, write_ndjson};
pub use headers::add_headers;
pub use limits::{refuse_excess, refuse_other_hosts};
pub(crate) use parameters::Format;

/// Registers all routes.
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
        .service(get("/calls/{number}/callbacks", script_pages::get_callbacks))
        .service(get("/calls/{number}/with/{party}", script_pages::get_person))
        .service(get("/lines", script_pages::get_lines))
        .service(get("/lines/{set}", script_pages::get_lines))
        .service(get("/shell", assets::get_shell))
        .service(get("/", script_pages::get_home))
        .default_service(web::to(assets::get_asset));
}

/// Middleware: counts and logs a request by the template of its route, never by its path or query, which
/// contain phone numbers.
pub async fn log_request(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let start = Instant::now();
    let method = metrics::method_label(request.method());
    let metrics = request.app_data::<web::Data<App>>().map(|app| app.metrics.clone());
    let route = request.request().match_pattern().unwrap_or_else(|| "other".to_owned());
    let id = RequestId::of(request.headers());
    // The span adds the request id to every line that is logged meanwhile.
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

/// A resource that supports GET and HEAD.
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

/// A resource that supports POST.
fn post<F, Args>(path: &str, handler: F) -> Resource
where
    F: actix_web::Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    web::resource(path).route(web::post().to(handler)).default_service(web::to(only_post))
}

/// A resource that supports GET, HEAD and POST.
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

/// A resource that supports PUT and DELETE.
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
