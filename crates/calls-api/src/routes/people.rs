//! One person's calls, and one call.

use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse, web};
use calls_model::{BestTimes, CallType, DetailedCall, MonthCount, Party, PersonSummary, Summary, requests};
use calls_store::keys::Version;
use calls_store::pool::Database;
use calls_store::{list, names, parties};

use super::calls::{self, Listing, detailed};
use super::parameters::{FilterParameters, ListParameters, Query};
use super::paths::{number_and_call, number_and_party};
use super::people_schemas::{CallPath, PartyPath, PersonListParameters, PersonParameters};
use super::responses::respond;
use super::schemas::{ListedCall, NumberPath};
use super::summary::summarize;
use crate::addresses::api_address;
use crate::app::App;
use crate::conditional::{etag_with_names, is_known, known, versions_seen};
use crate::details::Detailer;
use crate::problem::ApiError;
use crate::reads::{HotReads, newest_seen};

/// The calls of a number with one person, newest first: the same as the list of the number with
/// `counterparty`, with the same parameters, formats and pages.
#[utoipa::path(
    get,
    path = "/api/calls/{number}/with/{party}",
    tag = "people",
    params(NumberPath, PartyPath, PersonListParameters),
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
pub(super) async fn list_calls_with(
    request: HttpRequest,
    app: web::Data<App>,
    hot: web::Data<HotReads>,
    path: web::Path<(String, String)>,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse, ApiError> {
    let (number, person) = number_and_party(path, app.region)?;
    let query = Query::new(query.into_inner());
    refuse_counterparty(&query)?;
    let mut parameters = ListParameters::read(&query, app.region)?;
    parameters.filter = parameters.filter.with(person.clone());
    let address = person_address(&number, &person);
    calls::answer(&request, app, hot, Listing { party: number, address }, &query, parameters).await
}

fn refuse_counterparty(query: &Query) -> Result<(), ApiError> {
    query.refuse(&requests::COUNTERPARTY, "the counterparty in the path alone")
}

fn person_address(number: &Party, person: &Party) -> String {
    let person =
        percent_encoding::utf8_percent_encode(&person.to_string(), percent_encoding::NON_ALPHANUMERIC)
            .to_string();
    format!("{}/with/{person}", api_address(number))
}

/// Summary of the calls of a number with one person: first and last call, calls per month, answer rates in
/// both directions, talk time, and hours at which the person answers. Takes the filters of the list; `tz` is
/// also the zone of months and hours.
#[utoipa::path(
    get,
    path = "/api/calls/{number}/with/{party}/summary",
    tag = "people",
    params(NumberPath, PartyPath, PersonParameters),
    responses(
        (status = 200, description = "The summary.", body = PersonSummary,
         headers(("ETag" = String, description = "Derived from the version of the history."))),
        (status = 304, description = "The client has the current summary, by `If-None-Match`."),
        ApiError
    )
)]
pub(super) async fn get_person(
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse, ApiError> {
    let (number, person) = number_and_party(path, app.region)?;
    let query = Query::new(query.into_inner());
    refuse_counterparty(&query)?;
    let parameters = FilterParameters::read_alone(&query, app.region)?.with(person.clone());
    respond(&request, &app, number, true, move |app, database, number| {
        let summary = summarize(app, database, number, &parameters)?;
        let outbound = parameters.of_types(&[CallType::CompletedOutbound, CallType::MissedOutbound]);
        let outbound = summarize(app, database, number, &outbound)?;
        let mut summary = person_summary(person.clone(), summary, &outbound);
        summary.name = name_of(database, &person)?;
        Ok(summary)
    })
    .await
}

fn name_of(database: &Database, person: &Party) -> Result<Option<String>, ApiError> {
    Ok(database.read(|connection| {
        let Some(key) = parties::find_party(connection, person)? else { return Ok(None) };
        Ok(names::find(connection, vec![key])?.remove(&key).map(|name| name.name))
    })?)
}

fn person_summary(person: Party, summary: Summary, outbound: &Summary) -> PersonSummary {
    PersonSummary {
        details: Detailer::default().spell(&person),
        name: None,
        counterparty: person,
        months: MonthCount::of(&summary),
        best_times: BestTimes::of(outbound),
        time_zone: summary.time_zone,
        calls: summary.calls,
        types: summary.types,
        talk_time: summary.talk_time,
        first_call: summary.first_call,
        last_call: summary.last_call,
        inbound: summary.inbound,
        outbound: summary.outbound,
        missed_inbound: summary.missed_inbound,
        covers: summary.covers,
    }
}

/// One call of a number, with its details.
#[utoipa::path(
    get,
    path = "/api/calls/{number}/{id}",
    tag = "people",
    params(NumberPath, CallPath),
    responses(
        (status = 200, description = "The call.", body = DetailedCall,
         headers(("ETag" = String, description = "Derived from the version of the history."))),
        (status = 304, description = "The client has the current call, by `If-None-Match`."),
        ApiError
    )
)]
pub(super) async fn get_call(
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (number, id) = number_and_call(path, app.region)?;
    let known = known(&request);
    let seen = newest_seen(&request, versions_seen(&known));
    let labels = app.labels.clone();
    let find = move |database: &Database| {
        let found = database.read(|connection| {
            let Some(owner) = parties::find_party(connection, &number)? else { return Ok(None) };
            // Read first: if a change arrives in between, the tag is older than the call, never newer.
            let names = names::version(connection)?;
            let version = list::version(connection, owner)?;
            let Some(row) = list::find_call(connection, owner, id)? else { return Ok(None) };
            let calls = detailed(connection, &labels, owner, vec![row], &mut Detailer::default())?;
            Ok(calls.into_iter().next().map(|call| (version, names, call)))
        })?;
        // A call that the replica does not have yet is read from the primary.
        let version = found.as_ref().map_or(Version::NONE, |(version, ..)| *version);
        Ok::<_, ApiError>((version, found))
    };
    let found = app.read(Version(seen.0.max(id.0)), find).await?;
    let (version, names, call) =
        found.ok_or(ApiError::Missing { detail: "this number has no call with this id" })?;
    let etag = etag_with_names(version, names);
    Ok(match is_known(&known, &etag) {
        true => HttpResponse::NotModified().insert_header((ETAG, etag)).finish(),
        false => HttpResponse::Ok().insert_header((ETAG, etag)).json(call),
    })
}
