//! Whole talks, without a connection.

use std::sync::Arc;

use blendline_wire::AccountId;
use proptest::prelude::*;

use super::session::{Envelope, Next, Offer, Session, Settled};
use crate::mail::recipients;

const HELLO: &str = "EHLO mail.example.org\r\n";

fn offer() -> Arc<Offer> {
    Arc::new(Offer {
        hostname: "mx.example.com".into(),
        size_max: 1000,
        recipients_max: 3,
        starttls: true,
        recipients: recipients::of_one("support@example.com"),
    })
}

/// What a client hears who says all of `input` in these pieces, and the mails that were taken in.
fn talk(pieces: &[&[u8]]) -> (Vec<String>, Vec<Envelope>, bool) {
    let (mut session, mut out, mut mails) = (Session::new(offer()), Vec::new(), Vec::new());
    session.greet(&mut out);
    let mut is_closed = false;
    'talk: for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            let (taken, next) = session.take(rest, &mut out);
            rest = &rest[taken..];
            match next {
                Next::Read => assert!(rest.is_empty()),
                Next::TakeIn(envelope) => {
                    mails.push(*envelope);
                    session.settle(Settled::Stored, &mut out);
                }
                Next::StartTls => session.secured(),
                Next::Close => {
                    is_closed = true;
                    break 'talk;
                }
            }
        }
    }
    let heard = String::from_utf8(out).unwrap();
    (heard.split_terminator("\r\n").map(str::to_owned).collect(), mails, is_closed)
}

fn said(input: &str) -> (Vec<String>, Vec<Envelope>, bool) {
    talk(&[input.as_bytes()])
}

/// The codes of the replies after the one to EHLO.
fn codes(input: &str) -> String {
    let (heard, ..) = said(&format!("{HELLO}{input}"));
    let after = heard.iter().position(|line| line.starts_with("250 ENH")).unwrap();
    let codes: Vec<&str> = heard[after + 1..].iter().map(|line| &line[..3]).collect();
    codes.join(" ")
}

#[test]
fn a_mail_is_given_at_one_go() {
    let input = format!(
        "{HELLO}MAIL FROM:<dana@example.org> SIZE=40 BODY=8BITMIME\r\nRCPT TO:<Support@example.com>\r\n\
         RCPT TO:<support+r.cnv_7.00112233445566778899@example.com>\r\nDATA\r\nSubject: שלום\r\n\r\n..\r\n.\r\nQUIT\r\n"
    );
    let (heard, mails, is_closed) = said(&input);
    assert_eq!(
        heard,
        [
            "220 mx.example.com ESMTP",
            "250-mx.example.com",
            "250-PIPELINING",
            "250-SIZE 1000",
            "250-STARTTLS",
            "250-8BITMIME",
            "250-SMTPUTF8",
            "250 ENHANCEDSTATUSCODES",
            "250 2.1.0 Go on",
            "250 2.1.5 Known",
            "250 2.1.5 Known",
            "354 Go on, and end with a dot alone on a line",
            "250 2.0.0 Stored",
            "221 2.0.0 Goodbye",
        ]
    );
    assert!(is_closed);
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!(
        (mail.from.as_str(), mail.mail.as_slice()),
        ("dana@example.org", "Subject: שלום\r\n\r\n.\r\n".as_bytes())
    );
    let to: Vec<_> = mail.to.iter().map(|(account, address)| (*account, address.as_str())).collect();
    let reply = "support+r.cnv_7.00112233445566778899@example.com";
    assert_eq!(to, [(AccountId(3), "Support@example.com"), (AccountId(3), reply)]);
}

#[test]
fn nothing_is_passed_on() {
    let relays = "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nRCPT TO:<c%d.example@example.com>\r\n\
                  RCPT TO:<@example.com:c@d.example>\r\nRCPT TO:<\"c@d.example\"@example.com>\r\nRCPT TO:<c>\r\nDATA\r\n";
    assert_eq!(codes(relays), "250 550 550 550 550 550 554");
}

#[test]
fn order_is_kept() {
    assert_eq!(said("MAIL FROM:<>\r\n").0[1], "503 5.5.1 Say EHLO first");
    assert_eq!(codes("RCPT TO:<support@example.com>\r\nDATA\r\n"), "503 503");
    assert_eq!(codes("MAIL FROM:<>\r\nMAIL FROM:<>\r\nRSET\r\nMAIL FROM:<>\r\nDATA\r\n"), "250 503 250 250 554");
    assert_eq!(codes("MAIL FROM:<>\r\nHELO again\r\nRCPT TO:<support@example.com>\r\n"), "250 250 503");
    // Every mail needs its own envelope.
    let mail = "MAIL FROM:<>\r\nRCPT TO:<support@example.com>\r\nDATA\r\n.\r\n";
    assert_eq!(codes(&format!("{mail}DATA\r\n{mail}")), "250 250 354 250 503 250 250 354 250");
    assert_eq!(codes("NOOP\r\nVRFY support\r\nAUTH PLAIN\r\nEXPN all\r\nWHAT\r\n"), "250 252 502 502 500");
}

#[test]
fn what_is_too_much_is_refused_early() {
    assert_eq!(codes("MAIL FROM:<> SIZE=1000\r\nRSET\r\nMAIL FROM:<> SIZE=1001\r\n"), "250 250 552");
    let begin = "MAIL FROM:<>\r\nRCPT TO:<support@example.com>\r\nDATA\r\n";
    let lines = "123456\r\n".repeat(126);
    assert_eq!(codes(&format!("{begin}{lines}.\r\nNOOP\r\n")), "250 250 354 552 250");
    // Who goes on and on is not listened to any more.
    let (heard, mails, is_closed) = said(&format!("{HELLO}{begin}{}", lines.repeat(10)));
    assert!(is_closed && mails.is_empty() && heard.last().unwrap().starts_with("552"), "{heard:?}");
    let many = "RCPT TO:<support@example.com>\r\n".repeat(5);
    assert_eq!(codes(&format!("MAIL FROM:<>\r\n{many}")), "250 250 250 250 452 452");
    let (heard, _, is_closed) = said(&format!("NOOP {}\r\n", "x".repeat(5000)));
    assert!(is_closed && heard.last().unwrap().starts_with("500"), "{heard:?}");
    let guesses = "RCPT TO:<guess@example.com>\r\n".repeat(50);
    assert!(codes(&format!("MAIL FROM:<>\r\n{guesses}")).ends_with("550 550 421"));
    let (heard, _, is_closed) = said(&"NOOP\r\n".repeat(3000));
    assert!(is_closed && heard.len() == 2002, "{}", heard.len());
}

#[test]
fn letters_beyond_ascii_are_announced() {
    assert_eq!(codes("MAIL FROM:<דנה@example.org>\r\nMAIL FROM:<דנה@example.org> SMTPUTF8\r\n"), "553 250");
    assert_eq!(codes("MAIL FROM:<>\r\nRCPT TO:<דנה@example.com>\r\n"), "250 553");
    assert_eq!(codes("MAIL FROM:<> SMTPUTF8\r\nRCPT TO:<דנה@example.com>\r\n"), "250 550");
}

#[test]
fn tls_begins_anew() {
    let (heard, ..) = said(&format!("{HELLO}MAIL FROM:<>\r\nSTARTTLS\r\nMAIL FROM:<>\r\n{HELLO}STARTTLS\r\n"));
    let codes: Vec<&str> = heard[8..].iter().map(|line| &line[..3]).collect();
    // The sender of before is forgotten, and so is EHLO; STARTTLS is not offered again.
    assert_eq!(codes, ["250", "220", "503", "250", "250", "250", "250", "250", "250", "503"], "{heard:?}");
}

/// What others take for the end of a mail, and then for commands.
const SMUGGLED: &[&str] = &[
    "\n.\n",
    "\n.\r\n",
    "\r\n.\n",
    "\r.\r",
    "\r\n.\r",
    "\r.\r\n",
    "\r\r\n.\r\r\n",
    "\r\n\0.\r\n",
    "\n\n.\n\n",
    "\r\n.\r\r\n",
];

#[test]
fn no_mail_hides_another() {
    for ending in SMUGGLED {
        let begin = "MAIL FROM:<>\r\nRCPT TO:<support@example.com>\r\nDATA\r\n";
        let input = format!("{HELLO}{begin}one{ending}{begin}two\r\n.\r\n");
        let (_, mails, _) = said(&input);
        assert_eq!(mails.len(), 1, "{ending:?}");
        assert!(mails[0].mail.ends_with(b"two\r\n"), "{ending:?}");
    }
}

#[test]
fn commands_end_in_cr_lf_only() {
    for odd in ["NOOP\nNOOP\r\n", "NOOP\rNOOP\r\n", "NOOP\r\r\n", "\n", "GET / HTTP/1.1\r\n", "BDAT 5 LAST\r\nNOOP\r\n"]
    {
        let (heard, _, is_closed) = said(odd);
        assert!(is_closed && heard.len() == 2, "{odd:?}: {heard:?}");
    }
}

#[test]
fn without_room_a_mail_is_for_later() {
    let (mut session, mut out) = (Session::new(offer()), Vec::new());
    let begin = format!("{HELLO}MAIL FROM:<>\r\nRCPT TO:<support@example.com>\r\nDATA\r\nword");
    session.take(begin.as_bytes(), &mut out);
    assert!(session.is_busy() && 4 <= session.held());
    session.give_up();
    assert_eq!(session.held(), 0);
    out.clear();
    let (_, next) = session.take(b"more\r\n.\r\n", &mut out);
    assert_eq!(next, Next::Read);
    assert!(out.starts_with(b"452 4.3.1"), "{:?}", String::from_utf8_lossy(&out));
    assert!(!session.is_busy());
}

proptest! {
    /// However the network cuts it, the talk is the same.
    #[test]
    fn pieces_do_not_matter(
        parts in prop::collection::vec(prop::sample::select(vec![
            "EHLO x\r\n", "MAIL FROM:<a@b.example>\r\n", "RCPT TO:<support@example.com>\r\n", "RCPT TO:<x@y.example>\r\n",
            "DATA\r\n", "RSET\r\n", "text\r\n", ".\r\n", "..\r\n", ".", "\r", "\n", "\r\n", "a", "NOOP\r\n", "\r\n.\r\n",
            "EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<support@example.com>\r\nDATA\r\n",
        ]), 1..24),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let whole: Vec<u8> = parts.concat().into_bytes();
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(whole.len() + 1)).collect();
        at.extend([0, whole.len()]);
        at.sort_unstable();
        let pieces: Vec<&[u8]> = at.windows(2).map(|pair| &whole[pair[0]..pair[1]]).collect();
        prop_assert_eq!(talk(&[&whole]), talk(&pieces));
    }

    /// Whatever comes, the talk goes on or ends; memory stays bounded.
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
        let begin = format!("{HELLO}MAIL FROM:<>\r\nRCPT TO:<support@example.com>\r\nDATA\r\n");
        let (mut session, mut out) = (Session::new(offer()), Vec::new());
        session.take(begin.as_bytes(), &mut out);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (taken, next) = session.take(rest, &mut out);
            prop_assert!(session.held() <= 1000);
            rest = &rest[taken..];
            match next {
                Next::TakeIn(_) => session.settle(Settled::Busy, &mut out),
                Next::Close => break,
                Next::Read | Next::StartTls => {}
            }
        }
    }
}
