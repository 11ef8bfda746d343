//! Unix sockets, and what systemd hands over and is told.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::test_app::{CALLS, TestApp, TestDatabase, bare, fetch, without_settings};

/// Response of a server over a Unix socket.
fn ask(path: &Path, headers: &str) -> String {
    let mut stream = UnixStream::connect(path).unwrap();
    write!(stream, "GET /api/calls/1001 HTTP/1.1\r\n{headers}Connection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_unix_socket_answers_tells_clients_apart_and_goes_with_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.sock");
    let bind = format!("unix:{}", path.display());
    let database = TestDatabase::new();
    let app = TestApp::start(&["--listen", &bind, "--database-url", &database.url, "--rate-limit", "1/m"]);
    assert_eq!(app.address, bind);
    let ok = ask(&path, "Host: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n");
    assert!(ok.starts_with("HTTP/1.1 200") && ok.ends_with("[]"), "{ok}");
    let again = ask(&path, "Host: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n");
    assert!(again.starts_with("HTTP/1.1 429"), "{again}");
    let other = ask(&path, "Host: localhost\r\nX-Forwarded-For: 192.0.2.2\r\n");
    assert!(other.starts_with("HTTP/1.1 200"), "{other}");
    // A name that leads to the proxy leads here too.
    let foreign = ask(&path, "Host: attacker.example\r\nX-Forwarded-For: 192.0.2.3\r\n");
    assert!(foreign.starts_with("HTTP/1.1 421"), "{foreign}");
    app.stop();
    assert!(!path.exists());
}

#[test]
fn a_socket_of_systemd_is_taken_instead_of_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let database = TestDatabase::new();
    // Waits until the server accepts: so does a client of a service that is only just started.
    let waiting = std::thread::spawn({
        let url = format!("{address}/api/calls/1001");
        move || fetch("GET", &url, &[]).unwrap().body
    });
    let mut command = Command::new("/bin/sh");
    without_settings(&mut command);
    let script = "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" \"$@\" 3<&0 </dev/null";
    command.args(["-c", script, CALLS, "serve", "--bind", "127.0.0.1:1", "--database-url", &database.url]);
    command.args(["--deadline", "600"]);
    command.stdin(Stdio::from(OwnedFd::from(listener)));
    let app = TestApp::spawn(command);
    assert_eq!(app.address, address);
    assert_eq!(waiting.join().unwrap(), "[]");
    app.stop();
}

#[test]
fn systemd_is_told_of_the_start_the_end_and_that_the_server_lives() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let next = || {
        let mut buffer = [0; 256];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).trim().to_owned()
    };
    let database = TestDatabase::new();
    let mut command = bare(&["serve", "--bind", "127.0.0.1:0", "--database-url", &database.url]);
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "4000000");
    let app = TestApp::spawn(command);
    assert_eq!(next(), "READY=1");
    assert_eq!(next(), "WATCHDOG=1");
    assert_eq!(next(), "WATCHDOG=1");
    app.stop();
    let mut last = next();
    while last == "WATCHDOG=1" {
        last = next();
    }
    assert_eq!(last, "STOPPING=1");
}
