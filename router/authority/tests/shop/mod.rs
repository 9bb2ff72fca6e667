//! A small company: a shop within a region, and who may give what there.

use std::collections::{BTreeMap, BTreeSet};

use blendline_authority::company::{Company, Person};
use blendline_authority::grants::{Approvals, Authority, Delegation, Grant, PerCustomer, Role, Who};
use blendline_wire::task::ClockRule;
use blendline_wire::{Millis, WorkerId};

pub(crate) const NOA: WorkerId = WorkerId(1);
pub(crate) const GIL: WorkerId = WorkerId(2);
pub(crate) const OMER: WorkerId = WorkerId(3);
pub(crate) const DANA: WorkerId = WorkerId(4);
pub(crate) const BOSS: WorkerId = WorkerId(5);
pub(crate) const DAY_MS: u64 = 86_400_000;

pub(crate) fn grant(name: &str, who: Who, limit: i64) -> Grant {
    Grant {
        name: name.to_owned(),
        who,
        action: "credit".to_owned(),
        currency: "ILS".to_owned(),
        limit,
        day: None,
        customer: None,
        four_eyes: None,
        from: None,
        until: None,
        calendar: None,
        skills: BTreeMap::new(),
        quality: None,
    }
}

pub(crate) fn group(name: &str) -> Who {
    Who { group: Some(name.to_owned()), ..Who::default() }
}

pub(crate) fn named(name: &str) -> Who {
    Who { worker: Some(name.to_owned()), ..Who::default() }
}

/// The desk gives 100 at once and 250 a day, 150 to one customer in a week; managers 500 and 800, with a second person above
/// 300; the boss 2,000 and 3,000. Omer is away on the days 2 to 4, and Gil stands in for him.
pub(crate) fn authority() -> Authority {
    let week = PerCustomer { limit: 150, within_ms: 7 * DAY_MS };
    let desk = Grant { day: Some(250), customer: Some(week), ..grant("desk", group("desk"), 100) };
    let managers = Who { role: Some(Role::Manager), ..Who::default() };
    let managers = Grant { day: Some(800), four_eyes: Some(300), ..grant("managers", managers, 500) };
    let boss = Grant { day: Some(3_000), ..grant("boss", named("boss"), 2_000) };
    let (from, until) = (Millis(2 * DAY_MS), Millis(5 * DAY_MS));
    Authority {
        actions: Vec::new(),
        grants: vec![desk, managers, boss],
        delegations: vec![Delegation { giver: "omer".to_owned(), taker: "gil".to_owned(), from, until }],
        approvals: Some(Approvals { queue: "approvals".to_owned(), target_ms: Some(900_000), clock: ClockRule::Stops }),
    }
}

pub(crate) fn company() -> Company {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let person = |name: &str, unit: Option<&str>, groups: &[&str], manages: &[&str]| Person {
        name: name.to_owned(),
        unit: unit.map(str::to_owned),
        groups: names(groups),
        manages: names(manages),
        ..Person::default()
    };
    let people = [
        (NOA, person("noa", Some("shop"), &["desk"], &[])),
        (GIL, person("gil", Some("shop"), &["desk"], &[])),
        (OMER, person("omer", Some("shop"), &[], &["shop"])),
        (DANA, person("dana", Some("region"), &[], &["region"])),
        (BOSS, person("boss", None, &[], &[])),
    ];
    Company::new(people, [("shop".to_owned(), Some("region".to_owned())), ("region".to_owned(), None)])
}
