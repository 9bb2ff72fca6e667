//! From a signed body to one durable broker message. No record is asked: a store that is down does not stop intake.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use blendline_connectors::{Connector, Malformed, Refusal, Webhook, email};
use blendline_wire::broker::{AccountEvent, BrokerMessage, InboundBatch, Quarantine};
use blendline_wire::inbound::InboundEvent;
use blendline_wire::{AccountId, Millis, TenantId};
use metrics::Counter;
use sha2::{Digest as _, Sha256};

use crate::directory::{AccountEntry, Directory};
use crate::doors::Doors;
use crate::ports::broker::{Broker, BrokerError, inbound_queue};
use crate::ports::store::QuarantineRow;

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
    /// The broker did not confirm.
    #[error("{0}")]
    Busy(BrokerError),
}

/// Takes webhooks in.
pub struct Intake {
    directory: Arc<Directory>,
    broker: Arc<dyn Broker>,
    /// The queue of each tenant's shard.
    queues: HashMap<TenantId, String>,
    /// Channel, then account name: looked up without building a key.
    endpoints: HashMap<String, HashMap<String, Endpoint>>,
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
    pub fn new(directory: Arc<Directory>, broker: Arc<dyn Broker>, doors: &Doors) -> Self {
        let mut endpoints: HashMap<String, HashMap<String, Endpoint>> = HashMap::new();
        for (id, entry) in &directory.accounts {
            if let Some(connector) = blendline_connectors::by_name(&entry.channel) {
                let endpoint = Endpoint { account: *id, tenant: entry.tenant, connector };
                endpoints.entry(entry.channel.clone()).or_default().insert(entry.account.name.clone(), endpoint);
            }
        }
        let queue = |tenant: &TenantId| (*tenant, inbound_queue(doors.shard(*tenant)));
        let queues = directory.tenants.keys().map(queue).collect();
        Self { directory, broker, queues, endpoints, counters: Counters::new() }
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
    pub async fn take(&self, endpoint: Endpoint, hook: Webhook<'_>, now: Millis) -> Result<Taken, NotTaken> {
        let Some(entry) = self.entry(endpoint.account) else {
            return Err(NotTaken::Refused(Refusal::NotSupported));
        };
        let authentic = endpoint.connector.authenticate(&entry.account, &hook);
        if let Err(refusal) = authentic.and_then(|()| endpoint.connector.check_age(&hook, now)) {
            self.counters.refused.increment(1);
            return Err(NotTaken::Refused(refusal));
        }
        let events = endpoint.connector.normalise(hook.body);
        self.keep(endpoint, entry, hook, events, now).await
    }

    /// Takes a raw mail in that our own listener or reader got; `Ok` means that it is durable.
    ///
    /// `trace` is what the last server writes above a mail. It is no part of what two deliveries of one mail are
    /// recognised by, for it tells of each delivery.
    pub async fn take_mail(
        &self,
        account: AccountId,
        trace: &[u8],
        mail: &[u8],
        now: Millis,
    ) -> Result<Taken, NotTaken> {
        let (endpoint, entry) = self.mail_endpoint(account)?;
        let body = [trace, mail].concat();
        let mut events = endpoint.connector.normalise(&body);
        for event in events.iter_mut().flatten().filter(|event| event.external_message_id.is_none()) {
            event.dedup_key = Some(hex::encode(&Sha256::digest(mail)[..16]));
        }
        let headers = HeaderMap::new();
        let hook = Webhook { headers: &headers, query: "", body: &body };
        self.keep(endpoint, entry, hook, events, now).await
    }

    /// Records that a mail was not taken in and why; `head` is what is kept of it.
    pub async fn discard_mail(
        &self,
        account: AccountId,
        head: &[u8],
        cause: String,
        now: Millis,
    ) -> Result<(), NotTaken> {
        let (endpoint, entry) = self.mail_endpoint(account)?;
        let message = quarantine(endpoint, entry, cause, now);
        self.publish(endpoint.tenant, message.encode(head)).await?;
        self.counters.quarantined.increment(1);
        Ok(())
    }

    fn mail_endpoint(&self, account: AccountId) -> Result<(Endpoint, &AccountEntry), NotTaken> {
        let no_such = NotTaken::Refused(Refusal::NotSupported);
        let entry = self.entry(account).filter(|entry| entry.channel == email::RAW_NAME).ok_or(no_such.clone())?;
        let endpoint = self.endpoint(email::RAW_NAME, &entry.account.name).ok_or(no_such)?;
        Ok((endpoint, entry))
    }

    /// Publishes what a body held, or the whole body where it could not be read.
    async fn keep(
        &self,
        endpoint: Endpoint,
        entry: &AccountEntry,
        hook: Webhook<'_>,
        events: Result<Vec<InboundEvent>, Malformed>,
        now: Millis,
    ) -> Result<Taken, NotTaken> {
        let (message, taken) = match events {
            Ok(events) if events.is_empty() => {
                self.counters.nothing.increment(1);
                return Ok(Taken::Nothing);
            }
            Ok(events) => (self.batch(endpoint, entry, hook, events, now), Taken::Accepted),
            Err(malformed) if endpoint.connector.tells_malformed() => {
                self.counters.malformed.increment(1);
                return Err(NotTaken::Malformed(malformed));
            }
            Err(malformed) => (quarantine(endpoint, entry, malformed.to_string(), now), Taken::Quarantined),
        };
        self.publish(endpoint.tenant, message.encode(hook.body)).await?;
        match taken {
            Taken::Quarantined => self.counters.quarantined.increment(1),
            _ => self.counters.accepted.increment(1),
        }
        Ok(taken)
    }

    /// Publishes what a platform told when it was asked; `Ok` means that it is durable. `body` is its answer.
    pub async fn bring(
        &self,
        endpoint: Endpoint,
        events: Vec<InboundEvent>,
        body: &[u8],
        now: Millis,
    ) -> Result<(), NotTaken> {
        let Some(entry) = self.entry(endpoint.account) else { return Err(NotTaken::Refused(Refusal::NotSupported)) };
        let events =
            events.into_iter().map(|event| AccountEvent { account: Some(endpoint.account), event }).collect::<Vec<_>>();
        let batch = InboundBatch { channel: entry.channel.clone(), tenant: endpoint.tenant, received_at: now, events };
        self.publish(endpoint.tenant, BrokerMessage::InboundV1(batch).encode(body)).await?;
        self.counters.accepted.increment(1);
        Ok(())
    }

    /// Reads again what was put aside, or `body`, its repaired form, and publishes what it holds: how many events.
    ///
    /// Done twice, it is recognised as done before: by the platform's ids, or by its number in the quarantine.
    pub async fn replay(&self, row: &QuarantineRow, body: &[u8], now: Millis) -> Result<usize, NotTaken> {
        let no_such = NotTaken::Refused(Refusal::NotSupported);
        let account = row.account.ok_or(no_such.clone())?;
        let entry = self.entry(account).ok_or(no_such.clone())?;
        let endpoint = self.endpoint(&entry.channel, &entry.account.name).ok_or(no_such)?;
        let mut events = endpoint.connector.normalise(body).map_err(NotTaken::Malformed)?;
        for (n, event) in events.iter_mut().enumerate() {
            if event.external_message_id.is_none() && event.dedup_key.is_none() {
                event.dedup_key = Some(format!("quarantine.{}.{n}", row.id));
            }
        }
        // What is for another account was signed for this one alone, as far as can be said now.
        let own = |event: &InboundEvent| {
            let external = &event.conversation_key.account;
            external.is_empty() || *external == entry.account.external_id
        };
        let account_of = |event: &InboundEvent| own(event).then_some(account);
        let events: Vec<AccountEvent> =
            events.into_iter().map(|event| AccountEvent { account: account_of(&event), event }).collect();
        let count = events.len();
        if count > 0 {
            let (channel, tenant) = (entry.channel.clone(), endpoint.tenant);
            let batch = InboundBatch { channel, tenant, received_at: now, events };
            self.publish(tenant, BrokerMessage::InboundV1(batch).encode(body)).await?;
            self.counters.accepted.increment(1);
        }
        Ok(count)
    }

    fn batch(
        &self,
        endpoint: Endpoint,
        entry: &AccountEntry,
        hook: Webhook<'_>,
        events: Vec<InboundEvent>,
        now: Millis,
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
        }
    }
}
