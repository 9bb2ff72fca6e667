//! What is wrong with a rule set: where, what, and what to do about it.

use std::fmt::{self, Write};
use std::ops::Range;

use blendline_wire::flaw::Flaw;
use serde::Serialize;

use crate::limits::FAULTS_MAX;
use crate::spell::did_you_mean;

/// How much of a line is shown.
const LINE_CHARS_MAX: usize = 160;

/// Where something stands, in bytes of the text.
pub type Span = Range<usize>;

/// Something and where it stands.
#[derive(Clone, Debug)]
pub struct Placed<T> {
    /// What is written.
    pub value: T,
    /// Where.
    pub span: Span,
}

impl<T> Placed<T> {
    /// This, standing there.
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// Whether a fault keeps a set from being published.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It does.
    Error,
    /// It does not; a person should look.
    Warning,
}

/// One fault.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Fault {
    /// Whether it keeps the set from being published.
    pub severity: Severity,
    /// A stable word for programs.
    pub code: &'static str,
    /// The line, from 1.
    pub line: usize,
    /// The column, in characters from 1.
    pub column: usize,
    /// The column after the last marked character.
    pub column_end: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it; may be empty.
    pub hint: String,
    /// The line as it stands in the file; of a long one, the part around the place.
    pub text: String,
    /// The column of its first character.
    pub text_column: usize,
}

/// The faults of one text.
#[derive(Clone, Debug)]
pub struct Faults {
    file: String,
    lines: Lines,
    all: Vec<Fault>,
    /// How many more there are than are told.
    untold: usize,
}

impl Faults {
    /// None so far.
    pub fn new(file: &str, text: &str) -> Self {
        Self { file: file.to_owned(), lines: Lines::of(text), all: Vec::new(), untold: 0 }
    }

    /// What keeps the set from being published.
    pub fn error(&mut self, code: &'static str, span: &Span, message: impl Into<String>, hint: impl Into<String>) {
        self.add(Severity::Error, code, span, message.into(), hint.into());
    }

    /// What is wrong with a section, which keeps the set from being published as well.
    pub(crate) fn flaw<Place>(&mut self, flaw: Flaw<Place>, span: &Span) {
        let hint = match &flaw.unknown {
            Some((name, known)) => did_you_mean(name, known.iter().map(String::as_str)),
            None => flaw.cure,
        };
        self.error(flaw.code, span, flaw.message, hint);
    }

    /// What a person should look at.
    pub fn warning(&mut self, code: &'static str, span: &Span, message: impl Into<String>, hint: impl Into<String>) {
        self.add(Severity::Warning, code, span, message.into(), hint.into());
    }

    fn add(&mut self, severity: Severity, code: &'static str, span: &Span, message: String, hint: String) {
        if FAULTS_MAX <= self.all.len() {
            self.untold += 1;
            return;
        }
        let (line, column, text) = self.lines.place(span.start);
        let rest = text.chars().count() + 1;
        let marked =
            self.lines.text.get(span.clone()).map_or(1, |marked| first_line(marked).trim_end().chars().count());
        let column_end = (column + marked.max(1)).min(rest.max(column + 1));
        let text_column = if LINE_CHARS_MAX < rest { column.saturating_sub(LINE_CHARS_MAX / 2).max(1) } else { 1 };
        let text = text.chars().skip(text_column - 1).take(LINE_CHARS_MAX).collect();
        self.all.push(Fault { severity, code, line, column, column_end, message, hint, text, text_column });
    }

    /// The text they are about.
    pub(crate) fn text(&self) -> &str {
        &self.lines.text
    }

    /// All that are told.
    pub fn all(&self) -> &[Fault] {
        &self.all
    }

    /// How many keep the set from being published, of those that are told.
    pub fn errors(&self) -> usize {
        self.all.iter().filter(|fault| fault.severity == Severity::Error).count()
    }

    /// Whether anything keeps the set from being published.
    pub fn any_error(&self) -> bool {
        0 < self.errors()
    }

    /// Puts them in the order of the file.
    pub(crate) fn sort(&mut self) {
        self.all.sort_by_key(|fault| (fault.line, fault.column, fault.severity));
        self.all.dedup();
    }

    /// As one JSON object: `{"file", "errors", "warnings", "faults"}`.
    pub fn json(&self) -> serde_json::Value {
        let errors = self.errors();
        serde_json::json!({
            "file": self.file,
            "errors": errors,
            "warnings": self.all.len() - errors,
            "untold": self.untold,
            "faults": self.all,
        })
    }
}

impl fmt::Display for Faults {
    /// In English.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.said(Language::En).fmt(f)
    }
}

/// A language in which faults are told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Language {
    /// English.
    En,
    /// Hebrew.
    He,
}

/// Faults in a language, for people: the place, the line, what of it is meant, and the cure.
pub struct Said<'a>(&'a Faults, Language);

impl Faults {
    /// These, in a language.
    pub const fn said(&self, language: Language) -> Said<'_> {
        Said(self, language)
    }
}

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(faults, language) = self;
        for fault in &faults.all {
            let severity = match (language, fault.severity) {
                (Language::En, Severity::Error) => "error",
                (Language::En, Severity::Warning) => "warning",
                (Language::He, Severity::Error) => "שגיאה",
                (Language::He, Severity::Warning) => "אזהרה",
            };
            let (message, hint) = match language {
                Language::En => (fault.message.clone(), fault.hint.as_str()),
                Language::He => fault.in_hebrew(),
            };
            writeln!(f, "{severity}[{}]: {message}", fault.code)?;
            let number = fault.line.to_string();
            let margin = " ".repeat(number.len());
            writeln!(f, "{margin}--> {}:{}:{}", faults.file, fault.line, fault.column)?;
            writeln!(f, "{margin} |")?;
            writeln!(f, "{number} | {}", fault.text)?;
            writeln!(f, "{margin} | {}", underline(fault))?;
            if !hint.is_empty() {
                let word = if *language == Language::En { "hint" } else { "מה לעשות" };
                writeln!(f, "{margin} = {word}: {hint}")?;
            }
            f.write_char('\n')?;
        }
        match (language, faults.untold) {
            (_, 0) => Ok(()),
            (Language::En, untold) => writeln!(f, "… and {untold} more\n"),
            (Language::He, untold) => writeln!(f, "… ועוד {untold}\n"),
        }
    }
}

/// Blanks up to the marked part, and a mark below each of its characters. Points of Hebrew and Arabic take no room.
fn underline(fault: &Fault) -> String {
    let takes_room = |letter: &char| !crate::normal::is_mark(*letter);
    let shown = fault.column - fault.text_column;
    let before = fault.text.chars().take(shown).filter(takes_room);
    let blanks: String = before.map(|letter| if letter == '\t' { '\t' } else { ' ' }).collect();
    let marked = fault.text.chars().skip(shown).take(fault.column_end - fault.column).filter(takes_room).count();
    blanks + &"^".repeat(marked.max(1))
}

fn first_line(text: &str) -> &str {
    text.split(['\n', '\r']).next().unwrap_or_default()
}

/// A text whose lines are found quickly.
#[derive(Clone, Debug)]
struct Lines {
    text: String,
    /// Where each line begins.
    begins: Vec<usize>,
}

impl Lines {
    fn of(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text: text.to_owned(), begins: std::iter::once(0).chain(ends).collect() }
    }

    /// The line and column of a byte, and the line itself.
    fn place(&self, at: usize) -> (usize, usize, &str) {
        let line = self.begins.partition_point(|begin| *begin <= at).max(1);
        let begin = self.begins[line - 1];
        let whole = first_line(self.text.get(begin..).unwrap_or_default());
        let before = self.text.get(begin..at).unwrap_or(whole);
        (line, before.chars().count() + 1, whole)
    }
}
