//! Dashboards, alert rules, manifests and unit against the program that they are for.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by failing")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use blendline_tests::config::{Installation, Worker};
use blendline_tests::http;
use blendline_tests::process::{Router, Scratch, program};

/// Compares deploy/ with these figures and this scrape.
fn check(scratch: &Scratch, figures: &str, metrics: &str) -> Output {
    let place = |name: &str| scratch.path().join(name);
    fs::write(place("figures"), figures).unwrap();
    fs::write(place("metrics"), metrics).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/check.py");
    Command::new("python3").arg(script).arg(place("figures")).arg(place("metrics")).output().expect("python3")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test]
async fn dashboards_and_rules_name_what_is_exported() {
    if !Command::new("python3").args(["-c", "import yaml"]).status().is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: Python's yaml is not installed (./test operations installs it)");
        return;
    }
    let mut installation = Installation::new("http://127.0.0.1:1");
    installation.workers = vec![Worker::new("dana", &["care"], 1)];
    let router = Router::start("operations", &installation).await;
    let scrape = http::once(router.addr, &http::request("GET", "/metrics", &[], b"")).await.unwrap();
    assert_eq!(scrape.status, 200);
    let metrics = scrape.text().to_owned();
    let figures = Command::new(program("blendline")).arg("figures").output().unwrap();
    let figures = String::from_utf8(figures.stdout).unwrap();

    let scratch = Scratch::new("operations");
    let output = check(&scratch, &figures, &metrics);
    assert!(output.status.success(), "{}", said(&output));

    // Whoever renames a figure, in the table or in what is exported, is told which panel is blind.
    for (table, scraped) in [
        (figures.replace("blendline_tasks_waiting", "blendline_tasks_queued"), metrics.clone()),
        (figures.clone(), metrics.replace("blendline_webhooks_total", "blendline_hooks_total")),
    ] {
        let output = check(&scratch, &table, &scraped);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains("panel "), "{}", said(&output));
    }
}
