//! Normalizes texts for comparison: no case, accents or punctuation.

use std::borrow::Cow;

/// The letters and digits of a text, in lower case, without the accents of European languages: `Numéro
/// masqué` is `numeromasque`.
pub(crate) fn fold(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .filter_map(plain_letter)
        .collect()
}

/// The folded words of a text. A capital after a lower-case letter begins a word: `CallType.wifiIncoming` is
/// `call`, `type`, `wifi`, `incoming`.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_is_small = false;
    for c in text.chars() {
        if !c.is_alphanumeric() || (before_is_small && c.is_uppercase()) {
            words.push(String::new());
        }
        before_is_small = c.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase().filter_map(plain_letter));
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A lower-case letter without its accent. `None` for a combining accent.
fn plain_letter(c: char) -> Option<char> {
    Some(match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' | 'đ' => 'd',
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => 'e',
        'ğ' => 'g',
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' => 'i',
        'ł' | 'ľ' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ő' => 'o',
        'ř' => 'r',
        'ś' | 'š' | 'ş' | 'ș' | 'ß' => 's',
        'ť' | 'ţ' | 'ț' => 't',
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        'ά' => 'α',
        'έ' => 'ε',
        'ή' => 'η',
        'ό' => 'ο',
        'ύ' => 'υ',
        'ώ' => 'ω',
        'ς' => 'σ',
        'ё' => 'е',
        // Combining accents.
        '\u{300}'..='\u{36f}' => return None,
        c => c,
    })
}

/// A text whose decimal digits of any script are those of ASCII.
pub(crate) fn with_ascii_digits(text: &str) -> Cow<'_, str> {
    /// Zeros of Arabic, Persian, Devanagari, Bengali, Thai and wide forms.
    const ZEROS: [char; 6] = ['\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{e50}', '\u{ff10}'];
    let digit = |c: char| {
        let value =
            ZEROS.iter().find_map(|zero| u32::from(c).checked_sub(u32::from(*zero)).filter(|v| *v < 10));
        value.and_then(|value| char::from_digit(value, 10))
    };
    if text.is_ascii() || !text.chars().any(|c| digit(c).is_some()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| digit(c).unwrap_or(c)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_punctuation_do_not_count() {
        assert_eq!(fold(" Numéro-Masqué! "), "numeromasque");
        assert_eq!(fold("UNTERDRÜCKT"), fold("unterdru\u{308}ckt"));
        assert_eq!(fold("非通知"), "非通知");
        assert_eq!(fold("***"), "");
        assert_eq!(with_ascii_digits("٢٠٢٦-۰३"), "2026-03");
    }

    #[test]
    fn words_end_at_punctuation_and_before_capitals() {
        assert_eq!(words("CallType.wifiIncoming"), ["call", "type", "wifi", "incoming"]);
        assert_eq!(words("OUT-GOING  (Wi-Fi)"), ["out", "going", "wi", "fi"]);
        assert_eq!(words(""), [""; 0]);
    }
}
