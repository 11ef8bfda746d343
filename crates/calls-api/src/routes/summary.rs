//! `GET /api/calls/{number}/summary`.

use actix_web::http::header::{CACHE_CONTROL, ETAG};
use actix_web::{HttpRequest, HttpResponse, web};
use calls_model::{Party, Summary};

use super::App;
use super::parameters::{FilterParameters, Query};
use super::schemas::NumberPath;
use crate::conditional::{etag, is_known, known};
use crate::problem::ApiError;
use calls_phone as phone;
use calls_store::keys::Version;
use calls_store::summary::{self, Question};
use calls_store::{counts, list, parties};

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
    let (etag, summary) = app.database.block(move || find(&data, &party, &parameters, &known)).await?;
    Ok(match summary {
        // What is being counted, or is too much to be searched, will be more when it is asked for again.
        Some(summary) if summary.covers.is_some() => {
            HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(summary)
        }
        Some(summary) => HttpResponse::Ok().insert_header((ETAG, etag)).json(summary),
        None => HttpResponse::NotModified().insert_header((ETAG, etag)).finish(),
    })
}

/// The tag of a history's version, and its summary unless the client has it.
fn find(
    app: &App,
    party: &Party,
    parameters: &FilterParameters,
    known: &str,
) -> Result<(String, Option<Summary>), ApiError> {
    let zone = parameters.zone;
    let owner = app.database.read(|connection| parties::find_party(connection, party))?;
    let Some(owner) = owner else {
        return Ok((etag(Version::NONE), Some(Summary::empty(zone.name()))));
    };
    // Asked first: if a call comes in between, the tag is older than the summary, never newer.
    let etag = etag(app.database.read(|connection| list::version(connection, owner))?);
    if is_known(known, &etag) {
        return Ok((etag, None));
    }
    app.counter.bring_forward(owner)?;
    let patience = app.database.deadlines().search();
    let summary = app.database.read(|connection| {
        let filter = parameters.resolve(connection, owner)?;
        let question = Question { owner, filter: &filter, zone, patience, long: counts::LONG };
        summary::summarize(connection, &app.labels, question)
    })?;
    Ok((etag, Some(summary)))
}
