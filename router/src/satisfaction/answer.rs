//! How an answer to the question is read: a number first, whatever else was said behind it.

use blendline_wire::ConversationId;
use blendline_wire::inbound::{InboundEvent, InboundKind};

/// The best answer; the worst is 1.
pub const SCALE: u8 = 5;
/// The longest text that is looked at, in bytes.
const BYTES_MAX: usize = 2_000;
/// What a widget's button carries.
const VERB: &str = "blendline:rate:";

/// What somebody answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// From 1 to [`SCALE`].
    pub score: u8,
    /// What he said besides.
    pub words: Option<String>,
}

/// Reads a message as an answer: "5", "4/5", "٥", "★★★", "👍", each with or without words behind it. A number that is the
/// beginning of something else ("5 boxes are missing") is read as an answer too, which is why its words reach a person.
pub fn read(text: &str) -> Option<Answer> {
    let text = text.trim();
    if text.is_empty() || BYTES_MAX < text.len() {
        return None;
    }
    let (score, rest) = number(text).or_else(|| symbols(text))?;
    let words =
        rest.trim_start_matches(|letter: char| letter.is_whitespace() || ".,:;!-–—)".contains(letter)).trim_end();
    // Signs and emoji behind a number say nothing that somebody has to read.
    let said = words.chars().any(char::is_alphanumeric);
    Some(Answer { score, words: said.then(|| words.to_owned()) })
}

/// A digit of any script that stands alone, perhaps as "4/5" or "4 of 5" is said in numbers.
fn number(text: &str) -> Option<(u8, &str)> {
    let mut letters = text.chars();
    let score = digit(letters.next()?).filter(|score| (1..=SCALE).contains(score))?;
    let mut rest = letters.as_str();
    // The keycap emoji are a digit and two marks.
    rest = rest.trim_start_matches(['\u{fe0f}', '\u{20e3}']);
    if let Some(behind) = rest.strip_prefix('/') {
        let mut behind = behind.chars();
        digit(behind.next()?).filter(|whole| *whole == SCALE)?;
        rest = behind.as_str();
    }
    let alone = rest.chars().next().is_none_or(|next| {
        let glued = next.is_alphanumeric() || ":/%₪$€".contains(next);
        let decimal = matches!(next, '.' | ',') && rest.chars().nth(1).and_then(digit).is_some();
        !glued && !decimal
    });
    alone.then_some((score, rest))
}

fn digit(letter: char) -> Option<u8> {
    let value = match letter {
        '0'..='9' => u32::from(letter) - u32::from('0'),
        '\u{660}'..='\u{669}' => u32::from(letter) - 0x660,
        '\u{6f0}'..='\u{6f9}' => u32::from(letter) - 0x6f0,
        _ => return None,
    };
    u8::try_from(value).ok()
}

/// Stars are counted; a thumb is the best or the worst.
fn symbols(text: &str) -> Option<(u8, &str)> {
    let is_star = |letter: char| matches!(letter, '★' | '⭐' | '🌟' | '\u{fe0f}');
    let rest = text.trim_start_matches(is_star);
    let stars = text[..text.len() - rest.len()].chars().filter(|letter| *letter != '\u{fe0f}').count();
    if let Some(score) = u8::try_from(stars).ok().filter(|score| (1..=SCALE).contains(score)) {
        return Some((score, rest.trim_start_matches('☆')));
    }
    let is_tone = |letter: char| ('\u{1f3fb}'..='\u{1f3ff}').contains(&letter);
    let thumb = |sign: char, score| Some((score, text.strip_prefix(sign)?.trim_start_matches(is_tone)));
    thumb('👍', SCALE).or_else(|| thumb('👎', 1))
}

/// What a widget's button says: in which conversation, and how many stars. The outer `None`: it is no such button.
pub fn pressed(event: &InboundEvent) -> Option<Option<(ConversationId, u8)>> {
    if event.kind != InboundKind::Postback {
        return None;
    }
    let rest = event.payload.as_ref()?.expose().strip_prefix(VERB)?;
    let read = || {
        let (conversation, score) = rest.split_once(':')?;
        let score = score.parse().ok().filter(|score| (1..=SCALE).contains(score))?;
        Some((conversation.parse().ok()?, score))
    };
    Some(read())
}

/// The payload of a button.
pub(crate) fn payload(conversation: ConversationId, score: u8) -> String {
    format!("{VERB}{conversation}:{score}")
}

/// A score as people see it.
pub fn stars(score: u8) -> String {
    (1..=SCALE).map(|star| if star <= score { '★' } else { '☆' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(text: &str) -> Option<u8> {
        read(text).map(|answer| answer.score)
    }

    #[test]
    fn a_number_first_is_an_answer() {
        for (text, expected) in [
            ("5", 5),
            (" 1 ", 1),
            ("4/5", 4),
            ("٣", 3),
            ("۲", 2),
            ("5️⃣", 5),
            ("★★★☆☆", 3),
            ("⭐️⭐️", 2),
            ("👍", 5),
            ("👎🏽", 1),
            ("3.", 3),
        ] {
            assert_eq!(read(text), Some(Answer { score: expected, words: None }), "{text}");
        }
        let said = |score, words: &str| Some(Answer { score, words: Some(words.to_owned()) });
        assert_eq!(read("4, thank you"), said(4, "thank you"));
        assert_eq!(read("2 - חיכיתי יומיים"), said(2, "חיכיתי יומיים"));
        assert_eq!(read("5!! 🎉"), Some(Answer { score: 5, words: None }));
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for text in
            ["", "0", "6", "10", "55", "4.5", "3,5", "5:30", "5%", "5₪", "5th", "4/6", "hello", "★★★★★★", "-5", "v5"]
        {
            assert_eq!(score(text), None, "{text}");
        }
        assert_eq!(score(&"5 ".repeat(2_000)), None, "a letter is no answer");
    }

    #[test]
    fn a_button_names_its_conversation() {
        let event = |payload: String| InboundEvent {
            kind: InboundKind::Postback,
            payload: Some(payload.into()),
            ..InboundEvent::default()
        };
        let conversation = ConversationId(7);
        assert_eq!(pressed(&event(payload(conversation, 4))), Some(Some((conversation, 4))));
        assert_eq!(pressed(&event(payload(conversation, 9))), Some(None));
        assert_eq!(pressed(&event("blendline:confirm:con_7".to_owned())), None);
        assert_eq!((stars(2), stars(5)), ("★★☆☆☆".to_owned(), "★★★★★".to_owned()));
    }
}
