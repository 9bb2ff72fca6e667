//! What a mail of ours bears, so that its answer finds the conversation again.

use blendline_connectors::email::reply_address;
use blendline_wire::mail::MailLine;
use blendline_wire::outbound::{Content, Outbound};
use blendline_wire::worker::Author;
use blendline_wire::{Millis, OutboundId, Pii};

use crate::directory::AccountEntry;
use crate::driver::keys;
use crate::payload::StoredMessage;

/// Lines of a transcript that are looked at for the mail to answer.
pub(crate) const LINES_MAX: usize = 50;
/// Ids in `References`; the first, which names the thread, and the last are kept.
const REFERENCES_MAX: usize = 20;
/// What programs of several languages put before the subject of an answer, in small letters.
const ANSWER_MARKS: &[&str] = &["re:", "aw:", "antw:", "sv:", "rv:", "השב:", "תשובה:", "отв:", "ответ:", "رد:"];

/// Puts into a mail what its answer is recognised by; `lines` are the latest of its conversation.
pub(crate) fn address(outbound: &mut Outbound, seq: u64, at: Millis, entry: &AccountEntry, lines: &[StoredMessage]) {
    // What was said after it came after it: the mail is the same at every attempt.
    let before: Vec<_> = lines.iter().filter(|line| line.seq < seq).collect();
    let heard = before.iter().rev().find_map(|line| Some((*line, line.body.mail.as_deref()?)));
    if let Some(to) = heard.and_then(|(_, mail)| mail.answer_to.as_ref().or(mail.from.as_ref())) {
        outbound.to = to.clone();
    }
    let to = outbound.to.expose().clone();
    let mailbox = entry.account.external_id.as_str();
    outbound.message_id = message_id(mailbox, outbound.id, &to, at, &outbound.content);
    outbound.subject = subject(&before, heard.map(|(_, mail)| mail));
    outbound.references = match heard {
        Some((line, mail)) => chain(&mail.references, line.body.external_id.as_ref()),
        None => before.iter().filter_map(|line| ours(line, mailbox, &to)).collect(),
    };
    outbound.in_reply_to = outbound.references.last().cloned();
    let conversation = outbound.conversation.to_string();
    outbound.reply_address = reply_address::mint(&entry.account, mailbox, &conversation, &to).map(Pii::new);
    bound(&mut outbound.references);
}

/// The `Message-ID` of a mail of ours: its number, a mark of whom it goes to, and a mark that nobody else can know,
/// made of what it says and when. None where the account has no address.
///
/// The first mark binds the id to one person, the second keeps it from being guessed; the record knows the whole.
fn message_id(mailbox: &str, id: OutboundId, to: &str, at: Millis, content: &Content) -> Option<String> {
    let (_, domain) = mailbox.rsplit_once('@')?;
    Some(format!("<{:x}.{}.{}@{domain}>", id.0, mark_of(to), hex::encode(keys::said(at, content))))
}

/// True when `message_id` is of the form of ours and bears the mark of this address. Whether it is one of ours is for
/// the record to say.
pub(crate) fn is_bound_to(message_id: &str, address: &str) -> bool {
    mark(message_id).is_some_and(|mark| mark == mark_of(address))
}

/// The mark of the one to whom a mail went, in an id of the form of ours.
pub(crate) fn mark(message_id: &str) -> Option<&str> {
    let (local, _) = message_id.strip_prefix('<')?.split_once('@')?;
    let mut parts = local.split('.');
    let (Some(_), Some(mark), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    (mark.len() == 16).then_some(mark)
}

fn mark_of(address: &str) -> String {
    hex::encode(keys::mailbox(address))
}

/// The id of a mail of ours in the same conversation, as it was sent to the same person.
fn ours(line: &StoredMessage, mailbox: &str, to: &str) -> Option<String> {
    if line.author != Author::Worker {
        return None;
    }
    message_id(mailbox, line.outbound?, to, line.at, line.body.content.as_ref()?)
}

/// The references of the mail that is answered, and then itself (RFC 5322, 3.6.4).
fn chain(references: &[String], id: Option<&String>) -> Vec<String> {
    let mut chain: Vec<_> = references.iter().filter(|known| Some(*known) != id).cloned().collect();
    chain.extend(id.cloned());
    chain
}

fn bound(references: &mut Vec<String>) {
    let surplus = references.len().saturating_sub(REFERENCES_MAX);
    references.drain(1.min(references.len())..1.min(references.len()) + surplus);
}

/// The subject of what is answered, marked as an answer once; else the one the conversation began with.
fn subject(before: &[&StoredMessage], heard: Option<&MailLine>) -> Option<Pii<String>> {
    let Some(mail) = heard else { return before.iter().find_map(|line| line.body.title.clone()) };
    let subject = mail.subject.as_ref()?;
    let mut bare = subject.expose().trim();
    while let Some(rest) = ANSWER_MARKS.iter().find_map(|mark| after(bare, mark)) {
        bare = rest.trim_start();
    }
    Some(Pii::new(format!("Re: {bare}")))
}

/// What follows `mark`, whatever the case of the letters before it.
fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    let end = text.char_indices().nth(mark.chars().count()).map_or(text.len(), |(at, _)| at);
    let (head, rest) = text.split_at(end);
    (head.to_lowercase() == mark).then_some(rest)
}

#[cfg(test)]
mod tests {
    use blendline_wire::{AccountId, ConversationId, TenantId};

    use super::*;
    use crate::driver::tests::world::directory;
    use crate::payload::MessageBody;

    fn entry() -> AccountEntry {
        let mut directory = directory();
        let mut entry = directory.accounts.pop_first().unwrap().1;
        entry.account.external_id = "care@example.com".into();
        entry.account.settings.insert("reply_secret".into(), "s3cret".into());
        entry
    }

    fn outbound() -> Outbound {
        Outbound {
            id: OutboundId(0x2a),
            attempt: 1,
            tenant: TenantId(1),
            account: AccountId(1),
            conversation: ConversationId(7),
            to: "dana@example.org".into(),
            thread: None,
            reply_to: None,
            private_reply_to: None,
            answers: None,
            content: Content::Text { text: "hello".into() },
            window_until: None,
            message_id: None,
            in_reply_to: None,
            references: Vec::new(),
            subject: None,
            reply_address: None,
            automatic: false,
            trace: None,
        }
    }

    fn line(seq: u64, author: Author, body: MessageBody) -> StoredMessage {
        let outbound = (author == Author::Worker).then_some(OutboundId(0x29));
        StoredMessage { seq, at: Millis(seq), author, worker: None, outbound, body }
    }

    fn heard(seq: u64, id: &str, mail: MailLine) -> StoredMessage {
        let body = MessageBody { external_id: Some(id.into()), mail: Some(Box::new(mail)), ..MessageBody::default() };
        line(seq, Author::Customer, body)
    }

    #[test]
    fn an_answer_continues_the_thread_of_what_was_heard_last() {
        let mail = |subject: &str, references: &[&str]| MailLine {
            subject: Some(subject.into()),
            from: Some("Dana@example.org".into()),
            references: references.iter().map(|id| (*id).to_owned()).collect(),
            ..MailLine::default()
        };
        let lines = [
            heard(1, "<a@x>", mail("invoice", &[])),
            heard(3, "<c@x>", mail("RE: השב: invoice", &["<a@x>", "<b@y>"])),
            heard(5, "<later@x>", mail("later", &[])),
        ];
        let mut outbound = outbound();
        address(&mut outbound, 4, Millis(9), &entry(), &lines);
        assert_eq!(outbound.in_reply_to.as_deref(), Some("<c@x>"));
        assert_eq!(outbound.references, ["<a@x>", "<b@y>", "<c@x>"]);
        assert_eq!(outbound.subject, Some("Re: invoice".into()));
        assert_eq!(outbound.to, Pii::from("Dana@example.org"));
        let id = outbound.message_id.as_deref().unwrap();
        assert!(id.starts_with("<2a.") && id.ends_with("@example.com>") && id.len() < 80, "{id}");
        assert!(is_bound_to(id, "dana@EXAMPLE.org") && !is_bound_to(id, "mallory@example.org"));
        let reply = outbound.reply_address.unwrap();
        let conversation = outbound.conversation.to_string().to_lowercase();
        assert_eq!(
            reply_address::verify(&entry().account, reply.expose(), "dana@example.org").as_deref(),
            Some(&*conversation)
        );
    }

    #[test]
    fn the_id_is_the_same_at_every_attempt_and_another_for_other_words() {
        let id_of = |outbound: &Outbound, at| {
            let mut mail = outbound.clone();
            address(&mut mail, 1, Millis(at), &entry(), &[]);
            mail.message_id.unwrap()
        };
        let first = outbound();
        assert_eq!(id_of(&first, 9), id_of(&Outbound { attempt: 2, ..first.clone() }, 9));
        assert_ne!(id_of(&first, 9), id_of(&first, 10));
        let other = Outbound { content: Content::Text { text: "bye".into() }, ..first.clone() };
        assert_ne!(id_of(&first, 9), id_of(&other, 9));
    }

    #[test]
    fn before_any_answer_our_own_first_mail_is_the_thread() {
        let said = MessageBody { title: Some("Your order".into()), ..MessageBody::reply(outbound().content) };
        let lines = [line(1, Author::Worker, said)];
        let mut second = outbound();
        address(&mut second, 2, Millis(9), &entry(), &lines);
        let mut first = Outbound { id: OutboundId(0x29), ..outbound() };
        address(&mut first, 1, Millis(1), &entry(), &lines);
        assert_eq!((second.in_reply_to, second.subject), (first.message_id, Some("Your order".into())));
        assert_eq!((first.in_reply_to, first.subject), (None, None));
    }

    #[test]
    fn an_answer_goes_where_the_sender_asked_and_long_chains_are_bounded() {
        let mail = MailLine {
            from: Some("form@example.org".into()),
            answer_to: Some("dana@example.org".into()),
            references: (0..90).map(|number| format!("<{number}@x>")).collect(),
            ..MailLine::default()
        };
        let mut outbound = outbound();
        address(&mut outbound, 2, Millis(9), &entry(), &[heard(1, "<z@x>", mail)]);
        assert_eq!(outbound.to, Pii::from("dana@example.org"));
        assert_eq!(outbound.references.len(), REFERENCES_MAX);
        assert_eq!((&*outbound.references[0], &*outbound.references[19]), ("<0@x>", "<z@x>"));
        assert!(is_bound_to(outbound.message_id.as_deref().unwrap(), "dana@example.org"));
    }

    #[test]
    fn odd_ids_are_bound_to_nobody() {
        for odd in ["", "<@x>", "<a@x>", "<a.b@x>", "a.b.c@x", "<.."] {
            assert!(!is_bound_to(odd, "dana@example.org"), "{odd}");
        }
    }
}
