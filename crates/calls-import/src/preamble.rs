//! Lines before the header of a table, such as the title of a report.

use crate::detect;
use crate::format::Format;

/// Maximum number of lines before the header.
const MOST: usize = 20;
/// Number of bytes that show whether a text is a table.
const LONGEST: usize = 8 * 1024;

/// Blanks the lines before the header of a generic table, so that line numbers stay. `None` if the table
/// begins with its header, or has none.
pub(crate) fn without(head: &[u8]) -> Option<Vec<u8>> {
    let ends = memchr::memchr_iter(b'\n', head).map(|end| end + 1);
    let beginning = |start: usize| &head[start..head.len().min(start + LONGEST)];
    let is_table = |start: &usize| {
        let rest = beginning(*start);
        has_columns(rest) && detect::by_beginning(rest) == Some(Format::GenericCsv)
    };
    let mut starts = ends.take(MOST).filter(|start| is_table(start));
    let start = starts.next().filter(|_| detect::by_beginning(head).is_none())?;
    let blank = head[..start].iter().filter(|byte| **byte == b'\n');
    Some(blank.chain(&head[start..]).copied().collect())
}

/// Whether the first line of a text may be a header of calls.
fn has_columns(text: &[u8]) -> bool {
    const FEWEST: usize = 3;
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    line.iter().filter(|byte| b",;\t|".contains(byte)).count() + 1 >= FEWEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_before_a_header_become_blank() {
        let table = "Date;Direction;Number;Duration\n2026-03-02 08:00;in;1001;5\n";
        let report = format!("Calls of March\nall, of everybody\n\n{table}");
        assert_eq!(without(report.as_bytes()), Some(format!("\n\n\n{table}").into_bytes()));
        for text in [table, "Calls of March\n", "", "hello\nworld\n", "a,b\n1,2\n"] {
            assert_eq!(without(text.as_bytes()), None, "{text}");
        }
    }
}
