//! `GET /api/numbers` and `GET /api/numbers/{number}`.

use actix_web::http::header::LINK;
use actix_web::{HttpResponse, web};
use calls_model::{HistoryInfo, NumberInfo, requests};
use calls_phone as phone;
use calls_store::directory::{self, Owner, Question, Sort};
use calls_store::keys::PartyKey;
use calls_store::pool::DatabaseError;
use calls_store::{names, parties};
use chrono::DateTime;

use super::App;
use super::parameters::{ListParameters, Query};
use super::schemas::{DirectoryParameters, NumberPath};
use crate::problem::ApiError;

/// How to write a number, and what is known of it. Takes any spelling. Where the database does not answer the name is left
/// out.
#[utoipa::path(
    get,
    path = "/api/numbers/{number}",
    tag = "numbers",
    params(NumberPath),
    responses(
        (status = 200, description = "How to write the number, and what is known of it.", body = NumberInfo),
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
        let found = data.reads().read(|connection| {
            let key = parties::find_party(connection, &party)?;
            key.map_or(Ok(None), |key| Ok(names::find(connection, vec![key])?.remove(&key)))
        })?;
        Ok::<_, DatabaseError>(found)
    };
    if let Some(found) = app.reads().block(find).await.unwrap_or_default() {
        info.name = Some(found.name);
        info.label = found.label;
    }
    Ok(web::Json(info))
}

/// The numbers that have calls of their own, with how many and when the latest was.
///
/// Where there are more, the header `Link: <...>; rel="next"` (RFC 8288) has the address of the next page. A server that
/// runs with `--no-directory` answers 404.
#[utoipa::path(
    get,
    path = "/api/numbers",
    tag = "numbers",
    params(DirectoryParameters),
    responses(
        (status = 200, description = "The numbers, in the order that was asked for.", body = Vec<HistoryInfo>,
         headers(("Link" = String, description = "The next page, `rel=\"next\"`, where there is one (RFC 8288)."))),
        ApiError
    )
)]
pub(super) async fn list_numbers(
    app: web::Data<App>,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse, ApiError> {
    if !app.has_directory {
        return Err(ApiError::NotFound);
    }
    let query = Query::new(query.into_inner());
    let question = read(&query)?;
    let limit = usize::from(question.limit);
    let data = app.clone();
    let find = move || {
        let found = data.reads().read(|connection| {
            let owners = directory::list_owners(connection, &question)?;
            data.labels.load(connection, owners.iter().map(|owner| owner.number))?;
            Ok(owners)
        })?;
        Ok::<_, ApiError>(found)
    };
    let mut owners = app.reads().block(find).await?;
    let has_more = owners.len() > limit;
    owners.truncate(limit);
    let mut response = HttpResponse::Ok();
    if let Some(last) = owners.last().filter(|_| has_more) {
        let next = query.with(requests::AFTER.name, &write_cursor(last));
        response.insert_header((LINK, format!("</api/numbers?{next}>; rel=\"next\"")));
    }
    let info = |owner: &Owner| HistoryInfo {
        number: app.labels.get(owner.number),
        calls: owner.calls.unsigned_abs(),
        last_call: owner.last_call,
    };
    Ok(response.json(owners.iter().map(info).collect::<Vec<_>>()))
}

fn read(query: &Query) -> Result<Question, ApiError> {
    query.refuse_unknown(&[&requests::DIRECTORY])?;
    let sort = |text: &str| match text {
        "calls" => Some(Sort::Calls),
        "number" => Some(Sort::Number),
        _ => Some(Sort::Recent),
    };
    Ok(Question {
        search: query.once(&requests::SEARCH, searched)?.unwrap_or_default(),
        sort: query.once(&requests::SORT, sort)?.unwrap_or(Sort::Recent),
        limit: query
            .once(&requests::LIMIT, |text| text.parse().ok())?
            .unwrap_or(ListParameters::DEFAULT_LIMIT),
        after: query.once(&requests::AFTER, read_cursor)?,
    })
}

/// What is searched for: the digits of a number however they are grouped, without the zeros that stand in a country for its
/// code; any other text as it is.
fn searched(text: &str) -> Option<String> {
    /// What a number's spelling, or a party's text, has at most.
    const LONGEST: usize = 64;
    if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
        return None;
    }
    let text = text.trim();
    let is_number = text.chars().all(|c| c.is_ascii_digit() || "+()-./ \u{a0}".contains(c));
    if !is_number {
        return Some(text.to_owned());
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_start_matches('0');
    Some(if significant.is_empty() { digits } else { significant.to_owned() })
}

/// Three numbers of 16 hexadecimal digits: the last owner's key, calls and time.
fn write_cursor(last: &Owner) -> String {
    format!("{:016x}{:016x}{:016x}", last.number.0, last.calls, last.last_call.timestamp_micros())
}

fn read_cursor(text: &str) -> Option<Owner> {
    if text.len() != 48 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let number = |at: usize| u64::from_str_radix(&text[at..at + 16], 16).ok().map(u64::cast_signed);
    let last_call = DateTime::from_timestamp_micros(number(32)?)?;
    // PostgreSQL has no times far beyond these.
    let is_call = (-62_135_596_800..253_402_300_800).contains(&last_call.timestamp());
    Some(Owner { number: PartyKey(number(0)?), calls: number(16)?, last_call }).filter(|_| is_call)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_searched_for_however_they_are_spelled() {
        for (text, searched_for) in [
            ("+1 (202) 555-0123", "12025550123"),
            ("0170 1234509", "1701234509"),
            ("0049 30", "4930"),
            ("0", "0"),
            ("sip:al", "sip:al"),
            (" 1001 ", "1001"),
            ("", ""),
        ] {
            assert_eq!(searched(text).as_deref(), Some(searched_for), "{text}");
        }
        assert_eq!(searched("a\0"), None);
        assert_eq!(searched(&"1".repeat(65)), None);
    }

    #[test]
    fn a_cursor_reads_back_what_it_writes_and_nothing_else() {
        let owner = Owner { number: PartyKey(-7), calls: 12, last_call: DateTime::UNIX_EPOCH };
        assert_eq!(read_cursor(&write_cursor(&owner)), Some(owner));
        for text in ["", "0", &"g".repeat(48), &"f".repeat(49), &"7f".repeat(24)] {
            assert_eq!(read_cursor(text), None, "{text}");
        }
    }
}
