//! Files with separated values (RFC 4180), as spreadsheets and old systems write them. Pure.
//!
//! Not the `csv` crate, which takes a quote that is never closed for the rest of the file, and what stands behind a closing
//! one for text: an import would lose lines without a word.

/// A line of a file: where it begins, and what stands in it.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Row {
    /// Its first line in the file, from 1.
    pub(super) line: usize,
    /// What stands in it, from left to right.
    pub(super) cells: Vec<String>,
}

/// What a file cannot be read for.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Broken {
    /// The line, from 1.
    pub(super) line: usize,
    /// What to do.
    pub(super) cure: &'static str,
}

/// The rows of a file, empty ones left out. What separates is what the first line has most of: comma, semicolon or tab.
///
/// A quote within a field that does not begin with one is a letter like others: Hebrew has words such as `בע"מ`.
pub(super) fn rows(text: &str) -> Result<Vec<Row>, Broken> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let separator = separator(text.lines().next().unwrap_or_default());
    let (mut rows, mut cells, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut line, mut begun) = (1, 1);
    let mut letters = text.chars().peekable();
    loop {
        match letters.next() {
            Some('"') if cell.is_empty() => {
                quoted(&mut letters, &mut cell, &mut line)?;
                let ends = |next: &char| *next == separator || matches!(next, '\r' | '\n');
                if !letters.peek().is_none_or(ends) {
                    return Err(Broken {
                        line,
                        cure: "something stands behind a closing quote: write \"\" for a quote",
                    });
                }
            }
            Some(letter) if letter == separator => cells.push(std::mem::take(&mut cell)),
            Some('\r') if letters.peek() == Some(&'\n') => {}
            end @ (Some('\r' | '\n') | None) => {
                cells.push(std::mem::take(&mut cell));
                let row = Row { line: begun, cells: std::mem::take(&mut cells) };
                if row.cells.iter().any(|cell| !cell.trim().is_empty()) {
                    rows.push(row);
                }
                if end.is_none() {
                    return Ok(rows);
                }
                line += 1;
                begun = line;
            }
            Some(letter) => cell.push(letter),
        }
    }
}

/// The rest of a quoted field, up to its closing quote.
fn quoted(
    letters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    cell: &mut String,
    line: &mut usize,
) -> Result<(), Broken> {
    let begun = *line;
    loop {
        match letters.next() {
            Some('"') if letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            Some('"') => return Ok(()),
            Some(letter) => {
                *line += usize::from(letter == '\n');
                cell.push(letter);
            }
            None => return Err(Broken { line: begun, cure: "a quote is opened here and never closed" }),
        }
    }
}

fn separator(header: &str) -> char {
    let count = |separator: &char| header.matches(*separator).count();
    // Of equals the last counts, so the comma stands last.
    [';', '\t', ','].into_iter().max_by_key(count).unwrap_or(',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(usize, Vec<String>)> {
        rows(text).unwrap().into_iter().map(|row| (row.line, row.cells)).collect()
    }

    #[test]
    fn fields_are_read_as_spreadsheets_write_them() {
        let wanted = |rows: &[(usize, &[&str])]| -> Vec<(usize, Vec<String>)> {
            rows.iter().map(|(line, cells)| (*line, cells.iter().map(|&cell| cell.to_owned()).collect())).collect()
        };
        let text = "\u{feff}reference,name\r\n1,\"לוי, נועה\"\r\n\r\n2,\"two\nlines, \"\"so\"\"\"\n3,חברה בע\"מ\n4,";
        let rows: &[(usize, &[&str])] = &[
            (1, &["reference", "name"]),
            (2, &["1", "לוי, נועה"]),
            (4, &["2", "two\nlines, \"so\""]),
            (6, &["3", "חברה בע\"מ"]),
            (7, &["4", ""]),
        ];
        assert_eq!(read(text), wanted(rows));
        assert_eq!(read("a;b\n1;\"x;y\""), wanted(&[(1, &["a", "b"]), (2, &["1", "x;y"])]));
        assert_eq!(read("a\tb,c\td\n1\t2\t3"), wanted(&[(1, &["a", "b,c", "d"]), (2, &["1", "2", "3"])]));
        assert_eq!(read(""), []);
    }

    #[test]
    fn a_broken_quote_is_told_with_its_line() {
        assert_eq!(rows("a,b\n1,\"x\n2,y\n").unwrap_err().line, 2, "where it was opened");
        assert_eq!(rows("a,b\n1,\"x\"y\n").unwrap_err().line, 2);
    }
}
