//! What work takes of a worker may depend on the channel it came by.

use blendline_core::Command;
use blendline_core::input::{Class, Settings};
use blendline_wire::org::{ChannelWeight, WorkerSettings};
use blendline_wire::task::AcceptMode;
use blendline_wire::{ChannelKey, ContactKey, TaskId, WorkerId};

use crate::office::*;

fn by(channel: &str) -> Class {
    Class { channel: ChannelKey::of(channel), ..class(FRONT) }
}

fn weigh(office: &mut Office, worker: WorkerId, weights: &[(&str, u32)]) {
    let weight = |(channel, weight): &(&str, u32)| ChannelWeight { channel: ChannelKey::of(channel), weight: *weight };
    let settings = (*office.core.worker(worker).unwrap().settings).clone();
    let weights = weights.iter().map(weight).collect();
    office.put(Settings::Worker(WorkerSettings { weights, ..settings }));
}

#[test]
fn three_chats_fill_who_could_have_one_call() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    weigh(&mut office, worker, &[("chat", 33)]);
    let tasks: Vec<TaskId> = (0..4).map(|_| office.push(by("chat"))).collect();
    let taken = |office: &Office, tasks: &[TaskId]| tasks.iter().map(|task| office.owner(*task).is_some()).collect();
    let his: Vec<bool> = taken(&office, &tasks);
    assert_eq!(his, [true, true, true, false]);
    let other = office.push(by("voice"));
    assert_eq!(office.owner(other), None, "one that takes all of him");
    office.done(worker, tasks[0]);
    let his: Vec<bool> = taken(&office, &tasks[1..]);
    assert_eq!((his, office.owner(other)), (vec![true; 3], None), "the fourth chat fits");
}

#[test]
fn who_has_less_room_than_the_first_in_line_takes_has_the_next_that_fits() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    weigh(&mut office, worker, &[("chat", 50), ("email", 20)]);
    let first = office.push(by("chat"));
    let call = office.push(by("voice"));
    let mails: Vec<TaskId> = (0..3).map(|_| office.push(by("email"))).collect();
    assert_eq!(office.owner(first), Some(worker));
    assert_eq!(office.owner(call), None);
    let taken = mails.iter().map(|mail| office.owner(*mail).is_some()).collect::<Vec<_>>();
    assert_eq!(taken, [true, true, false], "20 and 20 beside 50 leave 10");
}

#[test]
fn what_he_has_weighs_what_it_did_when_he_took_it() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    weigh(&mut office, worker, &[("chat", 50)]);
    let (one, two) = (office.push(by("chat")), office.push(by("chat")));
    weigh(&mut office, worker, &[("chat", 100)]);
    assert_eq!([one, two].map(|task| office.task(task).weighs), [Some(50), Some(50)]);
    office.done(worker, one);
    let next = office.push(by("chat"));
    assert_eq!(office.owner(next), None, "50 are left, and it takes 100 now");
    office.done(worker, two);
    assert_eq!((office.owner(next), office.task(next).weighs), (Some(worker), Some(100)));
}

#[test]
fn who_was_called_away_has_his_work_again_where_it_fits_by_its_channel() {
    let mut office = Office::with(|queue| queue.interruptible = queue.id == BACK);
    let worker = office.worker(1, 1, &[FRONT, BACK], AcceptMode::Auto);
    weigh(&mut office, worker, &[("email", 60), ("chat", 50), ("sms", 10)]);
    let mail = office.push(Class { channel: ChannelKey::of("email"), ..class(BACK) });
    office.pass(1_000);
    let (chat, sms) = (office.push(by("chat")), office.push(by("sms")));
    assert_eq!(
        [mail, chat, sms].map(|task| office.core.task(task).unwrap().state.owner().is_some()),
        [false, true, true]
    );
    office.done(worker, chat);
    assert_eq!(office.owner(mail), Some(worker), "60 beside 10; its queue would say 100");
}

#[test]
fn a_conversation_that_he_begins_weighs_by_its_channel() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    weigh(&mut office, worker, &[("whatsapp_cloud", 33)]);
    let (contact, payload) = (ContactKey(1), office.payload());
    office.call(Command::Start { worker, account: ACCOUNT, contact, queue: FRONT, prior: None, payload }).unwrap();
    assert_eq!(office.core.load_of(worker), 33);
}
