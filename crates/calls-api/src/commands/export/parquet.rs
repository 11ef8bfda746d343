//! Calls as Apache Parquet.

use std::io::Write;
use std::sync::Arc;

use anyhow::Context;
use calls_model::{CallDuration, DetailedCall, Disposition};
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

/// Rows per row group. A group is held in memory.
const GROUP: usize = 50_000;

/// The columns, named and ordered as in CSV. Durations are seconds.
const COLUMNS: &str = "
    required binary id (STRING);
    required int64 created_at (TIMESTAMP(MICROS, true));
    required binary counterparty (STRING);
    required binary type (STRING);
    optional double duration;
    optional binary disposition (STRING);
    optional double ring_time;
    optional binary name (STRING);
    optional binary via (STRING);
    optional binary note (STRING);
    optional binary tags (STRING);
}";

/// Writer of a Parquet file.
pub(super) struct Rows<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    with_owner: bool,
    /// Owners and calls of the next row group.
    waiting: Vec<(String, DetailedCall)>,
}

impl<W: Write + Send> Rows<W> {
    pub(super) fn new(out: W, with_owner: bool) -> anyhow::Result<Self> {
        let owner = if with_owner { "required binary owner (STRING);" } else { "" };
        let schema = parse_message_type(&format!("message calls {{ {owner} {COLUMNS}"))?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))?;
        Ok(Self { writer, with_owner, waiting: Vec::new() })
    }

    /// Adds calls of an owner.
    pub(super) fn add(&mut self, owner: &str, calls: Vec<DetailedCall>) -> anyhow::Result<()> {
        self.waiting.extend(calls.into_iter().map(|call| (owner.to_owned(), call)));
        if self.waiting.len() >= GROUP { self.write() } else { Ok(()) }
    }

    /// Writes the remaining rows and the footer.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.write()?;
        let mut out = self.writer.into_inner().context("cannot finish the file")?;
        Ok(out.flush()?)
    }

    /// Writes the waiting rows as a row group.
    fn write(&mut self) -> anyhow::Result<()> {
        let rows = std::mem::take(&mut self.waiting);
        if rows.is_empty() {
            return Ok(());
        }
        let calls = || rows.iter().map(|(_, detailed)| detailed);
        let mut group = self.writer.next_row_group()?;
        if self.with_owner {
            required::<ByteArrayType, _>(&mut group, rows.iter().map(|(owner, _)| text(owner)))?;
        }
        required::<ByteArrayType, _>(&mut group, calls().map(|it| text(it.call.id.as_str())))?;
        required::<Int64Type, _>(&mut group, calls().map(|it| it.call.created_at.timestamp_micros()))?;
        required::<ByteArrayType, _>(&mut group, calls().map(|it| text(&it.call.counterparty.to_string())))?;
        required::<ByteArrayType, _>(&mut group, calls().map(|it| text(it.call.call_type.as_str())))?;
        optional::<DoubleType, _>(&mut group, calls().map(|it| it.call.duration.map(seconds)))?;
        let disposition = |it: &DetailedCall| it.details.disposition.map(Disposition::as_str).map(text);
        optional::<ByteArrayType, _>(&mut group, calls().map(disposition))?;
        optional::<DoubleType, _>(&mut group, calls().map(|it| it.details.ring_time.map(seconds)))?;
        optional::<ByteArrayType, _>(&mut group, calls().map(|it| it.details.name.as_deref().map(text)))?;
        let via = |it: &DetailedCall| it.details.via.as_ref().map(|via| text(&via.to_string()));
        optional::<ByteArrayType, _>(&mut group, calls().map(via))?;
        let note = |it: &DetailedCall| it.details.note.as_ref().map(|note| text(&note.text));
        optional::<ByteArrayType, _>(&mut group, calls().map(note))?;
        let tags = |it: &DetailedCall| it.details.note.as_ref().map(|note| text(&note.tags.join(", ")));
        optional::<ByteArrayType, _>(&mut group, calls().map(tags))?;
        group.close()?;
        Ok(())
    }
}

fn text(text: &str) -> ByteArray {
    text.as_bytes().to_vec().into()
}

fn seconds(duration: CallDuration) -> f64 {
    f64::from(duration.ms()) / 1000.0
}

/// Writes the next column, which is required.
fn required<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: impl Iterator<Item = T::T>,
) -> anyhow::Result<()> {
    let mut column = group.next_column()?.context("no further column")?;
    column.typed::<T>().write_batch(&values.collect::<Vec<_>>(), None, None)?;
    Ok(column.close()?)
}

/// Writes the next column, which is optional.
fn optional<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: impl Iterator<Item = Option<T::T>>,
) -> anyhow::Result<()> {
    let (mut there, mut levels) = (Vec::new(), Vec::new());
    for value in values {
        levels.push(i16::from(value.is_some()));
        there.extend(value);
    }
    let mut column = group.next_column()?.context("no further column")?;
    column.typed::<T>().write_batch(&there, Some(&levels), None)?;
    Ok(column.close()?)
}
