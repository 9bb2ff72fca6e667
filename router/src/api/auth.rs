//! Who calls: one key, one role, one tenant. The roles of every route stand in the table of [`super::routes`].

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use blendline_wire::event::Actor;
use blendline_wire::{TenantId, WorkerId};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use sha2::{Digest, Sha256};

use super::Shared;
use super::problem::Failure;
use crate::directory::{Directory, Role};

/// Whoever made a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Whose.
    pub tenant: TenantId,
    /// What he may do.
    pub role: Role,
    /// The only worker he speaks for.
    pub worker: Option<WorkerId>,
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
            (Some(own), Some(other)) if own != other => Err(forbidden("this key speaks for another worker")),
            (Some(own), _) => Ok(own),
            (None, Some(other)) => Ok(other),
            (None, None) => Err(Failure::bad("/worker", "this key is bound to no worker: name one")),
        }
    }
}

/// How many requests each key may make.
pub struct KeyLimits {
    limiter: DefaultKeyedRateLimiter<[u8; 32]>,
    clock: DefaultClock,
}

impl KeyLimits {
    /// `per_second` steadily, `burst` at once.
    pub fn new(per_second: u32, burst: u32) -> Self {
        let at_least_one = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(per_second)).allow_burst(at_least_one(burst));
        Self { limiter: RateLimiter::keyed(quota), clock: DefaultClock::default() }
    }

    /// Only known keys come here, so there are never more of them than are configured.
    fn check(&self, key: &[u8; 32]) -> Result<(), Failure> {
        self.limiter.check_key(key).map_err(|until| {
            let seconds = until.wait_time_from(self.clock.now()).as_secs() + 1;
            let detail = format!("this key made too many requests: try again in {seconds} s");
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
}

/// Lets through whoever has a key with one of the roles, and tells the handler who it is.
pub async fn guard(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    match identify(&guard, request.headers()) {
        Ok(caller) => {
            request.extensions_mut().insert(Arc::new(caller));
            next.run(request).await
        }
        Err(failure) => failure.into_response(),
    }
}

fn identify(guard: &Guard, headers: &HeaderMap) -> Result<Caller, Failure> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().filter(|_| values.next().is_none()).and_then(|value| value.to_str().ok());
    let Some(key) = value.and_then(bearer) else {
        return Err(unauthorized("send your key as `Authorization: Bearer blk_…`"));
    };
    // The hash of a random key tells nothing about the key, so looking it up needs no constant time.
    let hash: [u8; 32] = Sha256::digest(key.as_bytes()).into();
    let Some(entry) = guard.app.directory().keys.get(&hash) else {
        return Err(unauthorized("this key is not known: check that it is whole and of this installation"));
    };
    guard.app.key_limits().check(&hash)?;
    if !guard.roles.contains(&entry.role) {
        let named = |role: &Role| format!("{role:?}").to_lowercase();
        let roles: Vec<String> = guard.roles.iter().map(named).collect();
        let detail =
            format!("the key `{}` has the role {}; this takes {}", entry.name, named(&entry.role), roles.join(" or "));
        return Err(forbidden(detail));
    }
    Ok(Caller { tenant: entry.tenant, role: entry.role, worker: entry.worker })
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
    Failure::new(StatusCode::FORBIDDEN, "forbidden", "This key may not do that", detail)
}
