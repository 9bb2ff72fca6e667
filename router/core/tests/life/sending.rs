use blendline_core::input::DeliveryStatus;
use blendline_core::rows::OutboundState;
use blendline_core::{Command, Release};
use blendline_wire::outbound::{SendFailure, SendOutcome};
use blendline_wire::task::AcceptMode;
use blendline_wire::{OutboundId, TaskId, WorkerId};

use crate::office::*;

fn talking() -> (Office, WorkerId, TaskId) {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let task = office.message(1);
    (office, worker, task)
}

fn sends(office: &Office) -> Vec<(OutboundId, u32)> {
    let send = |release: &Release| match release {
        Release::Send { outbound, attempt, .. } => Some((*outbound, *attempt)),
        _ => None,
    };
    office.releases.iter().filter_map(send).collect()
}

fn result(office: &mut Office, sent: (OutboundId, u32), outcome: SendOutcome) {
    let prior = office.finals.iter().rev().find(|row| row.id == sent.0).cloned().map(Box::new);
    office.call(Command::SendResult { outbound: sent.0, attempt: sent.1, outcome, prior }).unwrap();
}

fn report(office: &mut Office, outbound: OutboundId, status: DeliveryStatus) {
    let prior = office.finals.iter().rev().find(|row| row.id == outbound).cloned().map(Box::new);
    office.call(Command::Status { outbound, status, reason: "131026".into(), prior }).unwrap();
}

fn sent() -> SendOutcome {
    SendOutcome::Sent { external_id: "wamid.1".into() }
}

fn cause(reason: &str) -> SendFailure {
    SendFailure::new(reason, "for people")
}

#[test]
fn one_is_on_its_way_per_conversation_in_the_order_of_saying() {
    let (mut office, worker, task) = talking();
    office.reply(worker, task).unwrap();
    office.reply(worker, task).unwrap();
    assert_eq!(sends(&office).len(), 1);
    let first = sends(&office)[0];
    result(&mut office, first, sent());
    assert_eq!(sends(&office).len(), 2);
    assert!(first.0 < sends(&office)[1].0);
}

#[test]
fn a_retry_waits_its_time_and_has_the_next_number() {
    let (mut office, worker, task) = talking();
    office.reply(worker, task).unwrap();
    let first = sends(&office)[0];
    result(&mut office, first, SendOutcome::Retry { after_ms: 6_000, cause: cause("rate_limited") });
    office.pass(5_999);
    assert_eq!(sends(&office).len(), 1);
    office.pass(1);
    assert_eq!(sends(&office)[1], (first.0, 2));
    // The first attempt's result comes again, late: it is not the one under way.
    result(&mut office, first, SendOutcome::Retry { after_ms: 0, cause: cause("rate_limited") });
    assert!(matches!(office.core.outbound(first.0).unwrap().state, OutboundState::Handed { .. }));
}

#[test]
fn eight_attempts_are_enough() {
    let (mut office, worker, task) = talking();
    office.reply(worker, task).unwrap();
    for attempt in 0..8 {
        let now = sends(&office)[attempt];
        result(&mut office, now, SendOutcome::Retry { after_ms: 0, cause: cause("unavailable") });
        office.pass(10 * MINUTE);
    }
    assert_eq!(sends(&office).len(), 8);
    assert_eq!(office.finals[0].state, OutboundState::Failed { reason: "unavailable".into() });
}

#[test]
fn unknown_is_never_sent_again_and_settles_by_the_platforms_report() {
    let (mut office, worker, task) = talking();
    office.reply(worker, task).unwrap();
    let only = sends(&office)[0];
    result(&mut office, only, SendOutcome::Unknown { cause: cause("timeout") });
    office.pass(60 * MINUTE);
    assert_eq!(sends(&office), vec![only]);
    report(&mut office, only.0, DeliveryStatus::Delivered);
    let state = &office.finals.last().unwrap().state;
    assert_eq!(*state, OutboundState::Sent { status: DeliveryStatus::Delivered });
    let told = |status: &str| {
        office
            .releases
            .iter()
            .any(|release| matches!(release, Release::ReplyStatus { status: told, .. } if *told == status))
    };
    assert!(told("unknown") && told("sent"));
}

#[test]
fn a_report_that_overtakes_the_calls_own_answer_settles_it() {
    let (mut office, worker, task) = talking();
    office.reply(worker, task).unwrap();
    let only = sends(&office)[0];
    report(&mut office, only.0, DeliveryStatus::Delivered);
    result(&mut office, only, sent());
    assert_eq!(office.finals.len(), 1);
}

#[test]
fn reports_in_any_order_end_in_the_same_state() {
    use DeliveryStatus::{Delivered, Failed, Read, Sent};
    let end_of = |reports: &[DeliveryStatus]| {
        let (mut office, worker, task) = talking();
        office.reply(worker, task).unwrap();
        let only = sends(&office)[0];
        result(&mut office, only, sent());
        for status in reports {
            report(&mut office, only.0, *status);
        }
        office.finals.last().unwrap().state.clone()
    };
    let read = OutboundState::Sent { status: Read };
    for reports in [[Sent, Delivered, Read], [Read, Delivered, Sent], [Delivered, Read, Sent], [Failed, Read, Sent]] {
        assert_eq!(end_of(&reports), read, "{reports:?}");
    }
    let failed = OutboundState::Failed { reason: "131026".into() };
    assert_eq!(end_of(&[Sent, Failed]), failed);
    assert_eq!(end_of(&[Failed, Sent]), failed);
}

#[test]
fn an_account_has_a_bounded_number_on_the_way() {
    let mut office = Office::new();
    let worker = office.worker(1, 100, &[FRONT], AcceptMode::Auto);
    for contact in 0..70 {
        let task = office.message(contact);
        office.reply(worker, task).unwrap();
    }
    assert_eq!(sends(&office).len(), 64);
    let first = sends(&office)[0];
    result(&mut office, first, sent());
    assert_eq!(sends(&office).len(), 65);
}

#[test]
fn where_the_commit_is_the_sending_nothing_is_handed_over_and_readers_are_told() {
    let mut office = Office::new();
    let mut account = office.core.snapshot().accounts[0].clone();
    account.commit_is_send = true;
    office.put(blendline_core::input::Settings::Account(account));
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let task = office.message(1);
    office.reply(worker, task).unwrap();
    assert_eq!(sends(&office), Vec::new());
    assert_eq!(office.finals[0].state, OutboundState::Sent { status: DeliveryStatus::Sent });
    assert_eq!(office.finals[0].attempt, 1);
    let told = office.releases.iter().filter(|release| matches!(release, Release::Followed { .. })).count();
    assert_eq!(told, 3, "the message, the assignment, the reply");
}
