//! The whole HTTP surface on one screen.

mod accept;
mod calls;
mod cursor;
mod export;
mod numbers;
mod parameters;

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use actix_web::middleware::{DefaultHeaders, Next};
use actix_web::{Error, HttpResponse, Resource, guard, web};

use crate::database::Database;
use crate::page;
use crate::phone::Region;
use crate::problem::ApiError;

/// What every request needs.
#[derive(Clone)]
pub struct App {
    /// Connections to PostgreSQL.
    pub database: Database,
    /// Whose national numbers are understood without a country code.
    pub region: Option<Region>,
}

/// Every path there is.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::scope("/api")
                .service(get("/calls/{number}", calls::list_calls))
                .service(get("/numbers/{number}", numbers::get_number))
                .default_service(web::to(not_found)),
        )
        .service(get("/calls/{number}", calls::list_calls_or_page))
        .service(get("/", page::get_index))
        .default_service(web::to(page::get_asset));
}

/// Headers that are right for every answer that sets no others.
pub fn default_headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((CACHE_CONTROL, "private, no-cache"))
        .add((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((REFERRER_POLICY, "no-referrer"))
}

/// Logs a request by its route's template, never by its path or query, which hold phone numbers.
pub async fn log_request(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let start = Instant::now();
    let method = request.method().clone();
    let response = next.call(request).await?;
    let route = response.request().match_pattern().unwrap_or_else(|| "other".to_owned());
    tracing::info!(%method, route, status = response.status().as_u16(), ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX), "request");
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

async fn not_found() -> Result<HttpResponse, ApiError> {
    Err(ApiError::NotFound)
}

async fn method_not_allowed() -> Result<HttpResponse, ApiError> {
    Err(ApiError::MethodNotAllowed)
}
