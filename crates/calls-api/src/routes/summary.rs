//! `GET /api/calls/{number}/summary`.

use actix_web::http::header::{CACHE_CONTROL, ETAG};
use actix_web::{HttpRequest, HttpResponse, web};
use calls_model::{Party, Summary};

use super::App;
use super::parameters::{FilterParameters, Query};
use super::schemas::NumberPath;
use crate::conditional::{etag_with_names, is_known, known, versions_seen};
use crate::details::Detailer;
use crate::problem::ApiError;
use crate::reads::newest_seen;
use calls_phone as phone;
use calls_store::keys::Version;
use calls_store::pool::Database;
use calls_store::summary::{self, Question};
use calls_store::{counts, list, names, parties};

/// What the calls of a number come to. Takes the filters of the list; `tz` is also the zone that days and hours
/// are counted in.
#[utoipa::path(
    get,
    path = "/api/calls/{number}/summary",
    tag = "calls",
    params(
        NumberPath,
        FilterParameters
    ),
    responses(
        (status = 200, description = "The summary.", body = Summary,
         headers(("ETag" = String, description = "The history's version."))),
        (status = 304, description = "The summary is the one that the client knows, by `If-None-Match`."),
        ApiError
    )
)]
pub(super) async fn get_summary(
    request: HttpRequest,
    app: web::Data<App>,
    number: web::Path<String>,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse, ApiError> {
    let party = phone::parse(&number, app.region)?;
    let parameters = FilterParameters::read_alone(&Query::new(query.into_inner()), app.region)?;
    let known = known(&request);
    let data = app.clone();
    let seen = newest_seen(&request, versions_seen(&known));
    let find = move |database: &Database| find(&data, database, &party, &parameters, &known);
    let (etag, summary) = app.read(seen, find).await?;
    Ok(match summary {
        // What is being counted, or is too much to be searched, will be more when it is asked for again.
        Some(summary) if summary.covers.is_some() => {
            HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(summary)
        }
        Some(summary) => HttpResponse::Ok().insert_header((ETAG, etag)).json(summary),
        None => HttpResponse::NotModified().insert_header((ETAG, etag)).finish(),
    })
}

/// The version of a history with its tag, and its summary unless the client has it.
fn find(
    app: &App,
    database: &Database,
    party: &Party,
    parameters: &FilterParameters,
    known: &str,
) -> Result<(Version, (String, Option<Summary>)), ApiError> {
    let zone = parameters.zone;
    // Asked first: if a call or a name comes in between, the tag is older than the summary, never newer.
    let (named, owner) = database
        .read(|connection| Ok((names::version(connection)?, parties::find_party(connection, party)?)))?;
    let Some(owner) = owner else {
        return Ok((
            Version::NONE,
            (etag_with_names(Version::NONE, named), Some(Summary::empty(zone.name()))),
        ));
    };
    let version = database.read(|connection| list::version(connection, owner))?;
    let etag = etag_with_names(version, named);
    if is_known(known, &etag) {
        return Ok((version, (etag, None)));
    }
    match app.replica {
        None => app.counter.bring_forward(owner)?,
        // Counts are kept on the primary, which may be away. The next summary has them.
        Some(_) => {
            let counter = app.counter.clone();
            tokio::task::spawn_blocking(move || counter.bring_forward(owner));
        }
    }
    let patience = database.deadlines().search();
    let mut summary = database.read(|connection| {
        let filter = parameters.resolve(connection, party, owner)?;
        let question = Question { owner, filter: &filter, zone, patience, long: counts::LONG };
        summary::summarize(connection, &app.labels, question)
    })?;
    let mut detailer = Detailer::default();
    for one in &mut summary.top_counterparties {
        one.details = detailer.spell(&one.counterparty);
    }
    Ok((version, (etag, Some(summary))))
}
