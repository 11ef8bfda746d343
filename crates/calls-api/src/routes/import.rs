//! `POST /api/import`: a call log, as `calls import` reads it.

use std::time::{Duration, Instant};

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use calls_import::{Item, Items, Progress, ReadError, UnpackLimit};
use calls_model::requests;
use calls_store::idempotency::{self, Answer};
use calls_store::import::{ImportError, OnError};
use calls_store::last_imports;
use calls_store::pool::DatabaseError;
use diesel::pg::PgConnection;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use super::ingest::{authorize, idempotency_key};
use super::parameters::Query;
use super::schemas::{ImportParameters, Refused, Unauthorized};
use super::upload::{self, Upload};
use crate::app::App;
use crate::intake;
use crate::intake::options::{Read, Texts, Wrong};
use crate::intake::report::Report;
use crate::metrics::Source;
use crate::problem::ApiError;

/// Maximum number of concurrent uploads and imports.
const MOST_AT_ONCE: usize = 2;
static AT_ONCE: Semaphore = Semaphore::const_new(MOST_AT_ONCE);
/// Maximum size of an unpacked log, as a multiple of the limit on uploads.
const UNPACKED: u64 = 40;
/// Time limit of an import.
const LONGEST: Duration = Duration::from_secs(30 * 60);

/// Imports a call log, as `calls import` does. The body is the log itself, of any content type, or a form
/// (multipart/form-data) with the log as its file. It may be compressed by gzip or zip. Options are query
/// parameters or fields of the form.
///
/// The response is 200 with a report if calls were read, even if entries were skipped or the log was
/// truncated (`ended_early`). Stored calls stay, and repeating the request is safe. The response is 422 if no
/// call could be read: another kind of file, ambiguous dates, a missing owner, or no entry that is a call.
#[utoipa::path(
    post,
    path = "/api/import",
    tag = "senders",
    params(
        ImportParameters,
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
         description = "Chosen by the sender, such as a UUID: for 24 hours, the same key and log get the same response.")
    ),
    request_body(content((Vec<u8> = "application/octet-stream"), (String = "text/csv"), (String = "multipart/form-data"))),
    responses((status = 200, description = "The report of the import.", body = Report), ApiError, Refused, Unauthorized),
    security(("ingest_token" = []))
)]
pub(super) async fn post_import(
    request: HttpRequest,
    app: web::Data<App>,
    query: web::Query<Vec<(String, String)>>,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    authorize(&request, &app, false)?;
    let key = idempotency_key(&request)?;
    // Checked before the upload, so that an invalid option does not cost one.
    options(&app, query.0.clone())?;
    let _place = AT_ONCE.try_acquire().map_err(|_| ApiError::Busy { seconds: 5 })?;
    let upload = upload::receive(&request, payload, app.most_import_bytes).await?;
    let pairs = query.into_inner().into_iter().chain(upload.fields.clone()).collect();
    let read = options(&app, pairs)?;
    let query = request.query_string().to_owned();
    let work = move || import_once(&app, key.as_deref(), &query, &upload, &read);
    let body = web::block(work).await??;
    Ok(HttpResponse::Ok().content_type("application/json").body(body))
}

fn options(app: &App, pairs: Vec<(String, String)>) -> Result<Read, ApiError> {
    let query = Query::new(pairs);
    query.refuse_unknown(&[&requests::IMPORT])?;
    // A plus sign in a query is decoded as a space; no number and no zone begins or continues with one.
    let own = query
        .once(&requests::OWN, |text| Some(text.replacen(' ', "+", usize::from(text.starts_with(' ')))))?;
    let zone = query.once(&requests::ZONE, |text| Some(text.replace(' ', "+")))?;
    let text = |parameter| query.once(parameter, |text| Some(text.to_owned()));
    let (format, region) = (text(&requests::LOG_FORMAT)?, text(&requests::REGION)?);
    let (dates, map) = (text(&requests::DATES)?, text(&requests::MAP)?);
    let texts = Texts {
        format: format.as_deref(),
        zone: zone.as_deref(),
        region: region.as_deref(),
        dates: dates.as_deref(),
        own: own.as_deref(),
        map: map.as_deref(),
    };
    let mut read = texts.read(app.region).map_err(bad_option)?;
    read.options.unpacked = UnpackLimit::new(app.most_import_bytes.saturating_mul(UNPACKED));
    Ok(read)
}

fn bad_option(wrong: Wrong) -> ApiError {
    let hint = wrong.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
    ApiError::BadParameter {
        name: wrong.name.to_owned(),
        expected: format!("{}{hint}", wrong.expected),
        found: wrong.found,
    }
}

/// Imports a log, or returns the stored response to the same request.
fn import_once(
    app: &App,
    key: Option<&str>,
    query: &str,
    upload: &Upload,
    read: &Read,
) -> Result<String, ApiError> {
    let mut connection = app.database.dedicated()?;
    let Some(key) = key else { return import(app, &mut connection, upload, read) };
    let mut digest = Sha256::new();
    digest.update(&upload.digest);
    digest.update(query);
    for (name, value) in &upload.fields {
        digest.update(format!("\0{name}={value}"));
    }
    let digest = digest.finalize();
    let failed = |error| ApiError::from(DatabaseError::Query(error));
    if !idempotency::lock(&mut connection, key).map_err(failed)? {
        return Err(ApiError::Busy { seconds: 5 });
    }
    match idempotency::known(&mut connection, key, &digest).map_err(failed)? {
        Some(answer) => answer.ok_or(ApiError::KeyReused),
        None => {
            let body = import(app, &mut connection, upload, read)?;
            // The report contains the numbers with the most calls.
            let answer = Answer { body, quotes_sender: true };
            idempotency::keep(&mut connection, key, &digest, &answer).map_err(failed)?;
            Ok(answer.body)
        }
    }
}

fn import(
    app: &App,
    connection: &mut PgConnection,
    upload: &Upload,
    read: &Read,
) -> Result<String, ApiError> {
    let opened = calls_import::open(upload.file.path(), read.format, &read.options, &Progress::default())
        .map_err(|error| unreadable(&error))?;
    let mut report = Report::new(opened.format, false, false).map_err(|_| ApiError::Internal)?;
    let items = within(LONGEST, opened.items);
    let ended = intake::run(Some(connection), items, (read.region, OnError::Skip), &mut report, |_| {});
    let (added, already_there) = report.stored();
    app.metrics.count_import(ended.is_ok());
    app.metrics.count_stored(Source::Import, added, already_there);
    match ended {
        Ok(()) => last_imports::note(connection, last_imports::Source::Upload, added)
            .map_err(|error| ApiError::from(DatabaseError::Query(error)))?,
        Err(ImportError::Store(error)) => return Err(DatabaseError::Query(error).into()),
        Err(error) if report.is_empty() => return Err(unreadable(&error)),
        Err(error) => report.end_early(told(&error)),
    }
    if report.found_nothing() {
        let reason = report.main_reason().unwrap_or_default();
        return Err(ApiError::Unreadable { reason: format!("no entry of the log is a call: {reason}") });
    }
    let mut body = Vec::new();
    report.write(&mut body).map_err(|_| ApiError::Internal)?;
    String::from_utf8(body).map_err(|_| ApiError::Internal)
}

/// Items until the time limit, and then an error.
fn within(longest: Duration, items: Items<'static>) -> Items<'static> {
    let start = Instant::now();
    let late = move || -> Result<Item, ReadError> {
        Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "it takes too long").into())
    };
    Box::new(items.map(move |item| if start.elapsed() > longest { late() } else { item }))
}

fn unreadable(error: &dyn std::error::Error) -> ApiError {
    ApiError::Unreadable { reason: told(error) }
}

/// An error with its cause, with options named as parameters.
fn told(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}").replace("--", "")
}
