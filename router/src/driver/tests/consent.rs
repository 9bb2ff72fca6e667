//! Consent: opt-out words, what is refused after them, and what is not.

use blendline_core::Answer;
use blendline_core::rows::{OutboundRow, OutboundState};
use blendline_wire::broker::BrokerMessage;
use blendline_wire::event::EventKind;
use blendline_wire::inbound::{InboundEvent, InboundKind};
use blendline_wire::outbound::Content;
use blendline_wire::worker::Reply;
use blendline_wire::{Lease, Millis};

use super::world::*;
use crate::consent::{ALL, Consent, Consents};
use crate::handle::{Call, CallError};
use crate::ports::broker::outbound_queue;

fn says(id: &str, peer: &str, text: &str) -> InboundEvent {
    InboundEvent { text: Some(text.into()), ..said(id, peer) }
}

fn start(to: &str, purpose: &str) -> Call {
    Call::Start {
        worker: DANA,
        account: ACCOUNT,
        to: to.into(),
        queue: QUEUE,
        reply: reply("k", "our offer"),
        subject: None,
        purpose: purpose.into(),
    }
}

fn changed(kind: &EventKind) -> bool {
    matches!(kind, EventKind::ConsentChanged { .. })
}

/// The texts that were handed to the sender.
fn letters(world: &World) -> Vec<String> {
    let waiting = world.broker.waiting(&outbound_queue(0));
    let text = |body: &bytes::Bytes| match BrokerMessage::decode(body).unwrap().0 {
        BrokerMessage::OutboundV1(outbound) => match outbound.content {
            Content::Text { text } => (text.expose().clone(), outbound.automatic),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    waiting.iter().map(text).map(|(text, automatic)| if automatic { format!("auto: {text}") } else { text }).collect()
}

#[tokio::test(start_paused = true)]
async fn an_opt_out_word_is_taken_up_and_confirmed_once_in_its_language() {
    let world = World::new().await;
    world.webhook(vec![says("m1", "972", "הָסֵר!"), says("m2", "972", "stop")]).await;
    world.taken_in().await;
    assert_eq!(world.events(changed), 1);
    world.store.until("handed", |record| record.outbound.values().next().map(|_| ())).await;
    while letters(&world).is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(letters(&world)[0].starts_with("auto: הוסרת"), "{:?}", letters(&world));
    let known: Vec<_> = world.store.record().entries.values().filter_map(Consents::read).collect();
    assert_eq!(
        (known.len(), known[0].medium.as_str(), known[0].refused()),
        (1, "whatsapp_cloud", vec![ALL.to_owned()])
    );
    assert_eq!(world.store.record().outbound.len(), 1, "confirmed once");
}

#[tokio::test(start_paused = true)]
async fn nobody_begins_with_whom_it_is_refused() {
    let world = World::new().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    assert_eq!(dana.call(start("971", "marketing")).await, Err(CallError::NoConsent("marketing".into())));
    let consent = |purpose: &str, granted, at| Call::Consent {
        tenant: TENANT,
        medium: "whatsapp_cloud".into(),
        address: "+97-1".into(),
        purpose: purpose.into(),
        said: Consent { granted, source: "form".into(), at: Millis(at) },
    };
    dana.call(consent("marketing", true, 5)).await.unwrap();
    dana.call(consent(ALL, false, 9)).await.unwrap();
    assert_eq!(dana.call(start("971", "marketing")).await, Err(CallError::NoConsent("marketing".into())));
    assert_eq!(dana.call(start("971", "service")).await, Err(CallError::NoConsent("service".into())));
    // What is known from later stays.
    dana.call(consent(ALL, true, 7)).await.unwrap();
    assert!(dana.call(start("971", "service")).await.is_err());
    dana.call(consent("service", true, 10)).await.unwrap();
    dana.call(start("971", "service")).await.unwrap();
    assert_eq!(world.events(changed), 3);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_sent_to_whom_nothing_else_is() {
    let world = World::new().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    // He was written to first, and then opted out by another way.
    let Answer::Conversation(_, task) = dana.call(start("971", "service")).await.unwrap() else { panic!("not begun") };
    let say = |key: &str, text: &str| Call::Reply { worker: DANA, task, lease: Lease(1), reply: reply(key, text) };
    dana.call(Call::Consent {
        tenant: TENANT,
        medium: "whatsapp_cloud".into(),
        address: "971".into(),
        purpose: ALL.into(),
        said: Consent { granted: false, source: "call".into(), at: Millis(9) },
    })
    .await
    .unwrap();
    let first = world.store.until("first", |record| record.outbound.keys().next().copied()).await;
    let sent = blendline_wire::outbound::SendOutcome::Sent { external_id: "x".into() };
    let result = blendline_wire::outbound::SendResult { id: first, attempt: 1, outcome: sent, to: None, private: None };
    world.inbound(BrokerMessage::SendResultV1(result).encode(&[])).await;
    dana.call(say("k2", "are you there?")).await.unwrap();
    let failed = |record: &crate::fakes::Record| {
        let row = record.outbound.values().find(|row| row.id != first)?;
        matches!(&row.state, OutboundState::Failed { reason } if reason == "no_consent").then_some(())
    };
    world.store.until("refused", failed).await;
    world.webhook(vec![says("m1", "971", "yes, please go on")]).await;
    world.taken_in().await;
    dana.call(say("k3", "gladly")).await.unwrap();
    while letters(&world).len() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(letters(&world), ["our offer", "gladly"]);
}

/// A template that serves marketing goes to nobody who has not agreed, even where he has just written.
#[tokio::test(start_paused = true)]
async fn what_is_more_than_an_answer_needs_its_own_consent() {
    let world = World::new().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    world.webhook(vec![says("m1", "971", "when do you open?")]).await;
    let task = dana.assigned().await;
    let offer = |key: &str| {
        let (name, language) = ("sale".into(), "he".into());
        let content = Content::Template { name, language, parameters: Vec::new(), header: None, buttons: Vec::new() };
        let reply = Reply { purpose: Some("marketing".into()), ..Reply::new(key, content) };
        Call::Reply { worker: DANA, task: task.id, lease: task.lease, reply }
    };
    dana.call(offer("k1")).await.unwrap();
    let refused = |record: &crate::fakes::Record| {
        let refused =
            |row: &OutboundRow| matches!(&row.state, OutboundState::Failed { reason } if reason == "no_consent");
        record.outbound.values().any(refused).then_some(())
    };
    world.store.until("refused", refused).await;
    // The platform's own switch is for marketing alone, in both directions.
    let switched = |id: &str, meaning: &str| InboundEvent {
        kind: InboundKind::Optin,
        meaning: Some(meaning.into()),
        purpose: Some("marketing".into()),
        text: None,
        ..said(id, "971")
    };
    world.webhook(vec![switched("s1", "opt_in")]).await;
    world.taken_in().await;
    dana.call(offer("k2")).await.unwrap();
    while world.broker.waiting(&outbound_queue(0)).is_empty() {
        tokio::task::yield_now().await;
    }
    world.webhook(vec![switched("s2", "opt_out")]).await;
    world.taken_in().await;
    let known: Vec<_> = world.store.record().entries.values().filter_map(Consents::read).collect();
    assert_eq!(known[0].refused(), ["marketing"]);
}
