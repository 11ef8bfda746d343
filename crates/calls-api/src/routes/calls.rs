//! `GET /calls/{number}` and the same under `/api`.

use std::fmt;
use std::str::FromStr;

use actix_web::http::header::{ACCEPT, LINK, VARY};
use actix_web::{HttpRequest, HttpResponse, web};
use calls_model::Call;
use chrono::DateTime;

use super::App;
use crate::calls::{self, Position};
use crate::page;
use crate::parties;
use crate::phone;
use crate::problem::ApiError;

/// The calls of a number, newest first, as a bare array. A number without calls has `[]`.
///
/// At most `limit` calls (1 to 1000, default 50), those after `after` if given. Where there are more, the
/// header `Link: <...>; rel="next"` (RFC 8288) has the address of the next page.
pub async fn list_calls(
    request: HttpRequest,
    app: web::Data<App>,
    number: web::Path<String>,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse, ApiError> {
    let party = phone::parse(&number, app.region)?;
    let PageQuery { limit, after } = PageQuery::read(&query)?;
    let mut rows = web::block(move || {
        app.database.read(|connection| match parties::find_party(connection, &party)? {
            // One more than asked for tells whether there is a next page.
            Some(owner) => calls::list_calls(connection, owner, after.map(|cursor| cursor.0), limit + 1),
            None => Ok(Vec::new()),
        })
    })
    .await??;

    let more = rows.len() > usize::from(limit);
    rows.truncate(limit.into());
    let mut response = HttpResponse::Ok();
    if let Some(last) = rows.last().filter(|_| more) {
        let next = Cursor(last.position());
        response
            .insert_header((LINK, format!("<{}?limit={limit}&after={next}>; rel=\"next\"", request.path())));
    }
    Ok(response.json(rows.into_iter().map(Call::from).collect::<Vec<_>>()))
}

/// `/calls/{number}`: the page for a browser, the data for everybody else.
pub async fn list_calls_or_page(
    request: HttpRequest,
    app: web::Data<App>,
    number: web::Path<String>,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse, ApiError> {
    let mut response = match page::index(&request).filter(|_| prefers_html(&request)) {
        Some(page) => page,
        None => match list_calls(request, app, number, query).await {
            Ok(response) => response,
            Err(problem) => actix_web::ResponseError::error_response(&problem),
        },
    };
    response.headers_mut().append(VARY, actix_web::http::header::HeaderValue::from_static("Accept"));
    Ok(response)
}

/// Whether `Accept` (RFC 9110, section 12.5.1) names HTML, and ranks it no lower than JSON.
fn prefers_html(request: &HttpRequest) -> bool {
    let accept: Vec<&str> =
        request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok()).collect();
    let quality = |wanted: &str| {
        accept.iter().flat_map(|value| value.split(',')).find_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            parts.next().filter(|media| media.eq_ignore_ascii_case(wanted))?;
            let quality = parts.find_map(|parameter| parameter.strip_prefix("q=")).unwrap_or("1");
            Some(quality.parse::<f32>().unwrap_or(1.0))
        })
    };
    let html = quality("text/html").unwrap_or(0.0);
    html > 0.0 && html >= quality("application/json").unwrap_or(0.0)
}

/// The parameters of a page of calls.
struct PageQuery {
    limit: u16,
    after: Option<Cursor>,
}

impl PageQuery {
    const DEFAULT_LIMIT: u16 = 50;
    const MAX_LIMIT: u16 = 1000;

    fn read(query: &[(String, String)]) -> Result<Self, ApiError> {
        let bad = |name: &str, expected: &str, found: &str| ApiError::BadParameter {
            name: name.chars().take(64).collect(),
            expected: expected.to_owned(),
            found: found.chars().take(64).collect(),
        };
        let mut page = Self { limit: Self::DEFAULT_LIMIT, after: None };
        for (position, (name, value)) in query.iter().enumerate() {
            if query[..position].iter().any(|(earlier, _)| earlier == name) {
                return Err(bad(name, "this parameter once", value));
            }
            match name.as_str() {
                "limit" => {
                    let limit = value.parse().ok().filter(|limit| (1..=Self::MAX_LIMIT).contains(limit));
                    page.limit = limit.ok_or_else(|| bad(name, "a whole number from 1 to 1000", value))?;
                }
                "after" => {
                    let cursor =
                        value.parse().map_err(|()| bad(name, "a cursor from a Link header", value))?;
                    page.after = Some(cursor);
                }
                _ => return Err(bad(name, "one of the parameters limit, after", value)),
            }
        }
        Ok(page)
    }
}

/// A [`Position`] as clients hand it back: opaque to them, 32 hexadecimal digits to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor(Position);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.0.created_at.timestamp_micros(), self.0.id)
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(());
        }
        let (micros, id) = text.split_at(16);
        let number = |hex| u64::from_str_radix(hex, 16).map(u64::cast_signed).map_err(|_| ());
        let created_at = DateTime::from_timestamp_micros(number(micros)?).ok_or(())?;
        // Beyond these years PostgreSQL has no timestamps.
        if !(-4000..10_000).contains(&chrono::Datelike::year(&created_at)) {
            return Err(());
        }
        Ok(Self(Position { created_at, id: number(id)? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_what_it_writes_and_nothing_else() {
        for micros in [-1, 0, 1_706_695_200_123_456] {
            let created_at = DateTime::from_timestamp_micros(micros).unwrap();
            let cursor = Cursor(Position { created_at, id: i64::MAX });
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for text in
            ["", "0", &"g".repeat(32), &"f".repeat(33), &format!("7{}", "f".repeat(31)), &"é".repeat(16)]
        {
            assert_eq!(text.parse::<Cursor>(), Err(()), "{text}");
        }
    }
}
