//! Mails against a mail server of our own on a local port: what is said to it, and what each way of failing comes to.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fake;

use blendline_connectors::{Account, Secret, by_name, email};
use blendline_wire::outbound::{Content, Outbound, SendOutcome};
use blendline_wire::{AccountId, ConversationId, Millis, OutboundId, TenantId};
use fake::{client, named};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const NOW: Millis = Millis(1_795_657_200_000);

/// What the server says to a command that begins with the first word; an empty answer ends the connection.
type Says = (&'static str, &'static str);

/// A mail server that says yes, except where `says` tells otherwise; gives every line it heard.
async fn server(says: Vec<Says>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        let mut heard = Vec::new();
        let answer = |word: &str, usual: &'static str| {
            says.iter().find(|(command, _)| *command == word).map_or(usual, |(_, answer)| *answer).to_owned()
        };
        let mut line = answer("connect", "220 mail.example.com ESMTP");
        let mut in_data = false;
        loop {
            if line.is_empty() {
                return heard;
            }
            if !in_data {
                stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
            }
            let mut given = Vec::new();
            if stream.read_until(b'\n', &mut given).await.unwrap_or(0) == 0 {
                return heard;
            }
            let given = String::from_utf8(given).unwrap().trim_end_matches("\r\n").to_owned();
            heard.push(given.clone());
            if in_data && given != "." {
                continue;
            }
            let word = if in_data { "." } else { given.split(' ').next().unwrap() };
            in_data = false;
            line = match word {
                "EHLO" => {
                    answer(word, "250-mail.example.com\r\n250-8BITMIME\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE 1000000")
                }
                "AUTH" => answer(word, "235 2.7.0 welcome"),
                "DATA" => answer(word, "354 go on"),
                "QUIT" => answer(word, "221 2.0.0 bye"),
                _ => answer(word, "250 2.0.0 good"),
            };
            in_data |= line.starts_with("354");
            if in_data {
                stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
            }
        }
    });
    (address, serving)
}

fn account(server: &str, more: &[(&str, &str)]) -> Account {
    let settings =
        [("smtp_server", server), ("smtp_tls", "none"), ("smtp_user", "support"), ("smtp_password", "geheim")];
    let settings = settings.iter().chain(more);
    Account {
        id: AccountId(3),
        name: "support".into(),
        external_id: "support@example.com".into(),
        settings: settings.map(|(key, value)| ((*key).to_owned(), Secret::from(*value))).collect(),
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
        content: Content::Text { text: "one\n.two\n".into() },
        window_until: None,
        message_id: Some("<2a.m@example.com>".into()),
        in_reply_to: None,
        references: Vec::new(),
        subject: None,
        reply_address: None,
        automatic: false,
        trace: None,
    }
}

async fn send(account: &Account, message: &Outbound) -> SendOutcome {
    by_name("email_raw").unwrap().send(account, message, NOW, &client()).await
}

async fn outcome(says: Vec<Says>) -> (&'static str, String) {
    let (address, serving) = server(says).await;
    let outcome = send(&account(&address, &[]), &message()).await;
    serving.abort();
    named(outcome)
}

/// With a secret each mail has an address of its own for reports, which comes back with them.
#[tokio::test]
async fn reports_come_to_the_mails_own_address() {
    let (address, serving) = server(vec![]).await;
    let account = account(&address, &[("reply_secret", "s3cret")]);
    assert!(matches!(send(&account, &message()).await, SendOutcome::Sent { .. }));
    let heard = serving.await.unwrap();
    let from = heard.iter().find_map(|line| line.strip_prefix("MAIL FROM:<")).unwrap();
    let from = from.split('>').next().unwrap();
    assert_eq!(email::reply_address::named(from).as_deref(), Some("out_42"));
    assert!(email::reply_address::verify(&account, from, email::reply_address::REPORTS).is_some(), "{from}");
    assert!(heard.iter().any(|line| line.starts_with("From: ") && line.contains("support@example.com")));
}

#[tokio::test]
async fn a_mail_is_one_talk() {
    let (address, serving) = server(vec![]).await;
    let outcome = send(&account(&address, &[]), &message()).await;
    assert_eq!(outcome, SendOutcome::Sent { external_id: "<2a.m@example.com>".into() });
    let heard = serving.await.unwrap();
    assert_eq!(heard[0], "EHLO example.com");
    assert_eq!(heard[1], "AUTH PLAIN AHN1cHBvcnQAZ2VoZWlt");
    assert_eq!(heard[2..5], ["MAIL FROM:<support@example.com> BODY=8BITMIME", "RCPT TO:<dana@example.org>", "DATA"]);
    assert!(heard.contains(&"Message-ID: <2a.m@example.com>".to_owned()), "{heard:#?}");
    // A line that begins with a dot does not end the mail.
    assert!(heard.contains(&"..two".to_owned()), "{heard:#?}");
    assert_eq!(heard.last().map(String::as_str), Some("QUIT"));
}

#[tokio::test]
async fn a_token_stands_in_for_a_password() {
    let path = std::env::temp_dir().join(format!("blendline-token-{}", std::process::id()));
    let (file, hello) = (path.to_str().unwrap(), "250-mail.example.com\r\n250 AUTH XOAUTH2");
    let (address, serving) = server(vec![("EHLO", hello)]).await;
    let account = account(&address, &[("smtp_token_file", file)]);
    std::fs::write(&path, "ya29.token\nand more\n").unwrap();
    let outcome = send(&account, &message()).await;
    assert_eq!(outcome, SendOutcome::Sent { external_id: "<2a.m@example.com>".into() });
    // user=support^Aauth=Bearer ya29.token^A^A
    assert_eq!(serving.await.unwrap()[1], "AUTH XOAUTH2 dXNlcj1zdXBwb3J0AWF1dGg9QmVhcmVyIHlhMjkudG9rZW4BAQ==");
    std::fs::remove_file(&path).unwrap();
    let (address, serving) = server(vec![("EHLO", hello)]).await;
    let account = self::account(&address, &[("smtp_token_file", file)]);
    assert!(matches!(send(&account, &message()).await, SendOutcome::Retry { cause, .. } if cause.reason == "no_token"));
    serving.abort();
}

#[tokio::test]
async fn each_refusal_says_what_next() {
    for (says, expected) in [
        (("connect", "421 4.3.2 later"), ("retry", "busy")),
        (("connect", "554 5.7.1 no"), ("account_down", "configuration")),
        (("AUTH", "535 5.7.8 no"), ("account_down", "credentials")),
        (("AUTH", "454 4.7.0 later"), ("retry", "busy")),
        (("EHLO", "250 mail.example.com"), ("account_down", "configuration")),
        (("MAIL", "550 5.7.1 not yours"), ("account_down", "configuration")),
        (("MAIL", "530 5.7.0 sign in"), ("account_down", "credentials")),
        (("MAIL", "552 5.3.4 too big"), ("failed", "too_large")),
        (("RCPT", "550 5.1.1 nobody"), ("failed", "undeliverable")),
        (("RCPT", "451 4.7.1 greylisted"), ("retry", "busy")),
        (("DATA", "554 5.5.1 no"), ("failed", "refused")),
        ((".", "554 5.7.1 spam"), ("failed", "refused")),
        ((".", "452 4.3.1 full"), ("retry", "busy")),
    ] {
        let (kind, reason) = outcome(vec![says]).await;
        assert_eq!((kind, reason.as_str()), expected, "{says:?}");
    }
}

#[tokio::test]
async fn only_after_the_end_of_the_data_it_is_open() {
    for word in ["connect", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"] {
        assert_eq!(outcome(vec![(word, "")]).await, ("retry", "unreachable".into()), "{word}");
    }
    assert_eq!(outcome(vec![(".", "")]).await, ("unknown", "connection_lost".into()));
    // The mail is taken, whatever comes of the farewell.
    assert_eq!(outcome(vec![("QUIT", "")]).await.0, "sent");
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    assert_eq!(named(send(&account(&nobody, &[]), &message()).await), ("retry", "unreachable".into()));
}

#[tokio::test]
async fn without_the_promised_secrecy_nothing_is_said() {
    let (address, serving) = server(vec![]).await;
    let outcome = send(&account(&address, &[("smtp_tls", "starttls")]), &message()).await;
    assert_eq!(named(outcome), ("account_down", "configuration".into()));
    assert_eq!(serving.await.unwrap(), ["EHLO example.com"]);
}

#[tokio::test]
async fn letters_beyond_ascii_need_a_server_that_knows_them() {
    let hebrew = Outbound { to: "דנה@example.org".into(), ..message() };
    let (address, serving) = server(vec![]).await;
    let outcome = send(&account(&address, &[]), &hebrew).await;
    assert_eq!(named(outcome), ("failed", "address_not_supported".into()));
    serving.abort();

    let able = ("EHLO", "250-mail.example.com\r\n250-SMTPUTF8\r\n250-AUTH PLAIN\r\n250 8BITMIME");
    let (address, serving) = server(vec![able]).await;
    let outcome = send(&account(&address, &[]), &hebrew).await;
    assert_eq!(named(outcome).0, "sent");
    let heard = serving.await.unwrap();
    assert!(heard.contains(&"MAIL FROM:<support@example.com> SMTPUTF8 BODY=8BITMIME".to_owned()), "{heard:#?}");
    assert!(heard.contains(&"RCPT TO:<דנה@example.org>".to_owned()), "{heard:#?}");
    assert!(heard.contains(&"To: דנה@example.org".to_owned()), "{heard:#?}");
}

#[tokio::test]
async fn a_file_is_attached_only_from_where_the_account_says() {
    let (files, serving_file) = fake::platform(vec![fake::answer("200 OK", "12345")]).await;
    let media = |link: String| Outbound {
        content: Content::Media { kind: "document".into(), link, caption: Some("הנה".into()), filename: None },
        ..message()
    };
    let link = format!("{files}/invoices/7.txt");
    let (address, serving) = server(vec![]).await;
    let outcome = send(&account(&address, &[("media_origins", &files)]), &media(link.clone())).await;
    assert_eq!(named(outcome).0, "sent");
    serving_file.await.unwrap();
    let heard = serving.await.unwrap();
    assert!(heard.contains(&"Content-Disposition: attachment; filename=\"7.txt\"".to_owned()), "{heard:#?}");
    assert!(heard.contains(&"12345".to_owned()), "{heard:#?}");

    let (address, serving) = server(vec![]).await;
    assert_eq!(named(send(&account(&address, &[]), &media(link)).await).0, "sent");
    let heard = serving.await.unwrap();
    assert!(!heard.iter().any(|line| line.contains("attachment")), "{heard:#?}");

    let template = Content::Template {
        name: "a".into(),
        language: "he".into(),
        parameters: vec![],
        header: None,
        buttons: vec![],
    };
    let outcome = send(&account("127.0.0.1:1", &[]), &Outbound { content: template, ..message() }).await;
    assert_eq!(named(outcome), ("failed", "parameter".into()));
}
