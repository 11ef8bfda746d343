//! Current load.

use prometheus::{Gauge, IntCounter, IntGauge, IntGaugeVec, Opts, Registry};

use super::register;

/// Current load.
#[derive(Debug, Clone, Copy, Default)]
pub struct Load {
    /// Connections to PostgreSQL that run queries.
    pub in_use: i64,
    /// Connections that wait for queries.
    pub idle: i64,
    /// Maximum number of connections.
    pub most_connections: i64,
    /// Requests that wait for a connection.
    pub waiting: i64,
    /// Open event streams.
    pub followers: i64,
    /// Maximum number of event streams.
    pub most_followers: i64,
    /// Running exports.
    pub exports: i64,
    /// Maximum number of exports.
    pub most_exports: i64,
    /// Whether the listener for new calls is connected. It is not while no event stream is open.
    pub listens: bool,
    /// Time of the last response or notification for the listener, in seconds since 1970, or 0.
    pub heard: f64,
    /// Number of times that this process restarted its PostgreSQL.
    pub restarts: u64,
}

/// The gauges of a [`Load`].
#[derive(Debug, Clone)]
pub(super) struct LoadGauges {
    connections: IntGaugeVec,
    most_connections: IntGauge,
    waiting: IntGauge,
    followers: IntGauge,
    most_followers: IntGauge,
    exports: IntGauge,
    most_exports: IntGauge,
    listens: IntGauge,
    heard: Gauge,
    restarts: IntCounter,
}

impl LoadGauges {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let gauge =
            |name: &str, help: &str| IntGauge::new(name, help).and_then(|gauge| register(registry, gauge));
        let connections = Opts::new("database_connections", "Connections to PostgreSQL, in use and idle.");
        let heard = "When the listener last heard from PostgreSQL, in seconds since 1970.";
        let restarts = "How often the private PostgreSQL had ended and was started again.";
        Ok(Self {
            connections: register(registry, IntGaugeVec::new(connections, &["state"])?)?,
            most_connections: gauge("database_connections_max", "Connections to PostgreSQL at most.")?,
            waiting: gauge("database_waiting_requests", "Requests that wait for PostgreSQL.")?,
            followers: gauge("calls_followers", "Clients that follow a history.")?,
            most_followers: gauge("calls_followers_max", "Clients that may follow a history.")?,
            exports: gauge("calls_exports", "Exports under way.")?,
            most_exports: gauge("calls_exports_max", "Exports that may be under way.")?,
            listens: gauge("calls_listener_connected", "1 while the listener for new calls is connected.")?,
            heard: register(registry, Gauge::new("calls_listener_last_heard_timestamp_seconds", heard)?)?,
            restarts: register(registry, IntCounter::new("calls_postgresql_restarts_total", restarts)?)?,
        })
    }

    pub(super) fn set(&self, load: Load) {
        for (state, connections) in [("in_use", load.in_use), ("idle", load.idle)] {
            self.connections.with_label_values(&[state]).set(connections);
        }
        self.most_connections.set(load.most_connections);
        self.waiting.set(load.waiting);
        self.followers.set(load.followers);
        self.most_followers.set(load.most_followers);
        self.exports.set(load.exports);
        self.most_exports.set(load.most_exports);
        self.listens.set(load.listens.into());
        self.heard.set(load.heard);
        self.restarts.inc_by(load.restarts.saturating_sub(self.restarts.get()));
    }
}
