//! What strangers could send: a connector never panics, and never shows what customers said.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cases;

use blendline_connectors::{Connector, all};
use cases::{Case, cases};
use proptest::prelude::*;
use serde_json::{Value, json};

fn everything() -> Vec<(&'static dyn Connector, Case)> {
    let of = |connector: &&'static dyn Connector| {
        let connector = *connector;
        cases(connector.name()).into_iter().map(move |case| (connector, case))
    };
    all().iter().flat_map(of).collect()
}

/// The channels whose bodies have an envelope. A mail has none: whatever came is kept.
fn enveloped() -> impl Iterator<Item = &'static dyn Connector> {
    all().iter().copied().filter(|connector| connector.name() != "email_raw")
}

/// The pointers of every place in `value`.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Array(items) => items.iter().enumerate().for_each(|(i, item)| places(item, &format!("{at}/{i}"), out)),
        Value::Object(fields) => {
            for (key, field) in fields {
                places(field, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), out);
            }
        }
        _ => {}
    }
}

/// Values of every type and of the sizes at which programs break.
fn odd_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!(true)),
        Just(json!(0)),
        Just(json!(-1)),
        Just(json!(u64::MAX)),
        Just(json!(i64::MIN)),
        Just(json!(1e308)),
        Just(json!("")),
        Just(json!([])),
        Just(json!({})),
        Just(json!([[], {}, null])),
        Just(json!({"": {"": ""}})),
        Just(json!("\u{0}\u{202e}\u{feff}")),
        any::<String>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
    ]
}

#[test]
fn every_place_of_every_fixture_may_hold_anything() {
    let odd = [json!(null), json!(-1), json!(""), json!("x"), json!([]), json!([null]), json!({}), json!(u64::MAX)];
    for (connector, case) in everything() {
        let Ok(body) = serde_json::from_slice::<Value>(&case.body) else { continue };
        let mut all = Vec::new();
        places(&body, "", &mut all);
        for place in &all {
            for value in &odd {
                let mut changed = body.clone();
                *changed.pointer_mut(place).unwrap() = value.clone();
                // An event inside a good envelope never costs the batch.
                let result = connector.normalise(changed.to_string().as_bytes());
                // But a company's own program is told of its slips, and none of the body is taken.
                let in_envelope = place.matches('/').count() >= 2
                    && !case.name.starts_with("malformed")
                    && connector.name() != "custom";
                assert!(result.is_ok() || !in_envelope, "{}: {place} = {value}: {result:?}", case.name);
            }
        }
    }
}

/// Every channel gets as many cases as every other.
fn config() -> ProptestConfig {
    ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() }
}

#[test]
fn several_places_at_once_may_hold_anything() {
    for connector in all() {
        let bodies: Vec<Value> =
            cases(connector.name()).iter().filter_map(|case| serde_json::from_slice(&case.body).ok()).collect();
        if bodies.is_empty() {
            continue;
        }
        let changes = prop::collection::vec((any::<prop::sample::Index>(), odd_value()), 1..6);
        proptest!(config(), |(which in any::<prop::sample::Index>(), changes in changes)| {
            let mut body = bodies[which.index(bodies.len())].clone();
            for (place, value) in changes {
                let mut found = Vec::new();
                places(&body, "", &mut found);
                *body.pointer_mut(&found[place.index(found.len())]).unwrap() = value;
            }
            let _ = connector.normalise(body.to_string().as_bytes());
        });
    }
}

#[test]
fn bytes_may_be_cut_and_changed() {
    for connector in all() {
        let bodies: Vec<Vec<u8>> = cases(connector.name()).into_iter().map(|case| case.body).collect();
        let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8);
        let strategy = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), changes);
        proptest!(config(), |((which, cut, changes) in strategy)| {
            let mut body = bodies[which.index(bodies.len())].clone();
            for (place, byte) in changes {
                if !body.is_empty() {
                    let place = place.index(body.len());
                    body[place] = byte;
                }
            }
            body.truncate(cut.index(body.len() + 1));
            let _ = connector.normalise(&body);
        });
    }
}

#[test]
fn fields_of_a_form_may_hold_anything() {
    for connector in all() {
        let forms: Vec<Vec<(String, String)>> = cases(connector.name())
            .iter()
            .filter(|case| serde_json::from_slice::<Value>(&case.body).is_err())
            .map(|case| form_urlencoded::parse(&case.body).into_owned().collect())
            .filter(|form: &Vec<_>| !form.is_empty())
            .collect();
        if forms.is_empty() {
            continue;
        }
        let odd = prop_oneof![any::<String>(), Just("-1".to_owned()), Just("<a>".to_owned()), Just("{".to_owned())];
        let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), odd), 1..6);
        proptest!(config(), |(which in any::<prop::sample::Index>(), changes in changes)| {
            let mut form = forms[which.index(forms.len())].clone();
            for (place, key, value) in changes {
                let place = place.index(form.len());
                if key { form[place].0 = value } else { form[place].1 = value }
            }
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
            let _ = connector.normalise(body.as_bytes());
        });
    }
}

#[test]
fn arbitrary_bytes_are_no_webhook() {
    for connector in enveloped() {
        proptest!(config(), |(body in prop::collection::vec(any::<u8>(), 0..200))| {
            prop_assert!(connector.normalise(&body).is_err());
        });
    }
}

/// A megabyte of what readers stumble over: none of it becomes more events than a platform sends at once.
#[test]
fn long_bodies_take_no_longer_than_long() {
    let long = |unit: &str| unit.repeat(1_000_000 / unit.len());
    let bodies = [
        long("<a><![CDATA["),
        long("<a>x</a>"),
        long("a=1&"),
        long("&lt;<"),
        long("data: {\n"),
        long("event: x\ndata: 1\n\n"),
        format!("[{}{{}}]", long("{},")),
        format!("{{\"messages\":[{}{{}}]}}", long("{\"from\":\"1\",\"to\":\"2\",\"text\":\"<\"},")),
        format!("{{\"update_id\":1,\"message\":{{\"photo\":[{}{{}}]}}}}", long("{},")),
    ];
    for connector in all() {
        for (i, body) in bodies.iter().enumerate() {
            let start = std::time::Instant::now();
            let events = connector.normalise(body.as_bytes()).map_or(0, |events| events.len());
            assert!(events <= 2_000, "{} makes {events} events of body {i}", connector.name());
            // Far above what it takes, far below what a square of the length would take.
            assert!(start.elapsed().as_secs() < 10, "{} took {:?} for body {i}", connector.name(), start.elapsed());
        }
    }
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    for connector in enveloped() {
        for (open, close) in [("[", "]"), ("{\"entry\":", "}")] {
            let body = format!("{}1{}", open.repeat(50_000), close.repeat(50_000));
            assert!(connector.normalise(body.as_bytes()).is_err());
        }
    }
}

const CANARY: &str = "CANARY-5f3";
/// Keys under which customers' words, names and files lie in the fixtures.
const PERSONAL: &[&str] = &[
    "body",
    "caption",
    "name",
    "username",
    "filename",
    "title",
    "text",
    "payload",
    "response_json",
    "address",
    "formatted_name",
    "first_name",
    "full_name",
    "phone",
    "email",
    "message",
    "caption",
    "last_name",
    "sender_name",
    "reviewer_name",
    "review_text",
    "reason",
    "display_name",
    "displayName",
    "acct",
    "content",
    "spoiler_text",
    "comment",
    "screen_name",
    "full_text",
    "full_name",
    "question",
    "data",
    "metadata",
];

/// An id where others have a text: a resource of Google's API, or the number of what was deleted.
fn is_id(text: &Value) -> bool {
    text.as_str().is_some_and(|text| text.starts_with("accounts/") || text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Puts the canary in place of what customers said. Errors are the platform's own words and adverts are the company's.
fn hide_canaries(value: &mut Value) -> usize {
    match value {
        Value::Array(items) => items.iter_mut().map(hide_canaries).sum(),
        Value::Object(fields) => {
            let mut count = 0;
            for (key, field) in fields.iter_mut().filter(|(key, _)| *key != "errors" && *key != "referral") {
                if PERSONAL.contains(&key.as_str()) && field.is_string() && !is_id(field) {
                    *field = json!(CANARY);
                    count += 1;
                } else {
                    count += hide_canaries(field);
                }
            }
            count
        }
        _ => 0,
    }
}

#[test]
fn what_customers_say_never_reaches_debug_output() {
    let mut hidden = 0;
    for (connector, case) in everything() {
        let Ok(mut body) = serde_json::from_slice::<Value>(&case.body) else { continue };
        hidden += hide_canaries(&mut body);
        let shown = format!("{:?}", connector.normalise(body.to_string().as_bytes()));
        assert!(!shown.contains(CANARY), "{}: {shown}", case.name);
    }
    assert!(hidden > 50, "only {hidden} canaries were hidden: the fixtures or the keys changed");
}

#[test]
fn a_malformed_body_is_not_quoted() {
    for connector in enveloped() {
        for body in
            [format!("{{\"{CANARY}\": {CANARY}}}"), format!("\"{CANARY}"), format!("{{\"object\":\"{CANARY}\"}}")]
        {
            let error = connector.normalise(body.as_bytes()).unwrap_err();
            assert!(!format!("{error} {error:?}").contains(CANARY), "{error}");
        }
    }
}
