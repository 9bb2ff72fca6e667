//! No channel is without its registration, its fixtures or its line in the README.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cases;

use std::collections::BTreeSet;

use blendline_connectors::{SettingKind, all};
use cases::{cases, crate_folder};

/// What lies beside the channels in `src/` and is none. Everything else there is a channel.
const NO_CHANNELS: &[&str] = &[
    "account",
    "aws",
    "call",
    "fetch",
    "form",
    "gateway",
    "html",
    "json",
    "lib",
    "limits",
    "meta",
    "normalize",
    "poll",
    "reach",
    "reading",
    "settings",
    "signature",
    "standard_webhooks",
    "standing",
    "twilio",
    "webhook",
    "x",
];

#[test]
fn every_channel_is_registered_and_described() {
    let files: BTreeSet<String> = std::fs::read_dir(crate_folder().join("src"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .filter(|stem| !NO_CHANNELS.contains(&stem.as_str()))
        .collect();
    let registered: BTreeSet<String> = all().iter().map(|connector| connector.name().to_owned()).collect();
    let homes: BTreeSet<String> = registered.iter().map(|name| home(name, &files)).collect();
    assert_eq!(
        files, homes,
        "a channel's folder in src/ is named like the channel or its family and has its line in all()"
    );

    let readme = std::fs::read_to_string(crate_folder().join("README.md")).unwrap();
    for name in &registered {
        assert!(cases(name).len() >= 3, "{name} has fewer than three fixtures in fixtures/{name}/");
        assert!(readme.contains(&format!("| `{name}` |")), "{name} has no line in the table of README.md");
    }
}

/// The folder of a channel: its own name, or the family's that its name begins with.
fn home(name: &str, folders: &BTreeSet<String>) -> String {
    let family = folders.iter().find(|folder| name.starts_with(&format!("{folder}_")));
    if folders.contains(name) { name.to_owned() } else { family.cloned().unwrap_or_else(|| name.to_owned()) }
}

#[test]
fn every_fixture_folder_belongs_to_a_channel() {
    for entry in std::fs::read_dir(crate_folder().join("fixtures")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        assert!(blendline_connectors::by_name(&name).is_some(), "fixtures/{name} belongs to no channel");
    }
}

#[test]
fn settings_are_documented_and_their_defaults_are_right() {
    for connector in all() {
        let mut names = BTreeSet::new();
        for setting in connector.settings() {
            let place = format!("{}: {}", connector.name(), setting.name);
            assert!(names.insert(setting.name), "{place} is there twice");
            assert!(!setting.doc.is_empty(), "{place} has no line of documentation");
            assert!(!setting.required || setting.default.is_empty(), "{place} is required and has a default");
            if setting.kind == SettingKind::Number {
                assert!(setting.default.is_empty() || setting.default.parse::<u32>().is_ok(), "{place}");
            }
        }
    }
}
