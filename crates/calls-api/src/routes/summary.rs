//! `GET /api/calls/{number}/summary`.

use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse, web};
use calls_model::Summary;

use super::App;
use super::calls::{etag, is_known, known};
use super::openapi::NumberPath;
use super::parameters::{FilterParameters, Query};
use crate::calls;
use crate::database;
use crate::parties;
use crate::problem::ApiError;
use crate::summary;
use calls_phone as phone;

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
    let (etag, summary) = database::block(move || {
        app.database.read(|connection| {
            let zone = parameters.zone;
            let Some(owner) = parties::find_party(connection, &party)? else {
                return Ok((etag(0), Some(Summary::empty(zone.name()))));
            };
            // Asked first: if a call comes in between, the tag is older than the summary, never newer.
            let etag = etag(calls::history_version(connection, owner)?);
            if is_known(&known, &etag) {
                return Ok((etag, None));
            }
            let filter = parameters.resolve(connection, owner)?;
            Ok((etag, Some(summary::summarize(connection, owner, &filter, zone)?)))
        })
    })
    .await?;
    Ok(match summary {
        Some(summary) => HttpResponse::Ok().insert_header((ETAG, etag)).json(summary),
        None => HttpResponse::NotModified().insert_header((ETAG, etag)).finish(),
    })
}
