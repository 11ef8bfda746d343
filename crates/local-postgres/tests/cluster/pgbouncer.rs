//! pgbouncer in front of a server.

use local_postgres::testing::{self, Pgbouncer, Primary};

#[test]
fn a_client_of_pgbouncer_finds_what_the_one_before_left_on_the_connection() {
    let pgbouncer = Pgbouncer::with_settings(&testing::cluster_url(), &[("default_pool_size", "1")]);
    let url = pgbouncer.url("postgres");
    testing::query(&url, "PREPARE left_behind AS SELECT current_database()").unwrap();
    // Connections that are pooled per session are reset in between.
    assert_eq!(testing::query(&url, "EXECUTE left_behind"), Ok("postgres".to_owned()));
}

#[test]
fn pgbouncer_logs_in_with_the_password_of_the_url() {
    let primary = Primary::start();
    let pgbouncer = Pgbouncer::before(&primary.server().url("postgres"));
    let port = primary.server().port().to_string();
    assert_eq!(testing::query(&pgbouncer.url("postgres"), "SHOW port"), Ok(port));
}

#[test]
fn pgbouncer_takes_further_settings() {
    let url = testing::cluster_url();
    let with_options = |pgbouncer: &Pgbouncer| {
        let url = pgbouncer.url("postgres") + "?options=-c%20geqo%3Doff";
        testing::query(&url, "SELECT 1")
    };
    let refused = with_options(&Pgbouncer::with_settings(&url, &[("ignore_startup_parameters", "none")]));
    assert!(refused.unwrap_err().contains("options"));
    let ignored = Pgbouncer::with_settings(&url, &[("ignore_startup_parameters", "options")]);
    assert_eq!(with_options(&ignored), Ok("1".to_owned()));
}
