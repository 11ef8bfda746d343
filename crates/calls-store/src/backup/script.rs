//! The script that `pg_restore` makes of an archive: statements, and the rows of each table behind its
//! `COPY`.

use std::io::{self, BufRead, Write};

use super::archive::Rows;

/// Lines at a time.
const LINES: usize = 10_000;

/// A setting that servers before version 17 do not know. A `pg_restore` of 17 or newer always writes it.
const NEW_SETTING: &[u8] = b"SET transaction_timeout = 0;\n";

/// State of reading a script.
#[derive(Debug, Default)]
pub(super) struct Script {
    rows: Rows,
    done: u64,
    /// The table whose rows come now, and how many came.
    table: Option<(String, u64)>,
    line: Vec<u8>,
}

impl Script {
    /// The rows of each table.
    pub(super) fn rows(&self) -> &Rows {
        &self.rows
    }

    /// Reads some lines, and says how many rows were read so far. `None` after the last.
    pub(super) fn skip(&mut self, lines: &mut impl BufRead) -> io::Result<Option<u64>> {
        self.copy(lines, &mut io::sink())
    }

    /// Copies some lines to `out`, likewise.
    pub(super) fn copy(&mut self, lines: &mut impl BufRead, out: &mut impl Write) -> io::Result<Option<u64>> {
        for _ in 0..LINES {
            self.line.clear();
            if lines.read_until(b'\n', &mut self.line)? == 0 {
                return Ok(None);
            }
            if self.table.is_some() || self.line != NEW_SETTING {
                out.write_all(&self.line)?;
            }
            self.count();
        }
        Ok(Some(self.done))
    }

    /// Counts the line.
    fn count(&mut self) {
        match &mut self.table {
            Some((table, rows)) if self.line == b"\\.\n" => {
                self.rows.insert(std::mem::take(table), *rows);
                self.table = None;
            }
            Some((_, rows)) => {
                *rows += 1;
                self.done += 1;
            }
            None => self.table = copied_table(&self.line).map(|table| (table, 0)),
        }
    }
}

/// The table of `COPY table (columns) FROM stdin;`.
fn copied_table(line: &[u8]) -> Option<String> {
    let statement = line.strip_prefix(b"COPY ")?.strip_suffix(b" FROM stdin;\n")?;
    let statement = std::str::from_utf8(statement).ok()?;
    Some(statement.split_once(" (").map_or(statement, |(table, _)| table).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_by_table_and_statements_are_copied() {
        let text = "SET x = 0;\nSET transaction_timeout = 0;\nCOPY public.a (n, t) FROM stdin;\n1\tCOPY b\n\
                    2\tSET transaction_timeout = 0;\n\\.\n\nCOPY public.\"B c\" (n) FROM stdin;\n\\.\n";
        let (mut script, mut out) = (Script::default(), Vec::new());
        while script.copy(&mut text.as_bytes(), &mut out).unwrap().is_some() {}
        let rows: Vec<(&str, u64)> =
            script.rows().iter().map(|(table, rows)| (table.as_str(), *rows)).collect();
        assert_eq!(rows, [("public.\"B c\"", 0), ("public.a", 2)]);
        assert_eq!(String::from_utf8(out).unwrap(), text.replacen("SET transaction_timeout = 0;\n", "", 1));
    }
}
