//! Days of the week and months, in the languages that telephones write dates in.

use chrono::Weekday;

use crate::fold::fold;

/// A day of the week, in any of the languages that telephones write dates in. `None` for any other text.
pub(crate) fn weekday(text: &str) -> Option<Weekday> {
    const NAMES: [(&str, Weekday); 42] = [
        ("mon", Weekday::Mon),
        ("tue", Weekday::Tue),
        ("wed", Weekday::Wed),
        ("thu", Weekday::Thu),
        ("fri", Weekday::Fri),
        ("sat", Weekday::Sat),
        ("sun", Weekday::Sun),
        // German, of which the two letters of the short form are enough.
        ("montag", Weekday::Mon),
        ("di", Weekday::Tue),
        ("mi", Weekday::Wed),
        ("do", Weekday::Thu),
        ("fr", Weekday::Fri),
        ("sa", Weekday::Sat),
        ("so", Weekday::Sun),
        ("mo", Weekday::Mon),
        // French
        ("lun", Weekday::Mon),
        ("mar", Weekday::Tue),
        ("mer", Weekday::Wed),
        ("jeu", Weekday::Thu),
        ("ven", Weekday::Fri),
        ("sam", Weekday::Sat),
        ("dim", Weekday::Sun),
        // Spanish, Italian, Portuguese
        ("mie", Weekday::Wed),
        ("jue", Weekday::Thu),
        ("vie", Weekday::Fri),
        ("sab", Weekday::Sat),
        ("dom", Weekday::Sun),
        ("gio", Weekday::Thu),
        ("seg", Weekday::Mon),
        ("ter", Weekday::Tue),
        ("qua", Weekday::Wed),
        ("qui", Weekday::Thu),
        ("sex", Weekday::Fri),
        // Dutch
        ("ma", Weekday::Mon),
        ("wo", Weekday::Wed),
        ("vr", Weekday::Fri),
        ("za", Weekday::Sat),
        ("zo", Weekday::Sun),
        ("woe", Weekday::Wed),
        ("vri", Weekday::Fri),
        ("zat", Weekday::Sat),
        ("zon", Weekday::Sun),
    ];
    let word = fold(text);
    let find = |start: &str| NAMES.iter().find(|(name, _)| *name == start).map(|(_, day)| *day);
    // Of French "mardi" and Italian "martedì" three letters are enough; short forms stand by themselves.
    find(&word).or_else(|| find(&word.chars().take(3).collect::<String>())).or_else(|| {
        ["dienstag", "mittwoch", "donnerstag", "maandag", "dinsdag", "donderdag"]
            .contains(&word.as_str())
            .then(|| find(&word[..2]))
            .flatten()
    })
}

/// Words between the parts of a date that is written as a sentence.
pub(crate) fn is_filler(word: &str) -> bool {
    matches!(
        word,
        "" | "at"
            | "de"
            | "del"
            | "um"
            | "à"
            | "a"
            | "las"
            | "alle"
            | "ore"
            | "om"
            | "às"
            | "le"
            | "kl."
            | "the"
            | "of"
            | "г."
            | "г"
            | "в"
            | "o"
            | "v"
    )
}

/// The month that a word begins, in the languages of western Europe.
pub(crate) fn month(word: &str) -> Option<u32> {
    if !word.starts_with(char::is_alphabetic) {
        return None;
    }
    let word = fold(word);
    let start: String = word.chars().take(3).collect();
    Some(match start.as_str() {
        "jan" | "ene" | "gen" => 1,
        "feb" | "fev" => 2,
        "mar" if word.starts_with("marras") => 11,
        "mar" | "mrz" | "mae" | "mrt" | "maa" => 3,
        "apr" | "avr" | "abr" => 4,
        "may" | "mai" | "mei" | "mag" => 5,
        "jui" if word.starts_with("juil") => 7,
        "jun" | "jui" | "giu" => 6,
        "jul" | "lug" => 7,
        "aug" | "aou" | "ago" => 8,
        "sep" | "set" => 9,
        "oct" | "okt" | "ott" | "out" => 10,
        "nov" => 11,
        "dec" | "dez" | "dic" | "des" => 12,
        _ => return month_further_east(&word, &start),
    })
}

/// As [`month`], in Slavic languages, Finnish and Turkish.
fn month_further_east(word: &str, start: &str) -> Option<u32> {
    Some(match start {
        "янв" | "sty" | "led" | "tam" | "oca" => 1,
        "фев" | "lut" | "uno" | "hel" | "sub" => 2,
        "мар" | "bre" => 3,
        "апр" | "kwi" | "dub" | "huh" | "nis" => 4,
        "мая" | "май" | "маи" | "maj" | "kve" | "tou" => 5,
        "cer" if word.starts_with("cervenec") || word.starts_with("cervence") => 7,
        "июн" | "cze" | "cer" | "kes" | "haz" => 6,
        // Others are of Croatian, where the same words name other months.
        "lip" if !matches!(word, "lip" | "lipca" | "lipiec") => return None,
        "srp" if !matches!(word, "srp" | "srpna" | "srpen") => return None,
        "lis" if !matches!(word, "lis" | "listopadu") => return None,
        "июл" | "lip" | "hei" | "tem" => 7,
        "авг" | "sie" | "srp" | "elo" => 8,
        "сен" | "wrz" | "zar" | "syy" | "eyl" => 9,
        "окт" | "paz" | "rij" | "lok" | "eki" => 10,
        "ноя" | "lis" | "kas" => 11,
        "дек" | "gru" | "pro" | "jou" | "ara" => 12,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_read_in_many_languages() {
        for (month_number, words) in [
            (3, &["March", "März", "mars", "marzo", "марта", "marca", "maaliskuuta", "března"][..]),
            (6, &["June", "juin", "giugno", "июня", "czerwca", "června", "Haziran"]),
            (7, &["July", "juillet", "luglio", "июля", "lipca", "července", "heinäkuuta"]),
            (8, &["August", "août", "srpna", "sierpnia"]),
            (11, &["November", "listopadu", "ноября", "marraskuuta", "Kasım"]),
        ] {
            for word in words {
                assert_eq!(month(word), Some(month_number), "{word}");
            }
        }
    }

    #[test]
    fn a_word_that_names_different_months_in_two_languages_names_none() {
        for word in ["listopada", "srpnja", "lipnja"] {
            assert_eq!(month(word), None, "{word}");
        }
    }
}
