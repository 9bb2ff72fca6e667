use blendline_wire::outbound::Content;
use blendline_wire::{AccountId, ConversationId, OutboundId, TenantId};

use super::*;
use crate::Secret;
use crate::email::{RAW, content, raw};
use crate::{Connector as _, email};

const NOW: Millis = Millis(1_795_657_200_000);

fn account(settings: &[(&str, &str)]) -> Account {
    Account {
        id: AccountId(3),
        name: "support".into(),
        external_id: "support@example.com".into(),
        settings: settings.iter().map(|(key, value)| ((*key).to_owned(), Secret::from(*value))).collect(),
    }
}

fn message() -> Outbound {
    Outbound {
        answers: None,
        id: OutboundId(42),
        attempt: 1,
        tenant: TenantId(1),
        account: AccountId(3),
        conversation: ConversationId(7),
        to: "dana@example.org".into(),
        thread: None,
        reply_to: None,
        private_reply_to: None,
        content: Content::Text { text: "שלום".into() },
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

fn text(text: &str) -> Words {
    Words { text: text.to_owned(), file: None }
}

fn composed(account: &Account, message: &Outbound, words: Words) -> String {
    String::from_utf8(compose(account, message, words, NOW).unwrap().bytes).unwrap()
}

/// The header's fields, unfolded.
fn fields(mail: &str) -> Vec<(String, String)> {
    let (head, _) = mail.split_once("\r\n\r\n").unwrap();
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let split = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
    unfolded.split("\r\n").map(|line| split(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

fn field(mail: &str, name: &str) -> Option<String> {
    let mut found = fields(mail).into_iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
    let value = found.next().map(|(_, value)| value);
    assert!(found.next().is_none(), "{name} stands twice in {mail}");
    value
}

#[test]
fn our_own_reader_reads_what_was_meant() {
    let subject = "בנוגע להזמנה שלך: מספר הזמנה 4711, \"דחוף\", ועוד מילים כדי שהשורה תהיה ארוכה";
    let message = Outbound {
        subject: Some(subject.into()),
        in_reply_to: Some("<q@example.org>".into()),
        references: vec!["<root@example.org>".into(), "<q@example.org>".into()],
        ..message()
    };
    let long = "שלום דנה,\n\n.נקודה בתחילת שורה\n".to_owned() + &"מילים ".repeat(400);
    let file =
        File {
            name: "חשבונית 7.pdf".into(), mime: Some("application/pdf".into()), bytes: vec![0, 13, 10, 46, 255]
        };
    let ours = account(&[("from_name", "דנה, מהשירות"), ("reply_secret", "s3cret-s3cret-s3cret")]);
    let bytes = compose(&ours, &message, Words { text: long.clone(), file: Some(file) }, NOW).unwrap().bytes;
    assert!(bytes.split(|byte| *byte == b'\n').all(|line| line.len() < 999 && line.is_ascii()));

    let events = raw(&bytes).unwrap();
    let mail = events[0].mail.as_ref().unwrap();
    assert_eq!(mail.subject.as_ref().unwrap().expose(), subject);
    assert_eq!(mail.from_address.as_ref().unwrap().expose(), "support@example.com");
    assert_eq!(mail.from_name.as_ref().unwrap().expose(), "דנה, מהשירות");
    assert_eq!(mail.in_reply_to.as_deref(), Some("<q@example.org>"));
    assert_eq!(mail.references, ["<root@example.org>", "<q@example.org>"]);
    assert!(mail.html_present && mail.is_loop && mail.parse_defects.is_empty(), "{mail:?}");
    assert_eq!(events[0].text.as_ref().unwrap().expose().replace("\r\n", "\n").trim(), long.trim());
    let answer = mail.reply_to_address.as_ref().unwrap().expose();
    assert_eq!(email::reply_address::verify(&ours, answer, "dana@example.org").as_deref(), Some("cnv_7"));
    let attached = &events[0].attachments[0];
    assert_eq!(attached.filename.as_ref().unwrap().expose(), "חשבונית 7.pdf");
    assert_eq!(content::carried(&bytes, std::slice::from_ref(attached)), [Some(vec![0, 13, 10, 46, 255])]);
    assert!(email::shown_html(&bytes).unwrap().contains("שלום דנה"));
    assert_eq!(RAW.name(), email::RAW_NAME);
}

#[test]
fn every_attempt_bears_the_same_id() {
    let ours = account(&[]);
    let id = |message: &Outbound| compose(&ours, message, text("x"), NOW).unwrap().message_id;
    let first = id(&message());
    assert_eq!(first, id(&Outbound { attempt: 9, ..message() }));
    assert!(first.starts_with("<out_42.") && first.ends_with("@example.com>") && is_id(&first), "{first}");
    assert_ne!(first, id(&Outbound { to: "noa@example.org".into(), ..message() }));
    assert_ne!(first, id(&Outbound { content: Content::Text { text: "other".into() }, ..message() }));
    let given = Outbound { message_id: Some("<given@example.com>".into()), ..message() };
    assert_eq!(id(&given), "<given@example.com>");
}

#[test]
fn no_words_make_a_line_of_the_header() {
    let evil = "x\r\nBcc: all@example.net\r\n\r\n<script>\u{2028}y";
    let ours = account(&[("from_name", evil), ("subject", evil)]);
    let message = Outbound {
        subject: Some(evil.into()),
        in_reply_to: Some("<a@b>\r\nBcc: all@example.net".into()),
        references: vec![evil.into(), "<a b@c>".into(), "<good@c>".into()],
        reply_address: Some("a@b.example\r\nBcc: all@example.net".into()),
        ..message()
    };
    let mail = composed(&ours, &message, text(evil));
    assert_eq!(field(&mail, "bcc"), None, "{mail}");
    assert_eq!(field(&mail, "references").as_deref(), Some("<good@c>"));
    assert_eq!((field(&mail, "in-reply-to"), field(&mail, "reply-to")), (None, None));
    let names: Vec<String> = fields(&mail).into_iter().map(|(name, _)| name.to_lowercase()).collect();
    let known =
        ["from", "to", "subject", "date", "message-id", "x-blendline-id", "references", "mime-version", "content-type"];
    assert!(names.iter().all(|name| known.contains(&name.as_str())), "{names:?}");
    for odd in ["a@b.example\r\nRCPT TO:<c@d.example>", "a@b.example>", "\"a\r\nb\"@c.example", "no address", ""] {
        let message = Outbound { to: odd.into(), ..self::message() };
        assert_eq!(
            compose(&ours, &message, text("x"), NOW).err().map(|cause| cause.reason),
            Some("undeliverable".into())
        );
    }
}

#[test]
fn the_thread_falls_back_to_what_the_platform_knows() {
    let ours = account(&[]);
    let begun = Outbound { thread: Some("<root@example.org>".into()), ..message() };
    let mail = composed(&ours, &begun, text("x"));
    assert_eq!(field(&mail, "in-reply-to").as_deref(), Some("<root@example.org>"));
    assert_eq!(field(&mail, "references").as_deref(), Some("<root@example.org>"));
    let answered = Outbound { reply_to: Some("<q@example.org>".into()), ..begun };
    let mail = composed(&ours, &answered, text("x"));
    assert_eq!(field(&mail, "in-reply-to").as_deref(), Some("<q@example.org>"));
    assert_eq!(field(&mail, "references").as_deref(), Some("<root@example.org> <q@example.org>"));
    let mail = composed(&ours, &message(), text("x"));
    assert_eq!((field(&mail, "in-reply-to"), field(&mail, "references")), (None, None));
    let many: Vec<String> = (0..50).map(|n| format!("<{n}@example.org>")).collect();
    let kept = field(&composed(&ours, &Outbound { references: many, ..message() }, text("x")), "references").unwrap();
    let kept: Vec<&str> = kept.split(' ').collect();
    assert_eq!(
        (kept.len(), kept[0], kept[1], kept[19]),
        (20, "<0@example.org>", "<31@example.org>", "<49@example.org>")
    );
}

#[test]
fn a_notice_says_that_no_person_wrote_it() {
    let ours = account(&[]);
    let notice = composed(&ours, &Outbound { automatic: true, ..message() }, text("x"));
    assert_eq!(field(&notice, "auto-submitted").as_deref(), Some("auto-generated"));
    assert_eq!(field(&notice, "x-auto-response-suppress").as_deref(), Some("All"));
    let answer = Outbound { automatic: true, in_reply_to: Some("<q@example.org>".into()), ..message() };
    assert_eq!(field(&composed(&ours, &answer, text("x")), "auto-submitted").as_deref(), Some("auto-replied"));
    assert_eq!(field(&composed(&ours, &message(), text("x")), "auto-submitted"), None);
}

#[test]
fn an_account_without_an_address_cannot_write() {
    let nameless = Account { external_id: "mailgun-route-7".into(), ..account(&[]) };
    let cause = compose(&nameless, &message(), text("x"), NOW).err().unwrap();
    assert!(cause.reason == "configuration" && cause.detail.contains("from_address"), "{cause:?}");
    let named = Account { settings: account(&[("from_address", "help@example.com")]).settings, ..nameless };
    assert!(composed(&named, &message(), text("x")).contains("From: help@example.com"));
}
