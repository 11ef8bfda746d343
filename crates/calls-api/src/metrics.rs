//! What is counted for Prometheus. Routes are counted by their template: no label holds a phone number.

use std::time::Duration;

use actix_web::http::Method;
use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

/// Counters of this process. Clones count together.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    connections: IntGaugeVec,
    waiting: IntGauge,
    last_backup: IntGauge,
    failed_backups: IntCounter,
}

/// What is under way on PostgreSQL at this moment.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Connections that run queries.
    pub in_use: i64,
    /// Connections that wait for queries.
    pub idle: i64,
    /// Requests that wait for a connection.
    pub waiting: i64,
}

impl Metrics {
    /// All at zero.
    ///
    /// # Errors
    /// None that depends on anything outside this function.
    pub fn new() -> prometheus::Result<Self> {
        /// Seconds. A page of calls takes about a millisecond, and nothing longer than two seconds.
        const BUCKETS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.0];
        let metrics = Self {
            registry: Registry::new(),
            requests: IntCounterVec::new(
                Opts::new("http_requests_total", "Requests answered, by route, method and status."),
                &["route", "method", "status"],
            )?,
            durations: HistogramVec::new(
                HistogramOpts::new(
                    "http_request_duration_seconds",
                    "Time until the answer began, by route and method.",
                )
                .buckets(BUCKETS.to_vec()),
                &["route", "method"],
            )?,
            connections: IntGaugeVec::new(
                Opts::new("database_connections", "Connections to PostgreSQL, in use and idle."),
                &["state"],
            )?,
            waiting: IntGauge::new("database_waiting_requests", "Requests that wait for PostgreSQL.")?,
            last_backup: IntGauge::new(
                "backup_last_success_timestamp_seconds",
                "When the newest backup was made, in seconds since 1970. 0: none, or none is asked for.",
            )?,
            failed_backups: IntCounter::new("backup_failures_total", "Backups that failed.")?,
        };
        metrics.registry.register(Box::new(metrics.requests.clone()))?;
        metrics.registry.register(Box::new(metrics.durations.clone()))?;
        metrics.registry.register(Box::new(metrics.connections.clone()))?;
        metrics.registry.register(Box::new(metrics.waiting.clone()))?;
        metrics.registry.register(Box::new(metrics.last_backup.clone()))?;
        metrics.registry.register(Box::new(metrics.failed_backups.clone()))?;
        Ok(metrics)
    }

    /// Counts an answer.
    pub fn count(&self, route: &str, method: &'static str, status: u16, duration: Duration) {
        self.requests.with_label_values(&[route, method, &status.to_string()]).inc();
        self.durations.with_label_values(&[route, method]).observe(duration.as_secs_f64());
    }

    /// The newest backup is of this time, in seconds since 1970.
    pub fn backed_up_at(&self, seconds: i64) {
        self.last_backup.set(seconds);
    }

    /// Counts a backup that failed.
    pub fn backup_failed(&self) {
        self.failed_backups.inc();
    }

    /// Everything in Prometheus' text format.
    ///
    /// # Errors
    /// None that depends on what was counted.
    pub fn text(&self, load: Load) -> prometheus::Result<String> {
        let Load { in_use, idle, waiting } = load;
        for (state, connections) in [("in_use", in_use), ("idle", idle)] {
            self.connections.with_label_values(&[state]).set(connections);
        }
        self.waiting.set(waiting);
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

/// A method as a label. A client can make up any other, so those have one label together.
pub fn method_label(method: &Method) -> &'static str {
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    let names = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known.iter().position(|known| known == method).map_or("other", |position| names[position])
}
