//! The word by which a customer asks where his matter stands, and what he is answered: what the status page would show, on
//! his own channel, without anybody's time.

use std::collections::BTreeSet;

use blendline_wire::{ContactKey, Millis, TenantId};

use crate::ports::register::{self, Kind};
use crate::status::{Stage, Standing};

/// For how long the link in an answer shows something, in milliseconds: a week.
pub const LINK_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// A tenant's word.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct StatusWord {
    /// The words, bare.
    pub words: BTreeSet<String>,
    /// How often one contact is answered, in milliseconds; what he asks sooner goes to a person.
    pub every_ms: u64,
    /// The address by which customers reach this server; without one an answer has no link.
    pub url: Option<String>,
    /// Whether the page behind the link shows who works on it.
    pub owner: bool,
}

impl StatusWord {
    /// A text as words are compared: small letters, without what stands around it.
    pub fn bare(text: &str) -> String {
        text.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase()
    }

    /// Whether a text is one of the words and nothing else.
    pub fn is(&self, text: &str) -> bool {
        text.len() <= 400 && self.words.contains(&Self::bare(text))
    }
}

/// Where it lies when a contact was answered last.
pub fn answered_key(tenant: TenantId, contact: ContactKey) -> register::Key {
    register::key(Kind::Notice, tenant, &["status", &hex::encode(contact.0.to_be_bytes())])
}

/// The sentences of a language: where it stands, for each stage; what follows; the promise; that it goes on; the link.
struct Sentences {
    stages: [(Stage, &'static str, &'static str); 7],
    promised: &'static str,
    goes_on: &'static str,
    /// Of a case: what comes next, when its stage should be left, and something that was promised.
    next: &'static str,
    due: &'static str,
    promise: &'static str,
    link: &'static str,
}

/// A case, as its customer is told of it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ToldCase {
    /// What its type is called.
    pub title: String,
    /// Where it stands, in his words.
    pub stage: String,
    /// What comes next.
    pub next: Option<String>,
    /// When its stage should be left.
    pub due_at: Option<Millis>,
    /// What was promised and is to be kept yet, the nearest first.
    pub promises: Vec<(Millis, Option<String>)>,
}

/// How many promises are told.
const PROMISES_MAX: usize = 3;

const ENGLISH: Sentences = Sentences {
    stages: [
        (Stage::Received, "We have received your matter.", "Somebody will take it up."),
        (Stage::InWork, "Somebody is working on your matter.", "We will write to you here."),
        (Stage::Checking, "Your matter is being checked by a colleague.", "We will write to you when we know more."),
        (Stage::Later, "Your matter goes on at a set time.", "You need not do anything."),
        (Stage::WaitsForYou, "Your matter waits for your answer.", "Please answer here."),
        (Stage::Done, "Your matter is done.", "Write to us if it is not."),
        (Stage::Ended, "Your matter was ended.", "Write to us if you still need it."),
    ],
    promised: "Answer promised by",
    goes_on: "It goes on at",
    next: "Next:",
    due: "Expected by",
    promise: "Promised by",
    link: "To follow it:",
};

const HEBREW: Sentences = Sentences {
    stages: [
        (Stage::Received, "הפנייה שלך התקבלה.", "אחד מאיתנו יטפל בה."),
        (Stage::InWork, "הפנייה שלך בטיפול.", "נכתוב לך כאן."),
        (Stage::Checking, "הפנייה שלך נבדקת אצל גורם נוסף.", "נכתוב לך כשנדע יותר."),
        (Stage::Later, "הטיפול בפנייה שלך ימשיך במועד שנקבע.", "אין צורך לעשות דבר."),
        (Stage::WaitsForYou, "הפנייה ממתינה לתשובה שלך.", "אפשר לענות כאן."),
        (Stage::Done, "הטיפול בפנייה הסתיים.", "אם לא הסתיים – אפשר לכתוב לנו."),
        (Stage::Ended, "הפנייה בוטלה.", "אם היא עדיין נחוצה – אפשר לכתוב לנו."),
    ],
    promised: "מענה מובטח עד",
    goes_on: "ההמשך ב־",
    next: "השלב הבא:",
    due: "צפוי עד",
    promise: "הובטח עד",
    link: "למעקב:",
};

/// What the customer is answered: stage, next step, promised time in his company's time zone, and the link. Where his matter is a
/// case, its stage counts, and what was promised in it.
pub fn answer(
    standing: &Standing,
    case: Option<&ToldCase>,
    language: &str,
    zone: &jiff::tz::TimeZone,
    link: Option<&str>,
) -> String {
    let said = if language == "he" { &HEBREW } else { &ENGLISH };
    let mut lines = match case {
        Some(case) => of_case(said, case, zone),
        None => of_task(said, standing, zone),
    };
    lines.extend(link.map(|link| format!("{} {link}", said.link)));
    lines.join("\n")
}

fn of_case(said: &Sentences, case: &ToldCase, zone: &jiff::tz::TimeZone) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", case.title, case.stage)];
    lines.extend(case.due_at.and_then(|at| time(at, zone)).map(|at| format!("{} {at}.", said.due)));
    for (due_at, words) in case.promises.iter().take(PROMISES_MAX) {
        let Some(at) = time(*due_at, zone) else { continue };
        let words = words.as_ref().map_or_else(String::new, |words| format!(" {words}"));
        lines.push(format!("{} {at}.{words}", said.promise));
    }
    lines.extend(case.next.as_ref().map(|next| format!("{} {next}", said.next)));
    lines
}

fn of_task(said: &Sentences, standing: &Standing, zone: &jiff::tz::TimeZone) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some((_, now, next)) = said.stages.iter().find(|(stage, ..)| *stage == standing.stage) {
        lines.push(format!("{now} {next}"));
    }
    if let Some(at) = standing.promised.and_then(|at| time(at, zone)) {
        let label = if standing.stage == Stage::Later { said.goes_on } else { said.promised };
        let gap = if label.ends_with('־') { "" } else { " " };
        lines.push(format!("{label}{gap}{at}."));
    }
    lines
}

/// A time as both languages read it, day first.
fn time(at: Millis, zone: &jiff::tz::TimeZone) -> Option<String> {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(at.0).ok()?).ok()?;
    Some(at.to_zoned(zone.clone()).strftime("%d.%m.%Y %H:%M").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_stage_next_step_promise_and_link() {
        let zone = jiff::tz::TimeZone::UTC;
        let standing =
            Standing { stage: Stage::InWork, promised: Some(Millis(1_795_700_000_000)), owner: None, since: Millis(0) };
        assert_eq!(
            answer(&standing, None, "en", &zone, Some("https://x/status/t")),
            "Somebody is working on your matter. We will write to you here.\nAnswer promised by 26.11.2026 13:33.\nTo follow it: https://x/status/t"
        );
        assert_eq!(
            answer(&Standing { stage: Stage::Later, ..standing.clone() }, None, "he", &zone, None),
            "הטיפול בפנייה שלך ימשיך במועד שנקבע. אין צורך לעשות דבר.\nההמשך ב־26.11.2026 13:33."
        );
        let unpromised = Standing { promised: None, stage: Stage::WaitsForYou, ..standing };
        assert_eq!(
            answer(&unpromised, None, "ru", &zone, None),
            "Your matter waits for your answer. Please answer here."
        );
    }

    #[test]
    fn a_case_is_told_in_its_own_words_with_what_is_promised() {
        let standing = Standing { stage: Stage::InWork, promised: None, owner: None, since: Millis(0) };
        let case = ToldCase {
            title: "חבילה לא הגיעה".into(),
            stage: "אנחנו מחפשים".into(),
            next: Some("בדרך אליך".into()),
            due_at: Some(Millis(1_795_700_000_000)),
            promises: vec![(Millis(1_795_800_000_000), Some("החבילה אצלך".into()))],
        };
        assert_eq!(
            answer(&standing, Some(&case), "he", &jiff::tz::TimeZone::UTC, Some("https://x/status/t")),
            "חבילה לא הגיעה: אנחנו מחפשים\nצפוי עד 26.11.2026 13:33.\nהובטח עד 27.11.2026 17:20. החבילה אצלך\n\
             השלב הבא: בדרך אליך\nלמעקב: https://x/status/t"
        );
    }

    #[test]
    fn every_stage_has_its_sentence_in_both_languages() {
        for said in [&ENGLISH, &HEBREW] {
            for stage in [
                Stage::Received,
                Stage::InWork,
                Stage::Checking,
                Stage::Later,
                Stage::WaitsForYou,
                Stage::Done,
                Stage::Ended,
            ] {
                assert_eq!(said.stages.iter().filter(|(known, ..)| *known == stage).count(), 1);
            }
        }
    }
}
