//! Spellings that were read lately. A client asks for one number again and again, and a call log has the same
//! numbers in every other line; reading one takes as long as asking PostgreSQL for some twenty calls.

use std::hash::{BuildHasher, RandomState};
use std::sync::{LazyLock, Mutex, PoisonError};

use calls_model::E164;

use super::Region;

/// Places for spellings, each with its own lock and room for four of them: 13 MB when all are taken.
const PLACES: usize = 1 << 16;
/// Bytes of a spelling that is worth keeping.
const LONGEST: usize = 24;

/// The last spellings that belong to a place, the last one first.
type Place = Mutex<[Option<Kept>; 4]>;

#[derive(Clone, Copy, PartialEq, Eq)]
struct Spelling {
    /// With zeros behind its end.
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
    // With a key of its own in each process, so that nobody can choose spellings that share a place.
    hasher: RandomState,
}

static RECENT: LazyLock<Recent> = LazyLock::new(|| Recent {
    places: (0..PLACES).map(|_| Place::default()).collect(),
    hasher: RandomState::new(),
});

/// The number that this spelling was lately.
pub(super) fn find(text: &str, region: Option<Region>) -> Option<E164> {
    let spelling = Spelling::new(text, region)?;
    let place = spelling.place()?.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = place.iter().flatten().find(|kept| kept.spelling == spelling)?;
    Some(kept.number)
}

/// Keeps what a spelling means, in place of the oldest of four others.
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
