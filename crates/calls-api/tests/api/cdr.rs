use base64::prelude::{BASE64_STANDARD, Engine as _};
use hmac::{Hmac, Mac as _};
use sha1::Sha1;

use crate::post::post;
use crate::test_app::{Answer, TestApp};

pub const TOKEN: &str = "a-token-of-some-length";
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
pub const JSON_CDR: &str = r#"{"core-uuid":"eb8bcdd2","variables":{"uuid":"15","start_stamp":"2026-03-10%2008%3A00%3A00",
    "start_epoch":"1773129600","start_uepoch":"1773129600534355","duration":"120","billsec":"115"},
    "callflow":[{"caller_profile":{"caller_id_number":"1001","destination_number":"+12025550123"},
    "times":{"created_time":"1773129600534355"}}]}"#;

/// Sends what FreeSWITCH sends.
pub fn freeswitch(app: &TestApp, content_type: &str, body: &str) -> Answer {
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("freeswitch:{TOKEN}")));
    let headers = [("Authorization", basic.as_str()), ("Content-Type", content_type)];
    post(app, "/api/cdr/freeswitch?uuid=15", &headers, body.as_bytes())
}

fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[test]
fn a_call_of_freeswitch_is_in_both_histories_however_it_is_encoded() {
    let app = TestApp::with(&["--ingest-token", TOKEN]);
    let answer = freeswitch(&app, "application/json", JSON_CDR);
    assert_eq!((answer.status, &answer.json()["added"]), (200, &2.into()));
    for (content_type, body) in [
        ("application/x-www-form-urlencoded", form(&[("cdr", JSON_CDR)])),
        ("application/x-www-form-base64-encoded", format!("cdr={}", BASE64_STANDARD.encode(JSON_CDR))),
    ] {
        let answer = freeswitch(&app, content_type, &body);
        assert_eq!((answer.status, &answer.json()["already_there"]), (200, &2.into()), "{content_type}");
    }
    let called = app.get("/api/calls/+12025550123").json();
    assert_eq!(called[0]["type"], "Completed Inbound");
    assert_eq!(called[0]["duration"], "115.0");
    let caller = app.get("/api/calls/1001").json();
    assert_eq!(caller[0]["type"], "Completed Outbound");
    assert_eq!(caller[0]["counterparty"], "+12025550123");
}

#[test]
fn a_call_of_freeswitch_can_be_xml() {
    let app = TestApp::with(&["--ingest-token", TOKEN]);
    let xml = "<?xml version=\"1.0\"?>\n<cdr core-uuid=\"eb8bcdd2\"><variables><start_epoch>1773129600</start_epoch>\
               <billsec>0</billsec></variables><callflow><caller_profile>\
               <caller_id_number>%2B12025550123</caller_id_number><destination_number>1002</destination_number>\
               </caller_profile></callflow></cdr>"
        .replace("%2B", "+");
    assert_eq!(freeswitch(&app, "text/xml", &xml).json()["added"], 2);
    let headers = ("application/x-www-form-urlencoded", form(&[("cdr", &xml)]));
    assert_eq!(freeswitch(&app, headers.0, &headers.1).json()["already_there"], 2);
    assert_eq!(
        freeswitch(&app, "application/x-www-form-plaintext", &format!("cdr={xml}")).json()["already_there"],
        2
    );
    assert_eq!(app.get("/api/calls/+12025550123").json()[0]["type"], "Missed Outbound");
}

#[test]
fn the_second_leg_of_a_call_is_accepted_and_not_stored() {
    let app = TestApp::with(&["--ingest-token", TOKEN]);
    let leg = JSON_CDR.replace("\"billsec\"", "\"originator\":\"14\",\"billsec\"");
    let answer = freeswitch(&app, "application/json", &leg);
    assert_eq!((answer.status, &answer.json()["added"]), (200, &0.into()));
    assert_eq!(app.database().count("SELECT count(*) FROM calls"), 0);
}

#[test]
fn what_can_never_be_stored_is_answered_with_why_and_is_not_repeated() {
    let app = TestApp::with(&["--ingest-token", TOKEN]);
    let without_talk = JSON_CDR.replace("billsec", "sec");
    let texts = JSON_CDR.replace("+12025550123", "nobody").replace("1001", "someone");
    for body in ["", "{}", "hello", &without_talk, &texts] {
        let answer = freeswitch(&app, "application/json", body);
        assert_eq!((answer.status, &answer.json()["added"]), (200, &0.into()), "{body}");
        let refused = answer.json()["refused"][0].as_str().unwrap().to_owned();
        assert!(refused.contains("expected ") && refused.contains("but found "), "{refused}");
    }
    assert_eq!(app.database().count("SELECT count(*) FROM calls"), 0);
    // The number cannot be told, and the extension has the call all the same.
    let national = JSON_CDR.replace("+12025550123", "2025550123");
    assert_eq!(freeswitch(&app, "application/json", &national).json()["added"], 1);
    assert_eq!(app.get("/api/calls/1001").json()[0]["counterparty"], "2025550123");
}

#[test]
fn what_freeswitch_cannot_have_sent_is_not_answered_as_stored() {
    let app = TestApp::with(&["--ingest-token", TOKEN]);
    for (content_type, body, status) in
        [("application/x-www-form-urlencoded", "uuid=15", 400), ("text/plain", JSON_CDR, 415)]
    {
        assert_eq!(freeswitch(&app, content_type, body).problem().status, status, "{body}");
    }
    let answer =
        post(&app, "/api/cdr/freeswitch", &[("Content-Type", "application/json")], JSON_CDR.as_bytes());
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Basic realm=\"calls\", Bearer"));
    app.database().refuse_connections();
    assert_eq!(freeswitch(&app, "application/json", JSON_CDR).problem().status, 503);
}

const AUTH_TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// An app that takes what Twilio signs.
pub fn twilio() -> TestApp {
    TestApp::with(&["--twilio-auth-token", AUTH_TOKEN, "--public-url", "https://calls.example.com/"])
}

/// Posts like Twilio: signed over the public address and the sorted form.
pub fn callback(app: &TestApp, pairs: &[(&str, &str)]) -> Answer {
    let mut sorted = pairs.to_vec();
    sorted.sort_unstable();
    let mut mac = Hmac::<Sha1>::new_from_slice(AUTH_TOKEN.as_bytes()).unwrap();
    mac.update(b"https://calls.example.com/api/cdr/twilio?from=console");
    for (name, value) in sorted {
        mac.update(format!("{name}{value}").as_bytes());
    }
    let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    let headers = [FORM, ("X-Twilio-Signature", signature.as_str())];
    post(app, "/api/cdr/twilio?from=console", &headers, form(pairs).as_bytes())
}

/// Twilio's status callback of a call, in the order of its documentation.
pub fn ended(status: &str) -> Vec<(&str, &str)> {
    vec![
        ("CallSid", "CA0123456789abcdef0123456789abcdef"),
        ("AccountSid", "AC0123456789abcdef0123456789abcdef"),
        ("From", "+13333333333"),
        ("To", "+12025550123"),
        ("Caller", "+13333333333"),
        ("Called", "+12025550123"),
        ("Direction", "inbound"),
        ("CallStatus", status),
        ("CallDuration", "61"),
        ("Duration", "2"),
        ("Timestamp", "Wed, 31 Jan 2024 10:01:01 +0000"),
        ("SequenceNumber", "0"),
    ]
}

#[test]
fn a_call_of_twilio_is_stored_once_when_it_has_ended() {
    let app = twilio();
    for live in ["initiated", "ringing", "in-progress"] {
        assert_eq!(callback(&app, &ended(live)).status, 204, "{live}");
    }
    assert_eq!(app.get("/api/calls/+12025550123").body, "[]");
    assert_eq!(callback(&app, &ended("completed")).json()["added"], 1);
    assert_eq!(callback(&app, &ended("completed")).json()["already_there"], 1);
    let history = app.get("/api/calls/+12025550123").json();
    assert_eq!(history[0]["created_at"], "2024-01-31T10:00:00Z");
    assert_eq!(history[0]["duration"], "61.0");
    assert_eq!(history[0]["counterparty"], "+13333333333");
    assert_eq!(history[0]["type"], "Completed Inbound");
}

#[test]
fn what_a_telephone_system_says_of_a_call_is_kept() {
    let app = twilio();
    let mut said = ended("completed");
    said.extend([("AnsweredBy", "machine_start"), ("CallerName", "EXAMPLE ONE")]);
    assert_eq!(callback(&app, &said).json()["added"], 1);
    let call = app.get("/api/calls/+12025550123?include=details").json()[0].clone();
    assert_eq!(
        (&call["type"], &call["details"]["disposition"]),
        (&"Missed Inbound".into(), &"voicemail".into())
    );
    assert_eq!(call["details"]["name"], "EXAMPLE ONE");

    let app = TestApp::with(&["--ingest-token", TOKEN]);
    let named =
        JSON_CDR.replace("\"caller_id_number\"", "\"caller_id_name\":\"Example Two\",\"caller_id_number\"");
    assert_eq!(freeswitch(&app, "application/json", &named).json()["added"], 2);
    let call = app.get("/api/calls/+12025550123?include=details").json()[0].clone();
    assert_eq!(call["details"]["name"], "Example Two");
    assert_eq!(
        (&call["details"]["disposition"], &call["details"]["ring_time"]),
        (&"answered".into(), &"5.0".into())
    );
}

#[test]
fn what_twilio_did_not_sign_is_refused() {
    let app = twilio();
    let body = form(&ended("completed"));
    for headers in [vec![FORM], vec![FORM, ("X-Twilio-Signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")]] {
        let problem = post(&app, "/api/cdr/twilio", &headers, body.as_bytes()).problem();
        assert_eq!((problem.status, problem.kind.as_str()), (403, "/problems/bad-signature"));
    }
    let gone = callback(&app, &ended("gone"));
    assert_eq!((gone.status, &gone.json()["added"]), (200, &0.into()));
    assert!(gone.json()["refused"][0].as_str().unwrap().ends_with("but found \"gone\""), "{}", gone.body);
    app.database().refuse_connections();
    assert_eq!(callback(&app, &ended("completed")).problem().status, 503);
}
