//! Who is who: the same number on two channels, and addresses that are joined and parted by hand.

use blendline_wire::Millis;
use blendline_wire::event::EventKind;

use super::world::*;
use crate::handle::Call;
use crate::persons::{Change, Identity, person};

fn link(one: &Identity, other: &Identity, joined: bool) -> Call {
    let change = Change { at: Millis(0), by: "user noa".into(), joined };
    Call::Link { tenant: TENANT, one: Box::new(one.clone()), other: Box::new(other.clone()), change }
}

#[tokio::test(start_paused = true)]
async fn contacts_are_found_by_their_identity_and_joined_by_hand_alone() {
    let world = World::new().await;
    let dana = world.attach(DANA, 1).await;
    world.webhook(vec![said("m1", "972"), said("m2", "973"), said("m3", "972")]).await;
    world.taken_in().await;
    // The same number on another channel is the same identity without any link.
    let (one, other) = (Identity::of("sms_twilio", "+972"), Identity::of("whatsapp_cloud", "973"));
    let look = || person(&world.store, TENANT, one.clone());
    let found = look().await.unwrap();
    assert_eq!((found.identities.len(), found.contacts.len(), found.history.len()), (1, 1, 0));
    dana.call(link(&one, &other, true)).await.unwrap();
    dana.call(link(&one, &other, true)).await.unwrap();
    let found = look().await.unwrap();
    assert_eq!((found.identities.clone(), found.contacts.len()), (vec![one.clone(), other.clone()], 2));
    // From the other end it is the same person, in either direction.
    dana.call(link(&other, &one, false)).await.unwrap();
    let found = look().await.unwrap();
    assert_eq!((found.identities.len(), found.contacts.len(), found.history.len()), (1, 1, 2));
    assert!(found.history[0].2.joined && !found.history[1].2.joined);
    assert_eq!(world.events(|kind| matches!(kind, EventKind::PersonsLinked { .. })), 2, "only changes are told");
}
