//! Suggestions for unknown values.

use calls_import::Format;
use chrono_tz::TZ_VARIANTS;

/// Maximum number of suggestions.
const MOST: usize = 3;
/// Minimum similarity of a suggestion (Jaro-Winkler; 1 is equal).
const ALIKE: f64 = 0.85;

/// Time zones similar to a text: its city or country, other capitals, a misspelling, or an offset from UTC.
pub(crate) fn zones(text: &str) -> Vec<String> {
    let wanted = text.trim().to_lowercase().replace(' ', "_");
    if let Some(hours) = hours_from_utc(&wanted) {
        // These names have the signs of POSIX: negative is ahead of UTC.
        return vec![if hours == 0 { "UTC".to_owned() } else { format!("Etc/GMT{:+}", -hours) }];
    }
    let names = || TZ_VARIANTS.iter().map(|zone| zone.name());
    let place = |name: &str| name.rsplit('/').next().unwrap_or(name).to_lowercase();
    first(names().filter(|name| name.to_lowercase() == wanted || place(name) == wanted))
        .or_else(|| first(names().filter(|name| wanted.len() > 3 && name.to_lowercase().contains(&wanted))))
        .unwrap_or_else(|| {
            alike(names(), |name| {
                strsim::jaro_winkler(&name.to_lowercase(), &wanted)
                    .max(strsim::jaro_winkler(&place(name), &wanted))
            })
        })
}

/// Parses whole hours, as in `utc+1`, `gmt-5`, `+01:00` and `+0100`.
fn hours_from_utc(text: &str) -> Option<i32> {
    let rest = ["utc", "gmt"].iter().find_map(|name| text.strip_prefix(name)).unwrap_or(text);
    let rest = rest.strip_prefix('_').unwrap_or(rest);
    let (sign, digits) = (rest.starts_with('-'), rest.strip_prefix(['+', '-'])?);
    let hours =
        digits.strip_suffix(":00").or_else(|| digits.strip_suffix("00").filter(|_| digits.len() == 4));
    let hours: i32 = hours.unwrap_or(digits).parse().ok()?;
    (hours <= 14).then_some(if sign { -hours } else { hours })
}

/// Formats whose name or title is similar to a text.
pub(crate) fn formats(text: &str) -> Vec<String> {
    let wanted = plain(text);
    let all = || Format::ALL.into_iter();
    let of_name = all().filter(|(_, name)| wanted.len() > 1 && plain(name).contains(&wanted));
    let of_title = all().filter(|(format, _)| wanted.len() > 2 && plain(format.title()).contains(&wanted));
    first(of_name.map(|(_, name)| name)).or_else(|| first(of_title.map(|(_, name)| name))).unwrap_or_else(
        || {
            let first_part = |name: &str| plain(name.split('-').next().unwrap_or(name));
            alike(all().map(|(_, name)| name), |name| {
                strsim::jaro_winkler(&plain(name), &wanted)
                    .max(strsim::jaro_winkler(&first_part(name), &wanted))
            })
        },
    )
}

/// The letters and digits of a name, in lower case.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The country code of a common abbreviation or name.
pub(crate) fn region(text: &str) -> Vec<String> {
    const NAMES: [(&str, &[&str]); 26] = [
        ("AT", &["aut", "austria", "osterreich", "österreich"]),
        ("AU", &["aus", "australia"]),
        ("BE", &["bel", "belgium", "belgien", "belgique", "belgië"]),
        ("BR", &["bra", "brazil", "brasil"]),
        ("CA", &["can", "canada", "kanada"]),
        ("CH", &["che", "sui", "switzerland", "schweiz", "suisse"]),
        ("CZ", &["cze", "czechia", "czechrepublic"]),
        ("DE", &["deu", "ger", "germany", "deutschland", "+49", "49"]),
        ("DK", &["dnk", "denmark", "danmark"]),
        ("ES", &["esp", "spain", "españa", "spanien"]),
        ("FI", &["fin", "finland", "suomi"]),
        ("FR", &["fra", "france", "frankreich"]),
        ("GB", &["gbr", "uk", "unitedkingdom", "greatbritain", "england", "en", "+44", "44"]),
        ("IE", &["irl", "ireland"]),
        ("IN", &["ind", "india"]),
        ("IT", &["ita", "italy", "italia", "italien"]),
        ("JP", &["jpn", "japan", "ja"]),
        ("MX", &["mex", "mexico", "méxico"]),
        ("NL", &["nld", "netherlands", "holland", "nederland", "niederlande"]),
        ("NO", &["nor", "norway", "norge"]),
        ("NZ", &["nzl", "newzealand"]),
        ("PL", &["pol", "poland", "polska", "polen"]),
        ("PT", &["prt", "portugal"]),
        ("SE", &["swe", "sweden", "sverige", "schweden"]),
        ("US", &["usa", "unitedstates", "america", "+1", "1"]),
        ("ZA", &["zaf", "southafrica"]),
    ];
    let wanted: String =
        text.trim().to_lowercase().chars().filter(|c| c.is_alphanumeric() || *c == '+').collect();
    let found = NAMES.iter().find(|(_, names)| names.contains(&wanted.as_str()));
    found.map(|(region, _)| vec![(*region).to_owned()]).unwrap_or_default()
}

fn first<'a>(names: impl Iterator<Item = &'a str>) -> Option<Vec<String>> {
    let names: Vec<String> = names.take(MOST).map(str::to_owned).collect();
    (!names.is_empty()).then_some(names)
}

fn alike<'a>(names: impl Iterator<Item = &'a str>, likeness: impl Fn(&str) -> f64) -> Vec<String> {
    let mut found: Vec<(f64, &str)> = names.map(|name| (likeness(name), name)).collect();
    found.retain(|(likeness, _)| *likeness >= ALIKE);
    found.sort_by(|one, other| other.0.total_cmp(&one.0));
    found.into_iter().take(MOST).map(|(_, name)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_suggested_for_its_city_its_misspelling_and_its_difference_from_utc() {
        for (text, expected) in [
            ("Berlin", "Europe/Berlin"),
            ("new york", "America/New_York"),
            ("europe/berlin", "Europe/Berlin"),
            ("Europe/Berln", "Europe/Berlin"),
            ("Amsterdm", "Europe/Amsterdam"),
            ("UTC+1", "Etc/GMT-1"),
            ("-05:00", "Etc/GMT+5"),
            ("GMT+0", "UTC"),
        ] {
            assert_eq!(zones(text).first().map(String::as_str), Some(expected), "{text}");
        }
        assert_eq!(zones("Mars/Olympus"), [""; 0]);
    }

    #[test]
    fn a_format_is_suggested_for_a_part_of_its_name_or_title_and_for_a_misspelling() {
        for (text, expected) in [
            ("asterisk", "asterisk-csv"),
            ("3cx", "3cx-cdr"),
            ("iMazing", "iphone-csv"),
            ("asterix", "asterisk-csv"),
            ("fritzbox", "fritzbox-csv"),
            ("frezswitch", "freeswitch-json"),
        ] {
            assert!(formats(text).iter().any(|name| name == expected), "{text}: {:?}", formats(text));
        }
        assert_eq!(formats("zzzz"), [""; 0]);
    }

    #[test]
    fn a_country_is_suggested_for_its_name() {
        assert_eq!(region("Germany"), ["DE"]);
        assert_eq!(region("UK"), ["GB"]);
        assert_eq!(region("XX"), [""; 0]);
    }
}
