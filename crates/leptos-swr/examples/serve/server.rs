//! A small server for the example and its browser test: the page's files, and an API with moods.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The API's behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mood {
    /// With a list.
    #[default]
    Good,
    /// With an error.
    Broken,
    /// Not at all, until the mood changes or the page hangs up.
    Silent,
    /// As [`Mood::Silent`], but a name is added before.
    Lost,
}

/// Requests to the API.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// The groups, in order.
    pub asked: Vec<String>,
    /// Number of requests that the page has aborted.
    pub aborted: usize,
    /// Names that were added, in order.
    pub posted: Vec<String>,
}

/// A running server. It runs until the process ends.
#[derive(Clone)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    folder: PathBuf,
    mood: Mutex<Mood>,
    log: Mutex<Log>,
    /// Idempotency keys of the names that were added.
    keys: Mutex<HashSet<String>>,
}

impl Server {
    /// Serves a folder and the API on this port of the loopback; 0 is any free port.
    pub fn start(folder: impl AsRef<Path>, port: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        let address = listener.local_addr()?;
        let folder = folder.as_ref().to_owned();
        let shared = Shared { folder, mood: Mutex::default(), log: Mutex::default(), keys: Mutex::default() };
        let shared = Arc::new(shared);
        let server = Self { address, shared: shared.clone() };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                // A page that hangs up is no error of the server's.
                std::thread::spawn(move || drop(shared.answer(stream)));
            }
        });
        Ok(server)
    }

    /// Changes how the API answers, also what waits.
    pub fn set_mood(&self, mood: Mood) {
        *lock(&self.shared.mood) = mood;
    }

    /// Requests so far.
    pub fn log(&self) -> Log {
        lock(&self.shared.log).clone()
    }
}

impl Shared {
    fn answer(&self, mut stream: TcpStream) -> Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut first = String::new();
        reader.read_line(&mut first)?;
        let (mut length, mut key) = (0, String::new());
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            match line.trim_end().split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().unwrap_or(0);
                }
                Some((name, value)) if name.eq_ignore_ascii_case("idempotency-key") => {
                    value.trim().clone_into(&mut key);
                }
                None if line.trim_end().is_empty() => break,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let path = first.split(' ').nth(1).unwrap_or("/").to_owned();
        match (path.strip_prefix("/api/people/"), path == "/api/names") {
            (Some(group), _) => self.answer_api(&mut stream, group),
            (None, true) if first.starts_with("POST") => self.add_name(&mut stream, &body, key),
            (None, true) => self.list_names(&mut stream),
            (None, false) => self.answer_file(&mut stream, &path),
        }
    }

    fn add_name(&self, stream: &mut TcpStream, name: &[u8], key: String) -> Result<()> {
        let add = || {
            if lock(&self.keys).insert(key) {
                lock(&self.log).posted.push(String::from_utf8_lossy(name).into_owned());
            }
        };
        if *lock(&self.mood) == Mood::Lost {
            add();
            return self.mood(stream).map(drop);
        }
        match self.mood(stream)? {
            Some(Mood::Good) => {
                add();
                respond(stream, "204 No Content", "text/plain", b"")
            }
            Some(_) => respond(stream, "500 Internal Server Error", "text/plain", b"no names today"),
            None => Ok(()),
        }
    }

    fn list_names(&self, stream: &mut TcpStream) -> Result<()> {
        let names =
            lock(&self.log).posted.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(",");
        respond(stream, "200 OK", "application/json", format!("[{names}]").as_bytes())
    }

    /// The mood once it is one that answers. `None` if the page has hung up before.
    fn mood(&self, stream: &TcpStream) -> Result<Option<Mood>> {
        stream.set_read_timeout(Some(Duration::from_millis(20)))?;
        loop {
            match *lock(&self.mood) {
                Mood::Silent | Mood::Lost if matches!(stream.peek(&mut [0]), Ok(0)) => {
                    lock(&self.log).aborted += 1;
                    return Ok(None);
                }
                Mood::Silent | Mood::Lost => {}
                mood => return Ok(Some(mood)),
            }
        }
    }

    fn answer_api(&self, stream: &mut TcpStream, group: &str) -> Result<()> {
        let count = {
            let mut log = lock(&self.log);
            log.asked.push(group.to_owned());
            log.asked.len()
        };
        let Some(mood) = self.mood(stream)? else { return Ok(()) };
        if mood == Mood::Broken {
            return respond(stream, "500 Internal Server Error", "text/plain", b"no people today");
        }
        let people = format!(
            r#"[{{"name":"{group} Ada"}},{{"name":"{group} Grace"}},{{"name":"{group} visit {count}"}}]"#
        );
        respond(stream, "200 OK", "application/json", people.as_bytes())
    }

    fn answer_file(&self, stream: &mut TcpStream, path: &str) -> Result<()> {
        let name = path.trim_start_matches('/').split('?').next().unwrap_or_default();
        let name = if name.is_empty() { "index.html" } else { name };
        let kind = match name.rsplit('.').next() {
            Some("html") => "text/html; charset=utf-8",
            Some("js") => "text/javascript",
            Some("wasm") => "application/wasm",
            _ => "application/octet-stream",
        };
        let is_plain = !name.contains("..");
        match std::fs::read(self.folder.join(name)) {
            Ok(body) if is_plain => respond(stream, "200 OK", kind, &body),
            _ => respond(stream, "404 Not Found", "text/plain", b"no such file"),
        }
    }
}

fn respond(stream: &mut TcpStream, status: &str, kind: &str, body: &[u8]) -> Result<()> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
