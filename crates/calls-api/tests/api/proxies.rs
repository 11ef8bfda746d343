//! Calls behind nginx and Caddy, by the very files that the documentation shows.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use local_postgres::testing;
use openssl::ssl::{SslConnector, SslMethod, SslStream};
use socket2::{Domain, SockAddr, Socket, Type};

use crate::cdr::TOKEN;
use crate::test_app::TestApp;

const HOST: &str = "calls.example.com";
const NGINX: &str = include_str!("../../../../docs/src/proxies/nginx.conf");
const CADDY: &str = include_str!("../../../../docs/src/proxies/Caddyfile");
/// Of the user `alice`.
pub const PASSWORD: &str = "a-password";

/// A proxy in front of a server, ended when it is dropped.
pub struct Proxy {
    pub port: u16,
    process: Child,
    folder: tempfile::TempDir,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // nginx's workers end with it on SIGTERM alone.
        let pid = self.process.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().ok();
        self.process.wait().ok();
    }
}

/// The server as the recipes say, but for its port, with a limit on how often a client may ask.
pub fn app(rate: &str) -> TestApp {
    let app = TestApp::with(&[
        "--base-path",
        "/calls-app",
        "--trusted-proxy",
        "127.0.0.1",
        "--public-url",
        "https://calls.example.com/calls-app",
        "--ingest-token",
        TOKEN,
        "--rate-limit",
        rate,
    ]);
    app.call("+12025550123", "2024-01-31T10:00:00Z", "+13333333333", "Completed Inbound", Some(215_000));
    app.call("+12025550123", "2024-01-31T11:00:00Z", "withheld", "Missed Inbound", None);
    app.call("+12025550123", "2024-01-30T09:00:00Z", "+14444444444", "Completed Outbound", Some(1_000));
    app
}

impl Proxy {
    /// nginx by its recipe, with the places of this test in it.
    pub fn nginx(app: &TestApp) -> Self {
        let (folder, port) = (Self::folder(), free_port());
        let recipe = with_places(NGINX, app, folder.path())
            .replace("listen 443 ssl", &format!("listen 127.0.0.1:{port} ssl"))
            .replace("/etc/nginx/calls.htpasswd", &in_folder(folder.path(), "htpasswd"));
        fs::write(folder.path().join("htpasswd"), format!("alice:{{PLAIN}}{PASSWORD}\n")).unwrap();
        fs::write(folder.path().join("recipe.conf"), recipe).unwrap();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {};\n", in_folder(folder.path(), kind)))
            .concat();
        let main = format!(
            "daemon off;\nuser {};\npid {};\nerror_log stderr;\nevents {{}}\n\
             http {{\naccess_log off;\n{temporary}include {};\n}}\n",
            user(),
            in_folder(folder.path(), "pid"),
            in_folder(folder.path(), "recipe.conf"),
        );
        fs::write(folder.path().join("nginx.conf"), main).unwrap();
        let mut command = Command::new(program("nginx"));
        command.arg("-c").arg(folder.path().join("nginx.conf")).arg("-p").arg(folder.path());
        Self::start(command, folder, port)
    }

    /// Caddy by its recipe, with the places of this test in it.
    fn caddy(app: &TestApp) -> Self {
        let (folder, port) = (Self::folder(), free_port());
        let hashed = Command::new(program("caddy")).args(["hash-password", "--plaintext", PASSWORD]).output();
        let hash = String::from_utf8(hashed.expect("caddy is installed").stdout).unwrap();
        let recipe = with_places(CADDY, app, folder.path())
            .replace("calls.example.com {", &format!("https://calls.example.com:{port} {{\n\tbind 127.0.0.1"))
            .replace("$2a$14$replace.this.by.the.output.of.caddy.hash-password", hash.trim());
        let general = "{\n\tadmin off\n\tauto_https off\n}\n";
        fs::write(folder.path().join("Caddyfile"), general.to_owned() + &recipe).unwrap();
        let mut command = Command::new(program("caddy"));
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(folder.path().join("Caddyfile"));
        command.env("HOME", folder.path()).env("XDG_DATA_HOME", folder.path());
        Self::start(command, folder, port)
    }

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        testing::make_certificate(folder.path(), HOST);
        folder
    }

    fn start(mut command: Command, folder: tempfile::TempDir, port: u16) -> Self {
        let log = fs::File::create(folder.path().join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let process = command.spawn().expect("the proxy is installed: `just setup test` does it");
        let mut proxy = Self { port, process, folder };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = proxy.process.try_wait().unwrap();
            let log = || fs::read_to_string(proxy.folder.path().join("log")).unwrap();
            assert!(ended.is_none() && start.elapsed() < Duration::from_secs(60), "{}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
        proxy
    }

    fn open(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, String, Stream) {
        self.open_from("127.0.0.1", method, path, headers, body)
    }

    /// A request of a client over TLS, whose certificate is checked, and the answer's status and header
    /// lines.
    fn open_from(
        &self,
        client: &str,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> (u16, String, Stream) {
        let mut connector = SslConnector::builder(SslMethod::tls()).unwrap();
        connector.set_ca_file(self.folder.path().join("authority.crt")).unwrap();
        let stream = connect_from(client, self.port);
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut stream = connector.build().connect(HOST, stream).unwrap();
        let length = body.len();
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {length}\r\n{headers}\r\n");
        stream.write_all((head + body).as_bytes()).unwrap();
        let mut stream = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(stream.read_line(&mut head).unwrap() > 0, "{head}");
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head.to_ascii_lowercase(), stream)
    }

    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
        let headers = format!("Connection: close\r\n{headers}");
        let (status, _, mut stream) = self.open(method, path, &headers, body);
        let mut body = Vec::new();
        // Not each server says goodbye.
        stream.read_to_end(&mut body).ok();
        (status, String::from_utf8_lossy(&body).into_owned())
    }
}

/// A connection to this machine from one of its loopback addresses.
fn connect_from(client: &str, port: u16) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let address = |host: &str, port: u16| SockAddr::from(SocketAddr::new(host.parse().unwrap(), port));
    socket.bind(&address(client, 0)).unwrap();
    socket.connect(&address("127.0.0.1", port)).unwrap();
    socket.into()
}

type Stream = BufReader<SslStream<TcpStream>>;

fn in_folder(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

fn with_places(recipe: &str, app: &TestApp, folder: &Path) -> String {
    recipe
        .replace("127.0.0.1:8000", app.address.trim_start_matches("http://"))
        .replace("/etc/ssl/calls.example.com.pem", &in_folder(folder, "calls.example.com.crt"))
        .replace("/etc/ssl/calls.example.com.key", &in_folder(folder, "calls.example.com.key"))
}

/// Debian has nginx among the system's programs, which others than root do not search.
fn program(name: &str) -> String {
    let system = format!("/usr/sbin/{name}");
    if Path::new(&system).exists() { system } else { name.to_owned() }
}

fn user() -> String {
    String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap().trim().to_owned()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The header with a person's password.
fn alice() -> String {
    format!("Authorization: Basic {}\r\n", BASE64_STANDARD.encode(format!("alice:{PASSWORD}")))
}

fn a_recipe_works(app: &TestApp, proxy: &Proxy) {
    let calls = "/calls-app/api/calls/+12025550123?limit=2";
    // People need the password, and the server never sees it.
    assert_eq!(proxy.ask("GET", calls, "", "").0, 401);
    let (status, head, _) = proxy.open("GET", calls, &alice(), "");
    assert_eq!(status, 200, "{head}");
    assert!(head.contains("link: </calls-app/api/calls/") && head.contains("x-request-id: "), "{head}");
    let (status, page) = proxy.ask("GET", "/calls-app/", &(alice() + "Accept: text/html\r\n"), "");
    assert!(status == 200 && page.contains("data-base=\"/calls-app\""), "{page}");

    // Senders need their token, and no password.
    let sender = format!("Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n");
    let record = r#"[{"owner":"+12025550123","created_at":"2024-02-01T10:00:00Z","counterparty":"1001",
                      "type":"Missed Inbound"}]"#;
    let (status, answer) = proxy.ask("POST", "/calls-app/api/calls", &sender, record);
    assert!(status == 200 && answer.contains("\"added\":1"), "{answer}");
    assert_eq!(proxy.ask("POST", "/calls-app/api/calls", "Content-Type: application/json\r\n", "[]").0, 401);
    assert_ne!(proxy.ask("GET", "/calls-app/api/calls", "", "").0, 200);

    // An event comes while the stream is open.
    let (status, head, mut events) =
        proxy.open("GET", "/calls-app/api/calls/+12025550123/events", &alice(), "");
    assert!(status == 200 && head.contains("text/event-stream"), "{head}");
    let mut received = String::new();
    wait_for(&mut events, &mut received, "retry: ");
    app.call("+12025550123", "2024-02-01T11:00:00Z", "withheld", "Missed Inbound", None);
    wait_for(&mut events, &mut received, "2024-02-01T11:00:00Z");
}

fn wait_for(events: &mut Stream, received: &mut String, text: &str) {
    while !received.contains(text) {
        assert!(events.read_line(received).unwrap() > 0, "{received}");
    }
}

/// Clients behind the proxy are told apart by their connections to it, whatever they say of themselves.
fn clients_are_told_apart(proxy: &Proxy) {
    let ask = |client: &str, forged: &str| {
        let headers = format!("{}X-Forwarded-For: {forged}\r\n", alice());
        proxy.open_from(client, "GET", "/calls-app/api/calls/1001", &headers, "").0
    };
    let forged = ["192.0.2.1", "192.0.2.2", "127.0.0.1"];
    assert_eq!(forged.map(|forged| ask("127.0.0.2", forged)), [200, 200, 200]);
    assert_eq!(ask("127.0.0.2", "192.0.2.3"), 429);
    assert_eq!(ask("127.0.0.3", "127.0.0.2"), 200);
}

#[test]
fn the_recipe_for_nginx_works() {
    let app = app("600/m");
    a_recipe_works(&app, &Proxy::nginx(&app));
    let app = self::app("3/m");
    clients_are_told_apart(&Proxy::nginx(&app));
}

#[test]
fn a_certificate_that_nobody_trusts_is_found_by_the_doctor() {
    let app = app("600/m");
    let proxy = Proxy::nginx(&app);
    let url = format!("https://localhost:{}/calls-app", proxy.port);
    let output = app.database().calls(&["doctor", "--json", "--public-url", &url]);
    let findings: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    let way_in = findings.iter().find(|finding| finding["check"] == "way in").unwrap();
    assert_eq!(way_in["status"], "fail", "{way_in}");
    assert!(way_in["mend"].as_str().unwrap().contains("certificate"), "{way_in}");
}

#[test]
fn the_recipe_for_caddy_works() {
    let app = app("600/m");
    a_recipe_works(&app, &Proxy::caddy(&app));
    let app = self::app("3/m");
    clients_are_told_apart(&Proxy::caddy(&app));
}
