//! The admin address: liveness, readiness and metrics. Not for the public.

use std::time::Duration;

use actix_web::rt::time::timeout;
use actix_web::{HttpResponse, web};

use crate::app::App;
use crate::metrics::Load;
use crate::problem::ApiError;
use calls_store::last_imports;
use calls_store::pool::{self, DatabaseError};

/// Registers the routes of the admin address.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(super::get("/health/live", live))
        .service(super::get("/health/ready", ready))
        .service(super::get("/metrics", metrics))
        .default_service(web::to(super::not_found));
}

/// Liveness: 200 as long as this process responds at all.
async fn live() -> HttpResponse {
    text("live\n")
}

/// Readiness: 200 if PostgreSQL responds, else 503.
async fn ready(app: web::Data<App>) -> Result<HttpResponse, ApiError> {
    let database = app.reads().clone();
    app.reads().block::<_, DatabaseError>(move || database.read(pool::ping)).await?;
    Ok(text("ready\n"))
}

/// Metrics in Prometheus' text format.
async fn metrics(app: web::Data<App>) -> Result<HttpResponse, ApiError> {
    note_last_imports(&app).await;
    let text = app.metrics.text(load(&app)).map_err(|_| ApiError::Internal)?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}

/// Reads the last imports. If PostgreSQL is slow or away, the known ones stay, and the other metrics are
/// still served.
async fn note_last_imports(app: &App) {
    const PATIENCE: Duration = Duration::from_millis(500);
    let database = app.reads().clone();
    let ask = app.reads().block::<_, DatabaseError>(move || database.read(last_imports::all));
    if let Ok(Ok(all)) = timeout(PATIENCE, ask).await {
        app.metrics.note_last_imports(&all);
    }
}

fn load(app: &App) -> Load {
    let pool = app.database.load();
    // Many requests share a connection of the hot path. At most as many as there are connections count as
    // running, the others as waiting.
    let hot = app.hot.queue.len();
    let served = hot.min(app.database.size());
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let (listens, heard) = app.events.listener();
    Load {
        in_use: i64::from(pool.in_use) + count(served),
        idle: pool.idle.into(),
        most_connections: count(app.database.size()),
        waiting: count(app.database.queue().len() + hot - served),
        followers: count(app.followers.taken()),
        most_followers: count(app.followers.most()),
        exports: count(app.exports.taken()),
        most_exports: count(app.exports.most()),
        listens,
        heard,
        restarts: app.server.upgrade().map_or(0, |server| server.restarts()),
    }
}

fn text(text: &'static str) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text)
}
