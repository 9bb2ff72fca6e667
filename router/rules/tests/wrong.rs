//! Wrong rule sets and what is said about them: `tests/wrong/NAME.yaml` and, beside it, `NAME.txt`.
//!
//! `UPDATE=1 cargo test -p blendline-rules --test wrong` writes what is said now; read the difference before you commit it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use blendline_rules::{World, check};

fn world() -> World {
    let channels = ["email_raw", "google_business", "telegram", "webchat", "whatsapp_cloud"];
    let accounts = ["line-he", "line-en", "site"];
    World { channels: channels.map(str::to_owned).to_vec(), accounts: Some(accounts.map(str::to_owned).to_vec()) }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wrong")
}

#[test]
fn every_wrong_set_is_told_what_is_wrong_with_it() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut count = 0;
    let mut differ = Vec::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        count += 1;
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let checked = check(&name, &text, &world());
        let said = checked.faults.to_string();
        assert!(!said.is_empty(), "{name} is not wrong");
        assert_eq!(checked.set.is_some(), !checked.faults.any_error(), "{name}");
        let expected = path.with_extension("txt");
        if update {
            std::fs::write(&expected, &said).unwrap();
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != said {
            differ.push(format!("{name} is told:\n{said}"));
        }
    }
    assert!(60 <= count, "{count} wrong sets");
    assert!(differ.is_empty(), "UPDATE=1 rewrites what is expected\n\n{}", differ.join("\n"));
}

/// The codes of all faults that the check tells.
fn codes() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    // What a set and the configuration have both is told beside the configuration.
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/config/rules.rs");
    let mut sources = vec![std::fs::read_to_string(beside).unwrap()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => sources.push(std::fs::read_to_string(&path).unwrap()),
            }
        }
    }
    for source in sources {
        // Of a fault in a condition the code comes after the node that it is about.
        let source = source.replace(['\n', ' '], "");
        for opening in ["faults.error(\"", "faults.warning(\""] {
            codes.extend(source.split(opening).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned));
        }
        let calls = source.split(".fault(").skip(1).filter_map(|rest| rest.split_once(",\"")?.1.split('"').next());
        codes.extend(calls.map(str::to_owned));
    }
    codes.extend(blendline_cases::check::CODES.iter().map(|code| (*code).to_owned()));
    codes.extend(blendline_authority::check::CODES.iter().map(|code| (*code).to_owned()));
    codes.extend(blendline_quality::check::CODES.iter().map(|code| (*code).to_owned()));
    codes
}

/// Whoever reads Hebrew is told each of them, and no sentence is left over.
#[test]
fn every_code_is_told_in_hebrew() {
    use blendline_rules::hebrew_faults::{HEBREW, of};
    let codes = codes();
    let told: BTreeSet<String> = HEBREW.iter().map(|(code, ..)| (*code).to_owned()).collect();
    assert_eq!(codes, told, "codes, and those of the catalogue");
    assert!(HEBREW.is_sorted_by_key(|(code, ..)| *code));
    let is_hebrew = |text: &str| text.chars().any(|letter| ('א'..='ת').contains(&letter));
    for code in &codes {
        let (what, cure) = of(code).unwrap();
        assert!(is_hebrew(what) && is_hebrew(cure), "{code}");
    }
    let checked =
        check("rules", "queues:\n  service: {side: front}\nrules:\n  - {name: a, queue: servise}\n", &world());
    let said = checked.faults.said(blendline_rules::fault::Language::He).to_string();
    assert!(said.starts_with("שגיאה[unknown_name]: אין דבר בשם הזה: \u{2068}servise\u{2069}"), "{said}");
    assert!(said.contains("--> rules:4:22") && said.contains("= מה לעשות: "), "{said}");
}

/// A fault that no wrong set shows is one whose words nobody has read.
#[test]
fn every_code_of_a_fault_has_a_wrong_set() {
    let codes = codes();
    let shown: String = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    // Shown by tests of their own, for they need large files or a configuration; one is a fault of ours.
    let large = ["too_large", "too_many", "unreadable", "account_queue", "in_both", "nobody_agrees"];
    let missing: Vec<&String> =
        codes.iter().filter(|code| !shown.contains(&format!("[{code}]")) && !large.contains(&code.as_str())).collect();
    assert!(15 < codes.len() && missing.is_empty(), "no wrong set shows {missing:?}");
}

#[test]
fn what_is_too_large_is_refused_at_once() {
    let queue = "queues:\n  service: {side: front}\n";
    let rule = |at: usize| format!("  - {{name: r{at}, when: \"msg.text.contains('word{at}')\", queue: service}}\n");
    let rules: String = (0..10_000).map(rule).collect();
    let words: String = (0..11_000).map(|at| format!("    - word{at}\n")).collect();
    let lines: String =
        (0..10).map(|at| format!("l{at}: &l{at} [{}]\n", vec![format!("*l{}", at.max(1) - 1); 9].join(", "))).collect();
    let cases = [
        ("a megabyte", format!("# {}\n{queue}", "x".repeat(1 << 20)), "too_large"),
        ("10,000 rules", format!("{queue}rules:\n{rules}"), "too_large"),
        (
            "3,000 rules",
            format!(
                "{queue}rules:\n{}",
                (0..3_000)
                    .map(|at| format!(
                        "  - {{name: r{at}, queue: service}}
"
                    ))
                    .collect::<String>()
            ),
            "too_many",
        ),
        ("11,000 words", format!("{queue}keywords:\n  many:\n{words}"), "too_many"),
        ("many keys", format!("{queue}x: [{}]", "a,".repeat(70_000)), "too_large"),
        ("deep lists", format!("x: {}", "[".repeat(100_000)), "too_deep"),
        ("deep keys", (0..600).map(|at| " ".repeat(at) + "a:\n").collect(), "too_deep"),
        ("a bomb", lines, "anchor"),
        (
            "a long condition",
            format!("{queue}rules:\n  - {{name: a, queue: service, when: \"{}a\"}}", "!".repeat(900)),
            "condition_too_deep",
        ),
        (
            "choices",
            format!("{queue}rules:\n  - {{name: a, queue: service, when: \"{}a\"}}", "a?a:".repeat(200)),
            "condition_too_deep",
        ),
    ];
    for (what, text, code) in cases {
        let begun = Instant::now();
        let said = check("large.yaml", &text, &world()).faults.to_string();
        assert!(said.contains(&format!("[{code}]")), "{what}: {}", said.chars().take(600).collect::<String>());
        assert!(begun.elapsed() < Duration::from_secs(1), "{what} took {:?}", begun.elapsed());
    }
}

#[test]
fn whatever_stands_in_a_condition_is_answered_within_a_second() {
    let nasty = [
        "a".repeat(1_000),
        "-".repeat(1_000),
        "[[[[[[[[[[[[".to_owned() + &"1,".repeat(200),
        "msg.text".to_owned() + &".contains('a')".repeat(60),
        "1 + ".repeat(240) + "1 > 2",
        "'a' in ".repeat(130) + "msg.files",
        "msg.files.all(a, ".repeat(11) + "true" + &")".repeat(11),
        "{".repeat(12),
        "true ? ".repeat(12) + "true",
        "'".repeat(999),
        "\\\\\\u00".repeat(100),
        "msg.".repeat(240),
        "msg.text == 'ש' ".repeat(20),
    ];
    for condition in nasty {
        let quoted = serde_json::to_string(&condition).unwrap();
        let text =
            format!("queues:\n  service: {{side: front}}\nrules:\n  - {{name: a, queue: service, when: {quoted}}}\n");
        let begun = Instant::now();
        let checked = check("nasty.yaml", &text, &world());
        let taken = begun.elapsed();
        assert!(taken < Duration::from_secs(1), "{taken:?}: {}", condition.chars().take(60).collect::<String>());
        assert_eq!(checked.set.is_some(), !checked.faults.any_error());
    }
}
