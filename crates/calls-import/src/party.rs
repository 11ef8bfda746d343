//! Parses parties.

use std::borrow::Cow;

use crate::fold::with_ascii_digits;
use crate::hidden::hidden;
use crate::record::RawParty;
use crate::uri;

impl RawParty {
    /// Parses a party as telephone systems write it.
    ///
    /// - A number, an extension, a feature code, a `sip:` or `sips:` URI or `user@host` becomes
    ///   [`RawParty::Text`] (`user@host` gets the scheme `sip:`). Of a text with a number and something else,
    ///   only the number is kept: `Name <number>`, `number (Name)`, `+12025550123;ext=7`, `="+12025550123"`,
    ///   `whatsapp:+12025550123`, `PJSIP/101-00000001`, `Ext.101`, or a SIP address whose user is a number
    ///   with `+`.
    /// - `anonymous`, `private`, `Unterdrückt`, `非通知` and the like, and a SIP URI of such a user or of
    ///   `anonymous.invalid` (RFC 3323), become [`RawParty::Withheld`].
    /// - An empty text, `unknown`, `n/a`, `Inconnu` and the like become [`RawParty::Unknown`].
    /// - Any other text is kept unchanged, as [`RawParty::Text`].
    pub fn from_text(text: &str) -> Self {
        read(text).0
    }

    /// Whether it has the form of a party that can own a history: something that can be dialled, or a SIP
    /// address, but not a name.
    pub fn is_identified(&self) -> bool {
        let Self::Text(text) = self else { return false };
        is_dialable(text) || ["sip:", "sips:", "tel:"].iter().any(|scheme| has_prefix(text, scheme))
    }
}

/// Parses a party, and the name that stands beside a number.
pub(crate) fn read(text: &str) -> (RawParty, Option<String>) {
    let digits = text.strip_prefix('+').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return (RawParty::Text(text.to_owned()), None);
    }
    /// Maximum nesting, as in `"Name" <sip:+12025550123@host>`.
    const DEEPEST: usize = 4;
    let (mut text, mut name) = (clean(&with_ascii_digits(text)).into_owned(), None);
    for _ in 0..DEEPEST {
        match step(&text) {
            Step::End(party) => return (party, name),
            Step::Inside(inside, found) => {
                name = name.or(found);
                let inside = clean(&inside).into_owned();
                if inside == text {
                    break;
                }
                text = inside;
            }
        }
    }
    (RawParty::Text(text), name)
}

/// The name of a counterparty. `None` if the text is a number, a word for a withheld caller, or the party
/// itself. Control characters are removed, and it is cut after 200 characters.
pub(crate) fn name(text: &str, party: &RawParty) -> Option<String> {
    const LONGEST: usize = calls_model::Party::MAX_NAME_CHARS;
    let printable: String = clean(text).chars().take(LONGEST).collect();
    let is_cut = printable.matches('"').count() % 2 == 1;
    let name = if is_cut { printable.trim().trim_matches('"').trim() } else { printable.trim() };
    if name != text {
        return self::name(name, party);
    }
    let has_letter = name.contains(char::is_alphabetic);
    let is_party = matches!(party, RawParty::Text(text) if text == name);
    // A text without digits and address characters cannot be a number.
    let may_be_number = name.contains(|c: char| c.is_numeric() || "@:/*#<".contains(c));
    let is_number = || {
        may_be_number
            && (is_dialable(name) || matches!(read(name), (RawParty::Text(text), _) if text != name))
    };
    (has_letter && !is_party && hidden(name).is_none() && !is_number()).then(|| name.to_owned())
}

enum Step {
    End(RawParty),
    /// The party is in this part of the text, with a name in another part.
    Inside(String, Option<String>),
}

/// Recognizes one form of a party in a cleaned text.
fn step(text: &str) -> Step {
    if let Some(hidden) = hidden(text) {
        return Step::End(hidden);
    }
    if let Some((name, address)) = address_in_brackets(text) {
        return in_brackets(name, address);
    }
    let of_spreadsheet = || counted(text).map(RawParty::Text);
    let found = channel(text).or_else(of_spreadsheet).or_else(|| uri::read(text)).or_else(|| dialled(text));
    match found {
        Some(party) => Step::End(party),
        None => match beside_a_name(text) {
            Some((number, name)) => Step::Inside(number, name),
            None => Step::End(RawParty::Text(text.to_owned())),
        },
    }
}

/// Splits `Name <address>`, with or without parameters after it.
fn address_in_brackets(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_at(text.rfind('<')?);
    let (address, behind) = rest[1..].split_once('>')?;
    let is_end = behind.trim().is_empty() || behind.trim_start().starts_with(';');
    is_end.then_some((name, address))
}

/// If the brackets are empty, the name may be a number or a word for a withheld caller.
fn in_brackets(name: &str, address: &str) -> Step {
    let unquoted = name.trim().trim_matches('"').trim();
    let name = (!unquoted.is_empty()).then(|| unquoted.to_owned());
    if is_plain_number(address) || hidden(&clean(address)) != Some(RawParty::Unknown) {
        return Step::Inside(address.to_owned(), name);
    }
    let cleaned = clean(unquoted);
    match hidden(&cleaned).or_else(|| dialled(&cleaned)) {
        Some(party) => Step::End(party),
        None => Step::Inside(String::new(), name),
    }
}

/// Removes what is neither visible nor dialled: control and invisible characters, surrounding quotes, and a
/// spreadsheet's markers for text (`'+1...`, `="+1..."`). Replaces full-width characters.
fn clean(text: &str) -> Cow<'_, str> {
    let is_wide = |c: char| ('\u{ff01}'..='\u{ff5e}').contains(&c) || c == '\u{3000}';
    let mut cleaned = Cow::Borrowed(text);
    if text.contains(|c: char| is_invisible(c) || c.is_control() || is_wide(c)) {
        let narrow = |c: char| match c {
            '\u{3000}' => ' ',
            c if is_wide(c) => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            c if c.is_control() => ' ',
            c => c,
        };
        cleaned = Cow::Owned(text.chars().filter(|c| !is_invisible(*c)).map(narrow).collect());
    }
    let range = unwrapped(&cleaned);
    match cleaned {
        Cow::Borrowed(text) => Cow::Borrowed(&text[range]),
        Cow::Owned(text) => Cow::Owned(text[range].to_owned()),
    }
}

/// The range of a text inside its quotes.
fn unwrapped(text: &str) -> std::ops::Range<usize> {
    let mut inner = text.trim();
    loop {
        let quoted =
            [('"', '"'), ('\'', '\''), ('“', '”'), ('„', '“')].into_iter().find_map(|(open, close)| {
                let inside = inner.strip_prefix(open)?.strip_suffix(close)?;
                (!inside.contains([open, close])).then_some(inside)
            });
        let of_formula = || inner.strip_prefix('=').filter(|rest| rest.starts_with(['"', '+']));
        let of_text =
            || inner.strip_prefix('\'').filter(|rest| rest.starts_with(|c: char| c.is_numeric() || c == '+'));
        match quoted.or_else(of_formula).or_else(of_text) {
            Some(inside) => inner = inside.trim(),
            None => break,
        }
    }
    let start = inner.as_ptr() as usize - text.as_ptr() as usize;
    start..start + inner.len()
}

fn is_invisible(c: char) -> bool {
    let is_mark = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}');
    is_mark || matches!(c, '\u{ad}' | '\u{feff}')
}

fn has_prefix(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Parses a channel of Asterisk or FreeSWITCH: `PJSIP/101-00000001`, `Local/101@from-internal-0001;1`,
/// `sofia/internal/101@192.0.2.20`.
pub(crate) fn channel(text: &str) -> Option<RawParty> {
    const TECHNOLOGIES: [&str; 7] = ["sip", "pjsip", "iax2", "local", "sccp", "user", "sofia"];
    let (technology, rest) = text.split_once('/')?;
    TECHNOLOGIES.iter().find(|known| technology.eq_ignore_ascii_case(known))?;
    let address = rest.split(';').next()?;
    let user = address.split('@').next()?.rsplit('/').next()?;
    let number = match user.rsplit_once('-') {
        Some((number, _)) if is_plain_number(number) => number,
        // FreePBX adds a prefix for the purpose: Local/FMPR-101@from-internal.
        Some((_, number)) if technology.eq_ignore_ascii_case("local") => number,
        Some(_) => return None,
        None => user,
    };
    let number = number.trim_end_matches('#');
    is_plain_number(number).then(|| RawParty::Text(number.to_owned()))
}

/// A phone number that a spreadsheet formatted as a number: `12025550123.0`, `1.2025550123E+10`. In a rounded
/// one such as `1.20256E+10` the digits are lost.
fn counted(text: &str) -> Option<String> {
    const LEAST: usize = 8;
    let (whole, rest) = text.split_once(['.', ','])?;
    let (decimals, exponent) = match rest.split_once(['e', 'E']) {
        Some((decimals, exponent)) => {
            (decimals, exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?)
        }
        None => (rest, 0_usize),
    };
    let is_of_digits = [whole, decimals].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    if !is_of_digits || whole.len() + exponent < SHORTEST || exponent > 14 {
        return None;
    }
    if exponent == 0 {
        return decimals.bytes().all(|byte| byte == b'0').then(|| whole.to_owned());
    }
    let is_exact =
        whole.len() == 1 && whole != "0" && decimals.len() <= exponent && decimals.len() + 1 >= LEAST;
    is_exact.then(|| format!("{whole}{decimals:0<exponent$}"))
}

/// The number in something that can be dialled, without prefixes and suffixes.
fn dialled(text: &str) -> Option<RawParty> {
    let number = without_extension(without_line(without_count(text)));
    if is_dialable(number) {
        return Some(RawParty::Text(without_prefix(number).to_owned()));
    }
    extension(text).map(|number| RawParty::Text(number.to_owned()))
}

/// Minimum number of digits of a number, as opposed to an extension.
pub(crate) const SHORTEST: usize = 7;

pub(crate) fn count_digits(text: &str) -> usize {
    text.chars().filter(|c| c.is_numeric()).count()
}

fn is_plain_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Removes the prefix for an outside line: `9,2025550123`, `9+12025550123`.
fn without_line(text: &str) -> &str {
    let Some(line_end) = text.find([',', '+']) else { return text };
    let (line, number) = text.split_at(line_end);
    let number = number.trim_start_matches([',', ' ']);
    let is_number = count_digits(number) >= SHORTEST && number.chars().all(is_part_of_number);
    if line.len() == 1 && line.bytes().all(|b| b.is_ascii_digit()) && is_number { number } else { text }
}

/// Removes the number of attempts that telephones show: `+12025550123 (2)`.
fn without_count(text: &str) -> &str {
    let is_count =
        |count: &str| matches!(count.len(), 1 | 2) && is_plain_number(count) && !count.starts_with('+');
    let split = text.strip_suffix(')').and_then(|text| text.rsplit_once(" ("));
    split
        .filter(|(number, count)| count_digits(number) >= SHORTEST && is_count(count))
        .map_or(text, |(number, _)| number)
}

/// Removes the extension: `;ext=7`, `x123`, `ext. 7`, `,,7#`.
fn without_extension(text: &str) -> &str {
    let end = text.find(|c: char| !is_part_of_number(c)).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let rest_is = |signs: &str| rest.chars().all(|c| c.is_ascii_digit() || signs.contains(c));
    let is_extension = rest.starts_with(';')
        || (rest.starts_with([',', '#', 'p', 'P', 'w', 'W']) && rest_is(",;#*pPwW "))
        || extension(rest).is_some();
    if count_digits(number) >= SHORTEST && is_extension { number.trim() } else { text }
}

/// The digits in `Ext.101`, `x123`, `Nebenstelle 7`.
fn extension(text: &str) -> Option<&str> {
    const WORDS: [&str; 14] = [
        "extension",
        "extensión",
        "nebenstelle",
        "durchwahl",
        "interno",
        "toestel",
        "anexo",
        "ramal",
        "poste",
        "extn",
        "ext",
        "nst",
        "dw",
        "x",
    ];
    const LONGEST: usize = 8;
    let text = text.trim_start_matches([' ', '-', '/', ',']);
    let rest = WORDS.iter().find_map(|word| has_prefix(text, word).then(|| &text[word.len()..]))?;
    let digits = rest.trim_start_matches(['.', ':', ' ', '#', '-', '=', '\u{a0}']).trim_end();
    ((1..=LONGEST).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

/// Removes a code that withholds or shows the caller's number for one call: #31# and *31# (3GPP TS 22.030),
/// *67 and *82 in North America; or any other code of two digits before a complete number.
fn without_prefix(text: &str) -> &str {
    const LONG: usize = 10;
    let is_number = |rest: &&str, shortest: usize| {
        let digits = rest.bytes().filter(u8::is_ascii_digit).count();
        (digits >= shortest || (rest.starts_with('+') && digits >= SHORTEST)) && !rest.contains(['*', '#'])
    };
    let of_code = ["#31#", "*31#", "#30#", "*30#", "*67", "*82"]
        .into_iter()
        .find_map(|code| text.strip_prefix(code))
        .filter(|rest| is_number(rest, SHORTEST));
    let of_any = || {
        let is_code =
            text.len() > 3 && text.starts_with('*') && text.as_bytes()[1..3].iter().all(u8::is_ascii_digit);
        is_code.then(|| &text[3..]).filter(|rest| is_number(rest, LONG))
    };
    of_code.or_else(of_any).map_or(text, str::trim_start)
}

fn is_punctuation(c: char) -> bool {
    "+()-./\u{a0}\u{2010}\u{2011}\u{2012}\u{2013}\u{202f} ".contains(c)
}

fn is_part_of_number(c: char) -> bool {
    c.is_numeric() || is_punctuation(c)
}

/// Whether a telephone can dial it: digits, `*`, `#` and separators, or a number with letters
/// (`1-800-FLOWERS`).
pub(crate) fn is_dialable(text: &str) -> bool {
    let is_key = |c: char| c.is_numeric() || c == '*' || c == '#';
    let plain = text.chars().all(|c| is_key(c) || is_punctuation(c));
    (plain && text.contains(is_key)) || is_spelled(text)
}

/// Whether it is a number that ends in letters, and not a complete number followed by a name.
fn is_spelled(text: &str) -> bool {
    /// Length of a North American number; in other countries letters are rare.
    const LETTERS_AND_DIGITS: std::ops::RangeInclusive<usize> = 10..=14;
    let digits = count_digits(text);
    let letters = text.chars().filter(char::is_ascii_alphabetic).count();
    let in_capitals = !text.contains(|c: char| c.is_ascii_lowercase());
    (4..=8).contains(&digits)
        && (3..=8).contains(&letters)
        && LETTERS_AND_DIGITS.contains(&(digits + letters))
        && text.starts_with(|c: char| c.is_ascii_digit() || c == '+' || c == '(')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || is_punctuation(c))
        && (in_capitals || text.contains('-'))
        && !text.contains(" -")
}

/// Splits a number from the name beside it: `number (Name)`, `Name (number)`, `Name: number`, `number -
/// Name`.
fn beside_a_name(text: &str) -> Option<(String, Option<String>)> {
    let text = without_count(text);
    let named = |number: &str, name: &str| {
        let is_edge = |c: char| c.is_whitespace() || "-–—:;,|/\"'()[]".contains(c);
        let name = name.trim_matches(is_edge);
        (number.trim().to_owned(), (!name.is_empty()).then(|| name.to_owned()))
    };
    for (open, close) in [('(', ')'), ('[', ']')] {
        let inside = text.strip_suffix(close).and_then(|text| text.rsplit_once(open));
        let Some((outside, inside)) = inside else { continue };
        let (one, other) = (dialled_number(outside.trim()), dialled_number(inside.trim()));
        match (one, other) {
            (true, false) => return Some(named(outside, inside)),
            (false, true) if count_digits(outside) == 0 && count_digits(inside) > 1 => {
                return Some(named(inside, outside));
            }
            _ => {}
        }
    }
    within_words(text).map(|range| {
        let around = format!("{} {}", &text[..range.start], &text[range.end..]);
        named(&text[range], &around)
    })
}

fn dialled_number(text: &str) -> bool {
    dialled(text).is_some()
}

/// The range of the only digits in a text, if they are a number: seven or more, or an extension next to a
/// dash or colon.
fn within_words(text: &str) -> Option<std::ops::Range<usize>> {
    let first = text.find(|c: char| c.is_numeric() || c == '+')?;
    let last = text.rfind(char::is_numeric)?;
    let last = last + text[last..].chars().next().map_or(0, char::len_utf8);
    let start =
        if text[..first].ends_with('(') && text.get(first..last)?.contains(')') { first - 1 } else { first };
    let (before, number, behind) = (text.get(..start)?, text.get(start..last)?, text.get(last..)?);
    let digits = count_digits(number);
    let is_edge = |c: char| c.is_whitespace() || ":,;|([<\"'/".contains(c);
    let (left, right) = (before.trim_end(), behind.trim_start());
    let is_apart = (before.is_empty() || before.ends_with(is_edge))
        && (behind.is_empty() || behind.starts_with(|c: char| is_edge(c) || ")]>".contains(c)));
    let by_sign = left.ends_with([':', '-', '–']) || right.starts_with([':', '-', '–']);
    let is_number = digits >= SHORTEST || ((2..=6).contains(&digits) && by_sign && is_plain_number(number));
    (is_apart && is_number && number.chars().all(is_part_of_number)).then_some(start..last)
}

#[cfg(test)]
mod tests;
