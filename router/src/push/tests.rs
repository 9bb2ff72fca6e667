//! Vectors of the RFCs, what push services are told, and what is told to whom.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use blendline_wire::event::{Activity, Actor, Because, Decision, Event, EventKind};
use blendline_wire::task::Presence;
use blendline_wire::{EventId, Lease, MatterId, Millis, TaskId, TenantId, WorkerId};
use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{StatusCode, Url};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::Value;

use super::Unsealed;
use super::attention::{Attention, Attentions};
use super::line::{Letter, Line};
use super::notice::{Notice, What, is_wanted, of_event};
use super::post::{Outcome, headers, judge};
use super::seal::{PADDED, Recipient, seal, seal_with};
use super::vapid::{Vapid, new_keys};
use crate::ports::devices::Device;

const UA_PUBLIC: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

fn bytes(text: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// RFC 8291, section 5 and appendix A: from the shared secret to the whole body.
#[test]
fn a_text_is_sealed_as_the_rfc_does() {
    let to = Recipient { public: bytes(UA_PUBLIC).try_into().unwrap(), auth: bytes(AUTH).try_into().unwrap() };
    let shared = bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
    let own = bytes("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8");
    let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
    let mut text = bytes("V2hlbiBJIGdyb3cgdXAsIEkgd2FudCB0byBiZSBhIHdhdGVybWVsb24");
    assert_eq!(text, b"When I grow up, I want to be a watermelon");
    text.push(2);
    let body = seal_with(&shared, &own, &to, salt, text).unwrap();
    let wanted = concat!(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml",
        "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT",
        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
    );
    assert_eq!(BASE64_URL_SAFE_NO_PAD.encode(body), wanted);
}

#[test]
fn every_text_has_one_length_and_never_the_same_bytes() {
    let to = Recipient::read(UA_PUBLIC, &format!("{AUTH}==")).unwrap_or_else(|key| panic!("{key}"));
    let sealed = |text: &str| seal(&to, text.as_bytes()).unwrap();
    let (short, long) = (sealed(""), sealed(&"x".repeat(PADDED - 1)));
    assert_eq!((short.len(), long.len()), (16 + 4 + 1 + 65 + PADDED + 16, short.len()));
    assert!(short.len() <= 4_096, "push services take no more");
    assert_ne!(sealed("a"), sealed("a"));
    assert_eq!(seal(&to, &[b'x'; PADDED]), Err(Unsealed));
}

#[test]
fn keys_that_are_none_are_told_by_name() {
    let mut off_the_curve = bytes(UA_PUBLIC);
    off_the_curve[64] ^= 1;
    let off_the_curve = BASE64_URL_SAFE_NO_PAD.encode(off_the_curve);
    for (p256dh, auth, wrong) in [
        ("", AUTH, "p256dh"),
        (&UA_PUBLIC[..80], AUTH, "p256dh"),
        (off_the_curve.as_str(), AUTH, "p256dh"),
        (UA_PUBLIC, "", "auth"),
        (UA_PUBLIC, "BTBZMqHH6r4Tts7J_aSI", "auth"),
        (UA_PUBLIC, "not base64!", "auth"),
    ] {
        assert_eq!(Recipient::read(p256dh, auth).err(), Some(wrong), "{p256dh} {auth}");
    }
}

fn device() -> Device {
    Device {
        id: [7; 16],
        tenant: TenantId(1),
        user: "dana".into(),
        worker: WorkerId(1),
        endpoint: "https://push.example:8443/send/secret".into(),
        p256dh: UA_PUBLIC.into(),
        auth: AUTH.into(),
        lang: "en".into(),
        created_at: Millis(1),
        taken_at: None,
        failures: 0,
    }
}

fn letter(topic: &str, origin: &str, until: u64) -> Letter {
    let (topic, origin) = (topic.to_owned(), origin.to_owned());
    Letter {
        device: device(),
        what: What::Offer,
        text: String::new(),
        topic,
        origin,
        until: Millis(until),
        attempts: 0,
    }
}

/// RFC 8292: who verifies with the key beside it finds whom the token is for, until when, and whom to turn to.
#[test]
fn a_push_service_can_check_who_we_are() {
    let keys = new_keys(Millis(1)).unwrap();
    let vapid = Vapid::new(&keys, "mailto:ops@example.org").unwrap();
    let endpoint = Url::parse("https://push.example:8443/send/secret").unwrap();
    let said = headers(&vapid, &endpoint, &letter("abc", "", 61_999), Millis(1_000)).unwrap();
    let word = |name: &str| said[name].to_str().unwrap();
    assert_eq!((word("ttl"), word("urgency"), word("topic")), ("60", "high", "abc"));
    assert_eq!(word("content-encoding"), "aes128gcm");
    let token = word("authorization").strip_prefix("vapid t=").unwrap();
    let (token, public) = token.split_once(", k=").unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes(public));
    key.verify(signed.as_bytes(), &bytes(signature)).unwrap();
    key.verify(b"x", &bytes(signature)).unwrap_err();
    let part = |text: &str| serde_json::from_slice::<Value>(&bytes(text)).unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    assert_eq!(part(header)["alg"], "ES256");
    let claims = part(claims);
    assert_eq!(
        (&claims["aud"], &claims["sub"]),
        (&"https://push.example:8443".into(), &"mailto:ops@example.org".into())
    );
    assert_eq!(claims["exp"], 1 + 12 * 60 * 60);
    assert_eq!(said["authorization"].to_str().unwrap().matches("secret").count(), 0);
}

#[test]
fn answers_of_push_services_are_understood() {
    let patience = |value: &'static str| HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]);
    let (none, at) = (HeaderMap::new(), Millis(0));
    assert_eq!(judge(StatusCode::CREATED, &none, at), Outcome::Taken);
    assert_eq!(judge(StatusCode::GONE, &none, at), Outcome::Gone);
    assert_eq!(judge(StatusCode::NOT_FOUND, &none, at), Outcome::Gone);
    let later = |answer| match answer {
        Outcome::Later { after_ms, .. } => Some(after_ms),
        _ => None,
    };
    assert_eq!(later(judge(StatusCode::TOO_MANY_REQUESTS, &patience("7"), at)), Some(7_000));
    assert_eq!(later(judge(StatusCode::BAD_GATEWAY, &none, at)), Some(0));
    for wrong in [StatusCode::BAD_REQUEST, StatusCode::FORBIDDEN, StatusCode::PAYLOAD_TOO_LARGE, StatusCode::FOUND] {
        assert!(matches!(judge(wrong, &patience("7"), at), Outcome::Refused(_)), "{wrong}");
    }
}

#[test]
fn a_newer_letter_takes_the_place_of_an_older_one_and_a_held_service_holds_up_no_other() {
    let mut line = Line::default();
    assert_eq!((line.next_at(), line.next(Millis(9)).is_none()), (None, true));
    let text = |text: &str, letter: Letter| Letter { text: text.to_owned(), ..letter };
    assert!(!line.put(Millis(1), text("old", letter("a", "one", 100))));
    assert!(!line.put(Millis(2), text("new", letter("a", "one", 100))));
    assert!(!line.put(Millis(3), text("other", letter("b", "two", 100))));
    assert!(line.next(Millis(1)).is_none());
    line.hold("one", Millis(50));
    line.hold("one", Millis(40));
    assert_eq!(line.next_at(), Some(Millis(3)));
    assert_eq!(line.next(Millis(10)).map(|letter| letter.text), Some("other".to_owned()));
    assert!(line.next(Millis(49)).is_none());
    assert_eq!(line.next_at(), Some(Millis(50)));
    assert_eq!(line.next(Millis(50)).map(|letter| letter.text), Some("new".to_owned()));
    line.put(Millis(60), letter("c", "one", 70));
    assert_eq!((line.forget_late(Millis(69)), line.forget_late(Millis(70))), (0, 1));
    let dropped = (0..1_002).filter(|n| line.put(Millis(1), letter(&n.to_string(), "one", 9))).count();
    assert_eq!(dropped, 2);
}

fn event(kind: EventKind, actor: Actor) -> Event {
    Event {
        id: EventId(1),
        at: Millis(1_000),
        tenant: TenantId(1),
        kind,
        actor,
        activity: Activity::default(),
        unit: None,
        matter: None,
        conversation: None,
        task: Some(TaskId(7)),
        side: None,
        channel: None,
        cause: None,
        rule_set: 0,
    }
}

fn told(kind: EventKind) -> Vec<(u64, What)> {
    let notices = of_event(&event(kind, Actor::Worker(WorkerId(1))));
    notices.into_iter().map(|Notice { worker, what, .. }| (worker.0, what)).collect()
}

#[test]
fn what_has_something_to_tell() {
    let because = |because| Decision { because, ..Decision::default() };
    let offered =
        |why| EventKind::TaskOffered { worker: WorkerId(2), lease: Lease(1), until: Millis(9), decision: because(why) };
    let assigned = |why: Option<Because>| EventKind::TaskAssigned {
        worker: WorkerId(2),
        lease: Lease(1),
        decision: why.map(because),
    };
    assert_eq!(told(offered(Because::LeastLoaded)), [(2, What::Offer)]);
    assert_eq!(told(offered(Because::Returned)), [(2, What::Returned)]);
    assert_eq!(told(assigned(Some(Because::Returned))), [(2, What::Returned)]);
    assert_eq!(told(assigned(Some(Because::Sticky))), [(2, What::Assigned)]);
    assert_eq!(told(assigned(None)), [], "he accepted it");
    let mentions = vec![WorkerId(1), WorkerId(3)];
    let note = EventKind::NoteAdded { note: "00".into(), in_matter: MatterId(1), in_task: TaskId(8), mentions };
    assert_eq!(told(note), [(3, What::Mention)], "nobody is told what he wrote himself");
    assert_eq!(told(EventKind::TaskConfirmed), []);
}

#[test]
fn who_looks_is_not_told_and_a_mention_keeps_to_presence() {
    let hour = 60 * 60 * 1000;
    let gone = |away| Attention::Gone { since: Millis(1_000), away };
    for (what, attention, presence, now, wanted) in [
        (What::Offer, Attention::Looks, None, 0, false),
        (What::Offer, Attention::Hidden, None, 0, true),
        (What::Returned, gone(false), None, 2_000, true),
        (What::Mention, Attention::Looks, Some(Presence::Ready), 0, false),
        (What::Mention, Attention::Hidden, Some(Presence::Busy), 0, true),
        (What::Mention, Attention::Hidden, Some(Presence::Away), 0, false),
        (What::Mention, Attention::Hidden, None, 0, false),
        (What::Mention, gone(false), None, 1_000 + hour, true),
        (What::Mention, gone(false), None, 1_001 + hour, false),
        (What::Mention, gone(true), None, 1_001, false),
    ] {
        assert_eq!(
            is_wanted(what, attention, presence, Millis(now)),
            wanted,
            "{what:?} {attention:?} {presence:?} {now}"
        );
    }
}

#[test]
fn an_older_connection_says_nothing_of_a_newer_one() {
    use blendline_wire::SessionId;
    let (attentions, worker) = (Attentions::default(), WorkerId(1));
    assert_eq!(attentions.of(worker), None);
    attentions.says(worker, SessionId(1), true);
    assert_eq!(attentions.of(worker), None, "a program says nothing of a desk");
    attentions.came(worker, SessionId(1));
    attentions.came(worker, SessionId(2));
    attentions.says(worker, SessionId(1), true);
    attentions.went(worker, SessionId(1), Millis(5), false);
    assert_eq!(attentions.of(worker), Some(Attention::Looks));
    attentions.says(worker, SessionId(2), true);
    assert_eq!(attentions.of(worker), Some(Attention::Hidden));
    attentions.went(worker, SessionId(2), Millis(6), true);
    assert_eq!(attentions.of(worker), Some(Attention::Gone { since: Millis(6), away: true }));
}
