//! Pages without the program: the first page, whom to call back, several lines. Their scripts ask the API,
//! but for what the HTML has inside.

use std::time::Duration;

use actix_web::body;
use actix_web::http::header::{LINK, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use calls_model::NumberInfo;
use calls_phone as phone;
use calls_store::names::Name;
use chrono_tz::Tz;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{App, fallback, numbers};
use crate::problem::ApiError;

/// How long a page waits for what the database knows. The first page without its numbers asks for them
/// itself.
const PATIENCE: Duration = Duration::from_millis(300);

/// Content of the first page.
#[derive(Serialize)]
struct Home {
    /// Whether it may be asked which numbers there are.
    has_directory: bool,
    /// The API's first answer. Null where it did not come in time.
    numbers: Option<Box<RawValue>>,
    /// The API's `Link` to the next one.
    link: Option<String>,
    /// The zone of their days.
    zone: String,
}

/// `/`. With `?number=`, as the page's forms send it, the way to that number's history, or to those who have
/// such a name or such digits.
pub(super) async fn get_home(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, ApiError> {
    let mut fields = form_urlencoded::parse(request.query_string().as_bytes());
    let number = fields.find(|(name, _)| name == "number").map(|(_, number)| number);
    if let Some(number) = number.as_deref().map(str::trim).filter(|number| !number.is_empty()) {
        let encoded = calls_model::query::encode(number);
        let is_number = phone::parse(number, app.region).is_ok();
        let address = if is_number { format!("/calls/{encoded}") } else { format!("/?q={encoded}") };
        return Ok(HttpResponse::SeeOther().insert_header((LOCATION, address)).finish());
    }
    let (has_directory, site) = (app.has_directory, app.site);
    let zone = fallback::zone(&request).unwrap_or(Tz::UTC).name().to_owned();
    let found = match has_directory {
        true => tokio::time::timeout(PATIENCE, first_numbers(app, &zone)).await.ok().flatten(),
        false => None,
    };
    let (numbers, link) = found.unzip();
    let home = Home { has_directory, numbers, link: link.flatten(), zone };
    respond(site.place(&request, "home", &home))
}

/// The API's list of numbers, as it answers it, with its `Link`.
async fn first_numbers(app: web::Data<App>, zone: &str) -> Option<(Box<RawValue>, Option<String>)> {
    let query = [("include", "days"), ("tz", zone)].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let response = numbers::list_numbers(app, web::Query(query.to_vec())).await.ok()?;
    let link = response.headers().get(LINK).and_then(|link| link.to_str().ok()).map(str::to_owned);
    let json = body::to_bytes(response.into_body()).await.ok()?;
    let json = String::from_utf8(json.into()).ok()?;
    Some((RawValue::from_string(json).ok()?, link))
}

/// Number in the page of people to call back.
#[derive(Serialize)]
struct Callbacks {
    info: NumberInfo,
}

/// `/calls/{number}/callbacks`. What is no number is left to the program, which says so.
pub(super) async fn get_callbacks(
    request: HttpRequest,
    app: web::Data<App>,
    number: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let site = app.site;
    let Ok(party) = phone::parse(&number, app.region) else {
        return site.index(&request).ok_or(ApiError::NotFound);
    };
    let mut info = phone::describe(&party);
    let name = tokio::time::timeout(PATIENCE, numbers::name_of(app, party)).await.ok().flatten();
    if let Some(Name { name, label }) = name {
        info.name = Some(name);
        info.label = label;
    }
    respond(site.place(&request, "callbacks", &Callbacks { info }))
}

/// `/calls/{number}/with/{party}`: the list of a number's calls with one other party.
pub(super) async fn get_person(
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (number, party) = path.into_inner();
    let site = app.site;
    match fallback::get_page(&request, app, &number, Some(&party)).await {
        Some(page) => Ok(page),
        None => site.index(&request).ok_or(ApiError::NotFound),
    }
}

/// `/lines` and `/lines/{set}`.
pub(super) async fn get_lines(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, ApiError> {
    respond(app.site.place(&request, "lines", &()))
}

fn respond(page: Option<std::io::Result<HttpResponse>>) -> Result<HttpResponse, ApiError> {
    page.ok_or(ApiError::NotFound)?.map_err(|_| ApiError::Internal)
}
