//! Whole mails against records out of a map: the published examples, and what must not pass.

use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use blendline_wire::Millis;
use ring::digest::{SHA256, digest};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::{Authentication, Envelope, Kind, Outcome, Record, Records, Resolver, Unanswered, check};
use crate::email::authentication_by;

/// Records, a line each: `name KIND value`. Nobody answers for names with `lame` in them.
pub(super) struct Zone(BTreeMap<(String, Kind), Vec<Record>>);

impl Zone {
    pub(super) fn of(text: &str) -> Self {
        let mut zone = BTreeMap::<_, Vec<_>>::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let [name, kind, value] = line.splitn(3, ' ').collect::<Vec<_>>().try_into().unwrap();
            let (kind, record) = match kind {
                "A" => (Kind::A, Record::Address(value.parse().unwrap())),
                "AAAA" => (Kind::Aaaa, Record::Address(value.parse().unwrap())),
                "MX" => (Kind::Mx, Record::Exchange(10, value.to_owned())),
                "TXT" => (Kind::Txt, Record::Text(value.as_bytes().to_vec())),
                other => panic!("{other}"),
            };
            zone.entry((name.to_owned(), kind)).or_default().push(record);
        }
        Self(zone)
    }
}

#[async_trait]
impl Resolver for Zone {
    async fn find(&self, name: &str, kind: Kind) -> Result<Records, Unanswered> {
        if name.contains("lame") {
            return Err(Unanswered);
        }
        Ok(self.0.get(&(name.to_owned(), kind)).cloned().unwrap_or_default().into())
    }
}

/// What a future gives that waits for nothing.
pub(super) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

const NOW: Millis = Millis(1_800_000_000_000);
const ENVELOPE: Envelope<'_> = Envelope {
    client: std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)),
    hello: "mx.example.com",
    from: "joe@football.example.com",
};

fn checked(mail: &[u8], zone: &str) -> Authentication {
    ready(check(mail, ENVELOPE, &Zone::of(zone), NOW))
}

fn dkim(mail: &[u8], zone: &str) -> Vec<(Outcome, &'static str)> {
    checked(mail, zone).dkim.iter().map(|one| (one.outcome, one.why.unwrap_or_default())).collect()
}

const LETTER: &str = "From: Joe SixPack <joe@football.example.com>\r\n\
    To: Suzie Q <suzie@shopping.example.net>\r\n\
    Subject: Is dinner ready?\r\n\
    Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
    Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\
    \r\n\
    Hi.\r\n\
    \r\n\
    We lost the game. Are you hungry yet?\r\n\
    \r\n\
    Joe.\r\n";

/// RFC 6376, A.2, and the key of appendix C.
const SIGNED_SIMPLE: &str = "DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\r\n      \
    c=simple/simple; q=dns/txt; i=joe@football.example.com;\r\n      \
    h=Received : From : To : Subject : Date : Message-ID;\r\n      \
    bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n      \
    b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\r\n      \
    4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\r\n      \
    KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\r\n      \
    4bmp/YzhwvcubU4=;\r\n\
    Received: from client1.football.example.com  [192.0.2.1]\r\n      \
    by submitserver.example.com with SUBMISSION;\r\n      \
    Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\r\n";
const KEY_SIMPLE: &str = "brisbane._domainkey.example.com TXT v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB";

/// RFC 8463, A.3, and the keys of A.2.
const SIGNED_ED25519: &str = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n \
    d=football.example.com; i=@football.example.com;\r\n \
    q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n \
    subject : date : message-id : from : subject : date;\r\n \
    bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n \
    b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n \
    Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n";
const SIGNED_RSA: &str = "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n \
    d=football.example.com; i=@football.example.com;\r\n \
    q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n \
    date : message-id : from : subject : date;\r\n \
    bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n \
    b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n \
    DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n \
    dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n";
const KEYS_RELAXED: &str = "
    brisbane._domainkey.football.example.com TXT v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
    test._domainkey.football.example.com TXT v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB";

const PASS: (Outcome, &str) = (Outcome::Pass, "");

#[test]
fn the_published_mails_pass() {
    assert_eq!(dkim([SIGNED_SIMPLE, LETTER].concat().as_bytes(), KEY_SIMPLE), [PASS]);
    let both = [SIGNED_ED25519, SIGNED_RSA, LETTER].concat();
    assert_eq!(dkim(both.as_bytes(), KEYS_RELAXED), [PASS, PASS]);
    // Without one of the keys the other signature holds.
    assert_eq!(dkim(both.as_bytes(), KEY_SIMPLE), [(Outcome::PermError, "there is no key"); 2]);
    let one = KEYS_RELAXED.lines().nth(1).unwrap();
    assert_eq!(dkim(both.as_bytes(), one), [PASS, (Outcome::PermError, "there is no key")]);
}

/// Every byte of a signed mail counts, in every way in which it may change.
#[test]
fn no_changed_byte_passes() {
    for (signed, key, forgiving) in
        [(SIGNED_SIMPLE, KEY_SIMPLE, false), (SIGNED_ED25519, KEYS_RELAXED, true), (SIGNED_RSA, KEYS_RELAXED, true)]
    {
        let mail = [signed, LETTER].concat().into_bytes();
        assert_eq!(dkim(&mail, key), [PASS]);
        for at in 0..mail.len() {
            for change in [0x01, 0x20, 0x80] {
                let mut changed = mail.clone();
                changed[at] ^= change;
                // Small and capital letters of a field's name are one in the relaxed form.
                let line = mail[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                let in_name = !mail[line..=at].contains(&b':') && mail[line] != b' ';
                if forgiving && change == 0x20 && in_name && mail[at].is_ascii_alphabetic() {
                    continue;
                }
                let found = dkim(&changed, key);
                assert!(!found.contains(&PASS), "{at} {change}: {}", String::from_utf8_lossy(&changed));
            }
        }
    }
}

#[test]
fn white_space_may_change_in_the_relaxed_form() {
    let changed =
        LETTER.replace("Subject: Is", "SUBJECT :  Is \t").replace("game. Are", "game.  \tAre \t") + "\r\n\r\n";
    assert_eq!(dkim([SIGNED_ED25519, &changed].concat().as_bytes(), KEYS_RELAXED), [PASS]);
    assert_eq!(dkim([SIGNED_SIMPLE, LETTER, "\r\n\r\n"].concat().as_bytes(), KEY_SIMPLE), [PASS]);
    let changed = [SIGNED_SIMPLE, &LETTER.replace("game. ", "game.  ")].concat();
    assert_eq!(dkim(changed.as_bytes(), KEY_SIMPLE), [(Outcome::Fail, "the body was changed")]);
}

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

fn own_key(tags: &str) -> String {
    let public = BASE64_STANDARD.encode(pair().public_key().as_ref());
    format!("s._domainkey.shop.example TXT v=DKIM1; k=ed25519; {tags}p={public}")
}

/// A mail signed over `From` and a canonical body, with these tags beside the needed ones.
fn sign(tags: &str, signed: &str, body: &str) -> String {
    let hash = BASE64_STANDARD.encode(digest(&SHA256, signed.as_bytes()));
    let head = format!("v=1; a=ed25519-sha256; c=relaxed/simple; d=shop.example; s=s; {tags}bh={hash}; b=");
    let data = format!("from:a@shop.example\r\ndkim-signature:{head}");
    let value = BASE64_STANDARD.encode(pair().sign(digest(&SHA256, data.as_bytes()).as_ref()));
    format!("DKIM-Signature: {head}{value}\r\nFrom: a@shop.example\r\n\r\n{body}")
}

#[test]
fn what_a_signature_says_of_itself_counts() {
    let of = |tags: &str, key: &str| dkim(sign(tags, "x\r\n", "x\r\n").as_bytes(), &own_key(key));
    for (tags, key, expected) in [
        ("h=from; ", "", PASS),
        // Signed once more than it is there: nobody may add one.
        ("h=from:from:reply-to; ", "", PASS),
        ("h=from; t=1700000000; x=1900000000; ", "", PASS),
        ("h=from; t=1700000000; x=1799999999; ", "", (Outcome::Fail, "it has expired")),
        ("h=from; t=1700000001; x=1700000000; ", "", (Outcome::PermError, "it expired before it began")),
        ("h=from; x=soon; ", "", (Outcome::PermError, "no number")),
        ("h=subject; ", "", (Outcome::PermError, "From is not signed")),
        ("h=from; i=@other.example; ", "", (Outcome::PermError, "a foreign agent")),
        ("h=from; i=@mail.shop.example; ", "", PASS),
        ("h=from; i=@mail.shop.example; ", "t=s; ", (Outcome::PermError, "the key is not for this")),
        ("h=from; ", "t=y; ", (Outcome::Neutral, "the signer is testing")),
        ("h=from; ", "k=rsa; ", (Outcome::PermError, "the key is malformed")),
        ("h=from; q=other; ", "", (Outcome::Neutral, "its key is not in the DNS")),
        ("h=from; l=3; ", "", PASS),
        ("h=from; l=2; ", "", (Outcome::Neutral, "a part of the body is not signed")),
        ("h=from; l=9; ", "", (Outcome::Fail, "a part of the body is missing")),
    ] {
        assert_eq!(of(tags, key), [expected], "{tags} {key}");
    }
}

#[test]
fn what_is_added_to_a_signed_mail_is_not_taken_for_signed() {
    let (mail, key) = (sign("h=from; ", "x\r\n", "x\r\n"), own_key(""));
    for added in ["From: b@evil.example\r\n", "from : b@evil.example\r\n"] {
        assert_eq!(dkim([added, &mail].concat().as_bytes(), &key), [(Outcome::Neutral, "another From was added")]);
    }
    // What our reader takes for the end of a line, and the signer did not.
    for added in ["X: a\nFrom: b@evil.example\r\n", "words\r\n"] {
        assert_eq!(dkim([added, &mail].concat().as_bytes(), &key), [(Outcome::Neutral, "the header is malformed")]);
    }
    for added in ["From: b@shop.example\n\nother words\r\n", "\r\n"] {
        assert_eq!(dkim([added, &mail].concat().as_bytes(), &key), [], "our reader sees no signature: {added:?}");
    }
    // `l=` would let anybody write below.
    let short = sign("h=from; l=3; ", "x\r\n", "x\r\nand more\r\n");
    assert_eq!(dkim(short.as_bytes(), &key), [(Outcome::Neutral, "a part of the body is not signed")]);
}

#[test]
fn old_means_prove_nothing() {
    let sha1 = SIGNED_SIMPLE.replace("rsa-sha256", "rsa-sha1");
    assert_eq!(dkim([&sha1, LETTER].concat().as_bytes(), KEY_SIMPLE), [(Outcome::Neutral, "SHA-1")]);
    let revoked = "brisbane._domainkey.example.com TXT v=DKIM1; p=";
    assert_eq!(
        dkim([SIGNED_SIMPLE, LETTER].concat().as_bytes(), revoked),
        [(Outcome::PermError, "the key is revoked")]
    );
}

#[test]
fn five_signatures_are_looked_at() {
    let many = [&SIGNED_SIMPLE.replace("brisbane", "lame").repeat(9), SIGNED_SIMPLE, LETTER].concat();
    assert_eq!(dkim(many.as_bytes(), KEY_SIMPLE), [(Outcome::TempError, "the key could not be asked for"); 5]);
}

#[test]
fn the_results_are_read_as_they_were_written() {
    let zone = format!(
        "{KEYS_RELAXED}
        football.example.com TXT v=spf1 ip4:192.0.2.1 -all
        _dmarc.example.com TXT v=DMARC1; p=reject"
    );
    let mail = [SIGNED_ED25519, LETTER].concat();
    let found = checked(mail.as_bytes(), &zone);
    assert_eq!((found.spf(), found.dkim(), found.dmarc()), (Outcome::Pass, Outcome::Pass, Outcome::Pass));
    let field = found.field("mx.shop.example").to_string();
    assert_eq!(
        field,
        "Authentication-Results: mx.shop.example;\r\n\tspf=pass smtp.mailfrom=football.example.com;\r\n\t\
         dkim=pass header.d=football.example.com header.s=brisbane;\r\n\t\
         dmarc=pass (p=reject pct=100) header.from=football.example.com\r\n"
    );
    let read = authentication_by(format!("{field}{mail}").as_bytes(), "mx.shop.example").unwrap();
    assert_eq!(
        (read.spf.as_deref(), read.dkim.as_deref(), read.dmarc.as_deref()),
        (Some("pass"), Some("pass"), Some("pass"))
    );
}

#[test]
fn nobody_writes_results_by_the_names_he_chose() {
    let mail =
        "DKIM-Signature: v=1; d=evil.example; s=a dkim=pass(\r\n\t; h=from\r\nFrom: <a@b.example;dmarc=pass>\r\n\r\nx";
    let envelope = Envelope { hello: "x; dmarc=pass", from: "", ..ENVELOPE };
    let found = ready(check(mail.as_bytes(), envelope, &Zone::of(""), NOW));
    let field = found.field("mx.shop.example").to_string();
    let read = authentication_by(field.as_bytes(), "mx.shop.example").unwrap();
    assert_eq!((read.spf.as_deref(), read.dkim.as_deref()), (Some("none"), Some("permerror")), "{field}");
    assert_ne!(read.dmarc.as_deref(), Some("pass"), "{field}");
    assert!(!field.contains("pass"), "{field}");
}

#[test]
fn who_has_no_proof_fails_where_the_domain_wants_one() {
    let zone = "_dmarc.football.example.com TXT v=DMARC1; p=none";
    let found = checked(LETTER.as_bytes(), zone);
    assert_eq!((found.spf(), found.dkim(), found.dmarc()), (Outcome::None, Outcome::None, Outcome::Fail));
    assert_eq!(checked(b"Subject: x\r\n\r\nx", zone).dmarc(), Outcome::None);
    assert_eq!(checked(b"", zone).dmarc(), Outcome::None);
    // No field for us alone; with the lines above it our reader shows an author.
    let hidden = b"words\r\nFrom: joe@football.example.com\r\n\r\nx";
    assert_eq!(checked(hidden, zone).dmarc(), Outcome::Fail);
    let by_other_name = LETTER.replace("From: Joe", "Sender: Joe");
    assert_eq!(checked(by_other_name.as_bytes(), zone).dmarc(), Outcome::Fail, "he is shown as the author");
    let two = LETTER.replace("From: Joe", "From: <a@none.example>, Joe");
    assert_eq!(checked(two.as_bytes(), zone).dmarc(), Outcome::Fail);
}
