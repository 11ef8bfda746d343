//! `POST /api/cdr/freeswitch` and `POST /api/cdr/twilio`: call detail records that telephone systems send at
//! the end of a call.
//!
//! Senders repeat a request until the response is 2xx. It is therefore also sent for a record that can never
//! be stored, with the reason.

use actix_web::web::{Bytes, Payload};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, web};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use calls_import::{Format, Item, Options, Reason, Skipped};
use calls_model::Problem;
use serde::Serialize;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use super::bodies::{bad_body, read_body};
use super::ingest::{authorize, unsupported};
use super::schemas::{FreeswitchCdr, FreeswitchForm, NotTaken, TwilioCallback, Unauthorized};
use crate::app::App;
use crate::metrics::Source;
use crate::problem::ApiError;
use calls_store::import::{self, ResolvedCall};

/// Maximum size of a FreeSWITCH record, which has all channel variables, in bytes.
const MOST_CDR: usize = 10 * 1024 * 1024;
/// Maximum size of a Twilio callback, in bytes. Those in its documentation have about a kilobyte.
const MOST_CALLBACK: usize = 64 * 1024;
/// Maximum number of callbacks read at once before their signatures are verified: 32 MiB in total.
static UNVERIFIED: Semaphore = Semaphore::const_new(512);

/// Result of a call detail record.
#[derive(Debug, Serialize, ToSchema)]
struct Stored {
    /// Number of histories that the call was added to: its owner's, or those of both sides.
    added: usize,
    already_there: usize,
    /// The reasons why a record cannot be stored.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<String>,
}

/// Stores records of FreeSWITCH's mod_json_cdr and mod_xml_cdr, in each of their encodings. The ingest token
/// is the password of their parameter `cred`.
///
/// The second leg of a call is not stored, because the first one has all of it. A record that can never be
/// stored also results in 200, with the reason in `refused`, because FreeSWITCH repeats the request
/// otherwise.
#[utoipa::path(
    post,
    path = "/api/cdr/freeswitch",
    tag = "senders",
    request_body(content(
        (FreeswitchCdr = "application/json"),
        (FreeswitchCdr = "text/xml"),
        (FreeswitchForm = "application/x-www-form-urlencoded")
    )),
    responses((status = 200, description = "Handled: the record was stored, or never can be.", body = Stored), ApiError, Unauthorized, NotTaken),
    security(("ingest_token" = []), ("ingest_password" = []))
)]
pub(super) async fn post_freeswitch(
    request: HttpRequest,
    app: web::Data<App>,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    authorize(&request, &app, true)?;
    let encoding = encoding(&request)?;
    let body = read_body(&request, payload, MOST_CDR).await?;
    let stored = app
        .database
        .clone()
        .block_writing(move || {
            let cdr = decode(encoding, &body)?;
            let is_xml = cdr.trim_ascii_start().starts_with(b"<");
            let format = if is_xml { Format::FreeswitchXml } else { Format::FreeswitchJson };
            store(&app, Source::Freeswitch, format, &cdr)
        })
        .await?;
    Ok(HttpResponse::Ok().json(stored))
}

/// Stores a status callback of Twilio for a call that has ended. `X-Twilio-Signature` must be valid. A call
/// that can never be stored also results in 200, with the reason in `refused`.
#[utoipa::path(
    post,
    path = "/api/cdr/twilio",
    tag = "senders",
    request_body(content((TwilioCallback = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, description = "Handled: the record was stored, or never can be.", body = Stored),
        (status = 204, description = "The call has not ended."),
        (status = 403, description = "The signature is missing or wrong.",
         content((Problem = "application/problem+json"))),
        ApiError,
        NotTaken
    ),
    security(("twilio_signature" = []))
)]
pub(super) async fn post_twilio(
    request: HttpRequest,
    app: web::Data<App>,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    const LIVE: [&str; 5] = ["queued", "initiated", "ringing", "answered", "in-progress"];
    let off = ApiError::Missing { detail: "Twilio can send to a server that has a --twilio-auth-token" };
    let twilio = app.credentials.twilio.as_ref().ok_or(off)?;
    if request.content_type() != FORM {
        return Err(unsupported(&request, FORM));
    }
    let signature = request.headers().get("x-twilio-signature").and_then(|value| value.to_str().ok());
    let signature = signature.ok_or(ApiError::BadSignature)?;
    // The signature is not verified yet.
    let reading = UNVERIFIED.try_acquire().map_err(|_| ApiError::Busy { seconds: 5 })?;
    let body = read_body(&request, payload, MOST_CALLBACK).await?;
    let form: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let path = request.uri().path_and_query().map_or("", |path| path.as_str());
    if !twilio.has_signed(signature, path, &form) {
        return Err(ApiError::BadSignature);
    }
    drop(reading);
    let status = form.iter().find(|(name, _)| name == "CallStatus").map_or("", |(_, status)| status);
    if LIVE.contains(&status) {
        return Ok(HttpResponse::NoContent().finish());
    }
    let stored = app
        .database
        .clone()
        .block_writing(move || store(&app, Source::Twilio, Format::TwilioJson, &twilio_call(form)))
        .await?;
    Ok(HttpResponse::Ok().json(stored))
}

const FORM: &str = "application/x-www-form-urlencoded";

/// Encoding of a FreeSWITCH record, by the parameter `encode` of its modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// The record alone.
    Plain,
    /// `cdr=` and the URL-encoded record.
    Form,
    /// `cdr=` and the record in base64.
    Base64,
    /// `cdr=` and the record without encoding.
    PlainForm,
}

fn encoding(request: &HttpRequest) -> Result<Encoding, ApiError> {
    match request.content_type() {
        "application/json" | "text/xml" | "application/xml" => Ok(Encoding::Plain),
        FORM => Ok(Encoding::Form),
        "application/x-www-form-base64-encoded" => Ok(Encoding::Base64),
        "application/x-www-form-plaintext" => Ok(Encoding::PlainForm),
        _ => Err(unsupported(
            request,
            "application/json, text/xml or application/x-www-form-urlencoded, as FreeSWITCH sends it",
        )),
    }
}

fn decode(encoding: Encoding, body: &Bytes) -> Result<Vec<u8>, ApiError> {
    let no_cdr = || bad_body("a form with the field cdr", "none");
    let after_name = || body.strip_prefix(b"cdr=").ok_or_else(no_cdr);
    match encoding {
        Encoding::Plain => Ok(body.to_vec()),
        Encoding::PlainForm => Ok(after_name()?.to_vec()),
        Encoding::Base64 => BASE64_STANDARD
            .decode(after_name()?.trim_ascii())
            .map_err(|_| bad_body("base64 after cdr=", "another text")),
        Encoding::Form => {
            let mut fields = form_urlencoded::parse(body);
            let cdr = fields.find(|(name, _)| name == "cdr").ok_or_else(no_cdr)?;
            Ok(cdr.1.into_owned().into_bytes())
        }
    }
}

/// The fields that describe the call, as an object. `Duration` is left out: in a callback it is billed
/// minutes.
fn twilio_call(form: Vec<(String, String)>) -> Vec<u8> {
    const TOLD: [&str; 8] =
        ["From", "To", "Direction", "CallStatus", "CallDuration", "Timestamp", "AnsweredBy", "CallerName"];
    let told = form.into_iter().filter(|(name, _)| TOLD.contains(&name.as_str()));
    let object: serde_json::Map<_, _> = told.map(|(name, value)| (name, value.into())).collect();
    serde_json::to_vec(&object).unwrap_or_default()
}

/// Stores the calls of a record in one transaction.
fn store(app: &App, source: Source, format: Format, cdr: &[u8]) -> Result<Stored, ApiError> {
    let Read { calls, joined, refused } = read(app, format, cdr);
    app.metrics.count_joined(source, joined);
    if !refused.is_empty() {
        app.metrics.count_refused(source, "unreadable");
        tracing::warn!("refused a call detail record that is no call");
    }
    if calls.is_empty() {
        return Ok(Stored { added: 0, already_there: 0, refused });
    }
    let is_added = app.database.write(|connection| {
        let layout = app.database.layout(connection)?;
        import::store(connection, layout, &calls)
    })?;
    let added = is_added.iter().filter(|is_added| **is_added).count();
    let already_there = is_added.len() - added;
    app.metrics.count_stored(source, added as u64, already_there as u64);
    Ok(Stored { added, already_there, refused })
}

/// Result of a record.
#[derive(Default)]
struct Read {
    calls: Vec<ResolvedCall>,
    /// Number of records that are legs of another one.
    joined: usize,
    refused: Vec<String>,
}

/// Reads a record. In a call between a number and a text, the text owns no history, so it is refused only if
/// neither side does.
fn read(app: &App, format: Format, cdr: &[u8]) -> Read {
    let (mut read, mut unowned) = (Read::default(), None);
    let mut entries = 0;
    for item in calls_import::read(format, &Options::default(), cdr) {
        entries += 1;
        match item {
            Ok(Item::Record(record)) => match import::resolve(&record, app.region) {
                Ok(call) => read.calls.push(call),
                Err(reason) => unowned = Some(reason),
            },
            Ok(Item::Joined { .. } | Item::Skipped(Skipped { reason: Reason::SecondLeg, .. })) => {
                read.joined += 1;
            }
            Ok(Item::Skipped(skipped)) => read.refused.push(skipped.reason.to_string()),
            Err(error) => read.refused.push(error.to_string()),
        }
    }
    if entries == 0 {
        read.refused.push("expected a call detail record, but found nothing".to_owned());
    }
    if read.calls.is_empty() {
        read.refused.extend(unowned);
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_the_same_in_each_encoding() {
        let decode = |encoding, body: &'static str| decode(encoding, &Bytes::from_static(body.as_bytes()));
        for (encoding, body) in [
            (Encoding::Plain, "{\"a\":\"+ %20\"}"),
            (Encoding::Form, "uuid=1&cdr=%7B%22a%22%3A%22%2B+%2520%22%7D"),
            (Encoding::Base64, "cdr=eyJhIjoiKyAlMjAifQ=="),
            (Encoding::PlainForm, "cdr={\"a\":\"+ %20\"}"),
        ] {
            assert_eq!(decode(encoding, body).unwrap(), b"{\"a\":\"+ %20\"}", "{encoding:?}");
        }
        for (encoding, body) in
            [(Encoding::Form, "uuid=1"), (Encoding::Base64, "cdr=!"), (Encoding::PlainForm, "{}")]
        {
            assert!(decode(encoding, body).is_err(), "{encoding:?}");
        }
    }

    #[test]
    fn a_callbacks_billed_minutes_are_not_its_length() {
        let form = [("CallDuration", "61"), ("Duration", "2"), ("From", "+12025550123")];
        let form = form.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let object: serde_json::Value = serde_json::from_slice(&twilio_call(form)).unwrap();
        assert_eq!(object, serde_json::json!({"CallDuration": "61", "From": "+12025550123"}));
    }
}
