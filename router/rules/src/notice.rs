//! What customers are told by themselves: that their message came, that we are closed, how long it takes.

use blendline_wire::Millis;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::fault::Placed;

/// When a notice is due.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum When {
    /// A message began a conversation, while its queue works.
    Received,
    /// The same, while it does not.
    Closed,
    /// The same, and the expected wait is long.
    Waiting,
    /// The same, with a button by which he asks to be called back.
    Callback,
    /// The platform will soon let us write no more, and he still waits for an answer.
    Window,
}

impl When {
    /// Every one, by its name in a set.
    pub const ALL: &[(&'static str, Self)] = &[
        ("received", Self::Received),
        ("closed", Self::Closed),
        ("waiting", Self::Waiting),
        ("callback", Self::Callback),
        ("window", Self::Window),
    ];

    /// Its name in a set.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, when)| *when == self).map_or("", |(name, _)| name)
    }
}

/// What a button says to programs by which a customer asks to be called back: rules send it where callbacks are made.
pub const CALLBACK_PAYLOAD: &str = "callback";

/// A notice.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Its name.
    pub name: Placed<String>,
    /// When it is due.
    pub when: When,
    /// Channels it is for; empty: all.
    pub channels: Vec<Placed<String>>,
    /// Queues it is for; empty: all.
    pub queues: Vec<Placed<String>>,
    /// The hours that count; `None`: the queue's own.
    pub calendar: Option<Placed<String>>,
    /// The expected wait above which it is due; for [`When::Window`], how long before its end. In milliseconds.
    pub above_ms: u64,
    /// It is sent at most once in so long for each contact, in milliseconds.
    pub every_ms: u64,
    /// What is said, by language, in the order of the set.
    pub texts: Vec<(String, String)>,
    /// What its button says, likewise.
    pub buttons: Vec<(String, String)>,
    /// The template that the platform approved: (name, language).
    pub template: Option<(String, String)>,
}

/// What is filled into a text.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Filling {
    /// How long he may expect to wait, in milliseconds.
    pub wait_ms: Option<u64>,
    /// When it opens again, as people read it.
    pub opens: Option<String>,
}

/// The words that are filled in, by what they need.
pub(crate) const PLACEHOLDERS: &[(&str, &[When])] =
    &[("{wait}", &[When::Waiting, When::Callback]), ("{opens}", &[When::Closed])];

impl Notice {
    /// The text for somebody who writes this language, filled in; `None` where something that it names is not known.
    pub fn text(&self, language: &str, filling: &Filling) -> Option<String> {
        let text = in_language(&self.texts, language)?;
        let minutes = filling.wait_ms.map(|ms| ms.div_ceil(60_000).max(1).to_string());
        let mut filled = text.to_owned();
        for (word, value) in [("{wait}", minutes), ("{opens}", filling.opens.clone())] {
            if filled.contains(word) {
                filled = filled.replace(word, &value?);
            }
        }
        Some(filled)
    }

    /// What its button says to somebody who writes this language.
    pub fn button(&self, language: &str) -> Option<&str> {
        in_language(&self.buttons, language)
    }
}

/// The words of this language, or the first there are.
fn in_language<'a>(words: &'a [(String, String)], language: &str) -> Option<&'a str> {
    let own = words.iter().find(|(known, _)| known == language);
    own.or(words.first()).map(|(_, text)| text.as_str())
}

/// An instant as people of a zone read it: the hour, and the date where it is on another day than `now`.
pub fn clock(at: Millis, now: Millis, zone: &TimeZone) -> Option<String> {
    let local = |at: Millis| {
        let instant = Timestamp::from_millisecond(i64::try_from(at.0).ok()?).ok()?;
        Some(instant.to_zoned(zone.clone()))
    };
    let (at, now) = (local(at)?, local(now)?);
    let hour = format!("{:02}:{:02}", at.hour(), at.minute());
    Some(if at.date() == now.date() { hour } else { format!("{:02}/{:02} {hour}", at.day(), at.month()) })
}

/// The braces in a text that nothing is filled in for.
pub(crate) fn unknown_placeholder(text: &str, when: When) -> Option<String> {
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let word = rest[at..].split_inclusive('}').next().unwrap_or_default();
        let known = PLACEHOLDERS.iter().any(|(known, whens)| *known == word && whens.contains(&when));
        if !known {
            return Some(word.chars().take(20).collect());
        }
        rest = &rest[at + word.len()..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(texts: &[(&str, &str)]) -> Notice {
        let own = |(language, text): &(&str, &str)| ((*language).to_owned(), (*text).to_owned());
        Notice {
            name: Placed::new("busy".into(), 0..0),
            when: When::Waiting,
            channels: Vec::new(),
            queues: Vec::new(),
            calendar: None,
            above_ms: 0,
            every_ms: 1,
            texts: texts.iter().map(own).collect(),
            buttons: Vec::new(),
            template: None,
        }
    }

    #[test]
    fn a_text_is_in_the_customers_language_and_says_nothing_that_is_not_known() {
        let notice = notice(&[("he", "בעוד {wait} דקות"), ("en", "in {wait} minutes")]);
        let filling = Filling { wait_ms: Some(240_001), opens: None };
        assert_eq!(notice.text("en", &filling).unwrap(), "in 5 minutes");
        assert_eq!(notice.text("he", &filling).unwrap(), "בעוד 5 דקות");
        assert_eq!(notice.text("ru", &filling).unwrap(), "בעוד 5 דקות", "the first, where his is not there");
        assert_eq!(notice.text("en", &Filling::default()), None);
    }

    #[test]
    fn an_hour_of_another_day_has_its_date() {
        let zone = TimeZone::get("Asia/Jerusalem").unwrap();
        let now = Millis::from_rfc3339("2026-11-26T18:00:00Z").unwrap();
        let at = |text: &str| clock(Millis::from_rfc3339(text).unwrap(), now, &zone).unwrap();
        assert_eq!(at("2026-11-26T20:30:00Z"), "22:30");
        assert_eq!(at("2026-11-29T06:00:00Z"), "29/11 08:00");
    }

    #[test]
    fn what_nothing_is_filled_in_for_is_found() {
        assert_eq!(unknown_placeholder("in {wait} minutes", When::Waiting), None);
        assert_eq!(unknown_placeholder("in {wait} minutes", When::Received).as_deref(), Some("{wait}"));
        assert_eq!(unknown_placeholder("at {opens}, {when}", When::Closed).as_deref(), Some("{when}"));
        assert_eq!(unknown_placeholder("a { alone", When::Closed).as_deref(), Some("{ alone"));
    }
}
