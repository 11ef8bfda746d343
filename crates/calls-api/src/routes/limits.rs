//! Limits on addresses, headers, bodies and the rate of requests.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_LENGTH, HeaderMap};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError, web};

use crate::app::App;
use crate::hosts::Hosts;
use crate::problem::ApiError;

/// Maximum size of path and query in bytes. All parameters at their maximum length fit.
const MAX_ADDRESS: usize = 8 * 1024;
/// Maximum size of all header fields in bytes. Beyond 128 KiB actix-web itself responds with 431.
const MAX_HEADERS: usize = 16 * 1024;
/// Maximum size of a body where none is expected, in bytes.
const MAX_UNREAD_BODY: u64 = 64 * 1024;

/// Middleware: refuses requests for other hosts before routing.
pub async fn refuse_other_hosts<B: MessageBody>(
    hosts: Hosts,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    match hosts.check(request.request()) {
        Ok(()) => Ok(next.call(request).await?.map_into_left_body()),
        Err(found) => Ok(refuse(request, &ApiError::Misdirected { found })),
    }
}

/// Middleware: refuses oversized and too frequent requests before routing.
pub async fn refuse_excess<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let app = request.app_data::<web::Data<App>>();
    if let Some(app) = app {
        app.clients.tell_of_proxy(request.request());
    }
    let limiter = app.and_then(|app| app.rate_limit.clone());
    let quota = match (check(&request), limiter) {
        (Err(problem), _) => return Ok(refuse(request, &problem)),
        (Ok(()), None) => None,
        (Ok(()), Some(limiter)) => Some(limiter.check(&request)),
    };
    let mut response = match &quota {
        Some(Err(exceeded)) => {
            let problem = ApiError::TooManyRequests { seconds: exceeded.seconds };
            refuse(request, &problem)
        }
        _ => next.call(request).await?.map_into_left_body(),
    };
    if let Some(quota) = quota {
        let headers = quota.unwrap_or_else(|exceeded| exceeded.headers);
        for (name, value) in headers {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

fn refuse<B>(request: ServiceRequest, problem: &ApiError) -> ServiceResponse<EitherBody<B>> {
    request.into_response(problem.error_response()).map_into_right_body()
}

fn check(request: &ServiceRequest) -> Result<(), ApiError> {
    let too_large = |status, what, limit, found| Err(ApiError::TooLarge { status, what, limit, found });
    let address = request.uri().path_and_query().map_or(0, |address| address.as_str().len());
    if address > MAX_ADDRESS {
        return too_large(414, "the address", MAX_ADDRESS as u64, address as u64);
    }
    let headers: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers > MAX_HEADERS {
        return too_large(431, "the header", MAX_HEADERS as u64, headers as u64);
    }
    let body = body_length(request.headers());
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) && body > MAX_UNREAD_BODY {
        return too_large(413, "a body that nothing reads", MAX_UNREAD_BODY, body);
    }
    Ok(())
}

fn body_length(headers: &HeaderMap) -> u64 {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|length| length.parse().ok()).unwrap_or_default()
}
