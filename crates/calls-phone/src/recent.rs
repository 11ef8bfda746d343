//! Cache of parsed spellings. A client requests one number again and again, and call logs repeat numbers;
//! parsing a number takes as long as reading some twenty calls from PostgreSQL.

use std::hash::{BuildHasher, RandomState};
use std::sync::{LazyLock, Mutex, PoisonError};

use calls_model::E164;

use super::Region;

/// Number of slots, each with a lock and four entries: 13 MB when all are used.
const PLACES: usize = 1 << 16;
/// Maximum length of a cached spelling in bytes.
const LONGEST: usize = 24;

/// Entries of a slot, newest first.
type Place = Mutex<[Option<Kept>; 4]>;

#[derive(Clone, Copy, PartialEq, Eq)]
struct Spelling {
    /// Padded with zeros.
    text: [u8; LONGEST],
    length: usize,
    region: Option<Region>,
}

#[derive(Clone, Copy)]
struct Kept {
    spelling: Spelling,
    number: E164,
}

struct Recent {
    places: Box<[Place]>,
    // Randomly keyed per process, so that nobody can construct spellings that share a slot.
    hasher: RandomState,
}

static RECENT: LazyLock<Recent> = LazyLock::new(|| Recent {
    places: (0..PLACES).map(|_| Place::default()).collect(),
    hasher: RandomState::new(),
});

/// The cached number of a spelling.
pub(super) fn find(text: &str, region: Option<Region>) -> Option<E164> {
    let spelling = Spelling::new(text, region)?;
    let place = spelling.place()?.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = place.iter().flatten().find(|kept| kept.spelling == spelling)?;
    Some(kept.number)
}

/// Caches a number, replacing the oldest of four entries.
pub(super) fn keep(text: &str, region: Option<Region>, number: E164) {
    if let Some(spelling) = Spelling::new(text, region)
        && let Some(place) = spelling.place()
    {
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        place.rotate_right(1);
        place[0] = Some(Kept { spelling, number });
    }
}

impl Spelling {
    fn new(text: &str, region: Option<Region>) -> Option<Self> {
        let mut bytes = [0; LONGEST];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Self { text: bytes, length: text.len(), region })
    }

    fn place(&self) -> Option<&'static Place> {
        let region = self.region.map(|region| region.0 as u32);
        let hash = RECENT.hasher.hash_one((&self.text[..self.length], region));
        RECENT.places.get(hash as usize % PLACES)
    }
}
