//! Scripts, styles and the icon, in the binary.
//!
//! Their address holds a hash over all of them, so that a browser keeps them for ever and a module's relative
//! imports always come from the same build as the module.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::headers;

/// A file under `/assets/{version}/`.
pub(super) struct Asset {
    /// Its path there.
    pub(super) path: &'static str,
    /// What it holds.
    pub(super) body: &'static [u8],
}

macro_rules! assets {
    ($($path:literal),* $(,)?) => {
        &[$(Asset { path: $path, body: include_bytes!(concat!("assets/", $path)) }),*]
    };
}

/// Every file, by its path.
pub(super) const ASSETS: &[Asset] = assets![
    "blendline.css",
    "case.css",
    "company.js",
    "console.css",
    "console/accounts.js",
    "console/answers.js",
    "console/audit.js",
    "console/board.js",
    "console/case.js",
    "console/cases.js",
    "console/complete.js",
    "console/diff.js",
    "console/editor.js",
    "console/externals.js",
    "console/figures.js",
    "console/frame.js",
    "console/improvement-words.js",
    "console/improvement.js",
    "console/improvements.js",
    "console/keys.js",
    "console/live.js",
    "console/move.js",
    "console/outlets.js",
    "console/people.js",
    "console/quality.js",
    "console/quarantine.js",
    "console/replay.js",
    "console/rules.js",
    "console/tabs.js",
    "console/task.js",
    "console/tried.js",
    "console/users.js",
    "console/work.js",
    "decide.js",
    "desk-away.js",
    "desk.css",
    "desk.webmanifest",
    "desk/answers.js",
    "desk/approval.js",
    "desk/authority.js",
    "desk/bar.js",
    "desk/book.js",
    "desk/case.js",
    "desk/causes.js",
    "desk/column.js",
    "desk/customer.js",
    "desk/drafts.js",
    "desk/forms.js",
    "desk/improvements.js",
    "desk/install.js",
    "desk/keep.js",
    "desk/line.js",
    "desk/macros.js",
    "desk/main.js",
    "desk/notes.js",
    "desk/offers.js",
    "desk/own-reviews.js",
    "desk/push.js",
    "desk/together.js",
    "desk/rating.js",
    "desk/review.js",
    "desk/worklist.js",
    "docs.css",
    "icon-192.png",
    "icon-512.png",
    "icon-maskable.svg",
    "icon.svg",
    "page/case-agree.js",
    "page/case-fields.js",
    "page/case-history.js",
    "page/case-words.js",
    "page/case.js",
    "page/chart.js",
    "page/clock.js",
    "page/dialog.js",
    "page/dom.js",
    "page/journey.js",
    "page/menus.js",
    "page/search.js",
    "page/table.js",
    "page/text.js",
    "page/transcript.js",
    "page/views.js",
    "sign-in.js",
    "status.css",
    "status.js",
    "transcript.css",
    "transcript.js",
];

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for asset in ASSETS {
        hash.update(asset.path);
        hash.update(asset.body);
    }
    hex::encode(hash.finalize().get(..8).unwrap_or_default())
});

/// The number of this build: what is under it never changes.
pub(super) fn version() -> &'static str {
    &VERSION
}

/// The address of the asset at `path`.
pub(super) fn url(path: &str) -> String {
    format!("/assets/{}/{path}", *VERSION)
}

/// The entity tag of what is served, strong.
pub(super) fn tag(body: &[u8]) -> String {
    format!("\"{}\"", hex::encode(Sha256::digest(body).get(..16).unwrap_or_default()))
}

/// True when the caller already has what `tag` names.
pub(super) fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let known = asked.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)
}

/// An answer with `body`, or 304 to who has it.
pub(super) fn answer(asked: &HeaderMap, kind: &'static str, cache: &'static str, body: &'static [u8]) -> Response {
    let tag = tag(body);
    let known = is_known(asked, &tag);
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { body.into_response() };
    let headers = response.headers_mut();
    headers::guard(headers);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(value) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, value);
    }
    response
}

/// Serves an asset. A page of another build gets the file of this one, but keeps it no longer than needed.
pub(super) async fn serve(Path((version, path)): Path<(String, String)>, asked: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.path == path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match path.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webmanifest" => "application/manifest+json",
        _ => "text/javascript; charset=utf-8",
    };
    let cache = if version == *VERSION { "public, max-age=31536000, immutable" } else { "no-cache" };
    answer(&asked, kind, cache, asset.body)
}
