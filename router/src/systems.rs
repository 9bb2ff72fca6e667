//! What other systems tell over the broker: the same as over HTTP, and settled after its commit.
//!
//! Each shard has a queue, [`system_queue`]; a message is an event as `POST /v1/systems/{system}/events` takes it, with `tenant`
//! and `system` beside it. What cannot be read goes to the quarantine and is never put back.

use std::sync::Arc;

use blendline_wire::TenantId;
use blendline_wire::event::Actor;
use blendline_wire::event::case::CaseLinks;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::api::externals::ExternalTelling;
use crate::api::{json, now};
use crate::directory::{Directories, Directory};
use crate::handle::{Call, CallError, ExternalAsk, ExternalCall, Handle};
use crate::patience::BackOff;
use crate::ports::broker::{Broker, Delivery, Subscription, system_queue};
use crate::ports::store::QuarantineRow;

/// How many messages are held at once.
const PREFETCH: usize = 64;
/// What the quarantine says of where it came from.
const CHANNEL: &str = "system";

/// What listening stands on.
#[derive(Clone)]
pub struct Parts {
    /// Where messages come from.
    pub broker: Arc<dyn Broker>,
    /// The owner of the shard.
    pub handle: Handle,
    /// Which tenants there are.
    pub directories: Directories,
}

/// Takes what other systems tell the tenants of a shard, one after the other, until `end`.
pub async fn listen(parts: Parts, shard: u16, end: CancellationToken) {
    let (queue, mut back_off) = (system_queue(shard), BackOff::default());
    loop {
        let subscribed = tokio::select! {
            () = end.cancelled() => return,
            subscribed = parts.broker.subscribe(&queue, PREFETCH) => subscribed,
        };
        match subscribed {
            Ok(subscription) => {
                back_off = BackOff::default();
                if end.run_until_cancelled(take_all(&parts, subscription)).await.is_none() {
                    return;
                }
            }
            Err(error) => tracing::warn!(%error, "Nothing is heard of other systems over the broker."),
        }
        if end.run_until_cancelled(back_off.wait()).await.is_none() {
            return;
        }
    }
}

async fn take_all(parts: &Parts, mut subscription: Subscription) {
    while let Some(delivery) = subscription.deliveries.recv().await {
        let call = call(&delivery, &parts.directories.now());
        let mut back_off = BackOff::default();
        // Whoever owns the shard by then takes it, once: its id is known.
        while let Err(CallError::Unavailable(_) | CallError::Elsewhere { .. }) =
            parts.handle.call(Actor::Integrator, call.clone()).await
        {
            back_off.wait().await;
        }
        subscription.acker.ack(&[delivery.tag]).await;
    }
}

/// What is asked of the owner.
fn call(delivery: &Delivery, directory: &Directory) -> Call {
    match read(&delivery.body, directory) {
        Ok(call) => Call::External(Box::new(call)),
        Err((tenant, cause)) => Call::Quarantine(Box::new(QuarantineRow {
            id: 0,
            tenant,
            account: None,
            channel: CHANNEL.to_owned(),
            at: now(),
            cause,
            raw: delivery.body.to_vec(),
        })),
    }
}

/// The event of a message; or whose it is, as far as that can be read, and what is wrong with it.
fn read(body: &[u8], directory: &Directory) -> Result<ExternalCall, (TenantId, String)> {
    let nobodys = |cause: String| (TenantId::default(), cause);
    let mut message: serde_json::Map<String, Value> =
        serde_json::from_slice(body).map_err(|error| nobodys(error.to_string()))?;
    let mut named = |key: &str| message.remove(key).and_then(|value| value.as_str().map(str::to_owned));
    let (tenant, system) = (named("tenant"), named("system"));
    let name = tenant.ok_or_else(|| nobodys("/tenant: name the tenant".to_owned()))?;
    let known = directory.tenants.iter().find(|(_, known)| **known == name);
    let (tenant, _) = known.ok_or_else(|| nobodys(format!("/tenant: no tenant is called `{name}`")))?;
    let wrong = |place: &str, cure: &str| (*tenant, format!("{place}: {cure}"));
    let system = system.ok_or_else(|| wrong("/system", "name the system"))?;
    let text = Value::Object(message).to_string();
    let telling: ExternalTelling = json::parse(text.as_bytes())
        .map_err(|failure| wrong(failure.problem.field.as_deref().unwrap_or("/"), &failure.problem.detail))?;
    if let Some((place, cure)) = telling.wrong() {
        return Err(wrong(place, &cure));
    }
    if telling.names_conversation() {
        return Err(wrong("/conversation", "only over HTTP an event may name one"));
    }
    let event = telling.event(*tenant, &system, CaseLinks::default(), String::new());
    Ok(ExternalCall { event, ask: ExternalAsk::Take })
}

#[cfg(test)]
mod tests {
    use blendline_core::Answer;
    use tokio::sync::mpsc;

    use super::*;
    use crate::fakes::FakeBroker;
    use crate::handle::Request;

    #[tokio::test(start_paused = true)]
    async fn what_a_system_says_is_settled_after_its_commit_and_poison_goes_to_the_quarantine() {
        let broker = FakeBroker::default();
        let (requests, mut inbox) = mpsc::channel(8);
        let directory = Directory { tenants: [(TenantId(1), "acme".to_owned())].into(), ..Directory::default() };
        let parts = Parts {
            broker: Arc::new(broker.clone()),
            handle: Handle::new(requests),
            directories: Arc::new(directory).into(),
        };
        let event = serde_json::json!({
            "tenant": "acme", "system": "delivery", "id": "d-1", "reference": "SO-1", "kind": "delivered",
            "at": "2026-11-25T09:30:00Z"
        });
        for body in [
            event.to_string(),
            "{\"tenant\": \"acme\"".to_owned(),
            "{\"tenant\": \"acme\", \"system\": \"x\"}".to_owned(),
        ] {
            broker.publish(&system_queue(0), body.into_bytes()).await.unwrap();
        }
        let end = CancellationToken::new();
        let listening = tokio::spawn(listen(parts, 0, end.clone()));
        let mut asked = Vec::new();
        for answer in [Err(CallError::Unavailable("busy".into())), Ok(Answer::Done), Ok(Answer::Done), Ok(Answer::Done)]
        {
            let Some(Request::Call { call, reply, .. }) = inbox.recv().await else { panic!("no call") };
            assert_eq!(broker.waiting(&system_queue(0)).len(), 3 - asked.len(), "not acked before it is answered");
            if answer.is_ok() {
                asked.push(*call);
            }
            reply.send(answer).unwrap();
            tokio::task::yield_now().await;
        }
        broker.drained(&system_queue(0)).await;
        end.cancel();
        listening.await.unwrap();
        let [Call::External(told), Call::Quarantine(broken), Call::Quarantine(empty)] = asked.as_slice() else {
            panic!("{asked:?}")
        };
        assert_eq!(
            (told.event.tenant, told.event.system.as_str(), told.ask),
            (TenantId(1), "delivery", ExternalAsk::Take)
        );
        assert_eq!((broken.tenant, empty.tenant), (TenantId(0), TenantId(1)));
        assert!(empty.cause.contains("id") && !empty.raw.is_empty(), "{}", empty.cause);
    }
}
