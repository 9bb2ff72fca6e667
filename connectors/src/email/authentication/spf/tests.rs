//! The examples of RFC 7208, appendix A, and the bounds.

use std::fmt::Write as _;

use super::super::tests::{Zone, ready};
use super::super::{Envelope, Outcome};
use super::check;

/// RFC 7208, A.1 to A.4.
const ZONE: &str = "
    example.com MX mail-a.example.com
    example.com MX mail-b.example.com
    example.com A 192.0.2.10
    example.com A 192.0.2.11
    amy.example.com A 192.0.2.65
    bob.example.com A 192.0.2.66
    mail-a.example.com A 192.0.2.129
    mail-b.example.com A 192.0.2.130
    example.org MX mail-c.example.org
    mail-c.example.org A 192.0.2.140
";

fn outcome(zone: &str, client: &str, from: &str) -> Outcome {
    let envelope = Envelope { client: client.parse().unwrap(), hello: "mail.example.net", from };
    ready(check(envelope, &Zone::of(zone))).outcome
}

fn of_record(record: &str, client: &str) -> Outcome {
    outcome(&format!("{ZONE}\nexample.com TXT {record}"), client, "someone@example.com")
}

#[test]
fn the_published_records_do_as_published() {
    for (record, passing, failing) in [
        ("v=spf1 +all", &["192.0.2.10", "203.0.113.9"][..], &[][..]),
        ("v=spf1 a -all", &["192.0.2.10", "192.0.2.11"], &["192.0.2.129", "192.0.2.65"]),
        ("v=spf1 a:example.org -all", &[], &["192.0.2.10", "192.0.2.140"]),
        ("v=spf1 mx -all", &["192.0.2.129", "192.0.2.130"], &["192.0.2.10"]),
        ("v=spf1 mx:example.org -all", &["192.0.2.140"], &["192.0.2.129"]),
        ("v=spf1 mx mx:example.org -all", &["192.0.2.129", "192.0.2.130", "192.0.2.140"], &["192.0.2.65"]),
        ("v=spf1 mx/30 mx:example.org/30 -all", &["192.0.2.131", "192.0.2.143"], &["192.0.2.132", "192.0.2.139"]),
        ("v=spf1 ip4:192.0.2.128/28 -all", &["192.0.2.129"], &["192.0.2.65"]),
    ] {
        passing.iter().for_each(|client| assert_eq!(of_record(record, client), Outcome::Pass, "{record} {client}"));
        failing.iter().for_each(|client| assert_eq!(of_record(record, client), Outcome::Fail, "{record} {client}"));
    }
}

#[test]
fn several_domains_share_one_record() {
    let zone = format!(
        "{ZONE}
        example.com TXT v=spf1 mx -all
        example.net TXT v=spf1 ip4:198.51.100.0/24 ~all
        example.org TXT v=spf1 include:example.com include:example.net -all
        la.example.org TXT v=spf1 redirect=example.org
        lost.example.org TXT v=spf1 redirect=nothing.example.org
        odd.example.org TXT v=spf1 include:nothing.example.org -all"
    );
    for (client, from, expected) in [
        ("192.0.2.129", "a@example.org", Outcome::Pass),
        ("198.51.100.7", "a@la.example.org", Outcome::Pass),
        ("203.0.113.9", "a@la.example.org", Outcome::Fail),
        ("203.0.113.9", "a@lost.example.org", Outcome::PermError),
        ("203.0.113.9", "a@odd.example.org", Outcome::PermError),
        ("203.0.113.9", "a@none.example", Outcome::None),
        ("203.0.113.9", "a@[203.0.113.9]", Outcome::None),
    ] {
        assert_eq!(outcome(&zone, client, from), expected, "{client} {from}");
    }
}

/// A.3: users who may send from everywhere, and users who may from one place.
#[test]
fn names_may_depend_on_the_sender() {
    let zone = format!(
        "{ZONE}
        example.com TXT v=spf1 mx include:mobile-users._spf.%{{d}} include:remote-users._spf.%{{d}} -all
        mobile-users._spf.example.com TXT v=spf1 exists:%{{l1r+}}.%{{d}}
        remote-users._spf.example.com TXT v=spf1 exists:%{{ir}}.%{{l1r+}}.%{{d}}
        mary.mobile-users._spf.example.com A 127.0.0.2
        15.15.168.192.joel.remote-users._spf.example.com A 127.0.0.2"
    );
    for (client, from, expected) in [
        ("203.0.113.9", "mary@example.com", Outcome::Pass),
        ("203.0.113.9", "mary+news@example.com", Outcome::Pass),
        ("192.168.15.15", "joel@example.com", Outcome::Pass),
        ("192.168.15.16", "joel@example.com", Outcome::Fail),
    ] {
        assert_eq!(outcome(&zone, client, from), expected, "{client} {from}");
    }
}

#[test]
fn a_report_is_judged_by_the_greeting() {
    let zone = "mail.example.net TXT v=spf1 ip4:192.0.2.1 -all";
    let envelope = |client: &str| Envelope { client: client.parse().unwrap(), hello: "mail.example.net", from: "" };
    let checked = ready(check(envelope("192.0.2.1"), &Zone::of(zone)));
    assert_eq!((checked.outcome, checked.of_hello, checked.domain.as_str()), (Outcome::Pass, true, "mail.example.net"));
    assert_eq!(ready(check(envelope("::ffff:192.0.2.1"), &Zone::of(zone))).outcome, Outcome::Pass);
    assert_eq!(ready(check(envelope("2001:db8::1"), &Zone::of(zone))).outcome, Outcome::Fail);
}

#[test]
fn a_record_costs_no_more_than_ten_questions() {
    let chain = |length: usize| {
        let mut zone = String::new();
        for at in 0..length {
            writeln!(zone, "d{at}.example TXT v=spf1 include:d{}.example -all", at + 1).unwrap();
        }
        writeln!(zone, "d{length}.example TXT v=spf1 +all").unwrap();
        outcome(&zone, "192.0.2.1", "a@d0.example")
    };
    assert_eq!((chain(10), chain(11)), (Outcome::Pass, Outcome::PermError));
    let circle = "d.example TXT v=spf1 include:d.example ?all";
    assert_eq!(outcome(circle, "192.0.2.1", "a@d.example"), Outcome::PermError);
    let circle = "d.example TXT v=spf1 redirect=d.example";
    assert_eq!(outcome(circle, "192.0.2.1", "a@d.example"), Outcome::PermError);
}

#[test]
fn two_questions_may_be_for_nothing() {
    assert_eq!(of_record("v=spf1 a:x.example exists:y.example +all", "203.0.113.9"), Outcome::Pass);
    assert_eq!(of_record("v=spf1 a:x.example a:y.example a:z.example +all", "203.0.113.9"), Outcome::PermError);
}

#[test]
fn what_is_not_answered_is_known_another_time() {
    assert_eq!(of_record("v=spf1 a:lame.example +all", "203.0.113.9"), Outcome::TempError);
    // What comes before it has been answered.
    assert_eq!(of_record("v=spf1 ip4:203.0.113.9 a:lame.example -all", "203.0.113.9"), Outcome::Pass);
    assert_eq!(outcome("", "203.0.113.9", "a@lame.example"), Outcome::TempError);
}

#[test]
fn two_records_are_none() {
    let zone = "d.example TXT v=spf1 +all\n d.example TXT v=spf1 -all\n d.example TXT other";
    assert_eq!(outcome(zone, "192.0.2.1", "a@d.example"), Outcome::PermError);
    let many: String = (0..11).map(|n| format!("d.example MX m{n}.example\n")).collect();
    assert_eq!(outcome(&format!("{many}d.example TXT v=spf1 mx -all"), "192.0.2.1", "a@d.example"), Outcome::PermError);
}
