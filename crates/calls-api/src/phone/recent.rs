//! Spellings that were read lately. A client asks for one number again and again, and a call log has the same
//! numbers in every other line; reading one takes as long as asking PostgreSQL for some twenty calls.

use std::hash::{BuildHasher, RandomState};
use std::sync::{LazyLock, Mutex, PoisonError};

use calls_model::E164;

use super::Region;

/// Places for spellings, each with its own lock. With the spellings at most 5 MB.
const PLACES: usize = 1 << 15;
/// Bytes of a spelling that is worth keeping.
const LONGEST: usize = 24;

/// What a place holds: the last two of the spellings that belong there, the last one first.
type Place = Mutex<[Option<(Box<str>, Option<Region>, E164)>; 2]>;

struct Recent {
    places: Box<[Place]>,
    // With a key of its own in each process, so that nobody can choose spellings that share a place.
    hasher: RandomState,
}

static RECENT: LazyLock<Recent> = LazyLock::new(|| Recent {
    places: (0..PLACES).map(|_| Place::default()).collect(),
    hasher: RandomState::new(),
});

/// The number that this spelling was lately.
pub(super) fn find(text: &str, region: Option<Region>) -> Option<E164> {
    let place = place(text, region)?.lock().unwrap_or_else(PoisonError::into_inner);
    let mut known = place.iter().flatten();
    known.find(|(known, of, _)| **known == *text && *of == region).map(|(_, _, number)| *number)
}

/// Keeps what a spelling means, in place of the older of two others.
pub(super) fn keep(text: &str, region: Option<Region>, number: E164) {
    if let Some(place) = place(text, region) {
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        place.swap(0, 1);
        place[0] = Some((text.into(), region, number));
    }
}

fn place(text: &str, region: Option<Region>) -> Option<&'static Place> {
    if text.len() > LONGEST {
        return None;
    }
    let hash = RECENT.hasher.hash_one((text, region.map(|region| region.0 as u32)));
    RECENT.places.get(hash as usize % PLACES)
}
