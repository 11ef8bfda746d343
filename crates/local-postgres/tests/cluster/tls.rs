//! A server that takes TCP connections only with TLS.

use local_postgres::testing::{self, TlsServer};

const CIPHER: &str = "SELECT ssl, usename FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                      WHERE pid = pg_backend_pid()";

#[test]
fn a_client_that_verifies_the_server_gets_in_by_password_or_by_certificate() {
    let tls = TlsServer::start();
    assert_eq!(testing::query(&tls.verified_url("postgres"), CIPHER), Ok("t|postgres".to_owned()));
    assert_eq!(testing::query(&tls.certificate_url("postgres"), CIPHER), Ok("t|certified".to_owned()));
    testing::query(&tls.certificate_url("postgres"), "CREATE DATABASE one").unwrap();
    assert_eq!(testing::query(&tls.verified_url("one"), "SELECT current_database()"), Ok("one".to_owned()));
}

#[test]
fn a_client_without_tls_or_with_another_authority_or_host_is_refused() {
    let tls = TlsServer::start();
    let authority = tls.authority().display();
    let by_address = tls.server().url("postgres");
    let refused = |url: String| testing::query(&url, "SELECT 1").unwrap_err();
    for (url, reason) in [
        (format!("{}?sslmode=disable", tls.url("postgres")), "no encryption"),
        (tls.verified_url("postgres").replace("authority.crt", "stranger.crt"), "certificate verify failed"),
        (format!("{by_address}?sslmode=verify-full&sslrootcert={authority}"), "does not match host name"),
        (tls.certificate_url("postgres").replace("sslcert=", "sslcert=/nowhere"), "certificate"),
    ] {
        let said = refused(url.clone());
        assert!(said.contains(reason), "{url}: {said}");
    }
    assert!(tls.other_authority().ends_with("stranger.crt"));
    // The name counts in verify-full only.
    let by_address = format!("{by_address}?sslmode=verify-ca&sslrootcert={authority}");
    assert_eq!(testing::query(&by_address, CIPHER), Ok("t|postgres".to_owned()));
}
