//! The mail that says what a visitor of a chat has not seen.

use blendline_wire::outbound::{Content, Outbound};
use blendline_wire::worker::Author;
use blendline_wire::{AccountId, Pii};

use super::Handover;
use crate::directory::AccountEntry;
use crate::driver::mail::letter::address;
use crate::payload::{StoredMessage, words};
use crate::ports::store::Letter;

/// Lines of the chat that are quoted, the latest.
const QUOTED_MAX: usize = 6;
/// Characters of each.
const QUOTED_CHARS_MAX: usize = 300;

/// What a mail says beside the answer.
struct Phrases {
    subject: &'static str,
    before: &'static str,
    you: &'static str,
    us: &'static str,
}

const fn phrases(lang: Option<&str>) -> &'static Phrases {
    // Compared as bytes, for texts cannot be compared in a constant.
    match lang {
        Some(lang) => match lang.as_bytes() {
            b"he" => &Phrases {
                subject: "התשובה לצ׳אט שלכם",
                before: "כתבתם לנו בצ׳אט, והתשובה באה כשכבר לא הייתם שם. אפשר להשיב להודעה הזאת. כך נאמר קודם:",
                you: "אתם",
                us: "אנחנו",
            },
            b"ar" => &Phrases {
                subject: "الرد على محادثتكم",
                before: "كتبتم إلينا في المحادثة وجاء الرد بعد مغادرتكم. يمكنكم الرد على هذه الرسالة. هذا ما قيل من قبل:",
                you: "أنتم",
                us: "نحن",
            },
            b"ru" => &Phrases {
                subject: "Ответ на ваш чат",
                before: "Вы писали нам в чате, а ответ пришёл, когда вас там уже не было. На это письмо можно ответить. До этого:",
                you: "Вы",
                us: "Мы",
            },
            _ => ENGLISH,
        },
        None => ENGLISH,
    }
}

const ENGLISH: &Phrases = &Phrases {
    subject: "The answer to your chat",
    before: "You wrote to us in the chat, and the answer came when you were not there any more. You can answer this mail. \
             Before that:",
    you: "You",
    us: "Us",
};

/// The mail of a message of ours, sent by `by`; `lines` are the latest of its conversation. Where the visitor wrote by mail
/// himself, it only answers that.
pub(super) fn mail(
    letter: &Letter,
    attempt: u32,
    (by, entry): (AccountId, &AccountEntry),
    lines: &[StoredMessage],
    handover: &Handover,
    by_mail: bool,
) -> Outbound {
    let row = &letter.row;
    let mut outbound = Outbound {
        id: row.id,
        attempt,
        tenant: row.tenant,
        account: by,
        conversation: row.conversation,
        to: handover.address.clone(),
        thread: None,
        reply_to: None,
        private_reply_to: None,
        answers: None,
        content: letter.content.clone(),
        window_until: None,
        message_id: None,
        in_reply_to: None,
        references: Vec::new(),
        subject: None,
        reply_address: None,
        automatic: row.worker.is_none(),
        trace: None,
    };
    address(&mut outbound, row.seq, row.queued_at, entry, lines);
    let phrases = phrases(handover.lang.as_deref());
    outbound.subject = outbound.subject.or_else(|| Some(phrases.subject.into()));
    let said = words(letter.content.clone()).into_inner();
    let text = if by_mail { said } else { said + &quoted(lines, row.seq, phrases) };
    outbound.content = Content::Text { text: Pii::new(text) };
    outbound
}

/// The last lines of the chat before `seq`, each marked as what it is.
fn quoted(lines: &[StoredMessage], seq: u64, phrases: &Phrases) -> String {
    let said = |line: &StoredMessage| {
        let who = match line.author {
            Author::Customer => phrases.you,
            Author::Worker => phrases.us,
            Author::Note => return None,
        };
        let text = line.body.text.as_ref()?.expose().trim();
        let short: String = text.chars().take(QUOTED_CHARS_MAX).collect();
        let dots = if short.len() < text.len() { "…" } else { "" };
        Some(format!("{who}: {short}{dots}").lines().map(|line| format!("\n> {line}")).collect::<String>())
    };
    let before: Vec<String> = lines.iter().filter(|line| line.seq < seq).filter_map(said).collect();
    if before.is_empty() {
        return String::new();
    }
    let last = before[before.len().saturating_sub(QUOTED_MAX)..].concat();
    format!("\n\n{}\n{last}", phrases.before)
}

#[cfg(test)]
mod tests {
    use blendline_wire::Millis;

    use super::*;
    use crate::payload::MessageBody;

    #[test]
    fn notes_are_not_quoted_and_what_is_long_is_cut() {
        let line = |seq, author, text: &str| StoredMessage {
            seq,
            at: Millis(seq),
            author,
            worker: None,
            outbound: None,
            body: MessageBody { text: Some(text.into()), ..MessageBody::default() },
        };
        let long = "x".repeat(QUOTED_CHARS_MAX + 1);
        let lines = [
            line(1, Author::Customer, &long),
            line(2, Author::Note, "he is angry"),
            line(3, Author::Worker, "one\ntwo"),
            line(4, Author::Worker, "the answer"),
        ];
        let text = quoted(&lines, 4, phrases(Some("he")));
        assert!(text.contains("\n> אתם: xxx") && text.contains("x…\n> אנחנו: one\n> two"), "{text}");
        assert!(!text.contains("angry") && !text.contains("the answer") && text.ends_with("two"), "{text}");
        assert_eq!(quoted(&lines, 1, phrases(None)), "", "nothing was said before");
    }
}
