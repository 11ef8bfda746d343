//! `GET /api/numbers` and `GET /api/numbers/{number}`.

use std::collections::HashMap;

use actix_web::http::header::LINK;
use actix_web::{HttpResponse, web};
use calls_model::{
    HistoryInfo, NumberInfo, OccurrenceInfo, PartOfDay, Party, RecentDays as RecentDaysInfo, requests,
};
use calls_phone::{self as phone, Region};
use calls_store::directory::{self, Attention, Days, Listed, Place, Question, RecentDays, Sort};
use calls_store::keys::PartyKey;
use calls_store::names::{self, Name};
use calls_store::occurrences::{self, Occurrence};
use calls_store::parties;
use calls_store::pool::DatabaseError;
use calls_store::search::Search;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use diesel::QueryResult;
use diesel::pg::PgConnection;

use super::parameters::{ListParameters, Query, searched};
use super::schemas::{DirectoryParameters, NumberPath};
use crate::app::App;
use crate::details::Detailer;
use crate::problem::ApiError;

/// Spellings of a number, its name, and the histories it occurs in. Any spelling is accepted.
#[utoipa::path(
    get,
    path = "/api/numbers/{number}",
    tag = "numbers",
    params(NumberPath),
    responses(
        (status = 200, description = "Spellings of the number, and information about it.", body = NumberInfo),
        ApiError
    )
)]
pub async fn get_number(
    app: web::Data<App>,
    number: web::Path<String>,
) -> Result<web::Json<NumberInfo>, ApiError> {
    let party = phone::parse(&number, app.region)?;
    let mut info = phone::describe(&party);
    let data = app.clone();
    let find = move || {
        if data.has_directory {
            data.lister.bring_forward();
        }
        data.reads().read(|connection| known_of(&data, connection, &party))
    };
    let Known { name, occurs_in } = app.reads().block::<_, DatabaseError>(find).await?;
    if let Some(Name { name, label }) = name {
        info.name = Some(name);
        info.label = label;
    }
    let mut detailer = Detailer::default();
    info.occurs_in = occurs_in.into_iter().map(|found| occurrence_info(found, &mut detailer)).collect();
    Ok(web::Json(info))
}

/// The name of a number. `None` if it is not known or the database does not respond.
pub(super) async fn name_of(app: web::Data<App>, party: Party) -> Option<Name> {
    let data = app.clone();
    let find = move || {
        data.reads().read(|connection| {
            let Some(key) = parties::find_party(connection, &party)? else { return Ok(None) };
            Ok(names::find(connection, vec![key])?.remove(&key))
        })
    };
    app.reads().block::<_, DatabaseError>(find).await.ok().flatten()
}

/// Name and occurrences of a number.
#[derive(Default)]
struct Known {
    name: Option<Name>,
    occurs_in: Vec<Occurrence>,
}

fn known_of(app: &App, connection: &mut PgConnection, party: &Party) -> QueryResult<Known> {
    let Some(key) = parties::find_party(connection, party)? else { return Ok(Known::default()) };
    let name = names::find(connection, vec![key])?.remove(&key);
    let occurs_in = match app.has_directory {
        true => occurrences::histories_of(connection, &app.labels, key)?,
        false => Vec::new(),
    };
    Ok(Known { name, occurs_in })
}

fn occurrence_info(found: Occurrence, detailer: &mut Detailer) -> OccurrenceInfo {
    let Occurrence { number, name, calls, last_call } = found;
    OccurrenceInfo { details: detailer.spell(&number), number, name, calls, last_call }
}

/// The numbers that have histories, with names, number of calls and time of the latest call; with `q` also
/// the counterparties in these histories.
///
/// If there are more, the header `Link: <...>; rel="next"` (RFC 8288) has the address of the next page. A
/// search may miss counterparties that first occurred moments ago. A server that runs with `--no-directory`
/// responds with 404.
#[utoipa::path(
    get,
    path = "/api/numbers",
    tag = "numbers",
    params(DirectoryParameters),
    responses(
        (status = 200, description = "The numbers, in the requested order.", body = Vec<HistoryInfo>,
         headers(("Link" = String, description = "The next page, `rel=\"next\"`, where there is one (RFC 8288)."))),
        ApiError
    )
)]
pub(super) async fn list_numbers(
    app: web::Data<App>,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse, ApiError> {
    app.expect_directory()?;
    let query = Query::new(query.into_inner());
    let question = read(&query, app.region)?;
    let days = read_days(&query)?;
    let (data, wanted) = (app.clone(), days.clone());
    let find = move || {
        if !question.search.is_empty() {
            data.lister.bring_forward();
        }
        let found = |connection: &mut PgConnection| find(&data, connection, &question, wanted.as_ref());
        Ok::<_, ApiError>(data.reads().read(found)?)
    };
    let Found { listed, has_more, names, attention, recent } = app.reads().block(find).await?;
    let mut response = HttpResponse::Ok();
    if let Some(last) = listed.last().filter(|_| has_more) {
        let next = query.with(requests::AFTER.name, &write_cursor(&last.place()));
        response.insert_header((LINK, format!("</api/numbers?{next}>; rel=\"next\"")));
    }
    let mut detailer = Detailer::default();
    let info = |listed: &Listed| {
        let number = app.labels.get(listed.number);
        let name = names.get(&listed.number);
        let attention = attention.get(&listed.number);
        let recent = days.as_ref().zip(recent.get(&listed.number));
        HistoryInfo {
            details: detailer.spell(&number),
            number,
            name: name.map(|name| name.name.clone()),
            label: name.and_then(|name| name.label.clone()),
            owner: listed.is_owner,
            calls: listed.calls.unsigned_abs(),
            last_call: listed.last_call,
            missed: attention.map(|attention| attention.missed),
            to_call_back: attention.map(|attention| attention.to_call_back),
            days: recent.map(|(days, recent)| days_info(days, recent)),
        }
    };
    Ok(response.json(listed.iter().map(info).collect::<Vec<_>>()))
}

fn days_info(days: &Days, recent: &RecentDays) -> RecentDaysInfo {
    RecentDaysInfo {
        last: days.last,
        calls: recent.calls.to_vec(),
        missed: recent.missed.to_vec(),
        week_ago: PartOfDay { calls: recent.week_ago_calls, missed: recent.week_ago_missed },
    }
}

/// A page of the directory.
struct Found {
    listed: Vec<Listed>,
    has_more: bool,
    names: HashMap<PartyKey, Name>,
    attention: HashMap<PartyKey, Attention>,
    recent: HashMap<PartyKey, RecentDays>,
}

fn find(
    app: &App,
    connection: &mut PgConnection,
    question: &Question,
    days: Option<&Days>,
) -> QueryResult<Found> {
    let mut listed = directory::list_numbers(connection, question)?;
    let limit = usize::from(question.limit);
    let has_more = listed.len() > limit;
    listed.truncate(limit);
    let keys: Vec<PartyKey> = listed.iter().map(|listed| listed.number).collect();
    app.labels.load(connection, keys.iter().copied())?;
    let names = names::find(connection, keys)?;
    let attention = directory::attention(connection, &listed)?;
    let recent = match days {
        Some(days) => directory::recent_days(connection, &listed, days)?,
        None => HashMap::new(),
    };
    Ok(Found { listed, has_more, names, attention, recent })
}

/// The days to count, if requested.
fn read_days(query: &Query) -> Result<Option<Days>, ApiError> {
    let is_wanted =
        query.once(&requests::DIRECTORY_INCLUDE, |text| (text == "days").then_some(()))?.is_some();
    let zone = query.once(&requests::TZ, |text| text.parse().ok())?.unwrap_or(Tz::UTC);
    Ok(is_wanted.then(|| Days::until(Utc::now(), zone)))
}

fn read(query: &Query, region: Option<Region>) -> Result<Question, ApiError> {
    query.refuse_unknown(&[&requests::DIRECTORY])?;
    let sort = |text: &str| match text {
        "calls" => Some(Sort::Calls),
        "name" => Some(Sort::Name),
        "number" => Some(Sort::Number),
        _ => Some(Sort::Recent),
    };
    let text = query.once(&requests::SEARCH, searched)?.unwrap_or_default();
    Ok(Question {
        search: Search::new(&text, phone::searched_digits(&text, region, None)),
        sort: query.once(&requests::SORT, sort)?.unwrap_or(Sort::Recent),
        limit: query
            .once(&requests::LIMIT, |text| text.parse().ok())?
            .unwrap_or(ListParameters::DEFAULT_LIMIT),
        after: query.once(&requests::AFTER, read_cursor)?,
    })
}

/// A cursor of three numbers in 16 hexadecimal digits each: key, calls and time of the last entry.
fn write_cursor(last: &Place) -> String {
    format!("{:016x}{:016x}{:016x}", last.number.0, last.calls, last.last_call.timestamp_micros())
}

fn read_cursor(text: &str) -> Option<Place> {
    if text.len() != 48 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let number = |at: usize| u64::from_str_radix(&text[at..at + 16], 16).ok().map(u64::cast_signed);
    let last_call = DateTime::from_timestamp_micros(number(32)?)?;
    // PostgreSQL's timestamps end not far beyond these.
    let is_call = (-62_135_596_800..253_402_300_800).contains(&last_call.timestamp());
    Some(Place { number: PartyKey(number(0)?), calls: number(16)?, last_call }).filter(|_| is_call)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_what_it_writes_and_nothing_else() {
        let place = Place { number: PartyKey(-7), calls: 12, last_call: DateTime::UNIX_EPOCH };
        assert_eq!(read_cursor(&write_cursor(&place)), Some(place));
        for text in ["", "0", &"g".repeat(48), &"f".repeat(49), &"7f".repeat(24)] {
            assert_eq!(read_cursor(text), None, "{text}");
        }
    }
}
