//! `calls serve`.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use super::seed;
use crate::cli::Storage;
use crate::database::Database;
use crate::phone::Region;
use crate::problem;
use crate::routes;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The address and port to listen on; port 0 takes a free one
    #[arg(long, env = "CALLS_BIND", default_value = "127.0.0.1:8000", value_name = "ADDR:PORT")]
    bind: SocketAddr,
    /// The country whose national numbers are understood without a country code, as two letters (ISO 3166-1)
    #[arg(long, env = "CALLS_REGION", value_name = "COUNTRY")]
    region: Option<Region>,
    /// How many connections to PostgreSQL to keep at most
    #[arg(long, env = "CALLS_CONNECTIONS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=100))]
    connections: u32,
    /// Fill the database with made-up calls if there are none in it
    #[arg(long)]
    seed_if_empty: bool,
}

pub(crate) fn run(storage: Storage, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (server, _) = storage.open()?;
    if arguments.seed_if_empty {
        seed::run_if_empty(&server)?;
    }
    let database = Database::new(server.url(), arguments.connections);
    let served = serve(routes::App { database: database.clone(), region: arguments.region }, arguments.bind);
    drop(database);
    server.leave()?;
    served?;
    Ok(ExitCode::SUCCESS)
}

/// Ctrl-C, or SIGTERM from whoever supervises this process.
async fn asked_to_stop() {
    let Ok(mut terminated) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}

/// Serves until SIGINT or SIGTERM, then finishes the requests that run.
#[actix_web::main]
async fn serve(app: routes::App, bind: SocketAddr) -> anyhow::Result<()> {
    let app = web::Data::new(app);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(app.clone())
            .app_data(problem::query_errors())
            .app_data(problem::path_errors())
            .wrap(routes::default_headers())
            .wrap(from_fn(routes::log_request))
            .configure(routes::configure)
    })
    .shutdown_signal(asked_to_stop())
    .shutdown_timeout(10)
    .client_request_timeout(Duration::from_secs(5))
    .bind(bind)
    .with_context(|| format!("cannot listen on {bind}"))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    Ok(server.run().await?)
}
