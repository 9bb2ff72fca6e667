//! What somebody declined stands in line still, and hides nobody behind it.

use blendline_core::Command;
use blendline_wire::task::AcceptMode;
use blendline_wire::{TaskId, WorkerId};

use crate::office::*;

fn decline(office: &mut Office, worker: WorkerId, task: TaskId) {
    let lease = office.lease(task);
    office.call(Command::Decline { worker, task, lease, reason: "busy".to_owned() }).unwrap();
}

#[test]
fn who_declined_the_first_of_a_line_has_the_next_of_it() {
    let mut office = Office::new();
    let first = office.item(BACK);
    let second = office.item(BACK);
    let worker = office.worker(1, 1, &[BACK], AcceptMode::Offer);
    assert_eq!(office.owner(first), Some(worker));
    decline(&mut office, worker, first);
    assert_eq!((office.owner(first), office.owner(second)), (None, Some(worker)));
}

#[test]
fn where_slots_come_free_for_back_work_it_goes_to_whoever_did_not_decline_it() {
    let mut office = Office::new();
    let first = office.item(BACK);
    let worker = office.worker(1, 1, &[FRONT, BACK], AcceptMode::Offer);
    decline(&mut office, worker, first);
    office.keep_free(1_000);
    let second = office.item(BACK);
    assert_eq!(office.owner(second), None, "the last slot is kept free");
    office.keep_free(0);
    assert_eq!((office.owner(first), office.owner(second)), (None, Some(worker)));
}

#[test]
fn behind_two_that_he_declined_a_worker_finds_the_third() {
    let mut office = Office::new();
    let (first, second) = (office.item(BACK), office.item(BACK));
    let worker = office.worker(1, 1, &[FRONT, BACK], AcceptMode::Offer);
    for task in [first, second] {
        assert_eq!(office.owner(task), Some(worker));
        decline(&mut office, worker, task);
    }
    office.keep_free(1_000);
    let third = office.item(BACK);
    assert_eq!(office.owner(third), None, "the last slot is kept free");
    office.keep_free(0);
    assert_eq!([first, second, third].map(|task| office.owner(task)), [None, None, Some(worker)]);
}
