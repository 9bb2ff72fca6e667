//! From a signed body to one durable broker message. No record is asked: a store that is down does not stop intake.

mod again;
mod mail;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use blendline_connectors::{Connector, FetchError, Malformed, Refusal, Webhook};
use blendline_wire::broker::{AccountEvent, BrokerMessage, InboundBatch, Quarantine};
use blendline_wire::inbound::InboundEvent;
use blendline_wire::trace::TraceContext;
use blendline_wire::{AccountId, Millis, TenantId};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use metrics::Counter;

use crate::directory::{AccountEntry, Directory};
use crate::doors::Doors;
use crate::media::carried;
use crate::ports::broker::{Broker, BrokerError, inbound_queue};
use crate::ports::files::Files;

/// How long it may take to put the files of a mail into their store; providers wait this long.
const FILES_TIMEOUT: Duration = Duration::from_secs(10);
/// How long it may take to fetch a mail that a webhook points to.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest mail that goes to the broker whole, beside its event: RabbitMQ takes 16 MiB by itself. Nobody reads it
/// there once the event is made and the files are in their store; small ones are kept for whoever wants to see one.
const MAIL_BYTES_MAX: usize = 1024 * 1024;
/// The most that is kept of a body that cannot be read, for the same reason.
const QUARANTINE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How long a webhook waits for the broker. A platform that hears nothing for longer counts it as failed anyway.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(2);

/// What became of a body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Taken {
    /// Its events are durable.
    Accepted,
    /// It held no event, so nothing was kept.
    Nothing,
    /// It could not be read and is kept whole.
    Quarantined,
}

/// Why a body was not taken. Nothing of it was kept.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotTaken {
    /// The platform did not send it, as far as can be proved.
    #[error("{0}")]
    Refused(Refusal),
    /// It cannot be read, and who wrote it will read our answer.
    #[error("{0}")]
    Malformed(Malformed),
    /// The tenant has had more webhooks than it may: it slows itself, not the others.
    #[error("more webhooks came for this tenant than are taken in a second")]
    TooMany,
    /// The broker did not confirm.
    #[error("{0}")]
    Busy(BrokerError),
    /// It points to a mail that the provider does not give now, or not to these credentials.
    #[error("the mail could not be fetched from the provider ({0})")]
    NotFetched(FetchError),
    /// Files that it brought could not be put into their store.
    #[error("the store of files does not take a file ({0})")]
    NotKept(String),
}

impl NotTaken {
    /// What it is, in a word that holds nothing of the body.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.reason(),
            Self::Malformed(_) => "malformed",
            Self::TooMany => "too_many",
            Self::Busy(_) => "busy",
            Self::NotFetched(_) => "not_fetched",
            Self::NotKept(_) => "not_kept",
        }
    }
}

/// Takes webhooks in.
pub struct Intake {
    directory: Arc<Directory>,
    broker: Arc<dyn Broker>,
    /// Where files go that messages bring along.
    files: Arc<dyn Files>,
    /// Gets mails that webhooks only point to; none where no webhooks are taken in.
    http: Option<reqwest::Client>,
    /// The queue of each tenant's shard.
    queues: HashMap<TenantId, String>,
    /// Channel, then account name: looked up without building a key.
    endpoints: HashMap<String, HashMap<String, Endpoint>>,
    /// What each tenant may have taken in; without it, everything.
    allowance: Option<DefaultKeyedRateLimiter<TenantId>>,
    counters: Counters,
}

/// Where a platform posts: one account of one channel.
#[derive(Clone, Copy)]
pub struct Endpoint {
    account: AccountId,
    tenant: TenantId,
    connector: &'static dyn Connector,
}

impl Endpoint {
    /// The largest body that its platform sends.
    pub fn body_bytes_max(&self) -> usize {
        self.connector.capabilities().body_bytes_max
    }

    /// The media type of the answer to its handshake.
    pub fn handshake_type(&self) -> &'static str {
        self.connector.handshake_type()
    }
}

impl Intake {
    /// The intake for every account of `directory`.
    pub fn new(directory: Arc<Directory>, broker: Arc<dyn Broker>, files: Arc<dyn Files>, doors: &Doors) -> Self {
        let mut endpoints: HashMap<String, HashMap<String, Endpoint>> = HashMap::new();
        for (id, entry) in &directory.accounts {
            if let Some(connector) = blendline_connectors::by_name(&entry.channel) {
                let endpoint = Endpoint { account: *id, tenant: entry.tenant, connector };
                endpoints.entry(entry.channel.clone()).or_default().insert(entry.account.name.clone(), endpoint);
            }
        }
        let queue = |tenant: &TenantId| (*tenant, inbound_queue(doors.shard(*tenant)));
        let queues = directory.tenants.keys().map(queue).collect();
        Self { directory, broker, files, http: None, queues, endpoints, allowance: None, counters: Counters::new() }
    }

    /// The same, which takes so many webhooks of a tenant a second, and so many at once; zero takes all. Where there is
    /// one tenant alone nobody must be kept from him, and all is taken.
    pub fn allowing(self, per_second: u32, burst: u32) -> Self {
        let at_once = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let allowance = NonZeroU32::new(per_second)
            .filter(|_| self.queues.len() > 1)
            .map(|per_second| RateLimiter::keyed(Quota::per_second(per_second).allow_burst(at_once)));
        Self { allowance, ..self }
    }

    /// The same, which fetches what webhooks only point to. `http` must follow
    /// [`blendline_connectors::http_client_rules`] and connect to no private network.
    pub fn fetching(self, http: reqwest::Client) -> Self {
        Self { http: Some(http), ..self }
    }

    /// The endpoint of this address.
    pub fn endpoint(&self, channel: &str, account: &str) -> Option<Endpoint> {
        self.endpoints.get(channel)?.get(account).copied()
    }

    /// Answers the platform's handshake.
    pub fn handshake(&self, endpoint: Endpoint, query: &[(String, String)]) -> Result<String, Refusal> {
        let entry = self.entry(endpoint.account).ok_or(Refusal::NotSupported)?;
        endpoint.connector.handshake(&entry.account, query)
    }

    /// Checks, translates and publishes one body; `Ok` means that what it held is durable.
    /// What it held is a part of `trace` from then on, where one is recorded.
    pub async fn take(
        &self,
        endpoint: Endpoint,
        hook: Webhook<'_>,
        now: Millis,
        trace: Option<TraceContext>,
    ) -> Result<Taken, NotTaken> {
        let Some(entry) = self.entry(endpoint.account) else {
            return Err(NotTaken::Refused(Refusal::NotSupported));
        };
        let authentic = endpoint.connector.authenticate(&entry.account, &hook);
        if let Err(refusal) = authentic.and_then(|()| endpoint.connector.check_age(&hook, now)) {
            self.counters.refused.increment(1);
            return Err(NotTaken::Refused(refusal));
        }
        // Only what the platform signed counts: strangers use up nobody's allowance.
        if self.allowance.as_ref().is_some_and(|allowance| allowance.check_key(&endpoint.tenant).is_err()) {
            self.counters.limited.increment(1);
            return Err(NotTaken::TooMany);
        }
        let whole = self.completed(endpoint, entry, hook.body, now).await?;
        let body = whole.as_deref().unwrap_or(hook.body);
        let events = endpoint.connector.normalise(body);
        self.keep(endpoint, entry, hook, body, events, (now, trace)).await
    }

    /// The body with what it points to, where it does. Only what would be of no use without it is fetched before the
    /// answer, and only where the webhook comes again when that fails.
    async fn completed(
        &self,
        endpoint: Endpoint,
        entry: &AccountEntry,
        body: &[u8],
        now: Millis,
    ) -> Result<Option<Vec<u8>>, NotTaken> {
        let Some(http) = self.http.as_ref().filter(|_| endpoint.connector.completes()) else { return Ok(None) };
        let fetching = endpoint.connector.completed(&entry.account, body, now, http);
        let fetched = tokio::time::timeout(FETCH_TIMEOUT, fetching).await;
        match fetched.unwrap_or_else(|_| Err(FetchError::Later("no answer within 10 s".to_owned()))) {
            Ok(whole) => Ok(whole),
            Err(error @ (FetchError::Later(_) | FetchError::Settings(_))) => {
                self.counters.busy.increment(1);
                tracing::warn!(account = %endpoint.account, %error, "What a webhook points to could not be fetched.");
                Err(NotTaken::NotFetched(error))
            }
            Err(error) => {
                // It will not come: what the webhook itself tells is all there will be.
                tracing::warn!(account = %endpoint.account, %error, "What a webhook points to cannot be fetched.");
                Ok(None)
            }
        }
    }

    /// Publishes what a body held, or the whole body where it could not be read. `body` is what was read: that of `hook`,
    /// or more, where something was fetched.
    async fn keep(
        &self,
        endpoint: Endpoint,
        entry: &AccountEntry,
        hook: Webhook<'_>,
        body: &[u8],
        events: Result<Vec<InboundEvent>, Malformed>,
        (now, trace): (Millis, Option<TraceContext>),
    ) -> Result<Taken, NotTaken> {
        let (message, taken) = match events {
            Ok(events) if events.is_empty() => {
                self.counters.nothing.increment(1);
                return Ok(Taken::Nothing);
            }
            Ok(mut events) => {
                self.keep_files(endpoint, body, &mut events).await?;
                (self.batch(endpoint, entry, hook, events, (now, trace)), Taken::Accepted)
            }
            Err(malformed) if endpoint.connector.tells_malformed() => {
                self.counters.malformed.increment(1);
                return Err(NotTaken::Malformed(malformed));
            }
            Err(malformed) => {
                let cause = match body.len() {
                    bytes if QUARANTINE_BYTES_MAX < bytes => format!("{malformed} (cut: it has {bytes} bytes)"),
                    _ => malformed.to_string(),
                };
                (quarantine(endpoint, entry, cause, now), Taken::Quarantined)
            }
        };
        self.publish(endpoint.tenant, message.encode(beside(endpoint, body, taken))).await?;
        match taken {
            Taken::Quarantined => self.counters.quarantined.increment(1),
            _ => self.counters.accepted.increment(1),
        }
        Ok(taken)
    }

    /// Puts what the body brought along into the store of files: it is durable before the message is.
    async fn keep_files(&self, endpoint: Endpoint, body: &[u8], events: &mut [InboundEvent]) -> Result<(), NotTaken> {
        let keeping = carried::keep(self.files.as_ref(), endpoint.connector, endpoint.tenant, body, events);
        let kept = match tokio::time::timeout(FILES_TIMEOUT, keeping).await {
            Ok(kept) => kept.map_err(|error| error.to_string()),
            Err(_) => Err("no answer within 10 s".to_owned()),
        };
        kept.map_err(|cause| {
            self.counters.busy.increment(1);
            tracing::error!(cause, "Files of a message were not kept, and so the message was not taken.");
            NotTaken::NotKept(cause)
        })
    }

    fn batch(
        &self,
        endpoint: Endpoint,
        entry: &AccountEntry,
        hook: Webhook<'_>,
        events: Vec<InboundEvent>,
        (now, trace): (Millis, Option<TraceContext>),
    ) -> BrokerMessage {
        let events = events
            .into_iter()
            .map(|event| AccountEvent { account: self.account_of(endpoint, entry, hook, &event), event })
            .collect();
        BrokerMessage::InboundV1(InboundBatch {
            channel: entry.channel.clone(),
            tenant: endpoint.tenant,
            received_at: now,
            events,
            trace,
        })
    }

    /// The account that an event is for. A platform may post for several accounts to one address; another account
    /// is believed only when the same bytes are signed for it too, so one tenant's secret says nothing of others.
    fn account_of(
        &self,
        endpoint: Endpoint,
        entry: &AccountEntry,
        hook: Webhook<'_>,
        event: &InboundEvent,
    ) -> Option<AccountId> {
        let external = &event.conversation_key.account;
        if *external == entry.account.external_id || external.is_empty() {
            return Some(endpoint.account);
        }
        let (id, _) = self.directory.accounts.iter().find(|(_, other)| {
            other.tenant == endpoint.tenant
                && other.account.external_id == *external
                && other.channel == entry.channel
                && endpoint.connector.authenticate(&other.account, &hook).is_ok()
        })?;
        Some(*id)
    }

    async fn publish(&self, tenant: TenantId, body: Vec<u8>) -> Result<(), NotTaken> {
        // Every endpoint is one of a configured tenant's.
        let queue = self.queues.get(&tenant).ok_or(NotTaken::Refused(Refusal::NotSupported))?;
        let published = tokio::time::timeout(PUBLISH_TIMEOUT, self.broker.publish(queue, body)).await;
        let outcome = published.unwrap_or_else(|_| Err(BrokerError::Unavailable("no confirm within 2 s".into())));
        outcome.map_err(|error| {
            self.counters.busy.increment(1);
            NotTaken::Busy(error)
        })
    }

    fn entry(&self, account: AccountId) -> Option<&AccountEntry> {
        self.directory.accounts.get(&account)
    }
}

/// What goes to the broker beside the message.
fn beside(endpoint: Endpoint, body: &[u8], taken: Taken) -> &[u8] {
    match taken {
        Taken::Accepted if endpoint.connector.is_mail() && MAIL_BYTES_MAX < body.len() => &[],
        Taken::Quarantined => body.get(..QUARANTINE_BYTES_MAX).unwrap_or(body),
        _ => body,
    }
}

fn quarantine(endpoint: Endpoint, entry: &AccountEntry, cause: String, now: Millis) -> BrokerMessage {
    BrokerMessage::QuarantineV1(Quarantine {
        channel: entry.channel.clone(),
        tenant: endpoint.tenant,
        account: endpoint.account,
        received_at: now,
        cause,
    })
}

/// Counters, registered once: looking one up for each webhook would cost more than its signature.
struct Counters {
    accepted: Counter,
    nothing: Counter,
    quarantined: Counter,
    malformed: Counter,
    refused: Counter,
    busy: Counter,
    limited: Counter,
}

impl Counters {
    fn new() -> Self {
        let counter = |outcome: &'static str| metrics::counter!("blendline_webhooks_total", "outcome" => outcome);
        Self {
            accepted: counter("accepted"),
            nothing: counter("nothing"),
            quarantined: counter("quarantined"),
            malformed: counter("malformed"),
            refused: counter("refused"),
            busy: counter("busy"),
            limited: counter("limited"),
        }
    }
}
