//! Notes on calls.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use calls_model::{Note, Party};
use calls_store::keys::CallId;
use calls_store::{notes, parties};

use super::bodies::bad_body;
use super::paths::number_and_call;
use super::people_schemas::{CallPath, NoteBody, OtherOrigin};
use super::schemas::NumberPath;
use super::writes;
use crate::app::App;
use crate::problem::ApiError;

/// Stores a note on a call, replacing the previous one: a text of at most 2,000 characters and at most 20
/// tags of at most 50 characters. An empty note removes it.
///
/// Requests from pages of another origin, and all requests if the server runs with `--read-only`, are refused
/// with 403.
#[utoipa::path(
    put,
    path = "/api/calls/{number}/{id}/note",
    tag = "people",
    params(NumberPath, CallPath),
    request_body(content((NoteBody = "application/json"))),
    responses((status = 200, description = "The stored note.", body = Note), ApiError, OtherOrigin)
)]
pub(super) async fn put_note(
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    writes::check(&request, &app)?;
    let (number, id) = number_and_call(path, app.region)?;
    let expected = r#"a JSON object such as {"text": "", "tags": []}"#;
    let note = check(writes::read_json(&request, payload, expected).await?)?;
    match change(app, number, id, note.clone()).await? {
        true => Ok(HttpResponse::Ok().json(note)),
        false => Err(ApiError::Missing { detail: "this number has no call with this id" }),
    }
}

/// Removes the note on a call.
#[utoipa::path(
    delete,
    path = "/api/calls/{number}/{id}/note",
    tag = "people",
    params(NumberPath, CallPath),
    responses((status = 204, description = "The call has no note."), ApiError, OtherOrigin)
)]
pub(super) async fn delete_note(
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    writes::check(&request, &app)?;
    let (number, id) = number_and_call(path, app.region)?;
    match change(app, number, id, Note::default()).await? {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(ApiError::Missing { detail: "this number has no call with this id" }),
    }
}

/// Replaces the note of a call. False if the call does not exist.
async fn change(app: web::Data<App>, number: Party, id: CallId, note: Note) -> Result<bool, ApiError> {
    let database = app.database.clone();
    let put = move || {
        writes::changed(app.database.write(|connection| {
            let Some(owner) = parties::find_party(connection, &number)? else { return Ok(false) };
            notes::put(connection, owner, id, &note)
        }))
    };
    Ok(database.block_writing(put).await?)
}

/// Normalizes a note: trims tags, and drops duplicates.
fn check(note: Note) -> Result<Note, ApiError> {
    let text = writes::text("text", &note.text, Note::MAX_TEXT)?;
    let (most_tags, most) = (Note::MAX_TAGS, Note::MAX_TAG);
    if note.tags.len() > most_tags {
        return Err(bad_body(&format!("at most {most_tags} tags"), &format!("{} tags", note.tags.len())));
    }
    let mut tags: Vec<String> = Vec::new();
    for tag in note.tags.iter().map(|tag| tag.trim()) {
        let is_right = (1..=most).contains(&tag.chars().count()) && !tag.chars().any(char::is_control);
        if !is_right {
            return Err(bad_body(
                &format!("tags of 1 to {most} characters, none of them a control character"),
                tag,
            ));
        }
        if !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }
    Ok(Note { text, tags })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(text: &str, tags: &[&str]) -> Note {
        Note { text: text.to_owned(), tags: tags.iter().map(|tag| (*tag).to_owned()).collect() }
    }

    #[test]
    fn a_note_is_kept_without_blanks_around_it() {
        let kept = check(note("Call\r\nback \n", &[" urgent", "urgent", "quote"])).unwrap();
        assert_eq!(kept, note("Call\nback", &["urgent", "quote"]));
        assert!(check(note("", &[])).unwrap().is_empty());
        assert!(check(note(&"é".repeat(2_000), &["é".repeat(50).as_str(); 20])).is_ok());
    }

    #[test]
    fn a_note_that_is_too_long_is_refused_and_not_cut() {
        let long = "é".repeat(2_001);
        let tag = "é".repeat(51);
        for (note, expected) in [
            (note(&long, &[]), "2000 characters"),
            (note("a\0b", &[]), "control"),
            (note("", &[""]), "tags of 1 to 50"),
            (note("", &["a\nb"]), "control"),
            (note("", &[&tag]), "tags of 1 to 50"),
            (note("", &["a"; 21]), "at most 20 tags"),
        ] {
            let problem = check(note).unwrap_err().problem();
            assert!(problem.detail.unwrap().contains(expected), "{expected}");
        }
    }
}
