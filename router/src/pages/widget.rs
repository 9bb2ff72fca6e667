//! The chat widget: one script, put together from its parts, its style and the texts of every chat language.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::http::header::HeaderName;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use serde_json::json;

use super::assets;
use super::language::Lang;
use super::texts;

/// The keys of the widget's texts begin so in the catalogues; in the script they are named by the rest.
pub(super) const PREFIX: &str = "chat-";

/// The parts of the script, in order: each uses what those before it define.
pub(super) const PARTS: [&str; 4] = [
    include_str!("assets/chat/keep.js"),
    include_str!("assets/chat/line.js"),
    include_str!("assets/chat/view.js"),
    include_str!("assets/chat/main.js"),
];

/// How names and texts of others are shown: a module of the desk, which the one script holds without its exports.
const TEXT: &str = include_str!("assets/page/text.js");

const STYLE: &str = include_str!("assets/chat/widget.css");

static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    let texts: BTreeMap<&str, BTreeMap<String, String>> =
        Lang::ALL.into_iter().map(|lang| (lang.code(), texts_of(lang))).collect();
    let rtl: Vec<&str> = Lang::ALL.into_iter().filter(|lang| lang.dir() == "rtl").map(Lang::code).collect();
    let style: String = STYLE.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    let head =
        format!("const TEXTS = {};\nconst RTL = {};\nconst STYLE = {};\n", json!(texts), json!(rtl), json!(style));
    let text = TEXT.replace("\nexport ", "\n");
    let code: String =
        (text + &PARTS.concat()).lines().filter(|line| !is_comment(line)).map(|line| format!("{line}\n")).collect();
    format!("(() => {{\n\"use strict\";\n{head}{code}}})();\n")
});

/// True for a line that is nothing but words for whoever reads the source: visitors need not load it.
fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    ["//", "/*", "* ", "*/"].iter().any(|begin| line.starts_with(begin))
}

/// The widget's texts in a language, without their prefix.
pub(super) fn texts_of(lang: Lang) -> BTreeMap<String, String> {
    let keys = texts::source(lang).lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key);
    let chat = keys.filter_map(|key| Some((key.strip_prefix(PREFIX)?.to_owned(), texts::text(lang, key))));
    chat.collect()
}

/// The whole script.
pub(super) fn script() -> &'static str {
    &SCRIPT
}

/// Serves the script to any page: what it may do there is decided by the session's Origin check.
pub(super) async fn serve(asked: HeaderMap) -> Response {
    let mut response =
        assets::answer(&asked, "text/javascript; charset=utf-8", "public, max-age=300", script().as_bytes());
    let policy = HeaderName::from_static("cross-origin-resource-policy");
    response.headers_mut().insert(policy, HeaderValue::from_static("cross-origin"));
    response
}
