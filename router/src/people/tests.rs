//! Names, passwords, cookies, the throttle and the chain, each by itself.

use std::net::{IpAddr, Ipv4Addr};

use blendline_wire::{Millis, TenantId};
use serde_json::{Value, json};

use super::audit::{self, Broken, Check};
use super::name::{fault, folded};
use super::password::{HashError, Passwords, one_time, weakness};
use super::session::{Cookie, Secret, same};
use super::throttle::Throttle;
use crate::ports::people::{AuditEntry, AuditHead, Deed};

#[test]
fn names_that_look_alike_are_one() {
    for (one, other) in [
        ("Dana", "dana"),
        ("ＤＡＮＡ", "dana"),
        ("Straße", "STRASSE"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("e\u{301}va", "\u{c9}VA"),
        ("ﬁle", "FILE"),
        ("K", "\u{212a}"),
    ] {
        assert_eq!(folded(one), folded(other), "{one} and {other}");
    }
    assert_ne!(folded("dana"), folded("d\u{430}na"), "another letter is another name");
    for c in ('\0'..=char::MAX).filter(|c| c.is_alphanumeric()) {
        let once = folded(&c.to_string());
        assert_eq!(folded(&once), once, "U+{:04X}", u32::from(c));
    }
}

#[test]
fn what_is_no_name_is_refused() {
    for good in ["dana", "דנה", "noa.levi@example.org", "Иван", "a"] {
        assert_eq!(fault(good), None, "{good}");
    }
    let long = "a".repeat(65);
    for bad in ["", " ", "a b", "a/b", "a\nb", "\u{202e}dana", "a\u{200b}b", "<b>", "a;b", "℀x", &long] {
        assert!(fault(bad).is_some(), "{bad:?}");
    }
}

#[test]
fn the_policy_of_passwords() {
    let long = "long enough ".repeat(100);
    for (password, says) in [
        ("short1234", Some("at least 10")),
        (long.as_str(), Some("at most 1024")),
        ("dana.levi.1", Some("is the name")),
        ("DANA.LEVI.1", Some("is the name")),
        ("acme-company", Some("is the name")),
        ("aaaaaaaaaaaa", Some("repeats")),
        ("abababababab", Some("repeats")),
        ("password1234", Some("everybody tries")),
        ("Password!!!!", Some("everybody tries")),
        ("qwertyuiop", Some("everybody tries")),
        ("1q2w3e4r5t6y", Some("everybody tries")),
        ("1234567890", Some("everybody tries")),
        ("3456789012", Some("everybody tries")),
        ("ｐａｓｓｗｏｒｄ１", Some("everybody tries")),
        ("correct pony battery", None),
        ("סיסמה ארוכה וטובה", None),
        ("$argon2id$v=19$m=19456", None),
        ("\u{1f600}\u{1f601}\u{1f602}\u{1f603}\u{1f604}", None),
    ] {
        let found = weakness(password, "dana.levi.1", "ACME-Company");
        match says {
            None => assert_eq!(found, None, "{password}"),
            Some(says) => assert!(found.is_some_and(|found| found.contains(says)), "{password}: {found:?}"),
        }
    }
    let first = one_time().unwrap();
    assert_eq!((first.len(), weakness(&first, "dana", "acme")), (23, None), "{first}");
    assert_ne!(first, one_time().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_work_is_done_for_who_is_not_there() {
    let passwords = Passwords::new().unwrap();
    let hash = passwords.hash("correct pony battery").await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert_ne!(hash, passwords.hash("correct pony battery").await.unwrap(), "each hash has a salt of its own");
    for (password, against, right) in [
        ("correct pony battery", Some(hash.as_str()), true),
        ("ｃorrect pony battery", Some(hash.as_str()), true),
        ("Correct pony battery", Some(hash.as_str()), false),
        (hash.as_str(), Some(hash.as_str()), false),
        ("correct pony battery", None, false),
        ("", None, false),
    ] {
        let before = passwords.computed();
        assert_eq!(passwords.matches(password, against).await, Ok(right), "{password}");
        assert_eq!(passwords.computed(), before + 1, "one hash is computed, whoever it is");
    }
    // What the unknown are compared with costs what a real hash costs.
    let cost = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
    assert_eq!(cost(passwords.nobody()), cost(&hash));
}

#[tokio::test]
async fn a_flood_of_passwords_is_told_to_come_back() {
    let passwords = Passwords::new().unwrap();
    let tries = futures_util::future::join_all((0..200).map(|_| passwords.matches("x", None))).await;
    let busy = tries.iter().filter(|outcome| **outcome == Err(HashError::Busy)).count();
    assert_eq!(busy, 200 - 66, "two work and 64 wait");
}

#[test]
fn the_cookie_is_the_browsers_alone() {
    let secret = Secret::new().unwrap();
    let cookie = Cookie { secure: true };
    let set = cookie.set(&secret);
    let value = set.split([';', '=']).nth(1).unwrap();
    assert_eq!(
        set,
        format!("__Host-blendline={value}; Max-Age=604800; Path=/; HttpOnly; Secure; SameSite=Lax"),
        "no Domain: the prefix forbids it"
    );
    assert_eq!(value.len(), 64);
    assert_eq!(cookie.clear(), "__Host-blendline=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax");
    assert!(!Cookie { secure: false }.set(&secret).contains("Secure"));

    let found = |header: &str| cookie.find([header].into_iter()).is_some();
    assert!(found(&format!("a=b; __Host-blendline={value}; c=d")));
    assert!(!found(&format!("blendline={value}")), "the plain name counts only where it is configured");
    assert!(!found(&format!("__Host-blendline={value}; __Host-blendline={value}")), "one of two was planted");
    assert!(!found(&format!("__Host-blendline={}", value.to_uppercase())));
    assert!(!found("__Host-blendline=") && !found(""));

    assert!(secret.csrf() != hex::encode(secret.hash()) && !set.contains(&secret.csrf()));
    assert!(
        same(&secret.csrf(), &secret.csrf()) && !same("", &secret.csrf()) && !same(&secret.csrf()[1..], &secret.csrf())
    );
}

fn address(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
}

/// Tries until the first refusal, without any time going by; the number of tries.
fn until_refused(throttle: &Throttle, now: Millis, name: &str, from: IpAddr) -> u32 {
    (0..).find(|_| throttle.begin(now, "acme", name, from).is_err()).unwrap()
}

#[test]
fn guessing_from_one_address_becomes_slow() {
    let (throttle, start) = (Throttle::default(), Millis(1_000_000_000));
    assert_eq!(until_refused(&throttle, start, "dana", address(1)), 5);
    let (mut now, mut waits) = (start, Vec::new());
    for _ in 0..12 {
        let wait = throttle.begin(now, "acme", "dana", address(1)).unwrap_err();
        waits.push(wait / 1000);
        now = now.plus(wait);
        throttle.begin(now, "acme", "dana", address(1)).unwrap();
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    // Another name and another address are not held up.
    assert_eq!(throttle.begin(now, "acme", "omer", address(1)), Ok(()));
    assert_eq!(throttle.begin(now, "acme", "dana", address(2)), Ok(()));
    // Who knew it after all begins anew; so does who rests for an hour.
    now = now.plus(300_000);
    throttle.begin(now, "acme", "dana", address(1)).unwrap();
    throttle.succeeded(now, "acme", "dana", address(1));
    assert_eq!(until_refused(&throttle, now, "dana", address(1)), 5);
    assert_eq!(until_refused(&throttle, now.plus(3_600_001), "dana", address(1)), 5);
}

#[test]
fn a_crowd_cannot_keep_a_person_out() {
    let (throttle, now) = (Throttle::default(), Millis(1_000_000_000));
    throttle.begin(now, "acme", "dana", address(1)).unwrap();
    throttle.succeeded(now, "acme", "dana", address(1));
    let let_through = (2..=255).filter(|last| throttle.begin(now, "acme", "dana", address(*last)).is_ok()).count();
    assert_eq!(let_through, 50, "strangers share one allowance for the name");
    let wait = throttle.begin(now, "acme", "dana", address(77)).unwrap_err();
    assert!((1..=10_000).contains(&wait), "{wait}");
    assert_eq!(throttle.begin(now, "acme", "dana", address(1)), Ok(()), "her own address is not theirs");
    // And an address that sprays over names runs out of its own allowance.
    let sprayed = (0..1000)
        .filter(|n| throttle.begin(now, "acme", &format!("user{n}"), IpAddr::from([192, 0, 2, 9])).is_ok())
        .count();
    assert_eq!(sprayed, 100);
    // Of IPv6 the network counts: everybody has more addresses than one can count.
    let six = |last: u16| IpAddr::V6(std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, last));
    let tried = (0..10).filter(|last| throttle.begin(now, "acme", "noa", six(*last)).is_ok()).count();
    assert_eq!(tried, 5);
}

#[test]
fn the_throttle_stays_small() {
    let (throttle, now) = (Throttle::default(), Millis(1_000_000_000));
    for n in 0..120_000_u32 {
        let from = IpAddr::V4(Ipv4Addr::from(n));
        let _ = throttle.begin(now.plus(u64::from(n)), "acme", &format!("user{n}"), from);
    }
    assert!(throttle.entries() <= 3 * 50_000, "{}", throttle.entries());
}

fn log() -> (Vec<AuditEntry>, AuditHead) {
    let mut entries: Vec<AuditEntry> = Vec::new();
    for (at, what) in [(1, "user_added"), (2, "user_changed"), (3, "signed_in"), (4, "signed_out"), (5, "signed_in")] {
        let head = entries.last().map(|last| AuditHead { seq: last.seq, hash: last.hash.clone() });
        let deed = Deed { at: Millis(at), actor: "key admin".into(), what };
        let change = (Value::Null, json!({ "role": "worker", "disabled": false }));
        entries.push(audit::next(head.as_ref(), TenantId(1), &deed, "dana", change));
    }
    let last = entries.last().unwrap();
    let head = AuditHead { seq: last.seq, hash: last.hash.clone() };
    (entries, head)
}

fn check(entries: &[AuditEntry], head: &AuditHead) -> Result<u64, Broken> {
    let mut check = Check::default();
    check.entries(entries)?;
    check.end(Some(head))
}

#[test]
fn a_log_that_was_touched_is_found_out() {
    let (whole, head) = log();
    assert_eq!(check(&whole, &head), Ok(5));
    // Every field of every entry counts.
    for index in 0..whole.len() {
        let edits: [fn(&mut AuditEntry); 6] = [
            |entry| entry.at = Millis(99),
            |entry| entry.actor = "user amit".into(),
            |entry| entry.what.push('x'),
            |entry| entry.subject = "omer".into(),
            |entry| entry.before = json!({}),
            |entry| entry.after["role"] = json!("admin"),
        ];
        for edit in edits {
            let mut edited = whole.clone();
            edit(&mut edited[index]);
            assert_eq!(check(&edited, &head), Err(Broken::Changed(index as u64 + 1)));
        }
        let mut shorter = whole.clone();
        shorter.remove(index);
        assert!(check(&shorter, &head).is_err(), "entry {} was taken out", index + 1);
    }
    let mut moved = whole.clone();
    moved.swap(1, 2);
    assert_eq!(check(&moved, &head), Err(Broken::Torn(3)));
    assert_eq!(check(&whole[..4], &head), Err(Broken::Cut(5)), "the end was cut off");
    assert_eq!(check(&[], &head), Err(Broken::Cut(5)));
}
