//! Answers that a company has ready: texts with places that the data of a task fill, checked when they are saved.

use std::fmt::Write as _;

use blendline_wire::org::{FieldValue, Fields};

use crate::config::did_you_mean;

/// The places of any task; fields of a work item are named `field.…` besides.
pub const VARIABLES: [&str; 5] = ["contact.name", "contact.first_name", "worker.name", "task.id", "task.queue"];
/// What the name of a field begins with.
pub const FIELD: &str = "field.";
/// What stands for a value that nobody knows: a worker sees at once that something is to be written there.
const GAP: &str = "…";

/// A piece of a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Piece<'a> {
    /// As it stands.
    Text(&'a str),
    /// A place, by its name.
    Place(&'a str),
}

/// What is wrong in a text, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong, and the cure.
    pub says: String,
}

/// Takes a text apart.
///
/// # Errors
/// The first place that is not closed, or that names nothing we know.
pub fn pieces(text: &str) -> Result<Vec<Piece<'_>>, Fault> {
    let mut pieces = Vec::new();
    let mut from = 0;
    while let Some(begin) = text[from..].find("{{").map(|at| from + at) {
        let inner = begin + 2;
        let Some(end) = text[inner..].find("}}").map(|at| inner + at) else {
            return Err(fault(text, begin, "this place is not closed: end it with `}}`".to_owned()));
        };
        let name = text[inner..end].trim();
        let field = name.strip_prefix(FIELD);
        if !VARIABLES.contains(&name) && field.is_none_or(str::is_empty) {
            let hint = did_you_mean(name, VARIABLES.into_iter());
            return Err(fault(
                text,
                begin,
                format!("nothing is called `{name}`: {hint} Fields of a work item are called `field.NAME`"),
            ));
        }
        if from < begin {
            pieces.push(Piece::Text(&text[from..begin]));
        }
        pieces.push(Piece::Place(name));
        from = end + 2;
    }
    if from < text.len() {
        pieces.push(Piece::Text(&text[from..]));
    }
    Ok(pieces)
}

fn fault(text: &str, at: usize, says: String) -> Fault {
    let before = &text[..at];
    let begins = before.rfind('\n').map_or(0, |end| end + 1);
    Fault { line: before.matches('\n').count() + 1, column: before[begins..].chars().count() + 1, says }
}

/// What is known of a task when an answer is put into a reply.
#[derive(Clone, Debug, Default)]
pub struct Known<'a> {
    /// The customer's name.
    pub contact: Option<&'a str>,
    /// Who answers.
    pub worker: Option<&'a str>,
    /// The task.
    pub task: &'a str,
    /// Its queue.
    pub queue: &'a str,
    /// What the work item holds.
    pub fields: Option<&'a Fields>,
}

impl Known<'_> {
    fn value(&self, place: &str) -> Option<String> {
        let said = match place {
            "contact.name" => self.contact.map(str::to_owned),
            "contact.first_name" => self.contact.and_then(|name| name.split_whitespace().next()).map(str::to_owned),
            "worker.name" => self.worker.map(str::to_owned),
            "task.id" => Some(self.task.to_owned()),
            "task.queue" => Some(self.queue.to_owned()),
            _ => self.fields?.get(place.strip_prefix(FIELD)?).map(shown),
        };
        said.filter(|said| !said.trim().is_empty())
    }
}

fn shown(value: &FieldValue) -> String {
    match value {
        FieldValue::Text(text) => text.expose().clone(),
        FieldValue::Number(number) => number.to_string(),
        FieldValue::Flag(flag) => flag.to_string(),
    }
}

/// An answer with its places filled.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Filled {
    /// What to say.
    pub text: String,
    /// The places of which nothing is known; each is a gap in the text.
    pub missing: Vec<String>,
}

/// Fills the places of a text. What can no longer be read stays as it is: it was checked when it was saved.
pub fn fill(text: &str, known: &Known<'_>) -> Filled {
    let Ok(pieces) = pieces(text) else { return Filled { text: text.to_owned(), missing: Vec::new() } };
    let mut filled = Filled::default();
    for piece in pieces {
        match piece {
            Piece::Text(text) => filled.text.push_str(text),
            Piece::Place(place) => match known.value(place) {
                // Writing to a text cannot fail.
                Some(value) => drop(filled.text.write_str(&value)),
                None => {
                    filled.text.push_str(GAP);
                    filled.missing.push(place.to_owned());
                }
            },
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_names_nothing_is_told_with_line_column_and_cure() {
        let found = pieces("שלום {{ contact.name }},\nתודה {{contact.nmae}}").unwrap_err();
        assert_eq!((found.line, found.column), (2, 6));
        assert!(found.says.contains("`contact.nmae`: did you mean `contact.name`?"), "{}", found.says);
        let found = pieces("Hello {{contact.name").unwrap_err();
        assert_eq!((found.line, found.column), (1, 7));
        assert!(found.says.contains("not closed"), "{}", found.says);
        assert!(pieces("{{field.}}").is_err() && pieces("{{}}").is_err());
        assert!(pieces("{{field.order_id}} and { braces } }}").is_ok());
    }

    #[test]
    fn places_are_filled_and_what_is_not_known_is_a_gap() {
        let known = Known { contact: Some("נועה לוי"), task: "tsk_7", queue: "service", ..Known::default() };
        let filled = fill("{{contact.first_name}} / {{contact.name}} / {{task.id}} / {{worker.name}}.", &known);
        assert_eq!(filled.text, "נועה / נועה לוי / tsk_7 / ….");
        assert_eq!(filled.missing, ["worker.name"]);
        // What a customer calls himself is never read as a place.
        let known = Known { contact: Some("{{task.id}}"), ..Known::default() };
        assert_eq!(fill("{{contact.name}}", &known).text, "{{task.id}}");
    }
}
