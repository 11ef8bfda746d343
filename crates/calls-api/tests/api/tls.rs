//! Connections to PostgreSQL by TLS, of both kinds.

use std::path::Path;

use local_postgres::testing::TlsServer;

use crate::failover::{self, send};
use crate::test_app::calls;

fn server() -> TlsServer {
    let tls = TlsServer::start();
    tls.server().query("postgres", "CREATE DATABASE calls");
    tls
}

/// Serves by a URL, uses both kinds of connections, and checks who is connected, and how.
fn serve(tls: &TlsServer, url: &str, user: &str) {
    let app = failover::serve(url, &[]);
    assert_eq!(send(&app, 1).status, 200, "{url}");
    assert_eq!(app.get("/api/calls/+12025550123").json().as_array().unwrap().len(), 1, "{url}");
    assert_eq!(app.get("/api/calls/+12025550123/summary").json()["calls"], 1, "{url}");
    let connected = "SELECT count(*) >= 2, bool_and(ssl), string_agg(DISTINCT usename, ',')
                     FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = 'calls'
                     AND pid <> pg_backend_pid()";
    assert_eq!(tls.server().query("calls", connected), format!("t|t|{user}"), "{url}");
}

#[test]
fn each_mode_of_tls_serves_with_both_kinds_of_connections() {
    let tls = server();
    let authority = tls.authority().display().to_string();
    let by_address = tls.server().url("calls");
    serve(&tls, &format!("{}?sslmode=require", tls.url("calls")), "postgres");
    // The name in the certificate counts in verify-full only.
    serve(&tls, &format!("{by_address}?sslmode=verify-ca&sslrootcert={authority}"), "postgres");
    serve(&tls, &tls.verified_url("calls"), "postgres");
    serve(&tls, &tls.certificate_url("calls"), "certified");
    serve(&tls, &format!("{}?channel_binding=require", tls.url("calls")), "postgres");
}

#[test]
fn a_server_that_proves_nothing_is_refused_at_start_with_the_reason() {
    let tls = server();
    let by_address = tls.server().url("calls");
    let with =
        |mode: &str, root: &Path| format!("{by_address}?sslmode={mode}&sslrootcert={}", root.display());
    for (url, reason) in [
        (with("verify-ca", tls.other_authority()), "certificate verify failed"),
        (with("verify-full", tls.authority()), "does not match host name"),
        (format!("{by_address}?sslmode=disable"), "no encryption"),
        (tls.certificate_url("calls").replace("sslcert=", "sslcert=/nowhere"), "certificate"),
        (format!("{}?sslcrl=/nowhere", tls.url("calls")), "sslcrl"),
    ] {
        let refused = calls(&["serve", "--bind", "127.0.0.1:0", "--database-url", &url]);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(1), "{url}: {said}");
        assert!(said.contains(reason) && !said.contains(tls.server().password()), "{url}: {said}");
    }
}
