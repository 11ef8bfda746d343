//! The proxy: sends a request to the public URL, as clients do.

use std::time::Duration;

use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

use super::{Findings, Status};
use crate::listen::Listen;

/// A header of every response of Calls.
const OF_CALLS: &str = "x-request-id";

/// A response through the proxy.
struct Answer {
    status: u16,
    is_of_calls: bool,
}

/// Requests the history of an unused extension from the public URL.
pub(super) fn check(url: &str, bind: &Listen, findings: &mut Findings) {
    let base = url.trim_end_matches('/');
    match ask(&format!("{base}/api/calls/0?limit=1")) {
        Ok(answer) => judge(&answer, base, bind, findings),
        Err(error) if is_of_tls(&error) => {
            let mend = "give the proxy a certificate for this name that clients trust";
            findings.fail("way in", format!("{base}: {error}"), mend);
        }
        Err(error) => {
            let mend =
                "start the proxy, or point its name to it; some routers block requests to it from inside";
            findings.warn("way in", format!("{base} does not respond: {error}"), mend);
        }
    }
}

fn ask(url: &str) -> Result<Answer, ureq::Error> {
    let roots = RootCerts::PlatformVerifier;
    let tls = TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(roots).build();
    let agent: Agent = Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        // An authenticating proxy redirects to its login page.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(Duration::from_secs(5)))
        .timeout_global(Some(Duration::from_secs(10)))
        .user_agent("calls doctor")
        .build()
        .into();
    let answer = agent.get(url).call()?;
    Ok(Answer { status: answer.status().as_u16(), is_of_calls: answer.headers().contains_key(OF_CALLS) })
}

fn is_of_tls(error: &ureq::Error) -> bool {
    matches!(error, ureq::Error::Tls(_) | ureq::Error::NativeTls(_))
        || error.to_string().contains("certificate")
}

fn judge(answer: &Answer, base: &str, bind: &Listen, findings: &mut Findings) {
    let path = base.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    let (status, found, mend) = match (answer.status, answer.is_of_calls) {
        (200 | 429, true) => (Status::Ok, "Calls answers".to_owned(), None),
        (300..=399 | 401 | 403, _) => {
            (Status::Ok, format!("the proxy asks who it is ({}), so no more was tried", answer.status), None)
        }
        (421, _) => {
            let mend = "let the proxy pass the Host on (nginx: proxy_set_header Host $host), \
                        or name what it sends: calls serve --allowed-hosts NAME";
            (
                Status::Fail,
                "Calls is addressed by a host that it does not know (421)".to_owned(),
                Some(mend.to_owned()),
            )
        }
        (404, true) => {
            let mend = format!("calls serve --base-path /{path}");
            (Status::Fail, format!("Calls answers, and has nothing below /{path} (404)"), Some(mend))
        }
        (503, true) => {
            let found = "Calls answers, and its database does not (503)".to_owned();
            (Status::Fail, found, Some("see the database above".to_owned()))
        }
        (502..=504, false) => {
            let found = format!("the proxy responds, but cannot reach Calls ({})", answer.status);
            (Status::Fail, found, Some(format!("start `calls serve`, or let the proxy pass on to {bind}")))
        }
        (other, _) => {
            let found = format!("another server responds ({other})");
            (Status::Fail, found, Some(format!("let the proxy pass /{path} on to {bind}")))
        }
    };
    findings.add("way in", status, format!("{base}: {found}"), mend);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_tells_what_is_wrong_with_the_proxy() {
        let bind: Listen = "127.0.0.1:8000".parse().unwrap();
        for (status, is_of_calls, expected, words) in [
            (200, true, Status::Ok, "Calls answers"),
            (401, false, Status::Ok, "asks who it is"),
            (302, false, Status::Ok, "asks who it is"),
            (421, true, Status::Fail, "--allowed-hosts"),
            (404, true, Status::Fail, "--base-path /calls-app"),
            (404, false, Status::Fail, "pass /calls-app on to 127.0.0.1:8000"),
            (200, false, Status::Fail, "another server responds"),
            (502, false, Status::Fail, "start `calls serve`"),
            (503, true, Status::Fail, "database does not"),
        ] {
            let mut findings = Findings::default();
            let answer = Answer { status, is_of_calls };
            judge(&answer, "https://calls.example.com/calls-app", &bind, &mut findings);
            let finding = &findings.0[0];
            let text = format!("{} {}", finding.found, finding.mend.clone().unwrap_or_default());
            assert!(finding.status == expected && text.contains(words), "{status}: {text}");
        }
    }
}
