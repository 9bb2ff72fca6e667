use blendline_core::input::{InboundMessage, Settings, Verdict};
use blendline_core::limits::{OUTBOUND_PER_CONVERSATION_MAX, REPLIES_MAX};
use blendline_core::rows::{ConversationState, TaskState};
use blendline_core::{Answer, Command, Refusal, Release};
use blendline_wire::event::EventKind;
use blendline_wire::inbound::InboundKind;
use blendline_wire::org::{QueueSettings, TenantSettings};
use blendline_wire::task::{AcceptMode, Presence, Side, Target};
use blendline_wire::{ContactKey, Lease, QueueId, SessionId, TenantId, WorkerId};

use crate::office::*;

#[test]
fn two_messages_at_one_instant_are_one_task_and_keep_the_first_place() {
    let mut office = Office::new();
    let first = office.message(1);
    let earned = office.task(first).earned_at;
    office.pass(200);
    assert_eq!(office.message(1), first);
    assert_eq!(office.task(first).earned_at, earned);
    assert_eq!(office.happened(|kind| matches!(kind, EventKind::TaskCreated { .. })), 1);
    assert_eq!(office.happened(|kind| matches!(kind, EventKind::TaskMerged { .. })), 1);
}

#[test]
fn the_longest_waiting_of_a_line_goes_first() {
    let mut office = Office::new();
    let first = office.message(1);
    office.pass(10);
    let second = office.message(2);
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    assert_eq!((office.owner(first), office.owner(second)), (Some(worker), None));
    office.done(worker, first);
    assert_eq!(office.owner(second), Some(worker));
}

#[test]
fn an_offer_not_taken_goes_to_another_and_three_in_a_row_take_the_worker_out() {
    let mut office = Office::new();
    let sleepy = office.worker(1, 1, &[FRONT], AcceptMode::Offer);
    let task = office.message(1);
    assert_eq!(office.owner(task), Some(sleepy));
    let awake = office.worker(2, 1, &[FRONT], AcceptMode::Offer);
    office.pass(30_000);
    assert_eq!(office.owner(task), Some(awake));
    office.accept(awake, task).unwrap();
    for contact in 2..10 {
        office.message(contact);
        office.pass(31_000);
    }
    assert_eq!(office.core.worker(sleepy).unwrap().presence, Presence::Busy);
}

#[test]
fn who_declined_is_not_asked_again_until_his_back_off_is_over() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Offer);
    let task = office.message(1);
    let lease = office.lease(task);
    office.call(Command::Decline { worker, task, lease, reason: "not mine".into() }).unwrap();
    assert_eq!(office.owner(task), None);
    office.pass(29_999);
    assert_eq!(office.owner(task), None);
    office.pass(1);
    assert_eq!(office.owner(task), Some(worker));
}

#[test]
fn a_late_answer_is_fenced_and_changes_nothing() {
    let mut office = Office::new();
    let slow = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let task = office.message(1);
    let old = office.lease(task);
    office.call(Command::Lost { worker: slow, session: SessionId(1) }).unwrap();
    let quick = office.worker(2, 1, &[FRONT], AcceptMode::Auto);
    assert_eq!(office.owner(task), Some(quick));
    let before = office.core.snapshot();
    let late = Command::Settle { worker: slow, task, lease: old, verdict: done(), replies: Vec::new(), seen: None };
    let refusal = office.call(late).unwrap_err();
    assert_eq!(refusal, Refusal::Fenced { lease: Lease(old.0 + 1), owner: Some(quick) });
    assert_eq!(office.core.snapshot(), before);
}

#[test]
fn a_customer_who_writes_again_reaches_whoever_has_his_task() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let task = office.message(1);
    office.reply(worker, task).unwrap();
    office.pass(5_000);
    office.message(1);
    assert!(office.releases.iter().any(|release| matches!(release, Release::Message { seq: 3, .. })));
    assert_eq!(office.task(task).earned_at, office.now);
    assert_eq!(office.happened(|kind| matches!(kind, EventKind::FirstResponse { late: false, .. })), 1);
}

#[test]
fn a_solved_conversation_comes_back_to_whom_the_customer_knows() {
    let mut office = Office::new();
    let known = office.worker(1, 2, &[FRONT], AcceptMode::Auto);
    let task = office.message(1);
    office.reply(known, task).unwrap();
    office.done(known, task);
    office.worker(2, 2, &[FRONT], AcceptMode::Auto);
    office.pass(10 * MINUTE);
    let again = office.message(1);
    assert_ne!(again, task);
    assert_eq!(office.owner(again), Some(known));
    assert_eq!(office.task(again).conversation, office.closed[0].conversation);
    assert_eq!(office.task(again).matter, office.closed[0].matter);
    assert_eq!(office.happened(|kind| matches!(kind, EventKind::ConversationReopened { denied: false })), 1);
}

#[test]
fn after_the_window_it_is_a_new_matter() {
    let mut office = Office::new();
    let worker = office.worker(1, 2, &[FRONT], AcceptMode::Auto);
    let task = office.message(1);
    office.done(worker, task);
    office.pass(61 * MINUTE);
    let again = office.message(1);
    assert_ne!(office.task(again).matter, office.closed[0].matter);
}

#[test]
fn a_denial_comes_back_with_its_earned_place() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let task = office.message(1);
    let earned = office.task(task).earned_at;
    office.pass(5_000);
    office.reply(worker, task).unwrap();
    office.done(worker, task);
    office.pass(10 * MINUTE);
    let prior = Box::new(office.ended[0].clone());
    let Ok(Answer::Task(again)) = office.call(Command::Confirm { prior: prior.clone(), confirmed: false }) else {
        panic!()
    };
    assert_eq!(office.task(again).earned_at, earned);
    assert_eq!(office.owner(again), Some(worker));
    // A second tap on the same button does nothing.
    office.call(Command::Confirm { prior, confirmed: true }).unwrap();
    assert_eq!(office.happened(|kind| matches!(kind, EventKind::TaskConfirmed)), 0);
}

#[test]
fn not_saying_is_noted_too() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let task = office.message(1);
    office.done(worker, task);
    let prior = Box::new(office.ended[0].clone());
    office.call(Command::ConfirmEnded { prior: prior.clone() }).unwrap();
    assert_eq!(office.happened(|kind| matches!(kind, EventKind::TaskUnconfirmed)), 0);
    office.pass(60 * MINUTE);
    office.call(Command::ConfirmEnded { prior }).unwrap();
    assert_eq!(office.happened(|kind| matches!(kind, EventKind::TaskUnconfirmed)), 1);
}

#[test]
fn a_lost_worker_loses_offers_and_tasks_and_gets_nothing_new() {
    let mut office = Office::new();
    let worker = office.worker(1, 3, &[FRONT], AcceptMode::Offer);
    let (active, offered) = (office.message(1), office.message(2));
    office.accept(worker, active).unwrap();
    office.call(Command::Lost { worker, session: SessionId(1) }).unwrap();
    assert_eq!((office.owner(active), office.owner(offered)), (None, None));
    assert_eq!(office.core.load_of(worker), 0);
    // The loss of an old connection does not touch the new one.
    office.attach(worker, 9);
    office.call(Command::Lost { worker, session: SessionId(1) }).unwrap();
    assert_eq!(office.owner(active), Some(worker));
}

#[test]
fn a_reconnected_worker_is_told_what_is_his() {
    let mut office = Office::new();
    let worker = office.worker(1, 2, &[FRONT], AcceptMode::Offer);
    let (active, offered) = (office.message(1), office.message(2));
    office.accept(worker, active).unwrap();
    let Answer::Welcome { tasks } = office.attach(worker, 2) else { panic!() };
    assert_eq!(tasks, vec![(active, Lease(1), false), (offered, Lease(1), true)]);
    assert!(office.releases.contains(&Release::Replaced { worker, session: SessionId(1) }));
}

#[test]
fn background_starts_only_above_the_reserve_and_late_work_is_not_held_back() {
    let mut office = Office::new();
    office.put(Settings::Tenant(TenantSettings {
        id: TENANT,
        reopen_window_ms: 0,
        confirm_window_ms: 0,
        stickiness_ms: 0,
        reserve_milli: 1_000,
        reserve_max_milli: None,
        open_tasks_max: 1_000,
    }));
    let one = office.worker(1, 1, &[FRONT, BACK], AcceptMode::Auto);
    let item = office.item(BACK);
    assert_eq!(office.owner(item), None, "one free slot is the reserve");
    let two = office.worker(2, 1, &[FRONT, BACK], AcceptMode::Auto);
    let owner = office.owner(item).expect("two free slots are above it");
    let second = office.item(BACK);
    assert_eq!(office.owner(second), None);
    office.pass(60 * MINUTE + 1);
    assert_eq!(office.owner(second), Some(if owner == one { two } else { one }));
    let third = office.item(BACK);
    assert_eq!(office.owner(third), None);
}

#[test]
fn whoever_serves_only_the_back_is_never_kept_free() {
    let mut office = Office::new();
    let mut tenant = office.core.snapshot().tenants[0].clone();
    tenant.reserve_milli = 5_000;
    office.put(Settings::Tenant(tenant));
    let back_only = office.worker(1, 1, &[BACK], AcceptMode::Auto);
    let item = office.item(BACK);
    assert_eq!(office.owner(item), Some(back_only));
}

#[test]
fn what_wants_no_answer_joins_an_open_conversation_or_is_recorded() {
    let mut office = Office::new();
    office.say(1, InboundKind::Reaction);
    assert_eq!(office.happened(|kind| matches!(kind, EventKind::MessageDiscarded { .. })), 1);
    let task = office.message(1);
    office.say(1, InboundKind::Edit);
    assert_eq!(office.happened(|kind| matches!(kind, EventKind::TaskMerged { .. })), 1);
    assert!(matches!(office.task(task).state, TaskState::Waiting));
}

#[test]
fn a_full_queue_refuses_items_out_loud_and_never_a_customer() {
    let mut office = Office::with(|queue| queue.tasks_max = 1);
    office.message(1);
    office.message(2);
    let item = blendline_core::input::NewItem {
        tenant: TENANT,
        class: class(FRONT),
        payload: office.payload(),
        conversation: None,
        matter: None,
    };
    assert_eq!(office.call(Command::Push(item)), Err(Refusal::TooMany("tasks")));
}

#[test]
fn as_many_replies_as_may_be_and_not_one_more() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let task = office.message(1);
    let settle = |office: &mut Office, count| {
        let replies = (0..count).map(|_| office.payload()).collect();
        let (lease, verdict, seen) = (office.lease(task), done(), None);
        office.call(Command::Settle { worker, task, lease, verdict, replies, seen })
    };
    assert_eq!(settle(&mut office, REPLIES_MAX + 1), Err(Refusal::TooMany("replies")));
    assert_eq!(settle(&mut office, REPLIES_MAX), Ok(Answer::Done));
    let task = office.message(2);
    for _ in 0..OUTBOUND_PER_CONVERSATION_MAX {
        office.reply(worker, task).unwrap();
    }
    assert_eq!(office.reply(worker, task), Err(Refusal::TooMany("replies")));
}

#[test]
fn who_declined_is_forgotten_when_his_back_off_is_over() {
    let mut office = Office::with(|queue| queue.offer_ms = MINUTE);
    let (one, other) = (WorkerId(1), WorkerId(2));
    office.worker(1, 1, &[FRONT], AcceptMode::Offer);
    office.worker(2, 1, &[FRONT], AcceptMode::Offer);
    let task = office.message(1);
    let decline = |office: &mut Office, worker| {
        assert_eq!(office.owner(task), Some(worker));
        let lease = office.lease(task);
        office.call(Command::Decline { worker, task, lease, reason: String::new() }).unwrap();
    };
    decline(&mut office, one);
    // Until the very end of his back-off the other thinks about it.
    let back_off = blendline_core::policy::back_off_ms(1);
    office.pass(back_off);
    decline(&mut office, other);
    let until = office.now.plus(blendline_core::policy::back_off_ms(2));
    assert_eq!(office.task(task).declined, [(other, until)]);
    assert_eq!(office.owner(task), Some(one));
}

#[test]
fn nobody_closes_what_nobody_has_read() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let task = office.message(1);
    office.pass(5_000);
    office.message(1);
    let replies = vec![office.payload()];
    let settle = |office: &Office, replies, seen| Command::Settle {
        worker,
        task,
        lease: office.lease(task),
        verdict: done(),
        replies,
        seen: Some(seen),
    };
    let first = settle(&office, replies, 1);
    office.call(first).unwrap();
    assert_eq!((office.owner(task), office.lease(task)), (Some(worker), Lease(2)));
    assert!(office.task(task).unanswered);
    assert_eq!(office.task(task).earned_at, office.now);
    assert_eq!(office.happened(|kind| matches!(kind, EventKind::ReplyQueued { .. })), 1);
    let second = settle(&office, Vec::new(), 2);
    office.call(second).unwrap();
    assert_eq!(office.happened(|kind| matches!(kind, EventKind::TaskSolved { .. })), 1);
}

#[test]
fn what_a_program_says_is_kept_one_after_the_other_and_nobody_waits_for_it() {
    let mut office = Office::new();
    let keep = |office: &mut Office| {
        let prior = office.ended.last().cloned().map(Box::new);
        let (payload, received_at) = (office.payload(), office.now);
        let message = InboundMessage {
            tenant: TENANT,
            account: ACCOUNT,
            contact: ContactKey(7),
            kind: InboundKind::Message,
            payload,
            received_at,
            class: class(FRONT),
            prior,
        };
        office.call(Command::Keep(message)).unwrap();
    };
    keep(&mut office);
    let first = office.ended.last().unwrap().clone();
    assert_eq!((first.seq, &first.state), (1, &ConversationState::Unconfirmed { at: office.now }));
    office.pass(MINUTE);
    keep(&mut office);
    let second = office.ended.last().unwrap();
    assert_eq!((second.id, second.seq, second.state.ended_at()), (first.id, 2, first.state.ended_at()));
    assert_eq!(office.core.open_tasks(), 0);
    assert_eq!(office.happened(|kind| matches!(kind, EventKind::ConversationOpened { .. })), 1);
}

#[test]
fn nothing_is_passed_on_to_where_nobody_of_the_company_is() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let foreign = QueueSettings { tenant: TenantId(2), ..queue(QueueId(9), Side::Front, MINUTE) };
    office.put(Settings::Tenant(TenantSettings {
        id: TenantId(2),
        reopen_window_ms: 0,
        confirm_window_ms: 0,
        stickiness_ms: 0,
        reserve_milli: 0,
        reserve_max_milli: None,
        open_tasks_max: 1_000,
    }));
    office.put(Settings::Queue(foreign));
    let task = office.message(1);
    for (to, refusal) in [(9, Refusal::OtherTenant), (99, Refusal::UnknownQueue)] {
        let to = Target::Queue(QueueId(to));
        assert_eq!(office.settle(worker, task, Verdict::Transfer { to, note: None }), Err(refusal.clone()));
        assert_eq!(office.request(worker, task, to), Err(refusal));
    }
    assert_eq!(office.owner(task), Some(worker));
}

#[test]
fn what_takes_little_starts_where_what_takes_more_is_held_back() {
    let mut office = Office::with(|queue| queue.task_weight = if queue.id == BACK { 150 } else { 100 });
    office.keep_free(3_000);
    let worker = office.worker(1, 2, &[FRONT, BACK, OTHER], AcceptMode::Auto);
    let large = office.item(BACK);
    office.pass(1_000);
    let small = office.item(OTHER);
    assert_eq!((office.owner(large), office.owner(small)), (None, None));
    office.keep_free(1_000);
    assert_eq!((office.owner(large), office.owner(small)), (None, Some(worker)));
}
