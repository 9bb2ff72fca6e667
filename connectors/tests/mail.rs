//! Mails that were bent, cut and mixed: everything is read, nothing panics, and all of it ends soon.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cases;

use std::time::{Duration, Instant};

use blendline_connectors::{by_name, email};
use blendline_wire::inbound::Attachment;
use cases::cases;
use proptest::prelude::*;

fn read(body: &[u8]) -> Option<blendline_wire::inbound::InboundEvent> {
    by_name("email_raw").unwrap().normalise(body).ok()?.pop()
}

/// Every line of every mail of ours: what mutated mails are put together from.
fn lines() -> Vec<Vec<u8>> {
    let lines =
        |body: Vec<u8>| body.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).take(40).collect::<Vec<_>>();
    cases("email_raw").into_iter().flat_map(|case| lines(case.body)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mails_may_be_put_together_from_any_lines(picks in prop::collection::vec(any::<prop::sample::Index>(), 1..60)) {
        let all = lines();
        let body: Vec<u8> = picks.iter().flat_map(|pick| all[pick.index(all.len())].clone()).collect();
        if let Some(event) = read(&body) {
            // What an event names can be fetched.
            let carried = by_name("email_raw").unwrap().carried(&body, &event.attachments);
            prop_assert!(carried.iter().all(Option::is_some), "{:?}", event.attachments);
            prop_assert!(event.text.is_none_or(|text| !text.expose().contains('\0')));
            let _ = email::shown_html(&body);
            let again: blendline_wire::inbound::InboundEvent =
                serde_json::from_str(&serde_json::to_string(&read(&body)).unwrap()).unwrap();
            prop_assert_eq!(Some(again), read(&body));
        }
    }

    #[test]
    fn lines_may_be_doubled_dropped_and_changed(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8, any::<u8>()), 1..12),
    ) {
        let mails = cases("email_raw");
        let body = &mails[which.index(mails.len())].body;
        let mut lines: Vec<Vec<u8>> = body.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        for (place, act, byte) in changes {
            if lines.is_empty() {
                break;
            }
            let at = place.index(lines.len());
            let within = place.index(lines[at].len() + 1);
            match act {
                0 => drop(lines.remove(at)),
                1 => lines.insert(at, lines[at].clone()),
                2 => lines[at].truncate(within),
                _ => lines[at].insert(within, byte),
            }
        }
        let _ = read(&lines.concat());
    }

    #[test]
    fn html_of_any_bytes_is_safe_to_show(html in "[<>/a-z\"'= !&;#-]{0,200}") {
        let mail = format!("Content-Type: text/html\n\n{html}");
        if let Some(shown) = email::shown_html(mail.as_bytes()) {
            prop_assert!(!shown.contains("<script") && !shown.contains("<style") && !shown.contains("<!"));
        }
    }

    #[test]
    fn any_text_is_split_and_never_lost(text in "(?s)(.|> |On 2012|wrote:|\n|-- |From: |\u{5d0}){0,120}") {
        let (reply, _) = email::split_reply(&text);
        prop_assert_eq!(reply.trim().is_empty(), text.trim().is_empty());
    }
}

/// Bodies that made other readers take hours or fall over.
#[test]
fn hostile_mails_end_soon() {
    let head = "From: a@example.org\nContent-Type: multipart/mixed; boundary=b\n\n";
    let nested = "Content-Type: multipart/mixed; boundary=x\n\n--x\n".repeat(50_000);
    let mails = [
        ("message in message", "Content-Type: message/rfc822\n\n".repeat(100_000)),
        ("same boundary nested", nested),
        ("many parts", format!("{head}{}", "--b\nContent-Type: multipart/mixed; boundary=none\n\nx\n".repeat(100_000))),
        ("many boundaries in a line", format!("{head}{}", "--b".repeat(1_000_000))),
        ("many fields", "A: b\n".repeat(500_000)),
        ("one long field", format!("Subject: {}\n\nx", "=?utf-8?Q?a?= ".repeat(200_000))),
        ("words that never end", format!("Subject: {}\n\nx", "=?a?q?".repeat(200_000))),
        ("many addresses", format!("To: {}\n\nx", "\"a\\\"<(".repeat(200_000))),
        ("many parameters", format!("Content-Type: text/plain{}\n\nx", "; a*1*=%41".repeat(100_000))),
        ("one long line", format!("From: a@b.c\n\n{}", "x".repeat(5_000_000))),
        ("many quotes", format!("From: a@b.c\n\n{}", "> ".repeat(2_000_000))),
        ("many introductions", format!("From: a@b.c\n\n{}", "On 2012 a\n".repeat(100_000))),
        ("many tags", format!("Content-Type: text/html\n\n{}", "<blockquote><svg></div>".repeat(100_000))),
        ("many references", format!("References: {}\n\nx", "<a@b>".repeat(200_000))),
        (
            "many groups",
            format!(
                "Content-Type: message/delivery-status\n\n{}",
                "Final-Recipient: rfc822; a@b.c\n\n".repeat(100_000)
            ),
        ),
        ("uuencoded without end", format!("From: a@b.c\n\n{}", "begin 644 a\n".repeat(100_000))),
    ];
    for (name, mail) in mails {
        let start = Instant::now();
        let event = read(mail.as_bytes());
        assert!(event.is_some(), "{name} was lost");
        assert!(start.elapsed() < Duration::from_secs(10), "{name} took {:?}", start.elapsed());
        println!("{name}: {} bytes in {:?}", mail.len(), start.elapsed());
    }
}

#[test]
fn what_an_attachment_holds_comes_along() {
    let body = |name: &str| cases("email_raw").into_iter().find(|case| case.name == name).unwrap().body;
    let bytes = |name: &str, reference: &str| {
        let attachment = Attachment { r#ref: Some(reference.into()), ..Attachment::default() };
        by_name("email_raw").unwrap().carried(&body(name), &[attachment]).pop().unwrap()
    };
    assert_eq!(bytes("attachment", "2").as_deref(), Some(&b"%PDF-"[..]));
    assert_eq!(bytes("trap_uuencoded", "1/uu1").as_deref(), Some(&b"Cat"[..]));
    assert_eq!(bytes("trap_winmail", "2/tnef1").as_deref(), Some(&b"%PDF-1.4 test"[..]));
    assert_eq!((bytes("attachment", "9"), bytes("trap_uuencoded", "1/uu99")), (None, None));
    assert_eq!((bytes("attachment", "2/tnef1"), bytes("trap_winmail", "2/tnef0")), (None, None));
    // A control character that the text does not have costs no file.
    let odd = b"From: a@b.example\n\nsee\nbegin \x02644 cat.txt\n#0V%T\n`\nend\n";
    let event = read(odd).unwrap();
    assert_eq!(by_name("email_raw").unwrap().carried(odd, &event.attachments), [Some(b"Cat".to_vec())]);
    let html = email::shown_html(&body("html_only")).unwrap();
    assert_eq!(html.trim(), "<p>Where is<br>order 1042?</p>");
}

/// Whatever way a mail came, the files that its event names are in the body, unless they must be fetched.
#[test]
fn every_provider_brings_the_files_along() {
    let mut found = 0;
    for name in ["email_raw", "email_mailgun", "email_postmark", "email_sendgrid", "email_ses"] {
        let connector = by_name(name).unwrap();
        // One says of its attachments that they are numbers.
        for case in cases(name).into_iter().filter(|case| case.name != "trap_mistyped") {
            for event in connector.normalise(&case.body).unwrap_or_default() {
                let carried = connector.carried(&case.body, &event.attachments);
                assert!(carried.iter().all(Option::is_some), "{name}/{}: {:?}", case.name, event.attachments);
                found += carried.len();
            }
        }
    }
    assert!(8 < found, "only {found} files: there should be one of every provider's ways");
    let postmark = br#"{"From":"a@b.example","Attachments":[{"Name":"a.pdf","Content":"JVBERi0=","ContentType":"application/pdf"}]}"#;
    let connector = by_name("email_postmark").unwrap();
    let event = connector.normalise(postmark).unwrap().pop().unwrap();
    assert_eq!(connector.carried(postmark, &event.attachments), [Some(b"%PDF-".to_vec())]);
}
