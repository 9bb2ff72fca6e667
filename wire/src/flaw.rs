//! What is wrong with something that a company wrote.

/// Something wrong in a text of a company's own, with its place in that text's terms, and its cure.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Flaw<Place> {
    /// Where.
    pub place: Place,
    /// A stable word.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub cure: String,
    /// The name that is not there, and those that are, for a better cure.
    pub unknown: Option<(String, Vec<String>)>,
}

impl<Place> Flaw<Place> {
    /// Something wrong.
    pub fn new(place: Place, code: &'static str, message: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { place, code, message: message.into(), cure: cure.into(), unknown: None }
    }

    /// A name of a `what` that is not there, beside those that are.
    pub fn unknown<'a>(place: Place, what: &str, name: &str, known: impl IntoIterator<Item = &'a String>) -> Self {
        let known: Vec<String> = known.into_iter().cloned().collect();
        let (message, cure) = (format!("there is no {what} `{name}`"), format!("there is {}", known.join(", ")));
        Self { unknown: Some((name.to_owned(), known)), ..Self::new(place, "unknown_name", message, cure) }
    }
}
