//! What customers are asked and told by themselves beside the rules: the question after a task, and the word for "where
//! does my matter stand".

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;

use super::check::Checked;
use super::error::{Source, did_you_mean};
use crate::satisfaction::SCALE;
use crate::status_word::StatusWord;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;
/// The longest words of a company's own, in characters: one SMS in any script, and a mail's subject.
const TEXT_CHARS_MAX: usize = 600;
/// How many words for the status there are at most, and how long each.
const WORDS_MAX: usize = 20;
const WORD_CHARS_MAX: usize = 40;
/// The languages of our own words.
const LANGUAGES: [&str; 4] = ["en", "he", "ar", "ru"];

/// The question after a task, as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SatisfactionFile {
    queues: Vec<Spanned<String>>,
    #[serde(default)]
    every_days: Option<Spanned<u64>>,
    #[serde(default)]
    answer_hours: Option<Spanned<u64>>,
    #[serde(default)]
    low: Option<Spanned<u8>>,
    #[serde(default)]
    follow_up: Option<Spanned<String>>,
    #[serde(default)]
    follow_up_ms: Option<Spanned<u64>>,
    #[serde(default)]
    not_after: Option<BTreeSet<String>>,
    #[serde(default)]
    text: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// The same, checked; queues are names still.
#[derive(Clone, Debug)]
pub(super) struct CheckedQuestion {
    pub(super) queues: Vec<String>,
    pub(super) every_ms: u64,
    pub(super) answer_ms: u64,
    pub(super) low: u8,
    pub(super) follow_up: Option<(String, Option<u64>)>,
    pub(super) not_after: BTreeSet<String>,
    pub(super) texts: BTreeMap<String, String>,
}

/// The word that asks for the status, as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusWordFile {
    words: Vec<Spanned<String>>,
    #[serde(default)]
    every_minutes: Option<Spanned<u64>>,
    #[serde(default)]
    url: Option<Spanned<String>>,
}

/// Checks what was written about the question.
pub(super) fn question(
    source: &Source<'_>,
    written: &SatisfactionFile,
    queues: &BTreeSet<&str>,
) -> Checked<CheckedQuestion> {
    let known = |name: &Spanned<String>| {
        if queues.contains(name.get_ref().as_str()) {
            return Ok(name.get_ref().clone());
        }
        let hint = did_you_mean(name.get_ref(), queues.iter().copied());
        Err(source.error(name.span(), format!("there is no queue `{}`", name.get_ref()), hint))
    };
    let within = |value: &Option<Spanned<u64>>, default: u64, most: u64| match value {
        Some(value) if !(1..=most).contains(value.get_ref()) => {
            Err(source.error(value.span(), "this cannot be", format!("give 1 to {most}")))
        }
        value => Ok(value.as_ref().map_or(default, |value| *value.get_ref())),
    };
    let low = written.low.as_ref().map_or(2, |low| *low.get_ref());
    if let Some(low) = written.low.as_ref().filter(|low| SCALE <= *low.get_ref()) {
        let hint = format!("give 0 (none is low) to {}", SCALE - 1);
        return Err(source.error(low.span(), "then every answer is low", hint));
    }
    if let (Some(target), None) = (&written.follow_up_ms, &written.follow_up) {
        return Err(source.error(target.span(), "nothing has this target", "name the queue too: follow_up = \"…\""));
    }
    let follow_up_ms = match &written.follow_up_ms {
        Some(_) => Some(within(&written.follow_up_ms, 0, 30 * DAY_MS)?),
        None => None,
    };
    let mut texts = BTreeMap::new();
    for (language, text) in &written.text {
        if !LANGUAGES.contains(&language.get_ref().as_str()) {
            let hint = did_you_mean(language.get_ref(), LANGUAGES.into_iter());
            return Err(source.error(language.span(), format!("there is no language `{}`", language.get_ref()), hint));
        }
        let length = text.get_ref().chars().count();
        if text.get_ref().trim().is_empty() || TEXT_CHARS_MAX < length {
            let hint = format!("say in 1 to {TEXT_CHARS_MAX} characters what to answer: a number from 1 to {SCALE}");
            return Err(source.error(text.span(), "this is no question", hint));
        }
        texts.insert(language.get_ref().clone(), text.get_ref().clone());
    }
    let follow_up = written.follow_up.as_ref().map(&known).transpose()?;
    Ok(CheckedQuestion {
        queues: written.queues.iter().map(&known).collect::<Checked<_>>()?,
        every_ms: within(&written.every_days, 30, 3_650)? * DAY_MS,
        answer_ms: within(&written.answer_hours, 48, 720)? * HOUR_MS,
        low,
        follow_up: follow_up.map(|queue| (queue, follow_up_ms)),
        not_after: written.not_after.clone().unwrap_or_else(|| ["spam".into(), "abusive".into()].into()),
        texts,
    })
}

/// Checks what was written about the word; `owner` is whether a status shows who works on it.
pub(super) fn status_word(source: &Source<'_>, written: &StatusWordFile, owner: bool) -> Checked<StatusWord> {
    let mut words = BTreeSet::new();
    for word in &written.words {
        let bare = StatusWord::bare(word.get_ref());
        if bare.is_empty() || WORD_CHARS_MAX < bare.chars().count() || WORDS_MAX <= words.len() {
            let hint = format!("name 1 to {WORDS_MAX} words of at most {WORD_CHARS_MAX} characters");
            return Err(source.error(word.span(), "this is no word", hint));
        }
        words.insert(bare);
    }
    let minutes = match &written.every_minutes {
        Some(minutes) if !(1..=1_440).contains(minutes.get_ref()) => {
            return Err(source.error(minutes.span(), "this cannot be", "give 1 to 1440"));
        }
        minutes => minutes.as_ref().map_or(10, |minutes| *minutes.get_ref()),
    };
    if let Some(url) = written.url.as_ref().filter(|url| !is_base(url.get_ref())) {
        let hint = "give the address by which customers reach this server, such as `https://help.example.org`";
        return Err(source.error(url.span(), "this is no address of a server", hint));
    }
    let url = written.url.as_ref().map(|url| url.get_ref().trim_end_matches('/').to_owned());
    Ok(StatusWord { words, every_ms: minutes * MINUTE_MS, url, owner })
}

/// A scheme and a host, perhaps with a folder: a status is one path below it.
fn is_base(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| {
        matches!(url.scheme(), "https" | "http")
            && url.host_str().is_some()
            && url.query().is_none()
            && url.fragment().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn parsed(more: &str) -> Result<Config, String> {
        let text = format!(
            "[[tenant]]\nname = \"acme\"\n{more}\n[[tenant.queue]]\nname = \"service\"\nside = \"front\"\n\
             [[tenant.queue]]\nname = \"care\"\nside = \"back\"\n"
        );
        Config::parse("test.toml", &text, &|_| None).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_written_is_taken_and_the_rest_has_defaults() {
        let written = "satisfaction = { queues = [\"service\"], follow_up = \"care\", text = { he = \"איך היה? 1-5\" } }\n\
                       status_word = { words = [\"Status\", \"סטטוס\"], url = \"https://help.example.org/\" }";
        let config = parsed(written).unwrap();
        let question = config.tenants[0].question.as_ref().unwrap();
        assert_eq!((question.every_ms, question.low), (30 * DAY_MS, 2));
        assert_eq!(question.follow_up, Some(("care".to_owned(), None)));
        assert!(question.not_after.contains("spam"));
        let word = config.tenants[0].status_word.as_ref().unwrap();
        assert!(word.is("STATUS?") && word.is(" סטטוס ") && !word.is("status of my parcel"));
        assert_eq!(word.url.as_deref(), Some("https://help.example.org"));
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_cure() {
        for (written, cure) in [
            ("satisfaction = { queues = [\"sevice\"] }", "service"),
            ("satisfaction = { queues = [\"service\"], low = 5 }", "0 (none is low) to 4"),
            ("satisfaction = { queues = [\"service\"], every_days = 0 }", "1 to 3650"),
            ("satisfaction = { queues = [\"service\"], follow_up_ms = 5 }", "follow_up"),
            ("satisfaction = { queues = [\"service\"], text = { xx = \"?\" } }", "language"),
            ("satisfaction = { queues = [\"service\"], text = { he = \" \" } }", "1 to 600"),
            ("status_word = { words = [\" ? \"] }", "1 to 20"),
            ("status_word = { words = [\"status\"], url = \"help.example.org\" }", "https://"),
            ("status_word = { words = [\"status\"], every_minutes = 0 }", "1 to 1440"),
        ] {
            let error = parsed(written).map(|_| ()).unwrap_err();
            assert!(error.contains(cure), "{written}: {error}");
        }
    }
}
