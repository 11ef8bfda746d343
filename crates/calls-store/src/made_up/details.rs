//! Dispositions, ring times and parties of made-up calls. They are derived from the call, without random
//! numbers, so that they do not change the calls.

use calls_model::{CallType, Disposition, Party};

/// Probability of a disposition in percent, and range of its ring time in seconds.
type Ending = (u64, Disposition, Option<(u64, u64)>);

const MISSED_INBOUND: [Ending; 6] = [
    (58, Disposition::NoAnswer, Some((22, 40))),
    (22, Disposition::Voicemail, Some((20, 21))),
    (8, Disposition::Cancelled, Some((4, 18))),
    (6, Disposition::Rejected, Some((2, 9))),
    (4, Disposition::AnsweredElsewhere, Some((3, 15))),
    (2, Disposition::Blocked, None),
];

const MISSED_OUTBOUND: [Ending; 6] = [
    (54, Disposition::NoAnswer, Some((22, 45))),
    (21, Disposition::Busy, None),
    (10, Disposition::Voicemail, Some((15, 26))),
    (8, Disposition::Cancelled, Some((4, 18))),
    (5, Disposition::Rejected, Some((2, 9))),
    (2, Disposition::Failed, None),
];

/// Disposition of a call, and its ring time in milliseconds.
pub(super) fn ending(call_type: CallType, start: i64) -> (Disposition, Option<i32>) {
    let dice = mix(start.cast_unsigned());
    let endings = match call_type {
        CallType::CompletedInbound | CallType::CompletedOutbound => {
            return (Disposition::Answered, ring_ms(dice, (2, 19)));
        }
        CallType::MissedInbound => MISSED_INBOUND,
        CallType::MissedOutbound => MISSED_OUTBOUND,
    };
    let mut left = dice % 100;
    let drawn = endings.into_iter().find(|(percent, ..)| {
        let is_it = left < *percent;
        left = left.saturating_sub(*percent);
        is_it
    });
    let (_, disposition, ring) = drawn.unwrap_or(endings[0]);
    (disposition, ring.and_then(|ring| ring_ms(dice, ring)))
}

/// Rounded to tenths of a second.
fn ring_ms(dice: u64, (from, to): (u64, u64)) -> Option<i32> {
    let tenths = from * 10 + (dice >> 32) % ((to - from) * 10);
    i32::try_from(tenths * 100).ok()
}

const FIRST: [&str; 20] = [
    "Ada", "Anouk", "Ben", "Clara", "Dmitri", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Käthe",
    "Liam", "Mira", "Noah", "Olga", "Priya", "Rosa", "Samuel", "Zoë",
];

const LAST: [&str; 20] = [
    "Almeida",
    "Berger",
    "Costa",
    "Dahl",
    "Ekström",
    "Fischer",
    "García",
    "Hansen",
    "Ito",
    "Jansen",
    "Kowalski",
    "Lindqvist",
    "Moreau",
    "Novak",
    "Okafor",
    "Petersen",
    "Rossi",
    "Sato",
    "Turner",
    "Weber",
];

const BUSINESSES: [&str; 10] = [
    "Bakery on the Corner",
    "City Library",
    "Garage Nord",
    "Green Dental Practice",
    "Harbour Hotel",
    "Parcel Desk",
    "School Office",
    "Taxi Centre",
    "Town Hall",
    "Vet at the Park",
];

/// The name of a party. One of four has none.
pub fn name(party: &Party) -> Option<String> {
    let Party::E164(number) = party else { return None };
    let dice = mix(number.digits());
    let pick = |list: &[&'static str], shift: u32| list[((dice >> shift) % list.len() as u64) as usize];
    match dice % 16 {
        0..4 => None,
        4..6 => Some(pick(&BUSINESSES, 8).to_owned()),
        _ => Some(format!("{} {}", pick(&FIRST, 8), pick(&LAST, 24))),
    }
}

/// A hash of a number (SplitMix64).
fn mix(seed: u64) -> u64 {
    let mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn calls_end_in_every_way_that_fits_their_type() {
        let mut seen = HashSet::new();
        for start in 0..5_000 {
            for call_type in CallType::ALL {
                let (disposition, ring_ms) = ending(call_type, start);
                assert!(disposition.fits(call_type.outcome()), "{call_type} {disposition}");
                assert!(ring_ms.is_none_or(|ms| (2_000..45_000).contains(&ms)), "{ring_ms:?}");
                seen.insert(disposition);
            }
        }
        assert_eq!(seen.len(), Disposition::ALL.len());
        for endings in [MISSED_INBOUND, MISSED_OUTBOUND] {
            assert_eq!(endings.iter().map(|(percent, ..)| percent).sum::<u64>(), 100);
        }
    }

    #[test]
    fn most_numbers_have_a_name_and_nobody_else_has() {
        let names = (0..1_000).map(|n| Party::E164(format!("+1202555{n:04}").parse().unwrap()));
        let named: Vec<String> = names.filter_map(|party| party.named(&name(&party)?)).collect();
        assert!((700..800).contains(&named.len()), "{}", named.len());
        assert!(named.iter().collect::<HashSet<_>>().len() > 200);
        assert_eq!(name(&Party::Withheld), None);
        assert_eq!(name(&Party::Local("72000".to_owned())), None);
    }
}
