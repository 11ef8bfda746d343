//! `calls contacts sync`, with a real Radicale and with servers that behave badly.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::contacts::{complaint, stdout};
use crate::test_app::{TestApp, TestDatabase};

const USER: &str = "hilde";
const PASSWORD: &str = "a-password";
const BOOK: &str = "/hilde/friends/";

/// A Radicale with one user, who has an empty address book.
struct Radicale {
    process: Child,
    port: u16,
    is_secure: bool,
    folder: tempfile::TempDir,
}

impl Radicale {
    fn start(is_secure: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("users"), format!("{USER}:{PASSWORD}\n")).unwrap();
        let book = path("store/collection-root/hilde/friends");
        fs::create_dir_all(&book).unwrap();
        fs::write(
            book.join(".Radicale.props"),
            "{\"tag\": \"VADDRESSBOOK\", \"D:displayname\": \"Friends\"}",
        )
        .unwrap();
        fs::write(book.join("0.vcf"), card("0", "Oma Hilde", "+491701234505")).unwrap();
        let tls = match is_secure {
            true => {
                certify(&folder);
                format!(
                    "ssl = True\ncertificate = {}\nkey = {}\n",
                    path("crt").display(),
                    path("key").display()
                )
            }
            false => String::new(),
        };
        // Free a moment ago.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let configuration = format!(
            "[server]\nhosts = 127.0.0.1:{port}\n{tls}[auth]\ntype = htpasswd\nhtpasswd_filename = {}\n\
             htpasswd_encryption = plain\ndelay = 0\n[storage]\nfilesystem_folder = {}\n[logging]\nlevel = critical\n",
            path("users").display(),
            path("store").display()
        );
        fs::write(path("config"), configuration).unwrap();
        let tools = std::env::var_os("CALLS_TOOLS").map_or_else(|| PathBuf::from(".tools"), PathBuf::from);
        let program = std::path::absolute(
            if tools.is_absolute() { tools } else { PathBuf::from("../..").join(tools) }
                .join("radicale/bin/radicale"),
        )
        .unwrap();
        let process = Command::new(&program)
            .arg("--config")
            .arg(path("config"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}: scripts/setup test installs it", program.display()));
        let radicale = Self { process, port, is_secure, folder };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(60), "Radicale does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        radicale
    }

    fn url(&self, path: &str) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        format!("{scheme}://localhost:{}{path}", self.port)
    }

    fn put(&self, id: &str, name: &str, number: &str) {
        self.request("PUT", &format!("{BOOK}{id}.vcf"), &card(id, name, number));
    }

    fn delete(&self, id: &str) {
        self.request("DELETE", &format!("{BOOK}{id}.vcf"), "");
    }

    fn request(&self, method: &str, path: &str, body: &str) {
        use base64::Engine as _;
        let agent: ureq::Agent =
            ureq::Agent::config_builder().allow_non_standard_methods(true).build().into();
        let login = base64::prelude::BASE64_STANDARD.encode(format!("{USER}:{PASSWORD}"));
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(self.url(path))
            .header("Authorization", format!("Basic {login}"))
            .header("Content-Type", "text/vcard; charset=utf-8");
        agent.run(request.body(body.to_owned()).unwrap()).unwrap();
    }
}

impl Drop for Radicale {
    fn drop(&mut self) {
        // Fails only if the process is gone already.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn card(id: &str, name: &str, number: &str) -> String {
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{id}\r\nFN:{name}\r\nN:{name};;;;\r\nTEL;TYPE=CELL:{number}\r\nEND:VCARD\r\n"
    )
}

/// A certificate for localhost that nobody trusts.
fn certify(folder: &tempfile::TempDir) {
    let file = |name: &str| folder.path().join(name);
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "30",
        ])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout"])
        .arg(file("key"))
        .arg("-out")
        .arg(file("crt"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
}

/// Runs `calls contacts sync`.
fn sync(database: &TestDatabase, url: &str, password: &str, options: &[&str]) -> std::process::Output {
    let (_folder, file) = crate::contacts::file("password", &format!("{password}\n"));
    let arguments = [
        "contacts",
        "sync",
        url,
        "--user",
        USER,
        "--password-file",
        &file,
        "--region",
        "DE",
        "--book",
        "dav",
    ];
    database.calls(&[&arguments[..], options].concat())
}

/// The names of the book as `calls contacts list` shows them.
fn names(database: &TestDatabase) -> String {
    stdout(&database.calls(&["contacts", "list", "--book", "dav"]))
}

#[test]
fn what_changes_on_the_server_is_seen_in_the_api() {
    let radicale = Radicale::start(false);
    let app = TestApp::with(&["--region", "DE"]);
    for (minute, number) in ["+491701234505", "+491701234506"].into_iter().enumerate() {
        let at = format!("2026-03-01T10:0{minute}:00Z");
        app.call("+4940123456", &at, number, "Missed Inbound", None);
    }
    let found = |q: &str| app.get(&format!("/api/calls/+4940123456?q={q}")).json().as_array().unwrap().len();
    let run = || stdout(&sync(app.database(), &radicale.url("/"), PASSWORD, &[]));
    assert_eq!(run(), "1 people read, 1 numbers with names: 1 new, 0 changed, 0 removed; 0 refused\n");
    assert_eq!((found("oma"), found("fritz")), (1, 0));
    assert_eq!(run(), "the address book dav has not changed\n");

    radicale.put("1", "Fritz & <Söhne>", "0170 1234506");
    assert_eq!(run(), "2 people read, 2 numbers with names: 1 new, 0 changed, 0 removed; 0 refused\n");
    assert_eq!((found("oma"), found("sohne")), (1, 1));
    radicale.put("0", "Tante Hilde", "+491701234505");
    assert_eq!(run(), "2 people read, 2 numbers with names: 0 new, 1 changed, 0 removed; 0 refused\n");
    assert_eq!((found("oma"), found("tante")), (0, 1));
    radicale.delete("1");
    assert_eq!(run(), "1 people read, 1 numbers with names: 0 new, 0 changed, 1 removed; 0 refused\n");
    assert_eq!((found("fritz"), found("tante")), (0, 1));
    assert_eq!(names(app.database()), "+491701234505\tmobile\tTante Hilde\n");
    let books = stdout(&app.database().calls(&["contacts", "list"]));
    assert!(books.contains(&radicale.url(BOOK)) && !books.contains(PASSWORD), "{books}");
}

#[test]
fn an_address_book_is_found_from_its_own_address_the_users_and_the_servers() {
    let radicale = Radicale::start(false);
    for path in [BOOK, "/hilde/", "", "/.well-known/carddav"] {
        let database = TestDatabase::new();
        stdout(&sync(&database, &radicale.url(path), PASSWORD, &[]));
        assert_eq!(names(&database), "+491701234505\tmobile\tOma Hilde\n", "{path}");
    }
}

#[test]
fn of_several_address_books_somebody_has_to_choose_one() {
    let radicale = Radicale::start(false);
    let other = radicale.folder.path().join("store/collection-root/hilde/work");
    fs::create_dir_all(&other).unwrap();
    fs::write(other.join(".Radicale.props"), "{\"tag\": \"VADDRESSBOOK\"}").unwrap();
    let database = TestDatabase::new();
    let several = complaint(&sync(&database, &radicale.url("/"), PASSWORD, &[]));
    assert!(several.contains("found several") && several.contains("/hilde/friends/ (Friends)"), "{several}");
    stdout(&sync(&database, &radicale.url(BOOK), PASSWORD, &[]));
}

#[test]
fn a_wrong_password_is_refused_and_the_names_stay() {
    let radicale = Radicale::start(false);
    let database = TestDatabase::new();
    stdout(&sync(&database, &radicale.url("/"), PASSWORD, &[]));
    radicale.delete("0");
    let refused = complaint(&sync(&database, &radicale.url("/"), "wrong", &[]));
    assert!(refused.contains("the names stay as they were") && refused.contains("401"), "{refused}");
    assert!(!refused.contains("wrong"), "{refused}");
    assert_eq!(names(&database), "+491701234505\tmobile\tOma Hilde\n");
}

#[test]
fn a_certificate_has_to_be_trusted() {
    let radicale = Radicale::start(true);
    let database = TestDatabase::new();
    let refused = complaint(&sync(&database, &radicale.url("/"), PASSWORD, &[]));
    assert!(refused.contains("is not trusted") && refused.contains("--ca-file"), "{refused}");
    let authority = radicale.folder.path().join("crt").display().to_string();
    stdout(&sync(&database, &radicale.url("/"), PASSWORD, &["--ca-file", &authority]));
    assert_eq!(names(&database), "+491701234505\tmobile\tOma Hilde\n");
    // It is for localhost, and trusting it does not make it one for another name.
    let other = format!("https://127.0.0.1:{}/", radicale.port);
    let refused = complaint(&sync(&database, &other, PASSWORD, &["--ca-file", &authority]));
    assert!(refused.contains("the names stay as they were"), "{refused}");
}

/// A server that gives the same answers to all, and counts its visitors.
fn serve(answer: impl Fn(&str) -> String + Send + 'static) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/book/", listener.local_addr().unwrap());
    let visitors = Arc::new(AtomicUsize::new(0));
    let count = visitors.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            count.fetch_add(1, Ordering::SeqCst);
            let (mut request, mut buffer) = (String::new(), [0; 4096]);
            while !request.contains("propfind>") && !request.contains("query>") {
                match stream.read(&mut buffer) {
                    Ok(0) | Err(_) => break,
                    Ok(read) => request.push_str(&String::from_utf8_lossy(&buffer[..read])),
                }
            }
            // The client may be gone.
            stream.write_all(answer(&request).as_bytes()).ok();
        }
    });
    (url, visitors)
}

const RESOURCE: &str = "<multistatus xmlns=\"DAV:\"><response><href>/book/</href><propstat><prop><resourcetype>\
    <c:addressbook xmlns:c=\"urn:ietf:params:xml:ns:carddav\"/></resourcetype><sync-token>1</sync-token></prop>\
    </propstat></response></multistatus>";

#[test]
fn a_server_that_stops_in_the_middle_changes_nothing() {
    let radicale = Radicale::start(false);
    let database = TestDatabase::new();
    stdout(&sync(&database, &radicale.url("/"), PASSWORD, &[]));
    let cards = format!(
        "<multistatus><response><href>/a</href><propstat><prop><address-data>{}</address-data></prop></propstat></response>",
        card("1", "Fritz", "1001")
    );
    for length in ["Content-Length: 100000\r\n", "Connection: close\r\n", "Transfer-Encoding: chunked\r\n"] {
        let cards = match length.contains("chunked") {
            true => format!("{:x}\r\n{cards}\r\n", cards.len()),
            false => cards.clone(),
        };
        let (url, _) = serve(move |request| match request.starts_with("PROPFIND") {
            true => format!(
                "HTTP/1.1 207 Multi-Status\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{RESOURCE}",
                RESOURCE.len()
            ),
            false => format!("HTTP/1.1 207 Multi-Status\r\n{length}\r\n{cards}"),
        });
        let broken = complaint(&sync(&database, &url, PASSWORD, &[]));
        assert!(broken.contains("the names stay as they were") && broken.contains("broke off"), "{broken}");
        assert_eq!(names(&database), "+491701234505\tmobile\tOma Hilde\n");
    }
}

#[test]
fn a_password_goes_to_no_other_server_and_over_no_network_in_the_clear() {
    let database = TestDatabase::new();
    let (other, visitors) = serve(|_| "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned());
    let target = other.clone();
    let (url, _) = serve(move |_| {
        format!("HTTP/1.1 301 Moved\r\nLocation: {target}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    });
    let refused = complaint(&sync(&database, &url, PASSWORD, &[]));
    assert!(refused.contains("leads to") && refused.contains(&other), "{refused}");
    assert_eq!(visitors.load(Ordering::SeqCst), 0, "nobody came");
    // Nor where the server's answer says that the address books are.
    let home = format!(
        "<multistatus xmlns=\"DAV:\"><response><href>/</href><propstat><prop><addressbook-home-set><href>{other}</href>\
         </addressbook-home-set></prop></propstat></response></multistatus>"
    );
    let (url, _) = serve(move |_| {
        format!("HTTP/1.1 207 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{home}", home.len())
    });
    let refused = complaint(&sync(&database, &url, PASSWORD, &[]));
    assert!(refused.contains("leads to") && refused.contains(&other), "{refused}");
    assert_eq!(visitors.load(Ordering::SeqCst), 0, "nobody came");
    let refused = complaint(&sync(&database, "http://dav.example/", PASSWORD, &[]));
    assert!(refused.contains("expected https"), "{refused}");
}
