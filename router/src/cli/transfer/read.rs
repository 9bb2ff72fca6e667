//! Lines back into a record; every line is doubted.

use std::io::{BufRead, Read as _};

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::adapters::dump::{Cell, Kind, RECORD_VERSION, TABLES, Table, Target};

/// The longest line: a batch's inputs or a message of a hostile size, as text.
const LINE_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// How many rows, and about how many bytes of them, go to the record at once.
const ROWS_AT_ONCE: usize = 5_000;
const BYTES_AT_ONCE: usize = 16 * 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    blendline_record: u32,
    rows: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Heading {
    table: String,
    columns: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    sha256: String,
}

/// Reads everything into `target` and counts the rows; the caller makes it durable.
///
/// # Errors
/// With the line, when it is not what a whole export has there.
pub(super) async fn read(input: &mut (dyn BufRead + Send), target: &mut dyn Target) -> anyhow::Result<u64> {
    let mut lines = Lines { input, sha: Sha256::new(), number: 0, line: Vec::new(), record: 0 };
    ensure!(lines.next()?, "the file is empty");
    let header: Header = lines.parse().context("this is no export of blendline: its header is missing")?;
    ensure!(
        header.blendline_record <= RECORD_VERSION,
        "it was exported by a newer version (record {}, this program knows {RECORD_VERSION}): use that version",
        header.blendline_record
    );
    ensure!(header.blendline_record > 0, "record 0 is no version");
    lines.record = header.blendline_record;
    ensure!(lines.next()?, "the file ends after its header: it was cut off");
    let mut total = 0;
    for table in TABLES.iter().filter(|table| table.since() <= header.blendline_record) {
        let expected = header.rows.get(table.name).and_then(Value::as_u64);
        let expected = expected.with_context(|| format!("the header does not count {}", table.name))?;
        lines.heading(table)?;
        let found = lines.rows(table, target).await?;
        ensure!(found == expected, "{} has {found} rows where the header counts {expected}", table.name);
        total += found;
    }
    lines.end()?;
    Ok(total)
}

/// The line being read, and what was read before it.
struct Lines<'a> {
    input: &'a mut (dyn BufRead + Send),
    /// Over all lines before this one.
    sha: Sha256,
    number: u64,
    line: Vec<u8>,
    /// The version of the record that it was exported from.
    record: u32,
}

impl Lines<'_> {
    /// Goes on to the next line. False at the end of the file.
    fn next(&mut self) -> anyhow::Result<bool> {
        self.sha.update(&self.line);
        self.line.clear();
        self.number += 1;
        self.input.take(LINE_BYTES_MAX).read_until(b'\n', &mut self.line).context("the file cannot be read")?;
        ensure!(
            self.line.is_empty() || self.line.ends_with(b"\n"),
            "line {} has no end: the file was cut off, or the line is too long",
            self.number
        );
        Ok(!self.line.is_empty())
    }

    fn parse<'de, T: Deserialize<'de>>(&'de self) -> anyhow::Result<T> {
        // The error names the place in the line, never what stands there.
        serde_json::from_slice(&self.line).with_context(|| format!("line {}", self.number))
    }

    fn heading(&mut self, table: &Table) -> anyhow::Result<()> {
        let heading: Heading = self.parse().with_context(|| format!("the table {} should begin here", table.name))?;
        let columns = self.columns(table).map(|(name, _)| *name);
        ensure!(
            heading.table == table.name && heading.columns.iter().map(String::as_str).eq(columns),
            "line {}: the table {} with the columns {} should begin here",
            self.number,
            table.name,
            table.column_list()
        );
        Ok(())
    }

    /// The rows of a table up to the next line that is none.
    async fn rows(&mut self, table: &'static Table, target: &mut dyn Target) -> anyhow::Result<u64> {
        let (mut rows, mut bytes, mut found) = (Vec::new(), 0, 0);
        loop {
            ensure!(self.next()?, "the file ends in the table {}: it was cut off", table.name);
            let is_row = self.line.first() == Some(&b'[');
            if is_row {
                rows.push(self.row(table)?);
                bytes += self.line.len();
                found += 1;
            }
            if !rows.is_empty() && (!is_row || rows.len() >= ROWS_AT_ONCE || bytes >= BYTES_AT_ONCE) {
                let added = target.add(table, std::mem::take(&mut rows)).await;
                added.with_context(|| format!("rows of {} up to line {} are refused", table.name, self.number))?;
                bytes = 0;
            }
            if !is_row {
                return Ok(found);
            }
        }
    }

    fn row(&self, table: &Table) -> anyhow::Result<Vec<Cell>> {
        let values: Vec<Value> = self.parse()?;
        let (number, name) = (self.number, table.name);
        let count = self.columns(table).count();
        ensure!(values.len() == count, "line {number}: a row of {name} has {count} columns");
        let added = table.added_after(self.record);
        let mut values = values.into_iter();
        let cells = table.columns.iter().map(|(column, kind)| {
            if let Some((_, cell)) = added.iter().find(|(name, _)| name == column) {
                return Ok(cell.clone());
            }
            let value = values.next().unwrap_or_default();
            cell(value, *kind).with_context(|| format!("line {number}: {name}.{column} is no {kind:?}"))
        });
        cells.collect()
    }

    /// The columns of a table that the file has.
    fn columns<'t>(&self, table: &'t Table) -> impl Iterator<Item = &'t (&'static str, Kind)> {
        let added = table.added_after(self.record);
        table.columns.iter().filter(move |(column, _)| !added.iter().any(|(name, _)| name == column))
    }

    /// The last line: what was read is what was written.
    fn end(&mut self) -> anyhow::Result<()> {
        let sha = hex::encode(self.sha.clone().finalize());
        let end: End = self.parse().context("the end with the checksum should be here")?;
        if end.sha256 != sha {
            bail!("the checksum does not fit: the file was changed after it was exported");
        }
        ensure!(!self.next()?, "line {}: nothing should come after the end", self.number);
        Ok(())
    }
}

/// A value as its column's kind has it.
fn cell(value: Value, kind: Kind) -> Option<Cell> {
    Some(match (value, kind) {
        (Value::Null, kind) if kind.is_optional() => Cell::Null,
        (Value::Number(number), Kind::Int | Kind::MaybeInt | Kind::Int32) => Cell::Int(number.as_i64()?),
        (Value::Bool(yes), Kind::Bool) => Cell::Bool(yes),
        (Value::String(text), Kind::Text | Kind::MaybeText) => Cell::Text(text),
        (Value::String(text), Kind::Hash) => Cell::Bytes(hex::decode(text).ok().filter(|bytes| bytes.len() == 16)?),
        (Value::String(text), Kind::Bytes | Kind::MaybeBytes) => Cell::Bytes(hex::decode(text).ok()?),
        _ => return None,
    })
}
