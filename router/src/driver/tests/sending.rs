//! What platforms answer: how accounts are, and how a worker repairs what failed.

use blendline_core::Answer;
use blendline_core::rows::OutboundState;
use blendline_wire::OutboundId;
use blendline_wire::broker::BrokerMessage;
use blendline_wire::event::EventKind;
use blendline_wire::outbound::{SendFailure, SendOutcome, SendResult};

use super::world::*;
use crate::accounts::{AccountHealth, AccountState};
use crate::handle::{Call, CallError};

impl World {
    async fn outcome(&self, id: OutboundId, attempt: u32, outcome: SendOutcome) {
        self.inbound(
            BrokerMessage::SendResultV1(SendResult { id, attempt, outcome, to: None, private: None }).encode(&[]),
        )
        .await;
        self.taken_in().await;
    }
}

/// A conversation in which one message of ours is on its way.
async fn said_something(world: &World) -> (Connection, blendline_wire::worker::TaskView, OutboundId) {
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    world.webhook(vec![said("m1", "972")]).await;
    let task = dana.assigned().await;
    dana.reply(&task, "k1", "hello").await.unwrap();
    let id = *world.store.record().outbound.keys().next().unwrap();
    (dana, task, id)
}

#[tokio::test(start_paused = true)]
async fn an_account_is_what_the_platform_last_answered() {
    let world = World::new().await;
    let (_dana, _, id) = said_something(&world).await;
    let health =
        || world.store.record().entries.values().filter_map(AccountHealth::read).next().map(|known| known.state);
    assert_eq!(health(), None);
    let cause = SendFailure::new("credentials", "the platform refuses the credentials of the account: set new ones");
    world.outcome(id, 1, SendOutcome::AccountDown { cause }).await;
    assert_eq!(health(), Some(AccountState::CredentialsRefused));
    world.outcome(id, 1, SendOutcome::Sent { external_id: "x".into() }).await;
    assert_eq!(health(), Some(AccountState::Fine));
    world.outcome(id, 1, SendOutcome::Sent { external_id: "x".into() }).await;
    assert_eq!(world.events(|kind| matches!(kind, EventKind::AccountHealth { .. })), 2, "only changes are told");
}

#[tokio::test(start_paused = true)]
async fn what_failed_is_said_again_once_in_other_words() {
    let world = World::new().await;
    let (dana, task, id) = said_something(&world).await;
    let cause = SendFailure::new("parameter", "the text is too long: shorten it");
    world.outcome(id, 1, SendOutcome::Failed { cause }).await;
    assert!(matches!(world.store.record().outbound[&id].state, OutboundState::Failed { .. }));
    let again = |key: &str, text: &str| Call::Resend {
        worker: DANA,
        task: task.id,
        conversation: task.conversation.unwrap(),
        reply: reply(key, text),
    };
    assert_eq!(dana.call(again("k1", "hi")).await, Err(CallError::KeyReused), "the key of what failed");
    assert_eq!(dana.call(again("k2", "hi")).await, Ok(Answer::Said(3)));
    assert_eq!(dana.call(again("k2", "hi")).await, Ok(Answer::Said(3)), "the same key is the same message");
    assert_eq!(world.store.record().outbound.len(), 2);
    let row = world.store.record().outbound.values().last().unwrap().clone();
    assert_eq!((row.worker, row.seq), (Some(DANA), 3));
    dana.done(&task, vec![]).await.unwrap();
    let over = Err(CallError::Refused(blendline_core::Refusal::NoConversation));
    assert_eq!(dana.call(again("k3", "late")).await, over);
}
