//! What we say to a customer beside the work on his task, and after it.

use blendline_core::input::{DeliveryStatus, NewItem};
use blendline_core::rows::{Conversation, ConversationState, OutboundState};
use blendline_core::{Answer, Command, Refusal, Release, limits};
use blendline_wire::event::EventKind;
use blendline_wire::outbound::SendOutcome;
use blendline_wire::task::AcceptMode;
use blendline_wire::{ContactKey, ConversationId, MatterId};

use super::office::{BACK, FRONT, MINUTE, Office, TENANT, class};

fn tell(office: &mut Office, conversation: ConversationId, prior: Option<Conversation>) -> Result<Answer, Refusal> {
    let payload = office.payload();
    office.call(Command::Tell { conversation, worker: None, payload, prior: prior.map(Box::new) })
}

/// A customer who was answered and whose matter is closed.
fn served(office: &mut Office) -> Conversation {
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let task = office.message(1);
    office.done(worker, task);
    office.ended[0].clone()
}

#[test]
fn what_is_said_after_the_end_is_sent_and_opens_nothing() {
    let mut office = Office::new();
    let over = served(&mut office);
    office.pass(10 * MINUTE);
    assert_eq!(tell(&mut office, over.id, None), Err(Refusal::NoConversation));
    let seq = over.seq + 1;
    assert_eq!(tell(&mut office, over.id, Some(over.clone())), Ok(Answer::Said(seq)));
    let Some(Release::Send { outbound, attempt, window_until, .. }) =
        office.releases.iter().rev().find(|release| matches!(release, Release::Send { .. })).cloned()
    else {
        panic!("nothing was handed over: {:?}", office.releases)
    };
    // The platform's window counts from what the customer said, not from what we say.
    assert_eq!(window_until, over.heard_at.map(|at| at.plus(24 * 60 * MINUTE)));
    assert_eq!(office.core.open_tasks(), 0);
    let outcome = SendOutcome::Sent { external_id: "x".to_owned() };
    office.call(Command::SendResult { outbound, attempt, outcome, prior: None }).unwrap();
    assert_eq!(office.finals.last().unwrap().state, OutboundState::Sent { status: DeliveryStatus::Sent });
    assert_eq!(office.happened(|kind| matches!(kind, EventKind::ReplyQueued { seq: at, .. } if *at == seq)), 1);
    // He answers, and it is the same conversation.
    office.ended.push(Conversation { seq, ..over.clone() });
    let task = office.message(1);
    assert_eq!(office.task(task).conversation, Some(over.id));
}

#[test]
fn who_writes_again_meanwhile_reads_it_where_he_writes() {
    let mut office = Office::new();
    let over = served(&mut office);
    // The window to reopen is over: his next message is another conversation.
    office.pass(61 * MINUTE);
    let task = office.message(1);
    let open = office.task(task).conversation.unwrap();
    assert_ne!(open, over.id);
    tell(&mut office, over.id, Some(over)).unwrap();
    assert_eq!(office.core.conversation(open).unwrap().seq, 2);
    assert!(office.task(task).unanswered, "whoever waits for an answer still waits");
}

#[test]
fn a_line_of_what_we_say_has_an_end() {
    let mut office = Office::new();
    let over = served(&mut office);
    let mut now = over.clone();
    for _ in 0..limits::OUTBOUND_PER_CONVERSATION_MAX {
        tell(&mut office, over.id, Some(now.clone())).unwrap();
        now.seq += 1;
    }
    assert_eq!(tell(&mut office, over.id, Some(now)), Err(Refusal::TooMany("replies")));
    let open = office.message(2);
    let id = office.task(open).conversation.unwrap();
    for _ in 0..limits::OUTBOUND_PER_CONVERSATION_MAX {
        tell(&mut office, id, None).unwrap();
    }
    assert_eq!(tell(&mut office, id, None), Err(Refusal::TooMany("replies")));
}

#[test]
fn who_believes_that_it_is_over_is_refused_what_cannot_be() {
    let mut office = Office::new();
    let over = served(&mut office);
    let open = ConversationState::Open { task: blendline_wire::TaskId(9) };
    let strange = Conversation { state: open, ..over.clone() };
    assert_eq!(tell(&mut office, over.id, Some(strange)), Err(Refusal::NoConversation));
    let other = Conversation { contact: ContactKey(7), id: ConversationId(77), ..over.clone() };
    assert_eq!(tell(&mut office, over.id, Some(other)), Err(Refusal::NoConversation));
}

#[test]
fn an_item_of_a_matter_that_is_over_belongs_to_it() {
    let mut office = Office::new();
    let item = |payload, matter| NewItem { tenant: TENANT, class: class(BACK), payload, conversation: None, matter };
    let payload = office.payload();
    let Ok(Answer::Task(task)) = office.call(Command::Push(item(payload, Some(MatterId(40))))) else { panic!() };
    assert_eq!(office.task(task).matter, MatterId(40));
    let payload = office.payload();
    let Ok(Answer::Task(task)) = office.call(Command::Push(item(payload, None))) else { panic!() };
    assert_ne!(office.task(task).matter, MatterId(40));
}
