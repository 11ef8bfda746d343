//! `/calls/{number}` for a browser: the page with the API's first answers inside, so that no second round trip
//! stands before the first call.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, VARY};
use actix_web::{HttpRequest, HttpResponse, web};
use calls_model::{Fallback, Party};
use chrono::{DateTime, Utc};

use super::App;
use super::addresses::api_address;
use super::cursor::Cursor;
use super::parameters::{ListParameters, Query};
use crate::assets::{self, Coding};
use crate::conditional::{is_known, known};
use crate::details::Detailer;
use crate::reads::newest_seen;
use calls_phone as phone;
use calls_store::filter::Filter;
use calls_store::keys::Version;
use calls_store::labels::Labels;
use calls_store::pool::{Database, DatabaseError};
use calls_store::rows::{CallRow, Position};
use calls_store::{list, parties, returned};

/// How long the page waits for its calls: many times what they take to read. A page without them, which then asks
/// for them itself, is better than none.
const PATIENCE: Duration = Duration::from_millis(300);

/// The page of a number. `None` for what is no number, and where the answers cannot be had: the page without
/// them says why.
pub(super) async fn get_page(
    request: &HttpRequest,
    app: web::Data<App>,
    number: &str,
) -> Option<HttpResponse> {
    let party = phone::parse(number, app.region).ok()?;
    let mut fallback =
        Fallback { number: number.to_owned(), info: phone::describe(&party), calls: None, next: None };
    let known = known(request);
    let seen = newest_seen(request, known.split(',').filter_map(assets::version_of_tag));
    let finding = app.read(seen, {
        let (labels, party) = (app.labels.clone(), party.clone());
        move |database: &Database| find(database, &labels, &party, &known)
    });
    let found = tokio::time::timeout(PATIENCE, finding).await.ok().and_then(Result::ok);
    let mut response = HttpResponse::Ok();
    response.insert_header((VARY, ACCEPT_ENCODING.as_str()));
    if let Some(found) = found {
        response.insert_header((ETAG, found.etag));
        let Some((rows, returned_at)) = found.rows else {
            return Some(response.status(StatusCode::NOT_MODIFIED).finish());
        };
        fallback.next = found.next.map(|place| next_page(&party, place));
        let mut detailer = Detailer::default();
        let rows = rows.into_iter().zip(returned_at);
        fallback.calls = Some(rows.map(|(row, at)| detailer.detail(row, at)).collect());
    }
    let coding = Coding::accepted(request);
    let html = web::block(move || assets::index_with(&fallback, coding)).await.ok()?.ok()?;
    if coding != Coding::Identity {
        response.insert_header((CONTENT_ENCODING, coding.name()));
    }
    Some(response.content_type("text/html; charset=utf-8").body(html))
}

/// A history as it is now.
struct Found {
    etag: String,
    /// `None` where the client has them.
    rows: Option<ReturnedRows>,
    /// Where the next page begins.
    next: Option<Position>,
}

/// Calls, and when each was returned.
type ReturnedRows = (Vec<CallRow>, Vec<Option<DateTime<Utc>>>);

fn find(
    database: &Database,
    labels: &Labels,
    party: &Party,
    known: &str,
) -> Result<(Version, Found), DatabaseError> {
    database.read(|connection| {
        let owner = parties::find_party(connection, party)?;
        // Asked first: if a call comes in between, the tag is older than the page, never newer.
        let version = match owner {
            Some(owner) => list::version(connection, owner)?,
            None => Version::NONE,
        };
        let etag = assets::index_etag(version);
        if is_known(known, &etag) {
            return Ok((version, Found { etag, rows: None, next: None }));
        }
        let Some(owner) = owner else {
            let rows = Some((Vec::new(), Vec::new()));
            return Ok((version, Found { etag, rows, next: None }));
        };
        let limit = ListParameters::DEFAULT_LIMIT;
        let page = list::list_calls(connection, owner, &Filter::default(), None, limit, PATIENCE)?;
        let returned_at = returned::returned_at(connection, owner, &page.rows)?;
        let rows = CallRow::resolve(connection, labels, page.rows)?;
        Ok((version, Found { etag, rows: Some((rows, returned_at)), next: page.next }))
    })
}

/// The same as the `Link` of the first page.
fn next_page(party: &Party, place: Position) -> String {
    let query = Query::new(vec![("include".to_owned(), "details".to_owned())])
        .with("after", &Cursor(place).to_string());
    format!("{}?{query}", api_address(party))
}
