//! The calls of several lines as one list.

use actix_web::http::header::{ContentType, ETAG, IF_NONE_MATCH, LINK, VARY};
use actix_web::{HttpRequest, HttpResponse, web};
use calls_model::{LineCall, Party, requests};
use calls_phone::{self as phone, Region};
use calls_store::hot::PageQuestion;
use calls_store::keys::{PartyKey, Version};
use calls_store::merged::{Part, Place, merge};
use calls_store::pool::Database;
use calls_store::rows::{CallColumns, CallRow};
use calls_store::{lines, list, names, parties};
use sha2::{Digest as _, Sha256};

use super::calls::{accepted_format, detailed, no_details_in_csv};
use super::cursor::LineCursor;
use super::export::{self, After, Exported};
use super::parameters::{Format, ListParameters, Query};
use super::people_schemas::LineListParameters;
use crate::app::App;
use crate::conditional::{etag_with_names, is_known, known, versions_seen};
use crate::details::Detailer;
use crate::problem::ApiError;
use crate::reads::HotReads;

/// Maximum number of lines.
const MOST: usize = 50;

/// The calls of several numbers as one list, newest first; each call has the number of its line in `number`.
///
/// Filters, formats, pages and details are those of one number's list. In NDJSON and CSV the number is in
/// `owner`, as the importer expects. Calls at the same time are ordered by number, highest first.
#[utoipa::path(
    get,
    path = "/api/calls",
    tag = "lines",
    params(LineListParameters),
    responses(
        (status = 200, description = "The matching calls, newest first.",
         content((Vec<LineCall> = "application/json"), (String = "application/x-ndjson"), (String = "text/csv")),
         headers(
            ("ETag" = String, description = "Derived from the versions of all histories."),
            ("Link" = String, description = "The next page, `rel=\"next\"`, where there is one (RFC 8288).")
         )),
        (status = 304, description = "The client has the current calls, by `If-None-Match`."),
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
    let seen = newest_of_lines(&request);
    let page = match parameters.details || !parameters.filter.is_empty() {
        false => plain_page(&hot, &lines, seen, (after, limit)).await?,
        true => {
            let data = app.clone();
            let find = move |database: &Database| {
                let page = data.line_page(database, &lines, &parameters, limit)?;
                Ok::<_, ApiError>((page.tag.newest, page))
            };
            app.read(seen, find).await?
        }
    };
    let etag = page.tag.etag;
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

/// The requested numbers, without duplicates.
#[derive(Debug, Clone)]
pub(super) struct Lines(Vec<Line>);

/// A requested number.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub party: Party,
    /// `None` if the database does not know it.
    pub key: Option<PartyKey>,
}

/// Value of the parameter `number`.
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
            true => data.lines_named(app.reads(), &named)?,
            false => app.reads().block(move || data.lines_named(data.reads(), &named)).await?,
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

    /// Entity tag of a response with the current versions of the histories. Read it before the content: if a
    /// call arrives in between, the tag is older than the content, never newer.
    pub(super) fn tag(&self, database: &Database) -> Result<Tag, ApiError> {
        Ok(database.read(|connection| {
            let names = names::version(connection)?;
            let mut versions = Vec::new();
            for key in self.0.iter().filter_map(|line| line.key) {
                versions.push((key, list::version(connection, key)?));
            }
            Ok(self.tag_of(names, versions))
        })?)
    }

    /// Entity tag of the numbers, their versions and the version of the names.
    fn tag_of(&self, names: i64, versions: impl IntoIterator<Item = (PartyKey, Version)>) -> Tag {
        let mut digest = Sha256::new();
        digest.update(names.to_be_bytes());
        for line in &self.0 {
            digest.update(line.party.to_string());
            digest.update([0]);
        }
        let mut newest = 0_i64;
        for (key, version) in versions {
            digest.update(key.0.to_be_bytes());
            digest.update(version.0.to_be_bytes());
            newest = newest.saturating_add(version.0);
        }
        let bytes: [u8; 32] = digest.finalize().into();
        let (first, _) = bytes.split_at(8);
        let digest = first.iter().fold(0, |number: i64, byte| number << 8 | i64::from(*byte));
        let newest = Version(newest);
        Tag { newest, etag: etag_with_names(newest, digest) }
    }
}

/// Entity tag of a response about several lines.
pub(super) struct Tag {
    /// Sum of the versions, which grows with each of them.
    pub newest: Version,
    pub etag: String,
}

/// The sum of the versions that a client may have seen: from a tag in `If-None-Match`, or from the positions
/// in `Last-Event-ID`, which are at most the versions.
pub(super) fn newest_of_lines(request: &HttpRequest) -> Version {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let ids = header("last-event-id").unwrap_or_default().split('-').map(|id| id.parse::<i64>().ok());
    let ids: Option<i64> = ids.sum();
    let tags = versions_seen(header(IF_NONE_MATCH.as_str()).unwrap_or_default());
    tags.chain(ids.map(Version)).max().unwrap_or(Version::NONE)
}

/// Parses a number in any spelling, or `@` and the name of a set.
fn named(text: &str, region: Option<Region>) -> Option<Named> {
    // A plus sign in a query is decoded as a space.
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

    /// A page that the hot path cannot read.
    fn line_page(
        &self,
        database: &Database,
        lines: &Lines,
        parameters: &ListParameters<LineCursor>,
        limit: u16,
    ) -> Result<LinePage, ApiError> {
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
                // Read first: if a call arrives in between, the tag is older than the page, never newer.
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
        Ok(LinePage { tag: lines.tag_of(names, versions), body, next })
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
        // Serializing calls cannot fail.
        Ok(serde_json::to_vec(&calls).unwrap_or_default())
    }
}

/// A page as sent.
struct LinePage {
    tag: Tag,
    /// JSON.
    body: Vec<u8>,
    next: Option<Place>,
}

/// A page without filters: all histories are queried concurrently over one connection.
async fn plain_page(
    hot: &HotReads,
    lines: &Lines,
    seen: Version,
    (after, limit): (Option<Place>, u16),
) -> Result<LinePage, ApiError> {
    let keys: Vec<PartyKey> = lines.iter().filter_map(|line| line.key).collect();
    let ask = |owner: &PartyKey| {
        let after = after.map(|after| after.within(*owner));
        PageQuestion { owner: *owner, after, limit, known: None }
    };
    let pages = hot.pages(seen, &keys.iter().map(ask).collect::<Vec<_>>()).await?;
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
    Ok(LinePage { tag: lines.tag_of(0, versions), body, next })
}

/// Appends a call with the number of its line.
fn append_json(body: &mut Vec<u8>, number: &Party, call: &CallRow) {
    body.extend_from_slice(b"{\"number\":");
    // Serializing a party cannot fail.
    serde_json::to_writer(&mut *body, number).unwrap_or_default();
    let start = body.len();
    call.append_json(body);
    // Replaces the opening brace of the call.
    body[start] = b',';
}
