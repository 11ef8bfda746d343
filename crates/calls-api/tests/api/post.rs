//! Sending to a server, which `TestApp` only reads from.

use crate::test_app::{Answer, TestApp};

/// Posts a body.
pub fn post(app: &TestApp, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    send(app, "POST", path, headers, body)
}

/// Puts JSON, as a client that is no browser does.
pub fn put(app: &TestApp, path: &str, body: &str) -> Answer {
    send(app, "PUT", path, &[("Content-Type", "application/json")], body.as_bytes())
}

/// Sends a body.
pub fn send(app: &TestApp, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    let agent: ureq::Agent = config.allow_non_standard_methods(true).build().into();
    let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", app.address));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = agent.run(request.body(body).unwrap()).unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = String::from_utf8(response.body_mut().read_to_vec().unwrap()).unwrap();
    Answer { status, headers, body }
}
