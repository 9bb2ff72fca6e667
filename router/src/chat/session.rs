//! Opening and renewing sessions: who a visitor is.

use axum::Extension;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use blendline_connectors::settings::is_mail_address;
use blendline_wire::{Millis, Pii};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::gate::{Visit, bad_token, foreign};
use super::origin::Page;
use super::secret::random;
use super::site::{Proof, Site};
use super::token::{self, Visitor};
use super::{Shared, telemetry};
use crate::api::body::read_body;
use crate::api::now;
use crate::api::problem::Failure;
use crate::ports::live::Allowance;

/// The largest request.
const BODY_BYTES_MAX: usize = 8 * 1024;
/// How long it may take.
const BODY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);
/// The longest id of a user that is taken.
const USER_BYTES_MAX: usize = 128;
/// The longest name that is shown.
const NAME_CHARS_MAX: usize = 100;
/// The languages of the widget.
const LANGUAGES: &[&str] = &["en", "he", "ar", "ru"];

/// What is asked for.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = ChatSessionRequest)]
pub(super) struct Ask {
    /// A token from earlier.
    #[serde(default)]
    token: Option<Pii<String>>,
    /// Whom the company vouches for.
    #[serde(default)]
    identity: Option<Identity>,
    /// The language that the widget speaks: what he gets by mail is in it, where we have it.
    #[serde(default)]
    lang: Option<String>,
}

/// Who the page says its visitor is.
#[derive(Deserialize, ToSchema)]
#[schema(as = ChatIdentity)]
pub(super) struct Identity {
    /// The company's own id of the user, at most 128 bytes.
    user_id: Pii<String>,
    /// The name to show, at most 100 characters.
    #[serde(default)]
    name: Option<Pii<String>>,
    /// Where he is answered when he is gone; signed with the rest.
    #[serde(default)]
    email: Option<Pii<String>>,
    /// HMAC-SHA256 of `user_id`, or with an address of `user_id`, a line feed and `email`, under the account's
    /// `identity_secret`, in hexadecimal.
    hmac: String,
}

/// A session.
#[derive(Serialize, ToSchema)]
#[schema(as = ChatSession)]
pub(super) struct Session {
    /// What the visitor's requests bear.
    token: String,
    /// Who he is on this channel.
    visitor: Pii<String>,
    /// Until when the token is good.
    expires_at: Millis,
    /// Whether he may leave a mail address, at which he is answered when he is gone.
    mail: bool,
    /// Whether it is outside the hours of those who serve.
    away: bool,
}

/// Opens a session, or renews one.
pub(super) async fn open(
    State(chat): State<Shared>,
    Extension(visit): Extension<Visit>,
    request: Request,
) -> Result<Json<Session>, Failure> {
    let Visit { site, page, client } = visit;
    if site.require_origin && page == Page::Unnamed {
        telemetry::refused("no_origin");
        return Err(foreign());
    }
    let per_minute = chat.limits.sessions_per_minute;
    let allowance = Allowance::per_minute(format!("chat.session.{client}"), per_minute, per_minute);
    if let Err(wait_ms) = chat.live.allow(&[allowance]).await {
        telemetry::refused("sessions");
        return Err(too_many("too many sessions from one address", wait_ms));
    }
    let body = read_body(request, BODY_BYTES_MAX, BODY_TIMEOUT).await?;
    let ask = if body.is_empty() { Ok(Ask::default()) } else { serde_json::from_slice(&body) };
    let ask = ask.map_err(|error| Failure::bad("/", format!("line {} column {}", error.line(), error.column())))?;
    let now = now();
    let lang = ask.lang.as_deref().filter(|lang| LANGUAGES.contains(lang)).map(str::to_owned);
    let (mut visitor, until) = match who(&site, ask, now)? {
        Some(known) => known,
        None => {
            let fresh = random().map_err(|error| Failure::busy(error.to_string()))?;
            (Visitor::anonymous(fresh), None)
        }
    };
    visitor.lang = lang.or(visitor.lang);
    let (token, expires_at) = token::issue(site.token_key(), &visitor, now, until);
    // Who came with an address need not be asked for one.
    let mail = site.hands_over && visitor.email.is_none();
    Ok(Json(Session { token, visitor: visitor.peer, expires_at, mail, away: site.is_away(now) }))
}

/// Who asks: whom the company vouches for, else whoever he was before, else `None`: somebody new. A wrong proof is
/// never told, for whoever forges one should learn nothing.
fn who(site: &Site, ask: Ask, now: Millis) -> Result<Option<(Visitor, Option<Millis>)>, Failure> {
    let mut doubtful = false;
    if let Some(Identity { user_id, name, email, hmac }) = ask.identity {
        let user = user_id.expose();
        let plausible = !user.is_empty() && user.len() <= USER_BYTES_MAX && !user.chars().any(char::is_control);
        // No id of a user holds a line feed, so no signature of an id alone is one of an id and an address.
        let signed = email.as_ref().map_or_else(|| user.clone(), |email| format!("{user}\n{}", email.expose()));
        match site.prove(&signed, &hmac) {
            Proof::Proven if plausible => {
                telemetry::session("proven");
                let email = email.filter(|email| is_mail_address(email.expose()));
                return Ok(Some((Visitor { email, ..Visitor::proven(user, name.and_then(shown)) }, None)));
            }
            Proof::NotConfigured => telemetry::session("not_configured"),
            Proof::Proven | Proof::Forged => telemetry::session("forged"),
        }
        doubtful = true;
    } else {
        telemetry::session("anonymous");
    }
    let Some(text) = ask.token else { return Ok(None) };
    let opened = token::renew(site.token_key(), text.expose(), now).ok_or_else(bad_token)?;
    // Somebody else may sit at this device now: who he was counts only with the right proof or with none.
    if doubtful && opened.visitor.proven {
        return Ok(None);
    }
    let until = opened.visitor.proven.then_some(opened.expires_at);
    Ok(Some((opened.visitor, until)))
}

/// A name as it may be shown.
fn shown(name: Pii<String>) -> Option<String> {
    let plain = name.into_inner().chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect::<String>();
    let plain = plain.trim();
    (!plain.is_empty()).then(|| plain.to_owned())
}

/// More than one may.
pub(super) fn too_many(detail: &str, wait_ms: u64) -> Failure {
    let detail = format!("{detail}: try again in {} s", wait_ms.div_ceil(1000));
    Failure::new(StatusCode::TOO_MANY_REQUESTS, "too_fast", "Too many at once", detail)
        .retry_after(wait_ms.div_ceil(1000))
}
