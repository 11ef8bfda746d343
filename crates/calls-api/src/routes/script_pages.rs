//! Pages that scripts render without the program: the first page, callbacks and several lines.

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

use super::{initial_data, numbers};
use crate::app::App;
use crate::problem::ApiError;

/// Time that a page waits for the database. Without its numbers, the first page requests them itself.
const PATIENCE: Duration = Duration::from_millis(300);

/// Content of the first page.
#[derive(Serialize)]
struct Home {
    /// Whether `GET /api/numbers` is enabled.
    has_directory: bool,
    /// The first page of `GET /api/numbers`. Null if it was not read in time.
    numbers: Option<Box<RawValue>>,
    /// Address of its next page, from the header `Link`.
    link: Option<String>,
    /// Time zone of the days in it.
    zone: String,
}

/// `/`. With `?number=`, which the page's forms send, redirects to the history of the number, or to a search
/// if the text is not a number.
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
    let zone = initial_data::zone(&request).unwrap_or(Tz::UTC).name().to_owned();
    let found = match has_directory {
        true => tokio::time::timeout(PATIENCE, first_numbers(app, &zone)).await.ok().flatten(),
        false => None,
    };
    let (numbers, link) = found.unzip();
    let home = Home { has_directory, numbers, link: link.flatten(), zone };
    respond(site.place(&request, "home", &home))
}

/// The response of `GET /api/numbers`, with its `Link`.
async fn first_numbers(app: web::Data<App>, zone: &str) -> Option<(Box<RawValue>, Option<String>)> {
    let query = [("include", "days"), ("tz", zone)].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let response = numbers::list_numbers(app, web::Query(query.to_vec())).await.ok()?;
    let link = response.headers().get(LINK).and_then(|link| link.to_str().ok()).map(str::to_owned);
    let json = body::to_bytes(response.into_body()).await.ok()?;
    let json = String::from_utf8(json.into()).ok()?;
    Some((RawValue::from_string(json).ok()?, link))
}

/// Data of the callbacks page.
#[derive(Serialize)]
struct Callbacks {
    info: NumberInfo,
}

/// `/calls/{number}/callbacks`. If the path has no number, the program shows the error.
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

/// `/calls/{number}/with/{party}`: the calls with one other party.
pub(super) async fn get_person(
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (number, party) = path.into_inner();
    let site = app.site;
    match initial_data::get_page(&request, app, &number, Some(&party)).await {
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
