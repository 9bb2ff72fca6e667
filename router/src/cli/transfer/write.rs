//! A record as lines: a header, each table's rows as arrays under a line with its columns, an end with the checksum.

use std::io::{self, Write};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::adapters::dump::{Cell, RECORD_VERSION, Source, TABLES};
use crate::ports::store::StoreError;

/// Writes everything and counts the rows. The same record gives the same bytes, from whichever database.
pub(super) async fn write(source: &mut dyn Source, out: &mut (dyn Write + Send)) -> anyhow::Result<u64> {
    let mut lines = Lines { out, sha: Sha256::new() };
    let counts = source.counts().await?;
    let tables: serde_json::Map<String, Value> =
        TABLES.iter().zip(&counts).map(|(table, count)| (table.name.to_owned(), json!(count))).collect();
    lines.line(&json!({ "blendline_record": RECORD_VERSION, "rows": tables }))?;
    for table in TABLES {
        let columns: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
        lines.line(&json!({ "table": table.name, "columns": columns }))?;
        let mut row = |cells: Vec<Cell>| {
            let values = cells.into_iter().map(value).collect();
            // Whatever the disk says is not the record's fault; it is told all the same.
            lines.line(&Value::Array(values)).map_err(|error| StoreError::Unavailable(format!("the file: {error}")))
        };
        source.rows(table, &mut row).await?;
    }
    let sha256 = hex::encode(lines.sha.clone().finalize());
    lines.line(&json!({ "sha256": sha256 }))?;
    Ok(counts.iter().sum())
}

fn value(cell: Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Int(number) => Value::from(number),
        Cell::Bool(yes) => Value::Bool(yes),
        Cell::Text(text) => Value::String(text),
        Cell::Bytes(bytes) => Value::String(hex::encode(bytes)),
    }
}

struct Lines<'a> {
    out: &'a mut (dyn Write + Send),
    sha: Sha256,
}

impl Lines<'_> {
    fn line(&mut self, value: &Value) -> io::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.sha.update(&line);
        self.out.write_all(&line)
    }
}
