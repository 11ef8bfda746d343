//! Load generator: clients that send requests without a pause, on a single thread to leave the CPU to the
//! servers.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// A request, and the expected response.
#[derive(Clone)]
pub struct Requests {
    /// `HOST:PORT`.
    pub address: String,
    /// Requests in wire format.
    texts: Texts,
    /// Expected status; any other is an error.
    pub status: u16,
    /// Text that the response must contain.
    contains: &'static str,
}

#[derive(Clone)]
enum Texts {
    /// Sent in turn, repeatedly.
    Fixed(Arc<[Vec<u8>]>),
    /// Generated for each request.
    Made(Arc<dyn Fn() -> Vec<u8> + Send + Sync>),
}

impl Requests {
    /// A GET of each path, with the same header fields, each with its line end.
    pub fn new(address: &str, paths: impl IntoIterator<Item = String>, fields: &str, status: u16) -> Self {
        let text = |path| format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{fields}\r\n").into_bytes();
        let texts = Texts::Fixed(paths.into_iter().map(text).collect());
        Self { address: address.to_owned(), texts, status, contains: "" }
    }

    /// A POST of JSON with a new body each time, and a text that its response contains.
    pub fn post(
        address: &str,
        path: &str,
        fields: &str,
        body: impl Fn() -> String + Send + Sync + 'static,
        contains: &'static str,
    ) -> Self {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n{fields}Content-Length:"
        );
        let text = move || {
            let body = body();
            format!("{head} {}\r\n\r\n{body}", body.len()).into_bytes()
        };
        Self { address: address.to_owned(), texts: Texts::Made(Arc::new(text)), status: 200, contains }
    }

    /// The same requests to another server.
    pub fn to(&self, address: &str) -> Self {
        Self { address: address.to_owned(), ..self.clone() }
    }

    /// The path of the first repeated request.
    pub fn first_path(&self) -> Option<String> {
        let Texts::Fixed(texts) = &self.texts else { return None };
        let text = String::from_utf8_lossy(texts.first()?);
        text.split(' ').nth(1).map(str::to_owned)
    }

    /// Index of the first request of a client. Clients start at different positions in the list.
    fn first_of(&self, client: usize, clients: usize) -> usize {
        match &self.texts {
            Texts::Fixed(texts) => client * texts.len() / clients,
            Texts::Made(_) => 0,
        }
    }

    fn text(&self, position: usize) -> Cow<'_, [u8]> {
        match &self.texts {
            Texts::Fixed(texts) => Cow::Borrowed(&texts[position % texts.len()]),
            Texts::Made(make) => Cow::Owned(make()),
        }
    }
}

/// Sends requests over `clients` connections for `duration`. Returns the number of complete responses per
/// second.
pub fn ask(requests: &Requests, clients: usize, duration: Duration) -> anyhow::Result<f64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let start = Instant::now();
        let mut running = JoinSet::new();
        for client in 0..clients {
            let first = requests.first_of(client, clients);
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
    for position in first.. {
        if Instant::now() >= until {
            break;
        }
        stream.write_all(&requests.text(position)).await?;
        let head = read(&mut stream, &mut answer).await?;
        if head.status != requests.status {
            bail!("expected status {}, but found {}", requests.status, head.status);
        }
        if memmem::find(&answer, requests.contains.as_bytes()).is_none() {
            let found = String::from_utf8_lossy(&answer);
            bail!("expected an answer with {}, but found {found}", requests.contains);
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

/// The parts of a response's head that are needed.
struct Head {
    status: u16,
    /// Length of the body. `None`: until the server closes the connection.
    length: Option<usize>,
    /// Whether the server closes the connection afterwards.
    closes: bool,
}

/// Reads a complete response.
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
