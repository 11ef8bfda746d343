//! The events of several lines as one stream.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use calls_model::{Party, requests};
use calls_store::keys::{CallId, Version};
use calls_store::list;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{StreamExt as _, StreamMap};

use super::events::searched_for;
use super::lines::{Line, Lines};
use super::parameters::Query;
use super::people_schemas::LineEventParameters;
use super::schemas::CallEvent;
use crate::app::App;
use crate::events::Subject;
use crate::problem::ApiError;

/// New calls, notes and marks of several numbers as server-sent events. They are the events of each number's
/// stream with a member `number`, and an id with the position in each line.
#[utoipa::path(
    get,
    path = "/api/calls/events",
    tag = "lines",
    params(LineEventParameters),
    responses(
        (status = 200, description = "Server-sent events; comments keep the connection alive.",
         content((CallEvent = "text/event-stream"))),
        ApiError
    )
)]
pub(super) async fn follow_lines(
    request: HttpRequest,
    app: web::Data<App>,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse, ApiError> {
    let query = Query::new(query.into_inner());
    query.refuse_unknown(&[&requests::LINES, &requests::EVENTS])?;
    let with_details = query.once(&requests::INCLUDE, |_| Some(()))?.is_some();
    let last = last_event_id(&request)?;
    let lines = Lines::read(&app, &query).await?;
    let lines: Vec<Line> = lines.iter().cloned().collect();
    let data = app.clone();
    let followed = lines.clone();
    let read = move || {
        let version = |line: &Line| match line.key {
            Some(key) => data.database.read(|connection| list::version(connection, key)),
            None => Ok(Version::NONE),
        };
        let versions: Result<Vec<Version>, _> = followed.iter().map(version).collect();
        Ok::<_, ApiError>(versions?)
    };
    let versions = app.database.block(read).await?;
    // A position in other lines is ignored.
    let last = last.filter(|last| last.len() == lines.len());
    let mut position = Position { ids: Vec::new(), numbers: Vec::new() };
    let mut streams = StreamMap::new();
    for (place, (line, version)) in lines.into_iter().zip(versions).enumerate() {
        // An id above the version is from another database.
        let id = last.as_ref().map_or(version.0, |last| last[place].min(version.0));
        let slot = app.followers.take(app.clients.of(&request)).ok_or(ApiError::TooManyFollowers)?;
        let search = searched_for(&query, &line.party, app.region)?;
        let subject = Subject { party: line.party.clone(), owner: line.key, with_details, search };
        let pieces = app.events.follow(subject, CallId(id), slot);
        let pieces = pieces.map_err(|_| ApiError::TooManyFollowers)?;
        position.ids.push(id);
        position.numbers.push(line.party);
        streams.insert(place, ReceiverStream::new(pieces));
    }
    let stream = streams.map(move |(place, piece)| {
        Ok::<_, std::convert::Infallible>(Bytes::from(position.rewrite(place, &piece)))
    });
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        // Keeps nginx from buffering events.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(stream))
}

/// Position of a client in each line.
struct Position {
    ids: Vec<i64>,
    numbers: Vec<Party>,
}

impl Position {
    /// The events of one line, with its number and the position in all lines.
    fn rewrite(&mut self, place: usize, piece: &str) -> String {
        let mut out = String::with_capacity(piece.len() * 2);
        for line in piece.split_inclusive('\n') {
            if let Some(id) = line.strip_prefix("id: ").and_then(|id| id.trim_end().parse().ok()) {
                self.ids[place] = id;
                out.push_str(&format!("id: {}\n", self.id()));
            } else if let Some(members) = line.strip_prefix("data: {") {
                // Serializing a party cannot fail.
                let number = serde_json::to_string(&self.numbers[place]).unwrap_or_default();
                out.push_str(&format!("data: {{\"number\":{number},{members}"));
            } else {
                out.push_str(line);
            }
        }
        out
    }

    fn id(&self) -> String {
        self.ids.iter().map(ToString::to_string).collect::<Vec<_>>().join("-")
    }
}

fn last_event_id(request: &HttpRequest) -> Result<Option<Vec<i64>>, ApiError> {
    let Some(value) = request.headers().get("last-event-id") else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let ids: Option<Vec<i64>> = text.split('-').map(|id| id.parse().ok().filter(|id| *id >= 0)).collect();
    ids.map(Some).ok_or_else(|| ApiError::BadHeader {
        name: "Last-Event-ID",
        expected: "the id of an event that was received before",
        found: text.chars().take(64).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_says_its_line_and_the_position_in_all_of_them() {
        let numbers = ["+12025550123", "1001"].map(|number| number.parse().unwrap()).to_vec();
        let mut position = Position { ids: vec![5, 7], numbers };
        let piece = "id: 8\nevent: call\ndata: {\"id\":\"8\"}\n\n:\n\n";
        let expected = "id: 5-8\nevent: call\ndata: {\"number\":\"1001\",\"id\":\"8\"}\n\n:\n\n";
        assert_eq!(position.rewrite(1, piece), expected);
        assert_eq!(position.rewrite(0, "retry: 2000\nid: 6\n\n"), "retry: 2000\nid: 6-8\n\n");
    }
}
