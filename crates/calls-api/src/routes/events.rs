//! `GET /api/calls/{number}/events`.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

use super::parameters::{Query, searched};
use super::schemas::{CallEvent, EventParameters, LastEventId, NumberPath};
use crate::app::App;
use crate::events::Subject;
use crate::problem::ApiError;
use calls_model::{Party, requests};
use calls_phone::{self as phone, Region};
use calls_store::keys::{CallId, Version};
use calls_store::search::Search;
use calls_store::{list, parties};

/// New calls of a number as server-sent events. An event `call` has a [`Call`](calls_model::Call) as its
/// data, and an id for `Last-Event-ID`. With `include=details` the call has its details as of the time of the
/// event; with `q` only calls with matching counterparties are sent.
///
/// An event `note` is a note that was stored or removed, as a [`NoteChange`](calls_model::NoteChange); an
/// event `callback` is a person who was marked done or whose mark was removed, as a
/// [`CallbackState`](calls_model::CallbackState).
///
/// The stream begins after the event given in `Last-Event-ID`, or without that header with the next call. Ids
/// of a history grow in the order in which calls were stored, which may differ from the order of their times.
/// A client that reads too slowly is disconnected, and can resume at its position.
#[utoipa::path(
    get,
    path = "/api/calls/{number}/events",
    tag = "calls",
    params(
        NumberPath,
        EventParameters,
        LastEventId
    ),
    responses(
        (status = 200, description = "Server-sent events; comments keep the connection alive.",
         content((CallEvent = "text/event-stream"))),
        ApiError
    )
)]
pub(super) async fn follow_calls(
    request: HttpRequest,
    app: web::Data<App>,
    number: web::Path<String>,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse, ApiError> {
    let party = phone::parse(&number, app.region)?;
    let query = Query::new(query.into_inner());
    query.refuse_unknown(&[&requests::EVENTS])?;
    let with_details = query.once(&requests::INCLUDE, |_| Some(()))?.is_some();
    let search = searched_for(&query, &party, app.region)?;
    let last = last_event_id(&request)?;
    let slot = app.followers.take(app.clients.of(&request)).ok_or(ApiError::TooManyFollowers)?;
    let data = app.clone();
    let find = move || {
        let found = data.database.read(|connection| {
            let owner = parties::find_party(connection, &party)?;
            let version = owner.map_or(Ok(Version::NONE), |owner| list::version(connection, owner))?;
            Ok((party.clone(), owner, version))
        })?;
        Ok::<_, ApiError>(found)
    };
    let (party, owner, version) = app.database.block(find).await?;
    // An id above the version is from another database, for example from before a restore.
    let position = CallId(last.map_or(version.0, |last| last.min(version.0)));
    let subject = Subject { party, owner, with_details, search };
    let pieces = app.events.follow(subject, position, slot);
    let pieces = pieces.map_err(|_| ApiError::TooManyFollowers)?;
    let stream = ReceiverStream::new(pieces)
        .map(|piece| Ok::<_, std::convert::Infallible>(Bytes::copy_from_slice(piece.as_bytes())));
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        // Keeps nginx from buffering events.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(stream))
}

/// The search that limits the calls of a number. `None` if there is none.
pub(super) fn searched_for(
    query: &Query,
    number: &Party,
    region: Option<Region>,
) -> Result<Option<Search>, ApiError> {
    let number = if let Party::E164(number) = number { Some(*number) } else { None };
    let text = query.once(&requests::SEARCH, searched)?.unwrap_or_default();
    let search = Search::new(&text, phone::searched_digits(&text, region, number));
    Ok(Some(search).filter(|search| !search.is_empty()))
}

fn last_event_id(request: &HttpRequest) -> Result<Option<i64>, ApiError> {
    let Some(value) = request.headers().get("last-event-id") else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let id = text.parse().ok().filter(|id| *id >= 0);
    id.map(Some).ok_or_else(|| ApiError::BadHeader {
        name: "Last-Event-ID",
        expected: "the id of an event that was received before",
        found: text.chars().take(64).collect(),
    })
}
