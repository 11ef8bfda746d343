//! Patterns of `LIKE`.

/// Escapes `%`, `_` and `\`.
pub(crate) fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
