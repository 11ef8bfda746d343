//! `/calls/{number}` for a browser: the page with the API's first answers inside, so that no second round trip
//! stands before the first call.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, IF_NONE_MATCH, VARY};
use actix_web::{HttpRequest, HttpResponse, web};
use calls_model::{Fallback, Party};
use chrono::{DateTime, Utc};

use super::App;
use super::calls::{api_address, is_known};
use super::cursor::Cursor;
use super::parameters::{ListParameters, Query};
use crate::calls::{self, CallRow, Filter};
use crate::database::{self, Database, DatabaseError};
use crate::details::{self, Detailer};
use crate::page::{self, Coding};
use crate::parties;
use calls_phone as phone;

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
    let known = request.headers().get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).unwrap_or_default();
    let known = known.to_owned();
    let found = database::block_until(PATIENCE, {
        let database = app.database.clone();
        let party = party.clone();
        move || find(&database, &party, &known)
    });
    let found = found.await.ok();
    let mut response = HttpResponse::Ok();
    response.insert_header((VARY, ACCEPT_ENCODING.as_str()));
    if let Some(found) = found {
        response.insert_header((ETAG, found.etag));
        let Some((mut rows, returned_at)) = found.rows else {
            return Some(response.status(StatusCode::NOT_MODIFIED).finish());
        };
        let limit = usize::from(ListParameters::DEFAULT_LIMIT);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        fallback.next = rows.last().filter(|_| has_more).map(|last| next_page(&party, last));
        let mut detailer = Detailer::default();
        let rows = rows.into_iter().zip(returned_at);
        fallback.calls = Some(rows.map(|(row, at)| detailer.detail(row, at)).collect());
    }
    let coding = Coding::accepted(request);
    let html = web::block(move || page::index_with(&fallback, coding)).await.ok()?.ok()?;
    if coding != Coding::Identity {
        response.insert_header((CONTENT_ENCODING, coding.name()));
    }
    Some(response.content_type("text/html; charset=utf-8").body(html))
}

/// A history as it is now.
struct Found {
    etag: String,
    /// `None` where the client has them. One more than a page has tells that there is another page.
    rows: Option<ReturnedRows>,
}

/// Calls, and when each was returned.
type ReturnedRows = (Vec<CallRow>, Vec<Option<DateTime<Utc>>>);

fn find(database: &Database, party: &Party, known: &str) -> Result<Found, DatabaseError> {
    database.read(|connection| {
        let owner = parties::find_party(connection, party)?;
        // Asked first: if a call comes in between, the tag is older than the page, never newer.
        let version = match owner {
            Some(owner) => calls::history_version(connection, owner)?,
            None => 0,
        };
        let etag = page::index_etag(version);
        if is_known(known, &etag) {
            return Ok(Found { etag, rows: None });
        }
        let limit = ListParameters::DEFAULT_LIMIT + 1;
        let Some(owner) = owner else { return Ok(Found { etag, rows: Some((Vec::new(), Vec::new())) }) };
        let rows = calls::list_calls(connection, owner, &Filter::default(), None, limit)?;
        let returned_at = details::returned_at(connection, owner, &rows)?;
        Ok(Found { etag, rows: Some((rows, returned_at)) })
    })
}

/// The same as the `Link` of the first page.
fn next_page(party: &Party, last: &CallRow) -> String {
    let query = Query::new(vec![("include".to_owned(), "details".to_owned())])
        .with("after", &Cursor(last.position()).to_string());
    format!("{}?{query}", api_address(party))
}
