//! Clients that ask without a pause, all on one thread, so that they take little from those who answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// What to ask, and what is due.
#[derive(Debug, Clone)]
pub struct Requests {
    /// `HOST:PORT`.
    pub address: String,
    /// Whole requests, as they go over the wire. Asked in turn, and over again.
    pub texts: Arc<[Vec<u8>]>,
    /// Any other status is an error.
    pub status: u16,
}

impl Requests {
    /// A GET for each of some paths with the same header fields, each field with its line end.
    pub fn new(address: &str, paths: impl IntoIterator<Item = String>, fields: &str, status: u16) -> Self {
        let text = |path| format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{fields}\r\n").into_bytes();
        Self { address: address.to_owned(), texts: paths.into_iter().map(text).collect(), status }
    }
}

/// Asks with `clients` connections for `duration`, and says how many whole answers came per second.
pub fn ask(requests: &Requests, clients: usize, duration: Duration) -> anyhow::Result<f64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let start = Instant::now();
        let mut running = JoinSet::new();
        for client in 0..clients {
            // Everybody begins somewhere else.
            let first = client * requests.texts.len() / clients;
            running.spawn(ask_in_turn(requests.clone(), first, start + duration));
        }
        let mut answers = 0;
        while let Some(ended) = running.join_next().await {
            answers += ended??;
        }
        Ok(answers as f64 / start.elapsed().as_secs_f64())
    })
}

async fn ask_in_turn(requests: Requests, first: usize, until: Instant) -> anyhow::Result<u64> {
    let mut stream = connect(&requests.address).await?;
    let mut answer = Vec::with_capacity(64 * 1024);
    let mut answers = 0;
    for text in requests.texts.iter().cycle().skip(first) {
        if Instant::now() >= until {
            break;
        }
        stream.write_all(text).await?;
        let head = read(&mut stream, &mut answer).await?;
        if head.status != requests.status {
            bail!("expected status {}, but found {}", requests.status, head.status);
        }
        answers += 1;
        if head.closes {
            stream = connect(&requests.address).await?;
        }
    }
    Ok(answers)
}

async fn connect(address: &str) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(address).await.with_context(|| format!("nobody is at {address}"))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// What counts of an answer's head.
struct Head {
    status: u16,
    /// Bytes of the body. None: until the server closes the connection.
    length: Option<usize>,
    /// Whether the server closes the connection after it.
    closes: bool,
}

/// Reads one answer to its end.
async fn read(stream: &mut TcpStream, answer: &mut Vec<u8>) -> anyhow::Result<Head> {
    answer.clear();
    let end = loop {
        if stream.read_buf(answer).await? == 0 {
            bail!("the server closed the connection within an answer");
        }
        if let Some(end) = memmem::find(answer, b"\r\n\r\n") {
            break end;
        }
    };
    let head = Head::read(&answer[..end])?;
    let whole = head.length.map(|length| end + 4 + length);
    while whole.is_none_or(|whole| answer.len() < whole) {
        match (stream.read_buf(answer).await?, whole) {
            (0, None) => break,
            (0, Some(_)) => bail!("the server closed the connection within a body"),
            _ => {}
        }
    }
    Ok(head)
}

impl Head {
    fn read(text: &[u8]) -> anyhow::Result<Self> {
        let text = std::str::from_utf8(text)?;
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
        let mut head = Self { status: status.parse().context("no status")?, length: None, closes: false };
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("content-length") {
                head.length = Some(value.trim().parse().context("no length")?);
            } else if name.eq_ignore_ascii_case("connection") {
                head.closes = value.trim().eq_ignore_ascii_case("close");
            }
        }
        if head.status == 304 {
            head.length = Some(0);
        }
        if head.length.is_none() && !head.closes {
            bail!("expected an answer with Content-Length, but found one without");
        }
        Ok(head)
    }
}
