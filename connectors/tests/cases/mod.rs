//! Finding fixtures and writing down what a connector makes of them.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

use std::path::{Path, PathBuf};

use blendline_connectors::Malformed;
use blendline_wire::inbound::InboundEvent;
use serde_json::{Value, json};

/// One fixture.
pub struct Case {
    pub name: String,
    pub body: Vec<u8>,
    pub expected_path: PathBuf,
}

/// The folder of this crate.
pub fn crate_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The fixtures of `channel`, by name.
pub fn cases(channel: &str) -> Vec<Case> {
    let folder = crate_folder().join("fixtures").join(channel);
    let mut cases: Vec<Case> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.to_string_lossy().ends_with(".expected.json"))
        .map(|path| Case {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            body: std::fs::read(&path).unwrap(),
            expected_path: path.with_extension("expected.json"),
        })
        .collect();
    cases.sort_by(|left, right| left.name.cmp(&right.name));
    cases
}

/// Events, or why there are none, as the text of an expectation.
pub fn render(result: Result<Vec<InboundEvent>, Malformed>) -> String {
    let value: Value = match result {
        Ok(events) => serde_json::to_value(events).unwrap(),
        Err(malformed) => json!({ "malformed": malformed.to_string() }),
    };
    format!("{value:#}\n")
}

/// The shared fixtures: beside the workspace, or where `BLENDLINE_SHARED` says.
pub fn shared_folder() -> Option<PathBuf> {
    let given = std::env::var_os("BLENDLINE_SHARED").map(PathBuf::from);
    let folder = given.unwrap_or_else(|| crate_folder().join("../../shared")).join("fixtures");
    folder.is_dir().then_some(folder)
}
