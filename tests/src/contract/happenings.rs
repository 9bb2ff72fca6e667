//! What every store must find of a customer: his conversations, and what happened in his matters, newest first.

use blendline_core::Write;
use blendline_router::ports::happenings::Happenings as _;
use blendline_router::ports::store::Store as _;
use blendline_wire::{ContactKey, MatterId, TenantId};

use super::rows::{self, TENANT};
use super::store::{SHARD, StoreWorld, take};

/// Events come by matter, those of others and of another tenant do not; conversations come by contact.
pub async fn finds_what_happened(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let mut commit = rows::batch(SHARD, tenure, 1);
    for id in 1..=9 {
        let mut event = rows::event(id, if id == 9 { TenantId(8) } else { TENANT });
        event.matter = match id {
            1 | 4 | 9 => Some(MatterId(1)),
            2 | 6 => Some(MatterId(2)),
            3 => None,
            _ => Some(MatterId(3)),
        };
        commit.writes.push(Write::Event(Box::new(event)));
        commit.writes.push(Write::Conversation(Box::new(rows::conversation(id, (id % 3).into()))));
    }
    store.commit(&commit).await.unwrap();

    let numbers = async |matters: &[u64], limit| {
        let matters: Vec<_> = matters.iter().copied().map(MatterId).collect();
        let found = store.happened(TENANT, &matters, limit).await.unwrap();
        found.iter().map(|event| event.id.0).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&[1, 2], 10).await, [6, 4, 2, 1]);
    assert_eq!(numbers(&[1, 2], 3).await, [6, 4, 2]);
    assert_eq!(numbers(&[2, 1], 1).await, [6]);
    assert!(numbers(&[7], 10).await.is_empty() && numbers(&[], 10).await.is_empty());

    let of = async |contacts: &[u128], limit| {
        let contacts: Vec<_> = contacts.iter().copied().map(ContactKey).collect();
        let found = store.conversations_of(&contacts, limit).await.unwrap();
        found.iter().map(|row| row.id.0).collect::<Vec<_>>()
    };
    assert_eq!(of(&[0, 1], 10).await, [9, 7, 6, 4, 3, 1]);
    assert_eq!(of(&[1, 0], 2).await, [9, 7]);
    assert!(of(&[99], 10).await.is_empty());
}
