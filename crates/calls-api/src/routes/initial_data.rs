//! `/calls/{number}` for a browser: the page with the API's first responses inside, which saves a round trip
//! before the first call is shown.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_SECURITY_POLICY, COOKIE, ETAG, VARY};
use actix_web::{HttpRequest, HttpResponse, web};
use calls_model::day::Day;
use calls_model::filter::{self, Filter};
use calls_model::{InitialData, Party};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::cursor::Cursor;
use super::parameters::{FilterParameters, ListParameters, Query};
use crate::addresses::api_address;
use crate::app::App;
use crate::assets::{self, Coding, Language, Site};
use crate::base_path::BasePath;
use crate::conditional::{is_known, known, versions_seen};
use crate::details::Detailer;
use crate::reads::newest_seen;
use calls_phone as phone;
use calls_store::keys::Version;
use calls_store::labels::Labels;
use calls_store::names::{self, Name};
use calls_store::pool::{Database, DatabaseError};
use calls_store::rows::{CallRow, Position};
use calls_store::{details, list, parties, returned};

/// Time that the page waits for its calls. A page without them, which requests them itself, is better than
/// none.
const PATIENCE: Duration = Duration::from_millis(300);

/// The page of a number, or of its calls with one other party. `None` if the path has no number or the
/// responses are not available: the page without them then shows the reason.
pub(super) async fn get_page(
    request: &HttpRequest,
    app: web::Data<App>,
    number: &str,
    person: Option<&str>,
) -> Option<HttpResponse> {
    let party = phone::parse(number, app.region).ok()?;
    let person = match person {
        Some(person) => Some(phone::parse(person, app.region).ok()?),
        None => None,
    };
    let wanted = Wanted::read(request, &app, person.as_ref())?;
    let language = Language::of(request);
    let mut fallback = InitialData {
        number: number.to_owned(),
        info: phone::describe(&party),
        person: person.as_ref().map(phone::describe),
        calls: None,
        next: None,
    };
    let (site, known) = (app.site, known(request));
    let seen = newest_seen(request, versions_seen(&known));
    let finding = app.read(seen, {
        let (labels, party, filter) = (app.labels.clone(), party.clone(), wanted.parameters.filter);
        move |database: &Database| find(database, site, &labels, &party, &filter, &known, language)
    });
    // Days need the time zone, which is unknown for a browser's first request.
    let found = match wanted.is_known {
        true => tokio::time::timeout(PATIENCE, finding).await.ok().and_then(Result::ok),
        false => None,
    };
    let mut response = HttpResponse::Ok();
    response.insert_header((VARY, assets::HTML_VARY));
    if let Some(found) = found {
        if wanted.is_all {
            response.insert_header((ETAG, found.etag));
        }
        let Some((rows, returned_at)) = found.rows else {
            return Some(response.status(StatusCode::NOT_MODIFIED).finish());
        };
        fallback.info.name = found.name.as_ref().map(|name| name.name.clone());
        fallback.info.label = found.name.and_then(|name| name.label);
        fallback.next = found.next.map(|place| next_page(&party, wanted.pairs, place));
        let mut detailer = Detailer::default();
        let rows = rows.into_iter().zip(returned_at);
        let calls: Vec<_> = rows.map(|(row, at)| detailer.detail(row, at)).collect();
        if let Some(person) = &mut fallback.person {
            // All calls are with that person.
            person.name = calls.first().and_then(|call| call.details.name.clone());
        }
        fallback.calls = Some(calls);
    }
    let coding = Coding::accepted(request);
    let html = web::block(move || site.index_with(&fallback, language, coding)).await.ok()?.ok()?;
    if coding != Coding::Identity {
        response.insert_header((CONTENT_ENCODING, coding.name()));
    }
    response.insert_header((CONTENT_SECURITY_POLICY, html.policy));
    Some(response.content_type("text/html; charset=utf-8").body(html.bytes))
}

/// The current state of a history.
struct Found {
    etag: String,
    /// The number's own name.
    name: Option<Name>,
    /// `None` if the client has the current version.
    rows: Option<ReturnedRows>,
    /// Start of the next page.
    next: Option<Position>,
}

/// Calls, and when each was returned.
type ReturnedRows = (Vec<CallRow>, Vec<Option<DateTime<Utc>>>);

fn find(
    database: &Database,
    site: Site,
    labels: &Labels,
    party: &Party,
    filter: &FilterParameters,
    known: &str,
    language: Language,
) -> Result<(Version, Found), DatabaseError> {
    database.read(|connection| {
        let owner = parties::find_party(connection, party)?;
        // Read first: if a call or a name arrives in between, the tag is older than the page, never newer.
        let named = names::version(connection)?;
        let version = match owner {
            Some(owner) => list::version(connection, owner)?,
            None => Version::NONE,
        };
        let etag = site.index_etag(version, named, language);
        if filter.is_empty() && is_known(known, &etag) {
            return Ok((version, Found { etag, name: None, rows: None, next: None }));
        }
        let Some(owner) = owner else {
            let rows = Some((Vec::new(), Vec::new()));
            return Ok((version, Found { etag, name: None, rows, next: None }));
        };
        let limit = ListParameters::DEFAULT_LIMIT;
        let filter = filter.resolve(connection, owner)?;
        let page = list::list_calls(connection, owner, &filter, None, limit, PATIENCE)?;
        let returned_at = returned::returned_at(connection, owner, &page.rows)?;
        let mut rows = CallRow::resolve(connection, labels, page.rows)?;
        details::read(connection, labels, owner, &mut rows)?;
        let name = names::find(connection, vec![owner])?.remove(&owner);
        Ok((version, Found { etag, name, rows: Some((rows, returned_at)), next: page.next }))
    })
}

/// Filter of a page's address.
struct Wanted {
    /// The query for the API.
    pairs: Vec<(String, String)>,
    parameters: ListParameters,
    /// Whether it matches every call.
    is_all: bool,
    /// Whether the time zone of its dates is known.
    is_known: bool,
}

impl Wanted {
    /// Parses the address of a page; invalid parts are ignored. `None` if the API would refuse the resulting
    /// query.
    fn read(request: &HttpRequest, app: &App, person: Option<&Party>) -> Option<Self> {
        let mut filter = Filter::from_query(request.query_string());
        if let Some(person) = person {
            filter.counterparty = filter::exactly(person);
        }
        let zone = zone(request);
        let is_known = zone.is_some() || !filter.has_days();
        let zone = zone.unwrap_or(Tz::UTC);
        let today = Day(Utc::now().with_timezone(&zone).date_naive().to_epoch_days());
        let pairs = filter.parameters(today, |day| day.to_string(), zone.name());
        let mut pairs: Vec<_> = pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if filter.has_days() && pairs.iter().all(|(name, _)| name != "tz") {
            pairs.push(("tz".to_owned(), zone.name().to_owned()));
        }
        let parameters = ListParameters::read(&Query::new(pairs.clone()), app.region).ok()?;
        Some(Self { pairs, parameters, is_all: filter.is_all(), is_known })
    }
}

/// The browser's time zone, from the cookie that first-rows.js sets.
pub(super) fn zone(request: &HttpRequest) -> Option<Tz> {
    let cookies = request.headers().get(COOKIE)?.to_str().ok()?;
    cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix("tz="))?.parse().ok()
}

/// The address of the next page, as in the header `Link` of the first.
fn next_page(party: &Party, mut pairs: Vec<(String, String)>, place: Position) -> String {
    pairs.push(("include".to_owned(), "details".to_owned()));
    let query = Query::new(pairs).with("after", &Cursor(place).to_string());
    format!("{}{}?{query}", BasePath::current().as_str(), api_address(party))
}
