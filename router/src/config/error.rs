//! What is wrong with a configuration: where, which key, and the cure.

use std::fmt;
use std::ops::Range;

/// A configuration that is refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConfigError {
    /// The file, or the environment variable's name.
    pub file: String,
    /// The line from 1; 0 where there is no line.
    pub line: usize,
    /// The column from 1, in characters; 0 where there is none.
    pub column: usize,
    /// The key, with the tables it is in.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if 0 < self.line {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        f.write_str(": ")?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)?;
        if !self.hint.is_empty() {
            write!(f, "\n  hint: {}", self.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// A file's name and text, to say where something is.
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// The error about what lies at `span`.
    pub(super) fn error(&self, span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) -> ConfigError {
        let start = span.start.min(self.text.len());
        let before = self.text.get(..start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        ConfigError {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            key: self.key_at(start),
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// What the TOML reader found wrong, with a hint where a name is nearly right.
    pub(super) fn unreadable(&self, error: &toml::de::Error) -> ConfigError {
        let message = error.message().trim().replace('\n', " ");
        let hint = unknown_name(&message).map_or_else(
            || "see config.default.toml for every key and its form".to_owned(),
            |(name, known)| did_you_mean(name, known.into_iter()),
        );
        self.error(error.span().unwrap_or(0..0), message, hint)
    }

    /// The dotted key whose value (or name) lies at `offset`, read off the lines before it.
    fn key_at(&self, offset: usize) -> String {
        let mut table = "";
        let mut key = "";
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            if offset < start {
                break;
            }
            let trimmed = line.trim();
            if trimmed.starts_with('[') && trimmed.ends_with(']') && !trimmed.contains('=') && !trimmed.contains('"') {
                table = trimmed.trim_matches(['[', ']']);
                key = "";
            } else if let Some((name, _)) = line.split_once('=')
                && is_key(name.trim())
            {
                key = name.trim();
            }
            start += line.len();
        }
        match (table, key) {
            ("", key) => key.to_owned(),
            (table, "") => table.to_owned(),
            (table, key) => format!("{table}.{key}"),
        }
    }
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "_-.\"".contains(c))
}

/// The refused name and the known ones of a message such as "unknown field `a`, expected one of `b`, `c`".
fn unknown_name(message: &str) -> Option<(&str, Vec<&str>)> {
    if !message.starts_with("unknown ") {
        return None;
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    Some((quoted.next()?, quoted.collect()))
}

/// The known name that is nearest to what was written, or all of them.
pub(crate) fn did_you_mean<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    let nearest = known.iter().map(|name| (distance(written, name), *name)).min();
    match nearest {
        Some((steps, name)) if steps <= 1 + written.chars().count() / 3 => format!("did you mean `{name}`?"),
        _ if known.is_empty() => "there is none to choose from".to_owned(),
        _ => format!("known: {}", known.join(", ")),
    }
}

/// How many letters must be added, removed or changed to come from `a` to `b` (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_and_a_far_one_is_not() {
        let known = || ["listen", "data_dir"].into_iter();
        assert_eq!(did_you_mean("lisen", known()), "did you mean `listen`?");
        assert_eq!(did_you_mean("colour", known()), "known: listen, data_dir");
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn a_place_is_line_column_and_key() {
        let text = "a = 1\n[server]\n  listen = \"x\"\n[[tenant]]\nname = \"ב\"\n";
        let source = Source { file: "f", text };
        let error = source.error(text.find("\"x\"").unwrap()..0, "m", "");
        assert_eq!((error.line, error.column, error.key.as_str()), (3, 12, "server.listen"));
        let error = source.error(text.find("[[tenant").unwrap()..0, "m", "");
        assert_eq!((error.line, error.key.as_str()), (4, "tenant"));
    }
}
