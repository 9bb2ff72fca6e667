//! Files that customers sent, for whoever may read the conversation; never as something that a browser runs.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use blendline_wire::TenantId;

use super::Shared;
use super::auth::Caller;
use super::problem::Failure;
use crate::directory::Role;
use crate::media::sniff::is_shown;
use crate::media::{MediaFile, MediaState};
use crate::ports::files::FileName;
use crate::ports::register::Kind;
use crate::ports::store::TaskFilter;

/// Nothing in a file may run, load or be framed, whatever a browser takes it for.
const POLICY: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";
/// Tasks of a worker that are looked at for the conversation of a file.
const TASKS_MAX: usize = 1000;
/// Characters of a file's name.
const NAME_CHARS_MAX: usize = 120;

/// One file.
pub async fn one(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
) -> Result<Response, Failure> {
    let unknown = || Failure::not_found("media", "no file has this id");
    let mut key = [0; 16];
    hex::decode_to_slice(&text, &mut key).map_err(|_| unknown())?;
    let found = app.archive().entries(&[key]).await?;
    let entry = found.first().filter(|entry| entry.tenant == caller.tenant && entry.kind == Kind::Media);
    let file = entry.and_then(MediaFile::read).ok_or_else(unknown)?;
    if !may_see(&app, &caller, &file).await? {
        return Err(unknown());
    }
    match &file.state {
        MediaState::Pending => Err(Failure::busy("the file is being fetched from the platform: try again")),
        MediaState::Failed { reason, detail } => {
            let (code, title) = ("media_not_fetched", "The file could not be fetched");
            Err(Failure::new(StatusCode::GONE, code, title, format!("{detail} ({reason}): ask the customer again")))
        }
        MediaState::Stored { sha256, mime, .. } => match app.files().get(&name(caller.tenant, sha256)).await {
            Ok(bytes) => Ok((headers(&file, mime), Body::from(bytes)).into_response()),
            Err(error) => {
                tracing::error!(%error, "A file that was kept cannot be read: see to the store of files.");
                Err(Failure::busy("the store of files does not give it: try again"))
            }
        },
    }
}

fn name(tenant: TenantId, sha256: &str) -> FileName {
    FileName { tenant, sha256: sha256.to_owned() }
}

/// Who may read the conversation may see its files: everybody but a worker who has nothing to do with it.
async fn may_see(app: &Shared, caller: &Caller, file: &MediaFile) -> Result<bool, Failure> {
    let (Role::Worker, Some(worker)) = (caller.role, caller.worker) else { return Ok(true) };
    if file.conversation.is_none() {
        return Ok(false);
    }
    let filter = TaskFilter { worker: Some(worker), open: true, ..TaskFilter::default() };
    let tasks = app.archive().tasks(caller.tenant, &filter, Default::default(), TASKS_MAX).await?;
    Ok(tasks.iter().any(|task| task.conversation == file.conversation))
}

fn headers(file: &MediaFile, mime: &str) -> HeaderMap {
    let (kind, place) = if is_shown(mime) { (mime, "inline") } else { ("application/octet-stream", "attachment") };
    let name = file.filename.as_ref().map(|name| encoded(name.expose()));
    let disposition = match name.filter(|name| !name.is_empty()) {
        Some(name) => format!("{place}; filename*=UTF-8''{name}"),
        None => place.to_owned(),
    };
    let mut headers = HeaderMap::new();
    let mut put = |name: HeaderName, value: &str| {
        // Percent-encoded names and table words are always values of headers.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    put(header::CONTENT_TYPE, kind);
    put(header::CONTENT_DISPOSITION, &disposition);
    put(header::CONTENT_SECURITY_POLICY, POLICY);
    put(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    headers
}

/// A name as RFC 8187 has it, without what would make it a path or lead the eye astray.
fn encoded(name: &str) -> String {
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default().trim_matches('.');
    let is_bidi =
        |letter: char| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept = base.chars().filter(|letter| !letter.is_control() && !is_bidi(*letter)).take(NAME_CHARS_MAX);
    let mut out = String::new();
    let mut bytes = [0; 4];
    for letter in kept {
        if letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_') {
            out.push(letter);
        } else {
            for byte in letter.encode_utf8(&mut bytes).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use blendline_wire::AccountId;

    use super::*;

    #[test]
    fn nothing_active_is_shown_inline_and_no_name_breaks_out() {
        let file = |name: &str| MediaFile {
            account: AccountId(1),
            conversation: None,
            kind: "document".into(),
            reference: "x".to_owned().into(),
            claimed: None,
            filename: Some(name.to_owned().into()),
            state: MediaState::Pending,
        };
        let shown = headers(&file("a.png"), "image/png");
        assert_eq!(shown[header::CONTENT_DISPOSITION], "inline; filename*=UTF-8''a.png");
        for mime in ["image/svg+xml", "text/html", "application/pdf", "text/plain"] {
            let sent = headers(&file("x"), mime);
            assert_eq!(sent[header::CONTENT_TYPE], "application/octet-stream");
            assert!(sent[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("attachment"));
            assert!(sent[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("sandbox"));
        }
        assert_eq!(encoded("../../et\"c\r\n/pa ss\u{202e}gnp.exe"), "pa%20ssgnp.exe");
        assert_eq!(encoded("..\\חשבון"), "%D7%97%D7%A9%D7%91%D7%95%D7%9F");
    }
}
