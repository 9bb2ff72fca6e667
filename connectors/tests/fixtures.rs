//! Every fixture beside this crate against what is expected of it, and the shared ones where they are at hand.
//!
//! `UPDATE=1 cargo test -p blendline-connectors --test fixtures` rewrites the expectations: read the difference.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cases;

use blendline_connectors::{all, by_name};
use cases::{cases, render, shared_folder};
use serde_json::Value;

#[test]
fn every_fixture_gives_what_is_expected_of_it() {
    for connector in all() {
        let cases = cases(connector.name());
        assert!(!cases.is_empty(), "{} has no fixtures", connector.name());
        for case in cases {
            let found = render(connector.normalise(&case.body));
            if std::env::var_os("UPDATE").is_some() {
                std::fs::write(&case.expected_path, &found).unwrap();
            }
            let expected = std::fs::read_to_string(&case.expected_path).unwrap_or_default();
            assert_eq!(found, expected, "UPDATE=1 rewrites {}", case.expected_path.display());
        }
    }
}

#[test]
fn a_second_reading_gives_the_same() {
    for connector in all() {
        for case in cases(connector.name()) {
            assert_eq!(connector.normalise(&case.body), connector.normalise(&case.body), "{}", case.name);
        }
    }
}

/// Shared fixtures that we read otherwise, with the reason.
const READ_OTHERWISE: &[(&str, &str)] = &[(
    "md-004-conversations.json",
    "`accounts` of a Mastodon conversation are the others in it, so a last status by none of them is our own: an echo",
)];

/// The acceptance tool compares field by field; here the ids and kinds that routing hangs on are enough.
#[test]
fn shared_fixtures_route_as_their_notes_say() {
    let Some(folder) = shared_folder() else {
        println!("the shared fixtures are not at hand: skipped");
        return;
    };
    let mut count = 0;
    for entry in std::fs::read_dir(folder.join("open/json")).unwrap() {
        let path = entry.unwrap().path();
        if !path.to_string_lossy().ends_with(".meta.json") {
            continue;
        }
        let meta: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let Some(connector) = meta["channel"].as_str().and_then(by_name) else { continue };
        let name = meta["fixture"].as_str().unwrap();
        if let Some((name, reason)) = READ_OTHERWISE.iter().find(|(other, _)| *other == name) {
            println!("{name} is read otherwise: {reason}");
            continue;
        }
        let events = connector.normalise(&std::fs::read(path.with_file_name(name)).unwrap()).unwrap();
        let routed: Vec<Value> = events
            .iter()
            .map(|event| serde_json::to_value(event).unwrap())
            .filter(|event| event["type"] != "ignored")
            .collect();
        let wanted = meta["expect"]["events"].as_array().unwrap();
        assert_eq!(routed.len(), wanted.len(), "{name}");
        for (event, wanted) in routed.iter().zip(wanted) {
            for field in ["type", "external_message_id", "is_status_or_echo", "text"] {
                assert_eq!(event[field], wanted[field], "{name}: {field}");
            }
        }
        count += 1;
    }
    println!("{count} shared fixtures");
}
