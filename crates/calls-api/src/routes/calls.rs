//! `GET /calls/{number}` and the same under `/api`.

use std::time::Duration;

use actix_web::http::header::{ContentType, ETAG, HeaderValue, LINK, VARY};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use calls_model::{DetailedCall, Party};
use calls_phone as phone;
use calls_store::hot::PageQuestion;
use calls_store::keys::{PartyKey, Version};
use calls_store::labels::Labels;
use calls_store::pool::Database;
use calls_store::rows::{CallColumns, CallRow, Position};
use calls_store::{details, list, names, parties, returned};
use diesel::QueryResult;
use diesel::pg::PgConnection;

use super::cursor::Cursor;
use super::export::{After, Exported};
use super::parameters::{FilterParameters, Format, ListParameters, Query};
use super::schemas::{ListedCall, NumberPath};
use super::{accept, export, initial_data};
use crate::addresses::{api_address, page_address};
use crate::app::App;
use crate::conditional::{etag, etag_with_names, is_known, known, versions, versions_seen};
use crate::details::Detailer;
use crate::problem::ApiError;
use crate::reads::{HotReads, newest_seen};

/// The calls of a number, newest first, as an array. A number without calls has an empty one.
///
/// Returns at most `limit` calls (1 to 1000, default 50), those after `after` if given. If there are more,
/// the header `Link: <...>; rel="next"` (RFC 8288) has the address of the next page. NDJSON and CSV contain
/// all calls, with disposition, ring time, the counterparty's name and the other line. With
/// `include=details`, JSON and NDJSON add them as details, together with spellings of the counterparty and
/// the time at which a missed call was returned.
#[utoipa::path(
    get,
    path = "/api/calls/{number}",
    tag = "calls",
    params(
        NumberPath,
        ListParameters
    ),
    responses(
        (status = 200, description = "The matching calls, newest first.",
         content((Vec<ListedCall> = "application/json"), (String = "application/x-ndjson"), (String = "text/csv")),
         headers(
            ("ETag" = String, description = "Derived from the version of the history; for JSON only."),
            ("Link" = String, description = "The next page, `rel=\"next\"`, where there is one (RFC 8288).")
         )),
        (status = 304, description = "The client has the current calls, by `If-None-Match`."),
        ApiError
    )
)]
pub(super) async fn list_calls(
    request: HttpRequest,
    app: web::Data<App>,
    hot: web::Data<HotReads>,
    number: web::Path<String>,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse, ApiError> {
    let party = phone::parse(&number, app.region)?;
    let query = Query::new(query.into_inner());
    let parameters = ListParameters::read(&query, app.region)?;
    let address = address(&request, &party);
    answer(&request, app, hot, Listing { party, address }, &query, parameters).await
}

/// The list that is requested.
pub(super) struct Listing {
    /// Owner of the history.
    pub party: Party,
    /// Address of the list.
    pub address: String,
}

/// Responds with the calls in the requested format.
pub(super) async fn answer(
    request: &HttpRequest,
    app: web::Data<App>,
    hot: web::Data<HotReads>,
    listing: Listing,
    query: &Query,
    parameters: ListParameters,
) -> Result<HttpResponse, ApiError> {
    match parameters.format.unwrap_or_else(|| accepted_format(request)) {
        Format::Csv if parameters.details => Err(no_details_in_csv()),
        Format::Json => list_page(request, app, hot, listing, query, parameters).await,
        format => {
            let name = listing.party.to_string();
            let after = parameters.after.as_ref().map(|cursor| After::Position(cursor.0));
            let exported = Exported { parties: vec![listing.party], with_owner: false, name, after };
            export::stream_calls(request, app, exported, parameters, format).await
        }
    }
}

pub(super) fn no_details_in_csv() -> ApiError {
    ApiError::BadParameter {
        name: "include".to_owned(),
        expected: "details in JSON or NDJSON, for a line of CSV has no place for them".to_owned(),
        found: "CSV".to_owned(),
    }
}

/// The page for browsers; for all other clients the same as `/api/calls/{number}`.
#[utoipa::path(
    get,
    path = "/calls/{number}",
    tag = "calls",
    params(NumberPath, ListParameters),
    responses(
        (status = 200, description = "The matching calls, newest first; or the page.",
         content(
            (Vec<ListedCall> = "application/json"),
            (String = "application/x-ndjson"),
            (String = "text/csv"),
            (String = "text/html")
         ),
         headers(
            ("ETag" = String, description = "Derived from the version of the history; for JSON only."),
            ("Link" = String, description = "The next page, `rel=\"next\"`, where there is one (RFC 8288).")
         )),
        (status = 304, description = "The client has the current calls, by `If-None-Match`."),
        ApiError
    )
)]
pub(super) async fn list_calls_or_page(
    request: HttpRequest,
    app: web::Data<App>,
    hot: web::Data<HotReads>,
    number: web::Path<String>,
    query: web::Query<Vec<(String, String)>>,
) -> HttpResponse {
    if prefers_page(&request)
        && let Some(shell) = app.site.index(&request)
    {
        let mut page = initial_data::get_page(&request, app, &number, None).await.unwrap_or(shell);
        vary_by_accept(&mut page);
        return page;
    }
    list_calls(request, app, hot, number, query).await.unwrap_or_else(|problem| {
        let mut response = problem.error_response();
        vary_by_accept(&mut response);
        response
    })
}

async fn list_page(
    request: &HttpRequest,
    app: web::Data<App>,
    hot: web::Data<HotReads>,
    listing: Listing,
    query: &Query,
    parameters: ListParameters,
) -> Result<HttpResponse, ApiError> {
    let Listing { party, address } = listing;
    let ListParameters { filter, limit, after, details, .. } = parameters;
    let limit = limit.unwrap_or(ListParameters::DEFAULT_LIMIT);
    let known = known(request);
    let wanted = Wanted { filter, after: after.map(|cursor| cursor.0), limit, details, known };
    let (known, question) = (wanted.known.clone(), wanted.question(&party));
    let seen = newest_seen(request, versions_seen(&known));
    let written = match question {
        Some(question) => WrittenPage::plain(hot.page(seen, question).await?),
        None => {
            let labels = app.labels.clone();
            let find = move |database: &Database| {
                let patience = database.deadlines().search();
                let page = database.read(|connection| wanted.find(connection, &labels, &party, patience))?;
                Ok::<_, ApiError>((page.version, page))
            };
            app.read(seen, find).await?
        }
    };

    let mut response = HttpResponse::Ok();
    let etag = written.etag();
    let is_known = is_known(&known, &etag);
    response.insert_header((ETAG, etag));
    let mut response = if is_known {
        response.status(actix_web::http::StatusCode::NOT_MODIFIED).finish()
    } else {
        if let Some(place) = written.next {
            let next = query.with("after", &Cursor(place).to_string());
            response.insert_header((LINK, format!("<{address}?{next}>; rel=\"next\"")));
        }
        response.content_type(ContentType::json()).body(written.body)
    };
    vary_by_accept(&mut response);
    Ok(response)
}

/// A page as sent.
struct WrittenPage {
    /// Version of the history.
    version: Version,
    /// Version of the names, if the page contains names or was searched by them.
    names: Option<i64>,
    /// JSON.
    body: Vec<u8>,
    /// Start of the next page, if there is one.
    next: Option<Position>,
}

impl WrittenPage {
    /// Calls without details.
    fn plain(page: calls_store::hot::Page) -> Self {
        Self { version: page.version, names: None, body: plain_json(&page.rows), next: page.next }
    }

    fn etag(&self) -> String {
        match self.names {
            Some(names) => etag_with_names(self.version, names),
            None => etag(self.version),
        }
    }
}

fn plain_json(rows: &[CallRow]) -> Vec<u8> {
    /// Typical size of a call in bytes, so that the body rarely has to grow.
    const CALL: usize = 160;
    let mut body = Vec::with_capacity(rows.len() * CALL + 2);
    body.push(b'[');
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        row.append_json(&mut body);
    }
    body.push(b']');
    body
}

fn detailed_json(calls: Vec<DetailedCall>) -> Vec<u8> {
    // Serializing calls cannot fail.
    serde_json::to_vec(&calls).unwrap_or_default()
}

/// The requested page.
struct Wanted {
    filter: FilterParameters,
    after: Option<Position>,
    limit: u16,
    details: bool,
    /// Version that the client has.
    known: String,
}

impl Wanted {
    /// The request as a question for the hot path, if that can answer it.
    fn question(&self, party: &Party) -> Option<PageQuestion> {
        let owner = parties::fixed_key(party)?;
        let is_plain = !self.details && self.filter.is_empty();
        // Versions only grow, so at most the highest is current.
        let known = versions(&self.known).into_iter().max();
        is_plain.then_some(PageQuestion { owner, after: self.after, limit: self.limit, known })
    }

    fn find(
        &self,
        connection: &mut PgConnection,
        labels: &Labels,
        party: &Party,
        patience: Duration,
    ) -> QueryResult<WrittenPage> {
        let mut written =
            WrittenPage { version: Version::NONE, names: None, body: b"[]".to_vec(), next: None };
        // Read first: if a call or a name arrives in between, the tag is older than the page, never newer.
        written.names = match self.details || self.filter.is_search() {
            true => Some(names::version(connection)?),
            false => None,
        };
        let Some(owner) = parties::find_party(connection, party)? else { return Ok(written) };
        written.version = list::version(connection, owner)?;
        if is_known(&self.known, &written.etag()) {
            return Ok(written);
        }
        let filter = self.filter.resolve(connection, owner)?;
        let page = list::list_calls(connection, owner, &filter, self.after, self.limit, patience)?;
        written.next = page.next;
        if !self.details {
            written.body = plain_json(&CallRow::resolve(connection, labels, page.rows)?);
            return Ok(written);
        }
        let calls = detailed(connection, labels, owner, page.rows, &mut Detailer::default())?;
        written.body = detailed_json(calls);
        Ok(written)
    }
}

/// Calls of a history with their details.
pub(super) fn detailed(
    connection: &mut PgConnection,
    labels: &Labels,
    owner: PartyKey,
    rows: Vec<CallColumns>,
    detailer: &mut Detailer,
) -> QueryResult<Vec<DetailedCall>> {
    let returned_at = returned::returned_at(connection, owner, &rows)?;
    let mut rows = CallRow::resolve(connection, labels, rows)?;
    details::read(connection, labels, owner, &mut rows)?;
    Ok(rows.into_iter().zip(returned_at).map(|(row, at)| detailer.detail(row, at)).collect())
}

/// The requested address, with the number in its canonical spelling.
fn address(request: &HttpRequest, party: &Party) -> String {
    match request.path().starts_with("/api/") {
        true => api_address(party),
        false => page_address(party),
    }
}

pub(super) fn accepted_format(request: &HttpRequest) -> Format {
    let wanted = |format: Format| {
        let media_type = format.media_type().split(';').next().unwrap_or_default();
        accept::quality(request, media_type)
    };
    let json = wanted(Format::Json);
    let others = [Format::Ndjson, Format::Csv].into_iter().filter(|format| wanted(*format) > json);
    others.max_by(|one, other| wanted(*one).total_cmp(&wanted(*other))).unwrap_or(Format::Json)
}

/// Whether the client names HTML and prefers it at least as much as JSON.
fn prefers_page(request: &HttpRequest) -> bool {
    let html = accept::quality(request, "text/html");
    html > 0.0 && html >= accept::quality(request, "application/json")
}

fn vary_by_accept(response: &mut HttpResponse) {
    response.headers_mut().append(VARY, HeaderValue::from_static("Accept"));
}
