//! Sending to a server, which `TestApp` only reads from.

use crate::test_app::{Answer, TestApp};

/// Posts a body.
pub fn post(app: &TestApp, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut request = agent.post(format!("{}{path}", app.address));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = request.send(body).unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = String::from_utf8(response.body_mut().read_to_vec().unwrap()).unwrap();
    Answer { status, headers, body }
}
