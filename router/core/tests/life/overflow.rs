//! Queues help each other out: after a while, or at once where nobody is there.

use blendline_core::Command;
use blendline_core::input::{Class, Overflow, Relaxation};
use blendline_wire::WorkerId;
use blendline_wire::event::EventKind;
use blendline_wire::task::{AcceptMode, Label, Presence};

use crate::office::*;

fn helped(after_ms: u64, when_nobody: bool) -> Class {
    let overflow = Some(Overflow { to: OTHER, when_nobody });
    Class { relax: vec![Relaxation { after_ms, needs: Vec::new(), overflow, ..Relaxation::default() }], ..class(FRONT) }
}

fn overflowed(office: &Office, said: &str) -> usize {
    office.happened(|kind| matches!(kind, EventKind::TaskOverflowed { from: FRONT, to: OTHER, why } if why == said))
}

#[test]
fn what_waits_too_long_goes_over_with_its_place_and_its_target() {
    let mut office = Office::new();
    let busy = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    office.push(class(FRONT));
    let task = office.push(helped(20_000, false));
    let (earned_at, due_at) = (office.task(task).earned_at, office.task(task).due_at);
    let helper = office.worker(2, 1, &[OTHER], AcceptMode::Auto);
    office.pass(19_999);
    assert_eq!(office.owner(task), None);
    office.pass(1);
    assert_eq!(office.owner(task), Some(helper));
    assert_eq!(
        (office.task(task).queue, office.task(task).earned_at, office.task(task).due_at),
        (OTHER, earned_at, due_at)
    );
    assert_eq!((overflowed(&office, "time"), overflowed(&office, "nobody")), (1, 0));
    assert_ne!(busy, helper);
}

#[test]
fn where_nobody_is_there_it_goes_over_at_once_and_where_nobody_is_anywhere_it_stays() {
    let mut office = Office::new();
    let alone = office.push(helped(600_000, true));
    assert_eq!((office.task(alone).queue, overflowed(&office, "nobody")), (FRONT, 0), "nobody is anywhere");
    let helper = office.worker(2, 1, &[OTHER], AcceptMode::Auto);
    let task = office.push(helped(600_000, true));
    assert_eq!((office.owner(task), overflowed(&office, "nobody")), (Some(helper), 1));
    office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let own = office.push(helped(600_000, true));
    assert_eq!(office.task(own).queue, FRONT);
    assert_eq!(office.owner(own), None, "he has what waited before");
    assert_eq!(office.owner(alone), Some(WorkerId(1)));
    // Who is there and busy comes back to it, though others are ready where it could go.
    office.worker(3, 1, &[OTHER], AcceptMode::Auto);
    let (worker, presence) = (WorkerId(1), Presence::Busy);
    office.call(Command::Presence { worker, presence, reason: String::new() }).unwrap();
    let kept = office.push(helped(600_000, true));
    assert_eq!(office.task(kept).queue, FRONT);
}

#[test]
fn what_rules_say_of_it_is_in_the_event_of_its_beginning() {
    let mut office = Office::new();
    let label = Label { rule: "refund".into(), tags: vec!["money".into()], case_type: Some("return".into()) };
    office.push(Class { label: Some(Box::new(label.clone())), ..class(FRONT) });
    assert_eq!(
        office.happened(|kind| matches!(kind, EventKind::TaskCreated { label: Some(own), .. } if **own == label)),
        1
    );
}
