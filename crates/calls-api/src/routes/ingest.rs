//! `POST /api/calls`.

use std::cell::Cell;
use std::fmt;

use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE};
use actix_web::web::Payload;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, web};
use diesel::QueryResult;
use diesel::pg::PgConnection;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserializer as _, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::bodies::{bad_json, read_body};
use super::schemas::{NotTaken, Refused, SentRecord, Unauthorized};
use super::sent_call::{Refusal, parse_record, read_record};
use crate::app::App;
use crate::credentials;
use crate::metrics::Source;
use crate::problem::ApiError;
use calls_phone::Region;
use calls_store::hot::Hot;
use calls_store::idempotency::{self, Answer};
use calls_store::import::{self, ResolvedCall};
use calls_store::insertion::NewCall;

/// Maximum size of a body in bytes: more than [`MOST_RECORDS`] records of the usual length.
const MOST_BYTES: usize = 10 * 1024 * 1024;
/// Maximum number of records per request, all of which are held in memory.
const MOST_RECORDS: usize = 50_000;
/// Maximum number of refusals listed in the response.
const MOST_REFUSALS: usize = 100;

/// Results of the records of a request.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct Results {
    added: usize,
    already_there: usize,
    refused: usize,
    /// Number of refused records missing from `results`, which lists the first 100.
    refusals_left_out: usize,
    /// In the order of the records.
    results: Vec<RecordResult>,
}

#[derive(Debug, Serialize, ToSchema)]
struct RecordResult {
    /// Index of the record, from 0. Blank lines of NDJSON do not count.
    index: usize,
    #[serde(flatten)]
    status: Status,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "status")]
enum Status {
    Added,
    AlreadyThere,
    Refused(Refusal),
}

/// Stores calls. The body is a JSON array, or NDJSON, of `{"owner", "created_at", "counterparty", "type",
/// "duration", "disposition", "ring_time", "name", "via"}`; `duration` and the members after it are optional.
/// Numbers may have any spelling; words for withheld callers, such as `anonymous`, are understood too.
///
/// The response is 200 with a result for each record (for the first 100 refused ones), even if some or all
/// are refused: the others are stored in one transaction, and repeating the request is safe. It is not 207,
/// which has another body (RFC 4918), nor 4xx, on which senders would repeat or drop records that were
/// stored. 4xx means that the request as a whole cannot be read.
#[utoipa::path(
    post,
    path = "/api/calls",
    tag = "senders",
    params(
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
         description = "Chosen by the sender, such as a UUID: for 24 hours, the same key and body get the same response.")
    ),
    request_body(content((Vec<SentRecord> = "application/json"), (String = "application/x-ndjson"))),
    responses((status = 200, description = "A result per record, in order.", body = Results), ApiError, Unauthorized, NotTaken,
        Refused),
    security(("ingest_token" = []))
)]
pub(super) async fn post_calls(
    request: HttpRequest,
    app: web::Data<App>,
    hot: web::Data<Hot>,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    authorize(&request, &app, false)?;
    let read_records: ReadRecords = match request.content_type() {
        "application/json" => json_records,
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => ndjson_records,
        _ => return Err(unsupported(&request, "application/json or application/x-ndjson")),
    };
    let key = idempotency_key(&request)?;
    let body = read_body(&request, payload, MOST_BYTES).await?;
    let added = match (&key, single(&body, read_records, app.region)) {
        (None, Some(call)) => hot.add_call(&call).await?,
        _ => None,
    };
    let answer = match added {
        Some(added) => {
            app.metrics.count_stored(Source::Api, added.into(), (!added).into());
            Results::new([Ok(())].into_iter(), [added]).answer()
        }
        None => {
            let database = app.database.clone();
            database.block_writing(move || store_all(&app, key.as_deref(), &body, read_records)).await?
        }
    };
    Ok(HttpResponse::Ok().content_type("application/json").body(answer.body))
}

/// Splits a body into records.
type ReadRecords = fn(&[u8]) -> Result<Records<'_>, ApiError>;

/// The call of a body with one record, if neither party needs a row of its own.
fn single(body: &[u8], read_records: ReadRecords, region: Option<Region>) -> Option<NewCall> {
    /// Longer than any record. Parsing a longer body would block the event loop.
    const LONGEST: usize = 4096;
    if body.len() > LONGEST {
        return None;
    }
    let [record] = <[_; 1]>::try_from(read_records(body).ok()?).ok()?;
    import::without_row(&read_record(&parse_record(record).ok()?, region).ok()?)
}

/// Stores the records of a body in one transaction, or returns the stored response to the same request.
fn store_all(
    app: &App,
    key: Option<&str>,
    body: &[u8],
    read_records: ReadRecords,
) -> Result<Answer, ApiError> {
    let records = read_records(body)?;
    let read: Vec<_> =
        records.into_iter().map(|record| read_record(&parse_record(record)?, app.region)).collect();
    let stored = Cell::new(None);
    let work = |connection: &mut PgConnection| {
        let results = store(connection, app, &read)?;
        stored.set(Some((results.added as u64, results.already_there as u64)));
        Ok(results.answer())
    };
    let digest = Sha256::digest(body);
    let answer = app.database.write(|connection| match key {
        None => work(connection).map(Some),
        Some(key) => {
            let answer = idempotency::once(connection, key, &digest, work)?;
            Ok(answer.map(|body| Answer { body, quotes_sender: false }))
        }
    })?;
    // Nothing was stored if the key was used before.
    if let Some((added, already_there)) = stored.take() {
        app.metrics.count_stored(Source::Api, added, already_there);
        let refused = read.iter().filter_map(|record| record.as_ref().err());
        refused
            .for_each(|refusal| app.metrics.count_refused(Source::Api, refusal.member.unwrap_or("record")));
    }
    answer.ok_or(ApiError::KeyReused)
}

/// Requires the ingest token. Without one configured, the path does not exist.
pub(super) fn authorize(request: &HttpRequest, app: &App, or_basic: bool) -> Result<(), ApiError> {
    let off = ApiError::Missing { detail: "calls can be sent to a server that has an --ingest-token" };
    let secret = app.credentials.ingest_token.as_ref().ok_or(off)?;
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|header| credentials::token(header, or_basic));
    match token {
        Some(token) if secret.is(&token) => Ok(()),
        _ if or_basic => Err(ApiError::Unauthorized { challenge: "Basic realm=\"calls\", Bearer" }),
        _ => Err(ApiError::Unauthorized { challenge: "Bearer" }),
    }
}

pub(super) fn unsupported(request: &HttpRequest, expected: &'static str) -> ApiError {
    let found = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("none");
    ApiError::UnsupportedMediaType { expected, found: found.chars().take(64).collect() }
}

/// The idempotency key, with or without the quotes of a structured field (RFC 8941).
pub(super) fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, ApiError> {
    let Some(value) = request.headers().get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    let key = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    if (1..=255).contains(&key.len()) {
        return Ok(Some(key.to_owned()));
    }
    Err(ApiError::BadHeader {
        name: "Idempotency-Key",
        expected: "1 to 255 visible ASCII characters, such as a UUID",
        found: text.chars().take(64).collect(),
    })
}

/// The records of a body as sent, at most [`MOST_RECORDS`].
type Records<'a> = Vec<&'a [u8]>;

fn json_records(body: &[u8]) -> Result<Records<'_>, ApiError> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let read = reader.deserialize_seq(RecordVisitor).and_then(|records| reader.end().map(|()| records));
    let (records, found) = read.map_err(|error| bad_json("a JSON array of records", body, &error))?;
    if found > MOST_RECORDS {
        return Err(ApiError::TooManyRecords { limit: MOST_RECORDS, found });
    }
    Ok(records)
}

fn ndjson_records(body: &[u8]) -> Result<Records<'_>, ApiError> {
    let lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let found = lines.clone().count();
    if found > MOST_RECORDS {
        return Err(ApiError::TooManyRecords { limit: MOST_RECORDS, found });
    }
    Ok(lines.collect())
}

/// Splits an array into its elements, without parsing them.
struct RecordVisitor;

impl<'de> Visitor<'de> for RecordVisitor {
    type Value = (Records<'de>, usize);

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON array of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let mut records = Vec::new();
        while records.len() < MOST_RECORDS {
            match array.next_element::<&RawValue>()? {
                Some(record) => records.push(record.get().as_bytes()),
                None => {
                    let found = records.len();
                    return Ok((records, found));
                }
            }
        }
        let mut found = records.len();
        while array.next_element::<IgnoredAny>()?.is_some() {
            found += 1;
        }
        Ok((records, found))
    }
}

fn store(
    connection: &mut PgConnection,
    app: &App,
    read: &[Result<ResolvedCall, Refusal>],
) -> QueryResult<Results> {
    let calls: Vec<_> = read.iter().flatten().cloned().collect();
    let layout = app.database.layout(connection)?;
    let is_added = import::store(connection, layout, &calls)?;
    Ok(Results::new(read.iter().map(|record| record.as_ref().map(|_| ())), is_added))
}

impl Results {
    /// Results of the records, given for each call whether it was added.
    fn new<'a>(
        records: impl Iterator<Item = Result<(), &'a Refusal>>,
        is_added: impl IntoIterator<Item = bool>,
    ) -> Self {
        let mut is_added = is_added.into_iter();
        let mut all = Self::default();
        for (index, record) in records.enumerate() {
            let status = match record {
                Ok(()) if is_added.next() == Some(true) => Status::Added,
                Ok(()) => Status::AlreadyThere,
                Err(refusal) => Status::Refused(refusal.clone()),
            };
            *all.count(&status) += 1;
            if matches!(status, Status::Refused(_)) && all.refused > MOST_REFUSALS {
                all.refusals_left_out += 1;
            } else {
                all.results.push(RecordResult { index, status });
            }
        }
        all
    }

    fn count(&mut self, status: &Status) -> &mut usize {
        match status {
            Status::Added => &mut self.added,
            Status::AlreadyThere => &mut self.already_there,
            Status::Refused(_) => &mut self.refused,
        }
    }

    fn answer(&self) -> Answer {
        let body = serde_json::to_string(self).unwrap_or_default();
        Answer { body, quotes_sender: self.refused > 0 }
    }
}
