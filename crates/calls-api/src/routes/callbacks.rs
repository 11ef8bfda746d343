//! People to call back.

use std::collections::HashMap;

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use calls_model::{
    Callback, CallbackChange, CallbackQueue, CallbackState, DispositionCount, Note, Party, requests,
};
use calls_phone as phone;
use calls_store::callbacks::{self, Entry, Question, Queue, Sort};
use calls_store::keys::PartyKey;
use calls_store::names::{self, Name};
use calls_store::pool::Database;
use calls_store::{counts, parties};
use diesel::QueryResult;
use diesel::pg::PgConnection;

use super::parameters::Query;
use super::paths::number_and_party;
use super::people_schemas::{CallbackBody, CallbackParameters, OtherOrigin, PartyPath};
use super::responses::respond;
use super::schemas::NumberPath;
use super::writes;
use crate::app::App;
use crate::details::Detailer;
use crate::problem::ApiError;

/// The people whose calls were missed, who have not been spoken with since in either direction, and who are
/// not marked done. Calls that were blocked or answered elsewhere do not count.
///
/// At most the newest 5,000 missed calls are considered; `covers` is present if there are more.
#[utoipa::path(
    get,
    path = "/api/calls/{number}/callbacks",
    tag = "people",
    params(NumberPath, CallbackParameters),
    responses(
        (status = 200, description = "The people, in the requested order.", body = CallbackQueue,
         headers(("ETag" = String, description = "Derived from the version of the history."))),
        (status = 304, description = "The client has the current people, by `If-None-Match`."),
        ApiError
    )
)]
pub(super) async fn list_callbacks(
    request: HttpRequest,
    app: web::Data<App>,
    number: web::Path<String>,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse, ApiError> {
    let number = phone::parse(&number, app.region)?;
    let query = Query::new(query.into_inner());
    query.refuse_unknown(&[&requests::CALLBACKS])?;
    let wanted = Wanted::read(&query)?;
    respond(&request, &app, number, true, move |app, database, number| {
        let owner = database.read(|connection| parties::find_party(connection, number))?;
        match owner {
            Some(owner) => read(app, database, owner, wanted, None),
            None => Ok(written(app, Queue::default(), &HashMap::new(), None)),
        }
    })
    .await
}

/// The requested part of a queue.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub done: bool,
    pub sort: Sort,
    pub limit: usize,
}

impl Wanted {
    pub(super) fn read(query: &Query) -> Result<Self, ApiError> {
        let sort = |text: &str| match text {
            "last" => Some(Sort::Last),
            _ => Some(Sort::Waiting),
        };
        let limit: Option<u16> = query.once(&requests::CALLBACK_LIMIT, |text| text.parse().ok())?;
        Ok(Self {
            done: query.once(&requests::DONE, |text| text.parse().ok())?.unwrap_or(false),
            sort: query.once(&requests::CALLBACK_SORT, sort)?.unwrap_or(Sort::Waiting),
            limit: limit.unwrap_or(1000).into(),
        })
    }

    /// Sorts entries of several queues, and keeps as many as requested.
    pub(super) fn order(&self, entries: &mut Vec<Callback>) {
        match self.sort {
            Sort::Waiting => entries.sort_by_key(|entry| entry.waiting_since),
            Sort::Last => entries.sort_by_key(|entry| std::cmp::Reverse(entry.last_attempt)),
        }
        entries.truncate(self.limit);
    }
}

/// The queue of a history. With several lines, each entry has the number of its line.
pub(super) fn read(
    app: &App,
    database: &Database,
    owner: PartyKey,
    wanted: Wanted,
    number: Option<&Party>,
) -> Result<CallbackQueue, ApiError> {
    app.bring_counts_forward(owner)?;
    let Wanted { done, sort, limit } = wanted;
    let patience = database.deadlines().search();
    let question = Question { owner, done, sort, patience, long: counts::LONG };
    let (queue, names) = database.read(|connection| {
        let mut queue = callbacks::queue(connection, question)?;
        queue.entries.truncate(limit);
        let people: Vec<PartyKey> = queue.entries.iter().map(|entry| entry.counterparty).collect();
        app.labels.load(connection, people.iter().copied())?;
        Ok((queue, names::find(connection, people)?))
    })?;
    Ok(written(app, queue, &names, number))
}

/// A queue in the form of the response.
fn written(
    app: &App,
    queue: Queue,
    names: &HashMap<PartyKey, Name>,
    number: Option<&Party>,
) -> CallbackQueue {
    let mut detailer = Detailer::default();
    let entry = |entry: Entry| {
        let counterparty = app.labels.get(entry.counterparty);
        let count = |(disposition, calls)| DispositionCount { disposition, calls };
        Callback {
            number: number.cloned(),
            details: detailer.spell(&counterparty),
            counterparty,
            name: names.get(&entry.counterparty).map(|name| name.name.clone()),
            attempts: entry.attempts,
            first_attempt: entry.first_attempt,
            last_attempt: entry.last_attempt,
            waiting_since: entry.first_attempt,
            dispositions: entry.dispositions.into_iter().map(count).collect(),
            done_at: entry.done_at,
            note: entry.note,
        }
    };
    CallbackQueue {
        people: queue.people as u64,
        callbacks: queue.entries.into_iter().map(entry).collect(),
        withheld: queue.unidentified,
        covers: queue.covers,
    }
}

/// Marks a person done until the next missed call, with an optional note. With `"done": false` only the note
/// is stored.
///
/// Requests from pages of another origin, and all requests if the server runs with `--read-only`, are refused
/// with 403.
#[utoipa::path(
    put,
    path = "/api/calls/{number}/callbacks/{party}",
    tag = "people",
    params(NumberPath, PartyPath),
    request_body(content((CallbackBody = "application/json"))),
    responses(
        (status = 200, description = "The stored mark and note.", body = CallbackState),
        ApiError,
        OtherOrigin
    )
)]
pub(super) async fn put_callback(
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    writes::check(&request, &app)?;
    let (number, person) = number_and_party(path, app.region)?;
    let expected = r#"a JSON object such as {"done": true, "note": ""}"#;
    let change: CallbackChange = writes::read_json(&request, payload, expected).await?;
    let note = writes::text("note", &change.note, Note::MAX_TEXT)?;
    let kept = Some(note.clone()).filter(|note| !note.is_empty());
    let put = move |connection: &mut PgConnection, owner, found| {
        callbacks::put(connection, owner, found, change.done, &note)
    };
    let nobody = ApiError::Missing { detail: "this number has no missed call of this person" };
    let mark = write(app, number, person.clone(), put).await?.ok_or(nobody)?;
    Ok(HttpResponse::Ok().json(CallbackState { counterparty: person, done_at: mark.done_at, note: kept }))
}

/// Removes the mark and the note of a person.
#[utoipa::path(
    delete,
    path = "/api/calls/{number}/callbacks/{party}",
    tag = "people",
    params(NumberPath, PartyPath),
    responses((status = 204, description = "The mark and note are removed."), ApiError, OtherOrigin)
)]
pub(super) async fn delete_callback(
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    writes::check(&request, &app)?;
    let (number, person) = number_and_party(path, app.region)?;
    // A missing mark is not an error: the result is the same.
    write(app, number, person, callbacks::remove).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Changes the mark of a person in a number's queue. `T::default()` if either is not in the database.
async fn write<T: Default + Send + 'static>(
    app: web::Data<App>,
    number: Party,
    person: Party,
    change: impl Fn(&mut PgConnection, PartyKey, PartyKey) -> QueryResult<T> + Send + 'static,
) -> Result<T, ApiError> {
    let database = app.database.clone();
    let write = move || {
        writes::changed(app.database.write(|connection| {
            let owner = parties::find_party(connection, &number)?;
            let found = parties::find_party(connection, &person)?;
            match owner.zip(found) {
                Some((owner, found)) => change(connection, owner, found),
                None => Ok(T::default()),
            }
        }))
    };
    Ok(database.block_writing(write).await?)
}
