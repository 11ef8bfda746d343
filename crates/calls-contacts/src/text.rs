//! Decoding of files, and cleaning of texts.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// Decodes a file: by its byte order mark, or else as UTF-8 if valid, or else by its XML declaration, or else
/// as Windows-1252.
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark..]).0;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => declared(bytes).unwrap_or(WINDOWS_1252).decode_without_bom_handling(bytes).0,
    }
}

/// Decodes the beginning of a file, which may end within a character.
pub(crate) fn decode_head(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => decode(&bytes[..error.valid_up_to()]),
        _ => decode(bytes),
    }
}

/// The encoding in an XML declaration.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
    let value = head.trim_start().strip_prefix("<?xml")?.split_once("encoding=")?.1;
    let label = value.get(1..)?.split(['"', '\'']).next()?;
    Encoding::for_label(label.as_bytes()).filter(|encoding| *encoding != UTF_8)
}

/// Whether a file that begins with these bytes is in UTF-16.
pub(crate) fn is_utf16(bytes: &[u8]) -> bool {
    Encoding::for_bom(bytes).is_some_and(|(encoding, _)| encoding != UTF_8)
}

/// Decodes a card by the charset it declares, if it is not UTF-8.
pub(crate) fn decode_card(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| {
        let bytes = error.into_bytes();
        let named = named_charset(&bytes).unwrap_or(WINDOWS_1252);
        named.decode_without_bom_handling(&bytes).0.into_owned()
    })
}

/// The first charset other than UTF-8 in a `CHARSET=` parameter.
fn named_charset(bytes: &[u8]) -> Option<&'static Encoding> {
    let upper = bytes.to_ascii_uppercase();
    let labels = memchr::memmem::find_iter(&upper, b"CHARSET=").filter_map(|at| {
        let rest = &bytes[at + b"CHARSET=".len()..];
        let end = rest.iter().position(|byte| b";:\r\n".contains(byte)).unwrap_or(rest.len());
        Encoding::for_label(rest[..end].trim_ascii())
    });
    labels.into_iter().find(|encoding| *encoding != UTF_8)
}

/// Repairs UTF-8 that was decoded as Windows-1252: programs that write vCard 2.1 omit the charset.
pub(crate) fn repair(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let (bytes, _, has_others) = WINDOWS_1252.encode(text);
    match std::str::from_utf8(&bytes) {
        Ok(repaired) if !has_others => Cow::Owned(repaired.to_owned()),
        _ => Cow::Borrowed(text),
    }
}

/// Removes control characters and repeated spaces, and cuts the text after `longest` characters. `None` if it
/// is empty then.
pub(crate) fn tidy(text: &str, longest: usize) -> Option<String> {
    let is_blank =
        |c: char| c.is_whitespace() || c.is_control() || "\u{feff}\u{200b}\u{202a}\u{202c}".contains(c);
    let mut out = String::with_capacity(text.len().min(longest));
    let mut length = 0;
    for word in text.split(is_blank).filter(|word| !word.is_empty()) {
        let blank = usize::from(length > 0);
        let room = longest.saturating_sub(length + blank);
        if room == 0 {
            break;
        }
        out.extend((blank > 0).then_some(' '));
        let end = word.char_indices().nth(room).map_or(word.len(), |(at, _)| at);
        out.push_str(&word[..end]);
        length += blank + word[..end].chars().count();
    }
    Some(out).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_tidied_and_cut() {
        assert_eq!(tidy("  Oma\t\n Hilde\0 ", 200).as_deref(), Some("Oma Hilde"));
        assert_eq!(tidy("äöü äöü", 5).as_deref(), Some("äöü ä"));
        assert_eq!(tidy("abc def", 4).as_deref(), Some("abc"));
        assert_eq!(tidy(" \r\n\0", 5), None);
    }

    #[test]
    fn files_are_decoded_by_mark_declaration_and_content() {
        assert_eq!(decode("Zoë".as_bytes()), "Zoë");
        assert_eq!(decode(b"Zo\xeb"), "Zoë");
        assert_eq!(decode(b"\xff\xfeZ\0o\0\xeb\0"), "Zoë");
        assert_eq!(decode(b"\xfe\xff\0Z\0o\0\xeb"), "Zoë");
        assert_eq!(decode(b"\xef\xbb\xbfZo\xc3\xab"), "Zoë");
        assert_eq!(
            decode(b"<?xml version=\"1.0\" encoding=\"iso-8859-5\"?>\xbe"),
            "<?xml version=\"1.0\" encoding=\"iso-8859-5\"?>О"
        );
    }

    #[test]
    fn what_was_decoded_wrongly_is_repaired_and_nothing_else() {
        assert_eq!(repair("ZoÃ«"), "Zoë");
        for text in ["Zoë", "Müller", "Ольга", "plain"] {
            assert_eq!(repair(text), text);
        }
    }
}
