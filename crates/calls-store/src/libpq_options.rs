//! Connection options of libpq that the connection string does not set.

/// Defaults for options of libpq: without them it waits for an unresponsive server for minutes.
const OPTIONS: [(&str, &str); 5] = [
    // In seconds; the minimum of libpq.
    ("connect_timeout", "2"),
    // In milliseconds.
    ("tcp_user_timeout", "2000"),
    ("keepalives_idle", "2"),
    ("keepalives_interval", "1"),
    ("keepalives_count", "2"),
];

/// The connection string with defaults for options that it does not set.
pub(crate) fn with_options(url: &str) -> String {
    let is_url = url.contains("://");
    let mut out = url.to_owned();
    for (name, value) in OPTIONS {
        if url.contains(&format!("{name}=")) {
            continue;
        }
        out.push(match (is_url, out.contains('?')) {
            (true, true) => '&',
            (true, false) => '?',
            (false, _) => ' ',
        });
        out.push_str(&format!("{name}={value}"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_of_a_url_are_kept_and_completed() {
        let url = with_options("postgresql://u@h/calls?connect_timeout=9&sslmode=disable");
        assert!(
            url.starts_with("postgresql://u@h/calls?connect_timeout=9&sslmode=disable&tcp_user_timeout=2000")
        );
        assert_eq!(url.matches("connect_timeout").count(), 1);
        assert!(
            with_options("postgres://h/calls").starts_with("postgres://h/calls?connect_timeout=2&tcp_user")
        );
        assert!(
            with_options("host=h dbname=calls").starts_with("host=h dbname=calls connect_timeout=2 tcp_user")
        );
    }
}
