//! Who calls: a program with a key, or a person with a session; one role, one tenant. The roles of every route stand in
//! the table of [`super::routes`].

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use blendline_wire::event::Actor;
use blendline_wire::{TenantId, WorkerId};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use sha2::{Digest, Sha256};

use super::forward::{elsewhere, forward};
use super::problem::Failure;
use super::{Shared, now};
use crate::directory::{Directory, Role};
use crate::people::SignedIn;
use crate::people::gate::actor_of;
use crate::people::session::{self, CSRF_HEADER, Secret};

/// After how many checks the limits of idle keys and sessions are forgotten.
const SWEEP_EVERY: u32 = 4096;

/// Whoever made a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Whose.
    pub tenant: TenantId,
    /// What he may do.
    pub role: Role,
    /// The only worker he speaks for.
    pub worker: Option<WorkerId>,
    /// Who he is in the audit log: `key crm`, `user dana`.
    pub actor: String,
    /// The person, where it is one.
    pub person: Option<SignedIn>,
}

impl Caller {
    /// How he stands in the log of events.
    pub fn actor(&self) -> Actor {
        match (self.role, self.worker) {
            (Role::Worker, Some(worker)) => Actor::Worker(worker),
            (Role::Integrator, _) => Actor::Integrator,
            _ => Actor::Operator,
        }
    }

    /// The worker he speaks for: the one his key is bound to, else the one he names.
    pub fn speaks_for(&self, directory: &Directory, named: Option<&str>) -> Result<WorkerId, Failure> {
        let named_id =
            match named {
                Some(name) => Some(directory.worker(self.tenant, name).ok_or_else(|| {
                    Failure::not_found("worker", format!("no worker is called `{name}`")).at("/worker")
                })?),
                None => None,
            };
        match (self.worker, named_id) {
            (Some(own), Some(other)) if own != other => Err(forbidden("this speaks for one worker, and it is another")),
            (Some(own), _) => Ok(own),
            (None, Some(other)) => Ok(other),
            (None, None) => Err(Failure::bad("/worker", "this is bound to no worker: name one")),
        }
    }
}

/// How many requests each key may make.
pub struct KeyLimits {
    limiter: DefaultKeyedRateLimiter<[u8; 32]>,
    clock: DefaultClock,
    checked: AtomicU32,
}

impl KeyLimits {
    /// `per_second` steadily, `burst` at once.
    pub fn new(per_second: u32, burst: u32) -> Self {
        let at_least_one = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(per_second)).allow_burst(at_least_one(burst));
        Self { limiter: RateLimiter::keyed(quota), clock: DefaultClock::default(), checked: AtomicU32::new(0) }
    }

    /// Only known keys, sessions and systems come here; sessions come and go, so what is idle is forgotten now and then.
    pub(super) fn check(&self, key: &[u8; 32]) -> Result<(), Failure> {
        if self.checked.fetch_add(1, Ordering::Relaxed).is_multiple_of(SWEEP_EVERY) {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(key).map_err(|until| {
            let seconds = until.wait_time_from(self.clock.now()).as_secs() + 1;
            let detail = format!("too many requests were made with this key or session: try again in {seconds} s");
            Failure::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many requests", detail)
                .retry_after(seconds)
        })
    }
}

/// What [`guard`] needs: the application and the roles of the route.
#[derive(Clone)]
pub struct Guard {
    /// The application.
    pub app: Shared,
    /// Who may.
    pub roles: &'static [Role],
    /// True for what a person must be able to do before he has a password of his own.
    pub early: bool,
    /// True for what only the owner of the caller's shard can answer.
    pub of_owner: bool,
}

/// Lets through whoever has a key or a session with one of the roles, and tells the handler who it is.
pub async fn guard(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    match identify(&guard, request.method(), request.headers()).await {
        Ok(caller) => {
            let owner = guard.of_owner.then(|| elsewhere(&guard.app, caller.tenant, request.headers())).flatten();
            if let Some(owner) = owner {
                return forward(&guard.app, &owner, request).await;
            }
            request.extensions_mut().insert(Arc::new(caller));
            next.run(request).await
        }
        Err(failure) => failure.into_response(),
    }
}

async fn identify(guard: &Guard, method: &Method, headers: &HeaderMap) -> Result<Caller, Failure> {
    // A key wins over a cookie: programs say who they are in full, and a browser never sends a key by itself.
    let caller = match session_secret(&guard.app, headers) {
        Some(secret) if !headers.contains_key(header::AUTHORIZATION) => {
            by_session(guard, method, headers, &secret).await?
        }
        _ => by_key(guard, headers)?,
    };
    if guard.roles.contains(&caller.role) {
        return Ok(caller);
    }
    let named = |role: &Role| format!("{role:?}").to_lowercase();
    let roles: Vec<String> = guard.roles.iter().map(named).collect();
    let Caller { actor, role, .. } = &caller;
    Err(forbidden(format!("the {actor} has the role {}; this takes {}", named(role), roles.join(" or "))))
}

/// The secret of the session whose cookie a request carries.
pub fn session_secret(app: &Shared, headers: &HeaderMap) -> Option<Secret> {
    app.cookie().find(headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()))
}

async fn by_session(guard: &Guard, method: &Method, headers: &HeaderMap, secret: &Secret) -> Result<Caller, Failure> {
    let Some(person) = guard.app.people().session(now(), secret).await? else {
        return Err(unauthorized("your session is over: sign in again"));
    };
    guard.app.key_limits().check(&person.session)?;
    if !method.is_safe() {
        from_own_page(headers)?;
        let token = headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !session::same(token, &person.csrf) {
            let detail = "send the token of your page in the header X-Blendline-CSRF: load the page again";
            return Err(Failure::new(StatusCode::FORBIDDEN, "csrf", "The page's token is missing or old", detail)
                .at("X-Blendline-CSRF"));
        }
    }
    if person.must_change && !guard.early {
        let detail = "choose a password of your own first: POST /v1/sessions/current/password";
        return Err(Failure::new(StatusCode::FORBIDDEN, "must_change", "The password is for one time", detail));
    }
    let worker = match &person.worker {
        // A worker who is not configured any more must not become one who may speak for anybody.
        Some(name) => Some(guard.app.directory().worker(person.tenant, name).ok_or_else(|| {
            forbidden(format!("the worker `{name}` whom this user is does not exist any more: ask an administrator"))
        })?),
        None => None,
    };
    let actor = actor_of(&person.name);
    Ok(Caller { tenant: person.tenant, role: person.role, worker, actor, person: Some(person) })
}

/// Refuses what does not come from a page of this very server. The cookie is sent along by any page of this site, so it
/// does not tell; `Origin` and `Sec-Fetch-Site` are the browser's own words, which no page can forge.
pub fn from_own_page(headers: &HeaderMap) -> Result<(), Failure> {
    let origin = one(headers, &header::ORIGIN);
    let site = one(headers, &HeaderName::from_static("sec-fetch-site"));
    let own = origin.is_none_or(|origin| is_own(headers, origin)) && site.is_none_or(|site| site == "same-origin");
    if own && (origin.is_some() || site.is_some()) {
        return Ok(());
    }
    let detail = "a session is for the pages of this server: programs use a key";
    Err(Failure::new(StatusCode::FORBIDDEN, "foreign_page", "This page may not do that", detail).at("Origin"))
}

/// Whether `origin` is the server that this request was sent to. The scheme may be the TLS proxy's.
pub fn is_own(headers: &HeaderMap, origin: &str) -> bool {
    let Some(host) = one(headers, &header::HOST).filter(|host| !host.is_empty()) else { return false };
    let bare = |port: &str, text: &str| text.strip_suffix(port).unwrap_or(text).to_ascii_lowercase();
    match origin.split_once("://") {
        Some(("https", authority)) => bare(":443", authority) == bare(":443", host),
        Some(("http", authority)) => bare(":80", authority) == bare(":80", host),
        _ => false,
    }
}

/// The value of a header; one that comes twice or is no text is not like any other value.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    let alone = values.next().is_none();
    Some(value.to_str().ok().filter(|_| alone).unwrap_or(""))
}

fn by_key(guard: &Guard, headers: &HeaderMap) -> Result<Caller, Failure> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().filter(|_| values.next().is_none()).and_then(|value| value.to_str().ok());
    let Some(key) = value.and_then(bearer) else {
        return Err(unauthorized("send your key as `Authorization: Bearer blk_…`, or sign in"));
    };
    // The hash of a random key tells nothing about the key, so looking it up needs no constant time.
    let hash: [u8; 32] = Sha256::digest(key.as_bytes()).into();
    let directory = guard.app.directory();
    let Some(entry) = directory.keys.get(&hash) else {
        return Err(unauthorized("this key is not known: check that it is whole and of this installation"));
    };
    guard.app.key_limits().check(&hash)?;
    let actor = format!("key {}", entry.name);
    Ok(Caller { tenant: entry.tenant, role: entry.role, worker: entry.worker, actor, person: None })
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

fn unauthorized(detail: &str) -> Failure {
    Failure::new(StatusCode::UNAUTHORIZED, "unauthorized", "A key is needed", detail).at("Authorization")
}

/// Known, and not allowed.
pub fn forbidden(detail: impl Into<String>) -> Failure {
    Failure::new(StatusCode::FORBIDDEN, "forbidden", "This caller may not do that", detail)
}
