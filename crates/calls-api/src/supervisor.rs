//! Notifies systemd (sd_notify(3)) that the server is ready, that it stops, and that its workers are alive.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use actix_web::rt;
use sd_notify::NotifyState;

/// Interval of a worker's heartbeats.
const BEAT: Duration = Duration::from_secs(1);

/// Notifies systemd. Does nothing if it expects no notifications.
pub fn notify(state: NotifyState) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "cannot notify systemd");
    }
}

/// Heartbeats of all workers. Clones share them.
#[derive(Debug, Clone)]
pub struct Heartbeats {
    started: Instant,
    /// Time of each worker's last heartbeat, in seconds since the start.
    beats: Arc<Mutex<Vec<Weak<AtomicU64>>>>,
}

impl Default for Heartbeats {
    fn default() -> Self {
        Self { started: Instant::now(), beats: Arc::default() }
    }
}

impl Heartbeats {
    /// Starts the heartbeats of the current worker thread. They stop when its event loop does.
    pub fn begin(&self) {
        let (beat, started) = (Arc::new(AtomicU64::new(self.started.elapsed().as_secs())), self.started);
        let mut beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        beats.retain(|beat| beat.strong_count() > 0);
        beats.push(Arc::downgrade(&beat));
        rt::spawn(async move {
            loop {
                rt::time::sleep(BEAT).await;
                beat.store(started.elapsed().as_secs(), Ordering::Relaxed);
            }
        });
    }

    /// Whether every worker has had a heartbeat within `limit`.
    fn are_fresh(&self, limit: Duration) -> bool {
        let now = self.started.elapsed().as_secs();
        let beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        let beats = beats.iter().filter_map(Weak::upgrade);
        beats.map(|beat| beat.load(Ordering::Relaxed)).all(|beat| now.saturating_sub(beat) <= limit.as_secs())
    }

    /// Notifies systemd's watchdog, if it is enabled, while all workers have heartbeats. If one hangs,
    /// systemd restarts the process.
    pub fn watch(self) {
        let Some(limit) = sd_notify::watchdog_enabled() else { return };
        rt::spawn(async move {
            loop {
                match self.are_fresh(limit / 2) {
                    true => notify(NotifyState::Watchdog),
                    false => tracing::error!("a worker hangs"),
                }
                rt::time::sleep(limit / 4).await;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_hangs_is_noticed_and_one_that_ended_is_forgotten() {
        let ago = Duration::from_secs(100);
        let heartbeats = Heartbeats { started: Instant::now() - ago, beats: Arc::default() };
        assert!(heartbeats.are_fresh(BEAT));
        let beats = [99, 0].map(|beat| Arc::new(AtomicU64::new(beat)));
        heartbeats.beats.lock().unwrap().extend(beats.iter().map(Arc::downgrade));
        assert!(!heartbeats.are_fresh(Duration::from_secs(30)));
        let [fresh, hanging] = beats;
        drop(hanging);
        assert!(heartbeats.are_fresh(Duration::from_secs(30)));
        drop(fresh);
    }
}
