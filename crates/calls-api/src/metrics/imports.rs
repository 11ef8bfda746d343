//! The last imports, of this process or another.

use calls_store::last_imports::LastImport;
use prometheus::{GaugeVec, Opts, Registry};

use super::register;

/// The gauges of each [`LastImport`].
#[derive(Debug, Clone)]
pub(super) struct ImportGauges {
    ended: GaugeVec,
    added: GaugeVec,
}

impl ImportGauges {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let gauge = |name: &str, help: &str| {
            GaugeVec::new(Opts::new(name, help), &["source"]).and_then(|gauge| register(registry, gauge))
        };
        Ok(Self {
            ended: gauge(
                "calls_last_import_timestamp_seconds",
                "When the last call log of a source was read to its end, by any process, in seconds since 1970.",
            )?,
            added: gauge("calls_last_import_added", "Calls that the last call log of a source added.")?,
        })
    }

    /// Sets the gauges to these imports, and removes all others.
    pub(super) fn set(&self, all: &[LastImport]) {
        self.ended.reset();
        self.added.reset();
        for import in all {
            self.ended.with_label_values(&[&import.source]).set(import.imported_at.timestamp() as f64);
            self.added.with_label_values(&[&import.source]).set(import.added as f64);
        }
    }
}
