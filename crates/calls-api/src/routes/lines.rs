//! Several lines at once: their calls as one list, their summary, and whom to call back; and the sets that
//! have a name.

use actix_web::http::header::{ContentType, ETAG, LINK, VARY};
use actix_web::{HttpRequest, HttpResponse, web};
use calls_model::{
    CallbackQueue, Coverage, LineCall, LineSet, Party, Summary, UnidentifiedCallers, requests,
};
use calls_phone::{self as phone, Region};
use calls_store::hot::PageQuestion;
use calls_store::keys::{PartyKey, Version};
use calls_store::merged::{Part, Place, merge};
use calls_store::pool::Database;
use calls_store::rows::{CallColumns, CallRow};
use calls_store::summary::{self, Question};
use calls_store::{counts, lines, list, names, parties};
use futures_util::future::try_join_all;
use sha2::{Digest as _, Sha256};

use super::App;
use super::callbacks::{self, Wanted};
use super::calls::{accepted_format, detailed, no_details_in_csv};
use super::cursor::LineCursor;
use super::export::{self, After, Exported};
use super::parameters::{FilterParameters, Format, ListParameters, Query};
use super::people_schemas::{LineCallbackParameters, LineListParameters, LineSummaryParameters};
use super::responses::not_stored;
use super::summary::{compared, spell};
use crate::conditional::{etag, is_known, known};
use crate::details::Detailer;
use crate::problem::ApiError;
use crate::reads::HotReads;

/// The most lines of a list.
const MOST: usize = 50;

/// The calls of several numbers as one list, newest first; each says in `number` whose it is.
///
/// The filters, formats, pages and details are those of one number's list; NDJSON and CSV call the number
/// `owner`, as imports read it. Of two calls at the same time the one of the higher number comes first.
#[utoipa::path(
    get,
    path = "/api/calls",
    tag = "lines",
    params(LineListParameters),
    responses(
        (status = 200, description = "The calls that fit, newest first.",
         content((Vec<LineCall> = "application/json"), (String = "application/x-ndjson"), (String = "text/csv")),
         headers(
            ("ETag" = String, description = "Of the versions of all histories."),
            ("Link" = String, description = "The next page, `rel=\"next\"`, where there is one (RFC 8288).")
         )),
        (status = 304, description = "The calls are those that the client knows, by `If-None-Match`."),
        ApiError
    )
)]
pub(super) async fn list_line_calls(
    request: HttpRequest,
    app: web::Data<App>,
    hot: web::Data<HotReads>,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse, ApiError> {
    let query = Query::new(query.into_inner());
    query.refuse_unknown(&[&requests::LINES, &requests::FILTER, &requests::LIST])?;
    let parameters = ListParameters::<LineCursor>::read_known(&query, app.region)?;
    let lines = Lines::read(&app, &query).await?;
    match parameters.format.unwrap_or_else(|| accepted_format(&request)) {
        Format::Json => {}
        Format::Csv if parameters.details => return Err(no_details_in_csv()),
        format => {
            let after = parameters.after.as_ref().map(|cursor| After::Place(cursor.0));
            let parties = lines.iter().map(|line| line.party.clone()).collect();
            let exported = Exported { parties, with_owner: true, name: "lines".to_owned(), after };
            return export::stream_calls(&request, app, exported, parameters, format).await;
        }
    }
    let after = parameters.after.as_ref().map(|cursor| cursor.0);
    let limit = parameters.limit.unwrap_or(<ListParameters>::DEFAULT_LIMIT);
    let page = match parameters.details || !parameters.filter.is_empty() {
        false => plain_page(&hot, &lines, after, limit).await?,
        true => {
            let (data, lines) = (app.clone(), lines.clone());
            app.database.block(move || data.line_page(&lines, &parameters, limit)).await?
        }
    };
    let etag = etag(page.version);
    let mut response = HttpResponse::Ok();
    response.insert_header((ETAG, etag.clone())).insert_header((VARY, "Accept"));
    if is_known(&known(&request), &etag) {
        return Ok(response.status(actix_web::http::StatusCode::NOT_MODIFIED).finish());
    }
    if let Some(place) = page.next {
        let next = query.with(requests::AFTER.name, &LineCursor(place).to_string());
        response.insert_header((LINK, format!("</api/calls?{next}>; rel=\"next\"")));
    }
    Ok(response.content_type(ContentType::json()).body(page.body))
}

/// The numbers that are asked for, without those that come twice.
#[derive(Debug, Clone)]
pub(super) struct Lines(Vec<Line>);

/// A number that is asked for.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub party: Party,
    /// `None` for one that the database has never seen.
    pub key: Option<PartyKey>,
}

/// Value of `number`.
enum Named {
    Number(Party),
    Set(String),
}

impl Lines {
    pub(super) async fn read(app: &web::Data<App>, query: &Query) -> Result<Self, ApiError> {
        app.expect_directory()?;
        let named = query.each(&requests::NUMBER, |text| named(text, app.region))?;
        let found = |found: String| ApiError::BadParameter {
            name: requests::NUMBER.name.to_owned(),
            expected: requests::NUMBER.expected.to_owned(),
            found,
        };
        if named.is_empty() || named.len() > MOST {
            return Err(found(format!("{} of them", named.len())));
        }
        let data = app.clone();
        let is_plain =
            |named: &Named| matches!(named, Named::Number(party) if parties::fixed_key(party).is_some());
        let lines = match named.iter().all(is_plain) {
            true => data.lines_named(&app.database, &named)?,
            false => {
                let database = app.database.clone();
                app.database.block(move || data.lines_named(&database, &named)).await?
            }
        };
        match lines.len() {
            0..=MOST => Ok(Self(lines)),
            many => Err(found(format!("{many} of them"))),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Line> {
        self.0.iter()
    }

    fn party(&self, key: PartyKey) -> Party {
        let found = self.0.iter().find(|line| line.key == Some(key));
        found.map_or(Party::Unknown, |line| line.party.clone())
    }

    /// A version of all histories together: of who they are, of each one's version and of the names.
    fn version(&self, names: i64, versions: impl IntoIterator<Item = (PartyKey, Version)>) -> Version {
        let mut digest = Sha256::new();
        digest.update(names.to_be_bytes());
        for line in &self.0 {
            digest.update(line.party.to_string());
            digest.update([0]);
        }
        for (key, version) in versions {
            digest.update(key.0.to_be_bytes());
            digest.update(version.0.to_be_bytes());
        }
        let bytes: [u8; 32] = digest.finalize().into();
        let (first, _) = bytes.split_at(8);
        Version(first.iter().fold(0, |number: i64, byte| number << 8 | i64::from(*byte)))
    }
}

/// A number in any spelling, or the name of a set behind `@`.
fn named(text: &str, region: Option<Region>) -> Option<Named> {
    // In a query a plus is a blank.
    let text = text.strip_prefix(' ').map_or_else(|| text.to_owned(), |rest| format!("+{rest}"));
    match text.strip_prefix('@') {
        Some(name) => {
            (!name.is_empty() && !name.chars().any(char::is_control)).then(|| Named::Set(name.to_owned()))
        }
        None => phone::parse(&text, region).ok().map(Named::Number),
    }
}

impl App {
    fn lines_named(&self, database: &Database, named: &[Named]) -> Result<Vec<Line>, ApiError> {
        let mut found: Vec<Line> = Vec::new();
        for named in named {
            match named {
                Named::Number(party) => {
                    let key = match parties::fixed_key(party) {
                        Some(key) => Some(key),
                        None => database.read(|connection| parties::find_party(connection, party))?,
                    };
                    found.push(Line { party: party.clone(), key });
                }
                Named::Set(name) => {
                    let keys = database.read(|connection| {
                        let keys = lines::numbers(connection, name)?;
                        self.labels.load(connection, keys.iter().copied())?;
                        Ok(keys)
                    })?;
                    if keys.is_empty() {
                        return Err(ApiError::Missing {
                            detail: "no set of lines has this name, see /api/lines",
                        });
                    }
                    let line = |key| Line { party: self.labels.get(key), key: Some(key) };
                    found.extend(keys.into_iter().map(line));
                }
            }
        }
        let mut seen = std::collections::HashSet::new();
        found.retain(|line| seen.insert(line.party.clone()));
        Ok(found)
    }

    /// A page that the hot path does not have.
    fn line_page(
        &self,
        lines: &Lines,
        parameters: &ListParameters<LineCursor>,
        limit: u16,
    ) -> Result<LinePage, ApiError> {
        let database = &self.database;
        let after = parameters.after.as_ref().map(|cursor| cursor.0);
        let known: Vec<PartyKey> = lines.iter().filter_map(|line| line.key).collect();
        let patience = database.deadlines().search() / u32::try_from(known.len().max(1)).unwrap_or(1);
        let (mut versions, mut parts) = (Vec::new(), Vec::new());
        let names = match parameters.details || parameters.filter.is_search() {
            true => database.read(names::version)?,
            false => 0,
        };
        for number in known {
            let (version, page) = database.read(|connection| {
                // Asked first: if a call comes in between, the tag is older than the page, never newer.
                let version = list::version(connection, number)?;
                let filter = parameters.filter.resolve(connection, number)?;
                let after = after.map(|after| after.within(number));
                Ok((version, list::list_calls(connection, number, &filter, after, limit, patience)?))
            })?;
            versions.push((number, version));
            parts.push(Part { number, rows: page.rows, next: page.next });
        }
        let (rows, next) = merge(parts, limit.into(), CallColumns::position);
        let body = database.read(|connection| self.written(connection, lines, &rows, parameters.details))?;
        Ok(LinePage { version: lines.version(names, versions), body, next })
    }

    fn written(
        &self,
        connection: &mut diesel::pg::PgConnection,
        lines: &Lines,
        rows: &[(PartyKey, CallColumns)],
        details: bool,
    ) -> diesel::QueryResult<Vec<u8>> {
        let mut calls: Vec<Option<LineCall>> = vec![None; rows.len()];
        let mut detailer = Detailer::default();
        for line in lines.iter() {
            let own = rows.iter().enumerate().filter(|(_, (number, _))| Some(*number) == line.key);
            let (places, own): (Vec<usize>, Vec<CallColumns>) =
                own.map(|(place, (_, row))| (place, *row)).unzip();
            let Some(key) = line.key.filter(|_| !own.is_empty()) else { continue };
            let of_line: Vec<LineCall> = match details {
                true => detailed(connection, &self.labels, key, own, &mut detailer)?
                    .into_iter()
                    .map(|mut call| {
                        call.details.number = Some(line.party.clone());
                        LineCall { number: line.party.clone(), call: call.call, details: Some(call.details) }
                    })
                    .collect(),
                false => CallRow::resolve(connection, &self.labels, own)?
                    .into_iter()
                    .map(|row| LineCall { number: line.party.clone(), call: row.into(), details: None })
                    .collect(),
            };
            places.into_iter().zip(of_line).for_each(|(place, call)| calls[place] = Some(call));
        }
        let calls: Vec<LineCall> = calls.into_iter().flatten().collect();
        // No part of a call can fail.
        Ok(serde_json::to_vec(&calls).unwrap_or_default())
    }
}

/// A page as it is sent.
struct LinePage {
    version: Version,
    /// JSON.
    body: Vec<u8>,
    next: Option<Place>,
}

/// A page of all calls: each history is asked at the same time over the same connection.
async fn plain_page(
    hot: &HotReads,
    lines: &Lines,
    after: Option<Place>,
    limit: u16,
) -> Result<LinePage, ApiError> {
    let keys: Vec<PartyKey> = lines.iter().filter_map(|line| line.key).collect();
    let ask = |owner: &PartyKey| {
        let after = after.map(|after| after.within(*owner));
        hot.page(Version::NONE, PageQuestion { owner: *owner, after, limit, known: None })
    };
    let pages = try_join_all(keys.iter().map(ask)).await?;
    let versions: Vec<(PartyKey, Version)> =
        keys.iter().copied().zip(pages.iter().map(|page| page.version)).collect();
    let part = |(number, page): (PartyKey, calls_store::hot::Page)| Part {
        number,
        rows: page.rows,
        next: page.next,
    };
    let parts = keys.into_iter().zip(pages).map(part).collect();
    let (rows, next) = merge(parts, limit.into(), |row: &CallRow| row.columns.position());
    let mut body = vec![b'['];
    for (place, (number, row)) in rows.into_iter().enumerate() {
        if place > 0 {
            body.push(b',');
        }
        append_json(&mut body, &lines.party(number), &row);
    }
    body.push(b']');
    Ok(LinePage { version: lines.version(0, versions), body, next })
}

/// A call with the number whose it is.
fn append_json(body: &mut Vec<u8>, number: &Party, call: &CallRow) {
    body.extend_from_slice(b"{\"number\":");
    // No party can fail.
    serde_json::to_writer(&mut *body, number).unwrap_or_default();
    let start = body.len();
    call.append_json(body);
    // In place of the brace.
    body[start] = b',';
}

/// Summary of the calls of several numbers together.
///
/// `top_counterparties` are those that are among the ten of a line, with their calls there.
#[utoipa::path(
    get,
    path = "/api/calls/summary",
    tag = "lines",
    params(LineSummaryParameters),
    responses(
        (status = 200, description = "The summary.", body = Summary),
        ApiError
    )
)]
pub(super) async fn summarize_lines(
    app: web::Data<App>,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse, ApiError> {
    let query = Query::new(query.into_inner());
    query.refuse_unknown(&[&requests::LINES, &requests::FILTER, &requests::SUMMARY])?;
    let parameters = FilterParameters::read(&query, app.region)?;
    let previous = compared(&query, &parameters)?;
    let lines = Lines::read(&app, &query).await?;
    let data = app.clone();
    let find = move || {
        let mut summary = data.line_summary(&lines, &parameters)?;
        if let Some(previous) = previous {
            let before = data.line_summary(&lines, &parameters.within(previous.from, previous.until))?;
            summary.previous = Some(previous.filled(&before));
        }
        Ok::<_, ApiError>(summary)
    };
    let summary = app.database.block(find).await?;
    Ok(not_stored(&summary))
}

impl App {
    fn line_summary(&self, lines: &Lines, parameters: &FilterParameters) -> Result<Summary, ApiError> {
        let owners: Vec<PartyKey> = lines.iter().filter_map(|line| line.key).collect();
        owners.iter().try_for_each(|owner| self.bring_counts_forward(*owner))?;
        let patience = self.database.deadlines().search() / u32::try_from(owners.len().max(1)).unwrap_or(1);
        let zone = parameters.zone;
        let mut summary = self.database.read(|connection| {
            let mut filters = Vec::with_capacity(owners.len());
            for owner in &owners {
                filters.push((*owner, parameters.resolve(connection, *owner)?));
            }
            let long = counts::LONG;
            let mut questions = Vec::with_capacity(filters.len());
            for (owner, filter) in &filters {
                questions.push(Question { owner: *owner, filter, zone, patience, long });
            }
            summary::summarize_lines(connection, &self.labels, zone.name(), &questions)
        })?;
        spell(&mut summary);
        Ok(summary)
    }
}

/// Whom to call back on several lines: the lists of the lines as one, in which each entry says whose line was
/// called.
///
/// A person who called two lines has two entries, and each line's entry is marked done by itself.
#[utoipa::path(
    get,
    path = "/api/calls/callbacks",
    tag = "lines",
    params(LineCallbackParameters),
    responses(
        (status = 200, description = "The people, in the order that was asked for.", body = CallbackQueue),
        ApiError
    )
)]
pub(super) async fn list_line_callbacks(
    app: web::Data<App>,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse, ApiError> {
    let query = Query::new(query.into_inner());
    query.refuse_unknown(&[&requests::LINES, &requests::CALLBACKS])?;
    let wanted = Wanted::read(&query)?;
    let lines = Lines::read(&app, &query).await?;
    let data = app.clone();
    let find = move || {
        let none = UnidentifiedCallers::default();
        let mut all = CallbackQueue { callbacks: Vec::new(), people: 0, withheld: none, covers: None };
        for line in lines.iter() {
            let Some(owner) = line.key else { continue };
            let queue = callbacks::read(&data, &data.database, owner, wanted, Some(&line.party))?;
            all.people += queue.people;
            all.withheld.calls += queue.withheld.calls;
            all.withheld.last = all.withheld.last.max(queue.withheld.last);
            let sum = |one: Coverage, other: Coverage| Coverage {
                calls: one.calls + other.calls,
                of: one.of + other.of,
            };
            all.covers = match (all.covers, queue.covers) {
                (Some(one), Some(other)) => Some(sum(one, other)),
                (one, other) => one.or(other),
            };
            all.callbacks.extend(queue.callbacks);
        }
        wanted.order(&mut all.callbacks);
        Ok::<_, ApiError>(all)
    };
    let queue = app.database.block(find).await?;
    Ok(not_stored(&queue))
}

/// The sets of lines that have a name, which `calls lines set` makes.
#[utoipa::path(
    get,
    path = "/api/lines",
    tag = "lines",
    responses((status = 200, description = "The sets, by name.", body = Vec<LineSet>), ApiError)
)]
pub(super) async fn list_sets(app: web::Data<App>) -> Result<HttpResponse, ApiError> {
    app.expect_directory()?;
    let data = app.clone();
    let find = move || {
        let sets = data.reads().read(|connection| {
            let sets = lines::sets(connection)?;
            data.labels.load(connection, sets.iter().flat_map(|set| set.numbers.iter().copied()))?;
            Ok(sets)
        })?;
        let numbers = |set: &lines::Set| set.numbers.iter().map(|key| data.labels.get(*key)).collect();
        let set = |set: lines::Set| LineSet { numbers: numbers(&set), name: set.name };
        Ok::<_, ApiError>(sets.into_iter().map(set).collect::<Vec<_>>())
    };
    Ok(HttpResponse::Ok().json(app.reads().block(find).await?))
}
