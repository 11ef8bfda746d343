//! A small server for the example and its browser test: the page's files, and an API with moods.

use std::io::{BufRead, BufReader, Result, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How the API answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mood {
    /// With a list.
    #[default]
    Good,
    /// With an error.
    Broken,
    /// Not at all, until the mood changes or the page hangs up.
    Silent,
}

/// What the API was asked.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// The groups, in order.
    pub asked: Vec<String>,
    /// How many requests the page has hung up on.
    pub aborted: usize,
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
}

impl Server {
    /// Serves a folder and the API on this port of the loopback; 0 is any free port.
    pub fn start(folder: impl AsRef<Path>, port: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        let address = listener.local_addr()?;
        let folder = folder.as_ref().to_owned();
        let (mood, log) = (Mutex::default(), Mutex::default());
        let shared = Arc::new(Shared { folder, mood, log });
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

    /// What the API was asked so far.
    pub fn log(&self) -> Log {
        lock(&self.shared.log).clone()
    }
}

impl Shared {
    fn answer(&self, mut stream: TcpStream) -> Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let first = lines.next().transpose()?.unwrap_or_default();
        // The rest of the head is of no interest, but must be read.
        while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
        let path = first.split(' ').nth(1).unwrap_or("/").to_owned();
        match path.strip_prefix("/api/people/") {
            Some(group) => self.answer_api(&mut stream, group),
            None => self.answer_file(&mut stream, &path),
        }
    }

    fn answer_api(&self, stream: &mut TcpStream, group: &str) -> Result<()> {
        let count = {
            let mut log = lock(&self.log);
            log.asked.push(group.to_owned());
            log.asked.len()
        };
        stream.set_read_timeout(Some(Duration::from_millis(20)))?;
        let mut mood = *lock(&self.mood);
        while mood == Mood::Silent {
            if matches!(stream.peek(&mut [0]), Ok(0)) {
                lock(&self.log).aborted += 1;
                return Ok(());
            }
            mood = *lock(&self.mood);
        }
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
