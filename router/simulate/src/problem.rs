//! What is wrong with a scenario: where, what, and the cure.

use std::fmt;

/// Something wrong, or doubtful, at a place of a scenario.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// Line and column, where it is a matter of reading.
    pub at: Option<(usize, usize)>,
    /// The place, as a path of keys.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some((line, column)) = self.at {
            write!(f, ":{line}:{column}")?;
        }
        if !self.path.is_empty() && self.path != "." {
            write!(f, ": {}", self.path)?;
        }
        write!(f, ": {}", self.message)?;
        if !self.hint.is_empty() {
            write!(f, "\n  hint: {}", self.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

/// The known word nearest to what was written, or all of them.
pub(crate) fn did_you_mean<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    match known.iter().map(|word| (distance(written, word), *word)).min() {
        Some((steps, word)) if steps <= 1 + word.len() / 3 => format!("did you mean \"{word}\"?"),
        _ if known.is_empty() => String::new(),
        _ => format!("it is one of {}", known.join(", ")),
    }
}

/// How many letters have to change (Levenshtein 1966).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, letter) in one.chars().take(64).enumerate() {
        let mut corner = row[0];
        row[0] = above + 1;
        for (place, wanted) in other.iter().enumerate() {
            let changed = corner + usize::from(letter != *wanted);
            corner = row[place + 1];
            row[place + 1] = changed.min(row[place] + 1).min(corner + 1);
        }
    }
    row[other.len()]
}

/// The refused word and the known ones of serde's "unknown field `a`, expected one of `b`, `c`".
pub(crate) fn unknown_word(message: &str) -> Option<(&str, Vec<&str>)> {
    if !message.starts_with("unknown ") {
        return None;
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    Some((quoted.next()?, quoted.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_meant() {
        assert_eq!(did_you_mean("slot", ["slots", "staff"].into_iter()), "did you mean \"slots\"?");
        assert_eq!(did_you_mean("zzzzzz", ["slots", "staff"].into_iter()), "it is one of slots, staff");
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
