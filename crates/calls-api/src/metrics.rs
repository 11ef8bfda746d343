//! Metrics for Prometheus. Routes are labelled by their template: no label holds a phone number.

mod imports;
mod load;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix_web::http::Method;
use prometheus::core::Collector;
use prometheus::{
    Gauge, GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry, TextEncoder,
};

use calls_store::last_imports::LastImport;
use imports::ImportGauges;
pub use load::Load;
use load::LoadGauges;

/// Metrics of this process. Clones share their values.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    added: IntCounterVec,
    already_there: IntCounterVec,
    joined: IntCounterVec,
    refused: IntCounterVec,
    imports: IntCounterVec,
    last_imports: ImportGauges,
    backups: Backups,
    load: LoadGauges,
}

/// Metrics of backups. The gauges appear with the first backup.
#[derive(Debug, Clone)]
struct Backups {
    last: Arc<Mutex<Option<SystemTime>>>,
    finished: Gauge,
    age: Gauge,
    failed: IntCounter,
}

/// Source of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `POST /api/calls`.
    Api,
    /// `POST /api/cdr/freeswitch`.
    Freeswitch,
    /// `POST /api/cdr/twilio`.
    Twilio,
    /// An import.
    Import,
}

impl Source {
    fn label(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Freeswitch => "freeswitch",
            Self::Twilio => "twilio",
            Self::Import => "import",
        }
    }
}

impl Metrics {
    /// All metrics, at zero.
    ///
    /// # Errors
    /// None that depends on anything outside this function.
    pub fn new() -> prometheus::Result<Self> {
        /// In seconds. A page of calls takes about a millisecond, and no request more than two seconds.
        const BUCKETS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.0];
        let registry = Registry::new();
        let counter = |name: &str, help: &str, labels: &[&str]| {
            IntCounterVec::new(Opts::new(name, help), labels).and_then(|counter| register(&registry, counter))
        };
        let histogram = HistogramOpts::new(
            "http_request_duration_seconds",
            "Time until the answer began, by route and method.",
        );
        let durations = HistogramVec::new(histogram.buckets(BUCKETS.to_vec()), &["route", "method"])?;
        Ok(Self {
            requests: counter(
                "http_requests_total",
                "Requests answered, by route, method and status.",
                &["route", "method", "status"],
            )?,
            durations: register(&registry, durations)?,
            added: counter(
                "calls_added_total",
                "Calls stored that were not there before, by source.",
                &["source"],
            )?,
            already_there: counter(
                "calls_already_there_total",
                "Calls that were there before, by source.",
                &["source"],
            )?,
            joined: counter(
                "calls_joined_total",
                "Records that were rows of another call, by source.",
                &["source"],
            )?,
            refused: counter(
                "calls_refused_total",
                "Records refused, by source and reason.",
                &["source", "reason"],
            )?,
            imports: counter(
                "calls_imports_total",
                "Call logs read by this process, by result.",
                &["result"],
            )?,
            last_imports: ImportGauges::new(&registry)?,
            backups: Backups::new(&registry)?,
            load: LoadGauges::new(&registry)?,
            registry,
        })
    }

    /// Counts a response.
    pub fn count(&self, route: &str, method: &'static str, status: u16, duration: Duration) {
        self.requests.with_label_values(&[route, method, &status.to_string()]).inc();
        self.durations.with_label_values(&[route, method]).observe(duration.as_secs_f64());
    }

    /// Counts calls that were added, and those already in the database.
    pub fn count_stored(&self, source: Source, added: u64, already_there: u64) {
        self.added.with_label_values(&[source.label()]).inc_by(added);
        self.already_there.with_label_values(&[source.label()]).inc_by(already_there);
    }

    /// Counts records that were legs of another call.
    pub fn count_joined(&self, source: Source, records: usize) {
        self.joined.with_label_values(&[source.label()]).inc_by(records as u64);
    }

    /// Counts a refused record. The reason is one of a few fixed words, never a part of the record.
    pub fn count_refused(&self, source: Source, reason: &'static str) {
        self.refused.with_label_values(&[source.label(), reason]).inc();
    }

    /// Counts an import.
    pub fn count_import(&self, is_complete: bool) {
        self.imports.with_label_values(&[if is_complete { "complete" } else { "failed" }]).inc();
    }

    /// Sets the metrics of the last imports, from any process.
    pub fn note_last_imports(&self, all: &[LastImport]) {
        self.last_imports.set(all);
    }

    /// Sets the time of the newest backup, in seconds since 1970.
    pub fn backed_up_at(&self, seconds: i64) {
        let time = UNIX_EPOCH + Duration::from_secs(seconds.try_into().unwrap_or_default());
        let mut last = self.backups.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.replace(time).is_none() {
            // The metrics are registered once, so their names are free.
            register(&self.registry, self.backups.finished.clone()).ok();
            register(&self.registry, self.backups.age.clone()).ok();
        }
    }

    /// Counts a failed backup.
    pub fn backup_failed(&self) {
        self.backups.failed.inc();
    }

    /// Sets the running versions. Call it once per process.
    ///
    /// # Errors
    /// It was called before.
    pub fn note_versions(&self, postgresql: &str) -> prometheus::Result<()> {
        let build = GaugeVec::new(
            Opts::new("calls_build_info", "1, with versions as labels."),
            &["version", "postgresql"],
        )?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION"), postgresql]).set(1.0);
        register(&self.registry, build)?;
        let started =
            Gauge::new("process_start_time_seconds", "When this process started, in seconds since 1970.")?;
        started.set(since_1970(SystemTime::now()));
        register(&self.registry, started).map(|_| ())
    }

    /// All metrics in Prometheus' text format.
    ///
    /// # Errors
    /// None that depends on what was counted.
    pub fn text(&self, load: Load) -> prometheus::Result<String> {
        self.load.set(load);
        self.backups.set();
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

impl Backups {
    fn new(registry: &Registry) -> prometheus::Result<Self> {
        Ok(Self {
            failed: register(registry, IntCounter::new("backup_failures_total", "Backups that failed.")?)?,
            last: Arc::default(),
            finished: Gauge::new(
                "backup_last_success_timestamp_seconds",
                "When the last backup was finished, in seconds since 1970.",
            )?,
            age: Gauge::new("backup_age_seconds", "Time since the last backup was finished.")?,
        })
    }

    fn set(&self) {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last {
            self.finished.set(since_1970(last));
            self.age.set(last.elapsed().unwrap_or_default().as_secs_f64());
        }
    }
}

/// Registers a metric. Its name must be free.
fn register<C: Collector + Clone + 'static>(registry: &Registry, metric: C) -> prometheus::Result<C> {
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}

/// Seconds since 1970, as Prometheus writes times.
fn since_1970(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// A method as a label. Clients can send any other method, so these share one label.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backups_age_is_there_once_there_is_a_backup() {
        let metrics = Metrics::new().unwrap();
        let text = || metrics.text(Load::default()).unwrap();
        assert!(!text().contains("backup_age"), "{}", text());
        let ago = |hours: u64| {
            let time = SystemTime::now() - Duration::from_secs(3600 * hours);
            since_1970(time) as i64
        };
        let age = |text: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix("backup_age_seconds ")).unwrap();
            line.parse::<f64>().unwrap()
        };
        metrics.backed_up_at(ago(2));
        assert!(age(&text()) >= 7200.0, "{}", text());
        metrics.backed_up_at(ago(1));
        assert!((3600.0..7200.0).contains(&age(&text())), "{}", text());
        assert!(text().contains("\nbackup_last_success_timestamp_seconds 1"), "{}", text());
        metrics.backup_failed();
        assert!(text().contains("\nbackup_failures_total 1"), "{}", text());
    }
}
