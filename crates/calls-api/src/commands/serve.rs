//! `calls serve`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::{Condition, from_fn};
use actix_web::{App, HttpServer, web};
use anyhow::Context;
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};

use super::access::Access;
use super::backup::Backups;
use super::capacity::{Capacity, Connections};
use super::senders::Senders;
use super::storage::Storage;
use super::waiting_room::WaitingRoom;
use super::{malloc, secret_file, seed};
use crate::app;
use crate::assets::Site;
use crate::base_path::{self, BasePath};
use crate::credentials::Credentials;
use crate::events::{EventOptions, Events};
use crate::hosts::{Host, Hosts};
use crate::listen::{Listen, Socket};
use crate::metrics::Metrics;
use crate::problem::{self, ApiError};
use crate::reads::{HotReads, Replica};
use crate::routes;
use crate::supervisor::{self, Heartbeats};
use calls_phone::Region;
use calls_store::address::Address;
use calls_store::counter::Counter;
use calls_store::deadlines::Deadlines;
use calls_store::hot::{Hot, HotOptions};
use calls_store::idempotency;
use calls_store::labels::Labels;
use calls_store::lister::Lister;
use calls_store::pool::{Database, DatabaseError, Queue};
use calls_store::server::{Failures, Server};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Address and port to listen on; port 0 is a free one. unix: and an absolute path is a Unix socket.
    /// Sockets passed by systemd take precedence
    #[arg(
        long,
        visible_alias = "listen",
        env = "CALLS_BIND",
        default_value = "127.0.0.1:8000",
        value_name = "ADDR:PORT|unix:PATH"
    )]
    bind: Listen,
    /// Path prefix of everything that is served, such as /calls-app, on a host name shared with others
    #[arg(long, env = "CALLS_BASE_PATH", default_value = "/", value_name = "PATH")]
    base_path: BasePath,
    /// Country of numbers without a country code, as two letters (ISO 3166-1)
    #[arg(long, env = "CALLS_REGION", value_name = "COUNTRY")]
    region: Option<Region>,
    /// Maximum number of connections to PostgreSQL
    #[arg(long, env = "CALLS_CONNECTIONS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=100))]
    connections: u32,
    /// Maximum number of requests that wait for a connection; further ones are answered 503 at once
    #[arg(long, env = "CALLS_WAITING", default_value_t = 256, value_name = "REQUESTS")]
    waiting: usize,
    /// Second address, for /health/live, /health/ready and Prometheus' /metrics; do not expose it to the
    /// public [default: none]
    #[arg(long, env = "CALLS_ADMIN_BIND", value_name = "ADDR:PORT|unix:PATH")]
    admin_bind: Option<Listen>,
    /// Time limit of a request that reads, in seconds; a slower database results in a 503
    #[arg(long, env = "CALLS_DEADLINE", default_value = "1.7", value_name = "SECONDS", value_parser = deadline)]
    deadline: Duration,
    /// Disable the directory (GET /api/numbers): a history is found only by its number
    #[arg(long, env = "CALLS_NO_DIRECTORY")]
    no_directory: bool,
    /// Disable writes from the page: notes on calls, and marks of people called back
    #[arg(long, env = "CALLS_READ_ONLY")]
    read_only: bool,
    /// Interval of keep-alive comments in idle event streams, in seconds. PostgreSQL is checked
    /// as often
    #[arg(long, env = "CALLS_HEARTBEAT", default_value = "15", value_name = "SECONDS", value_parser = deadline)]
    heartbeat: Duration,
    /// Standbys of the database for reads, as postgres://user:password@host,host/database. Writes and events
    /// use --database-url
    #[arg(long, env = "CALLS_READ_URL", hide_env_values = true, value_name = "URL")]
    read_url: Option<String>,
    /// File with the address of the standbys, instead of --read-url; surrounding white space is ignored
    #[arg(long, env = "CALLS_READ_URL_FILE", value_name = "FILE")]
    read_url_file: Option<PathBuf>,
    /// Fill the database with made-up calls if it has none
    #[arg(long)]
    seed_if_empty: bool,
    #[command(flatten)]
    capacity: Capacity,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    senders: Senders,
    #[command(flatten)]
    backups: Backups,
}

fn deadline(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.1..=600.0).contains(seconds));
    let wrong = || format!("expected seconds from 0.1 to 600, but found {text:?}");
    seconds.map(Duration::from_secs_f64).ok_or_else(wrong)
}

pub(crate) fn run(storage: Storage, mut arguments: Arguments) -> anyhow::Result<ExitCode> {
    malloc::share_heaps();
    if rustix::process::geteuid().is_root() {
        tracing::warn!("the HTTP server runs as root: start it as a user of its own");
    }
    // Checked before PostgreSQL is started, because these can be invalid.
    let public_host = arguments.senders.public_host()?;
    let credentials = arguments.senders.credentials(&arguments.base_path)?;
    let read_url =
        secret_file::read("--read-url", arguments.read_url.take(), arguments.read_url_file.take())?;
    let open_connections = arguments.capacity.connections(arguments.connections);
    let sockets = Socket::open(&arguments.bind)?;
    let waiting_room = WaitingRoom::open(&sockets, &arguments.base_path, arguments.deadline)?;
    let (server, _) = storage.open()?;
    if arguments.seed_if_empty {
        seed::run_if_empty(&server)?;
    }
    let server = Arc::new(server);
    let (app, teller) = app(&server, &arguments, open_connections, credentials, read_url.as_deref())?;
    let versions = Versions::note(&server, &app.metrics)?;
    let backups = arguments.backups.start(&server, &app.metrics)?;
    let events = app.events.clone();
    let Arguments { admin_bind, base_path, access, .. } = arguments;
    let at = At { sockets, admin_bind, base_path, public_host };
    waiting_room.close()?;
    let served = serve(app, at, access, open_connections, versions);
    drop(backups);
    events.close();
    // The thread has no result.
    teller.join().ok();
    // A server that is still being started holds another reference. Its keeper then stops it.
    if let Some(server) = Arc::into_inner(server) {
        server.leave()?;
    }
    served?;
    Ok(ExitCode::SUCCESS)
}

/// The shared state, and the thread that sends new calls to event streams.
fn app(
    server: &Arc<Server>,
    arguments: &Arguments,
    open_connections: Connections,
    credentials: Credentials,
    read_url: Option<&str>,
) -> anyhow::Result<(app::App, JoinHandle<()>)> {
    let failures = Server::keep_running(server);
    let &Arguments { connections, waiting, region, deadline, heartbeat, .. } = arguments;
    let deadlines = Deadlines { request: deadline };
    let address = Address::parse(server.url()).context("cannot connect to the database")?;
    let address = Arc::new(address);
    let labels = Labels::default();
    let database = Database::new(server.url(), connections, Queue::new(waiting), deadlines, failures.clone());
    let followers = arguments.capacity.follower_slots(open_connections);
    let event_options = EventOptions {
        address: address.clone(),
        labels: labels.clone(),
        database: database.clone(),
        most_clients: followers.most(),
        heartbeat,
    };
    let (events, teller) = Events::start(event_options).context("cannot start a thread")?;
    let most = usize::try_from(connections).unwrap_or(usize::MAX);
    let hot = HotOptions {
        address,
        queue: Queue::new(waiting.saturating_add(most)),
        labels: labels.clone(),
        deadlines,
        failures,
        readers: most.min(4),
    };
    let app = app::App {
        replica: read_url.map(|url| replica(url, connections, waiting, &hot)).transpose()?,
        counter: Counter::new(database.clone()),
        lister: Lister::new(database.clone()),
        database,
        hot,
        labels,
        region,
        has_directory: !arguments.no_directory,
        read_only: arguments.read_only,
        public_url: arguments.senders.public_url(),
        rate_limit: arguments.access.rate_limit(),
        clients: arguments.access.clients(),
        exports: arguments.capacity.export_slots(),
        followers,
        metrics: Metrics::new()?,
        credentials,
        most_import_bytes: arguments.senders.most_import_bytes(),
        events,
        server: Arc::downgrade(server),
        site: Site::below(&arguments.base_path)?,
    };
    Ok((app, teller))
}

/// The standbys, with as many connections as to the primary.
fn replica(url: &str, connections: u32, waiting: usize, primary: &HotOptions) -> anyhow::Result<Replica> {
    let address = Address::parse(url).context("cannot connect to the database for reads")?;
    Server::require_sessions_of(url).context("cannot use --read-url (CALLS_READ_URL)")?;
    let (deadlines, none) = (primary.deadlines, Failures::default());
    let queue = Queue::new(waiting.saturating_add(primary.readers));
    Ok(Replica {
        database: Database::new(url, connections, Queue::new(waiting), deadlines, none.clone()),
        hot: HotOptions { address: Arc::new(address), queue, failures: none, ..primary.clone() },
    })
}

/// Resolves at SIGINT or SIGTERM. Signals are caught from this call on.
fn asked_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    let signals = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
    let [interrupted, terminated] = signals;
    let (mut interrupted, mut terminated) = (interrupted?, terminated?);
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

/// Resolves when the server is to stop, after closing the event streams, which have no end.
async fn stopping(asked_to_stop: impl Future<Output = ()>, events: Events) {
    asked_to_stop.await;
    supervisor::notify(NotifyState::Stopping);
    events.close();
}

/// Addresses of the server.
struct At {
    sockets: Vec<Socket>,
    admin_bind: Option<Listen>,
    base_path: BasePath,
    public_host: Option<Host>,
}

/// Versions and folders for the line that is logged at the start.
struct Versions {
    postgresql: String,
    /// The folder of the private PostgreSQL.
    data_dir: Option<PathBuf>,
}

impl Versions {
    fn note(server: &Server, metrics: &Metrics) -> anyhow::Result<Self> {
        let postgresql = server.version().context("cannot use the database")?;
        metrics.note_versions(&postgresql)?;
        Ok(Self { postgresql, data_dir: server.data_dir().map(PathBuf::from) })
    }

    fn tell(&self, addresses: &[String], admin: Option<&str>, base_path: &BasePath) {
        for address in addresses {
            println!("listening on {address}");
        }
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            postgresql = self.postgresql,
            data_dir = self.data_dir.as_deref().map(|folder| folder.display().to_string()),
            addresses = addresses.join(" "),
            admin,
            base_path = %base_path,
            "started"
        );
    }
}

/// Serves until SIGINT or SIGTERM, then finishes the requests under way.
#[actix_web::main]
async fn serve(
    app: app::App,
    at: At,
    access: Access,
    connections: Connections,
    versions: Versions,
) -> anyhow::Result<()> {
    let At { sockets, admin_bind, base_path, public_host } = at;
    let app_events = app.events.clone();
    let app = web::Data::new(app);
    let hosts = |is_loopback| access.hosts(is_loopback, public_host.clone());
    let admin =
        admin_bind.map(|bind| admin_server(app.clone(), &bind, hosts(bind.is_loopback()))).transpose()?;
    let hosts = hosts(sockets.iter().all(Socket::is_loopback));
    actix_web::rt::spawn(forget_old_answers(app.database.clone()));
    let heartbeats = Heartbeats::default();
    let (worker_heartbeats, base) = (heartbeats.clone(), base_path.clone());
    let mut server = HttpServer::new(move || {
        let cors = access.cors();
        // Each worker has its own connections.
        let hot = web::Data::new(Hot::new(app.hot.clone()));
        let (hosts, base) = (hosts.clone(), base.clone());
        worker_heartbeats.begin();
        App::new()
            .app_data(app.clone())
            .app_data(web::Data::new(HotReads::new(hot.clone(), app.replica.as_ref())))
            .app_data(hot)
            .app_data(problem::query_errors())
            .app_data(problem::path_errors())
            // The last middleware is the outermost.
            .wrap(from_fn(routes::refuse_excess))
            .wrap(Condition::new(cors.is_some(), cors.unwrap_or_default()))
            .wrap(from_fn(move |request, next| routes::refuse_other_hosts(hosts.clone(), request, next)))
            .wrap(from_fn(routes::add_headers))
            .wrap(from_fn(routes::log_request))
            .wrap(from_fn(move |request, next| base_path::mount(base.clone(), request, next)))
            .configure(routes::configure)
    })
    .shutdown_signal(stopping(asked_to_stop()?, app_events))
    .shutdown_timeout(10)
    .client_request_timeout(Duration::from_secs(5))
    .workers(connections.workers)
    .max_connections(connections.per_worker)
    .on_connect(move |connection, _| {
        connection.downcast_ref().into_iter().for_each(|stream| connections.limit_unread(stream));
    });
    let addresses: Vec<String> = sockets.iter().map(Socket::address).collect();
    let mut files = Vec::new();
    for socket in sockets {
        server = match socket {
            Socket::Tcp(listener) => server.listen(listener)?,
            Socket::Unix(listener, file) => {
                files.extend(file);
                server.listen_uds(listener)?
            }
        };
    }
    versions.tell(&addresses, admin.as_ref().map(|(_, address)| address.as_str()), &base_path);
    let running = server.run();
    supervisor::notify(NotifyState::Ready);
    heartbeats.watch();
    let served = running.await;
    // Stopped last, so that it responds until the end.
    if let Some((admin, _)) = admin {
        admin.stop(false).await;
    }
    drop(files);
    Ok(served?)
}

/// Deletes expired responses of idempotency keys, at once and every hour.
async fn forget_old_answers(database: Database) {
    let mut hours = tokio::time::interval(Duration::from_secs(3600));
    loop {
        hours.tick().await;
        let work = database.clone();
        let forgotten = database.block_writing(move || work.write(idempotency::forget_old)).await;
        // A standby is read-only; if the database is away, the next attempt is in an hour.
        if let Err(error @ (DatabaseError::Query(_) | DatabaseError::Refused(_))) = forgotten {
            ApiError::from(error).log_failure("idempotency");
        }
    }
}

/// Serves the admin address in the background.
fn admin_server(
    app: web::Data<app::App>,
    bind: &Listen,
    hosts: Hosts,
) -> anyhow::Result<(ServerHandle, String)> {
    let server = HttpServer::new(move || {
        let hosts = hosts.clone();
        App::new()
            .app_data(app.clone())
            .wrap(from_fn(move |request, next| routes::refuse_other_hosts(hosts.clone(), request, next)))
            .wrap(from_fn(routes::add_headers))
            .configure(routes::admin::configure)
    })
    .workers(1)
    .max_connections(Connections::ADMIN)
    .disable_signals();
    let socket = Socket::new(bind).context("cannot listen on the admin address")?;
    let address = socket.address();
    let (server, file) = match socket {
        Socket::Tcp(listener) => (server.listen(listener)?, None),
        Socket::Unix(listener, file) => (server.listen_uds(listener)?, file),
    };
    println!("admin on {address}");
    let running = server.run();
    let handle = running.handle();
    actix_web::rt::spawn(async move {
        // Removes the socket file when the server has ended.
        let _file = file;
        running.await
    });
    Ok((handle, address))
}
