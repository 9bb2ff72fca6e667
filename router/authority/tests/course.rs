//! What becomes of single wishes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod shop;

use std::collections::{BTreeMap, BTreeSet};

use blendline_authority::apply::{Asking, Command, Effect, Refusal, apply, wish_of};
use blendline_authority::check::{Surroundings, check, check_people};
use blendline_authority::decide::{Shortfall, Terms, Wish, decide};
use blendline_authority::grants::{Authority, Delegation, Grant, Who};
use blendline_authority::line::{Kind, Line};
use blendline_authority::propose::proposals;
use blendline_authority::used::Used;
use blendline_authority::{Company, Outcome, State};
use blendline_wire::{ContactKey, DecisionId, Millis, TenantId, WorkerId};
use shop::{BOSS, DANA, DAY_MS, GIL, NOA, OMER, authority, company, grant, group, named};

fn wish(asker: WorkerId, minor: i64) -> Wish {
    let (action, currency) = ("credit".to_owned(), "ILS".to_owned());
    Wish { asker, action, currency, minor, contact: Some(ContactKey(9)) }
}

fn asking(decision: u128, wish: Wish) -> Command {
    Command::Ask(Box::new(Asking {
        decision: DecisionId(decision),
        key: format!("k{decision}"),
        tenant: TenantId(1),
        wish,
        of_case: None,
        task: None,
        conversation: None,
        matter: None,
        note: None,
    }))
}

/// Looks at what is decided on a day, after these lines.
fn on<T>(day: u64, authority: &Authority, lines: &[Line], look: impl FnOnce(&Terms<'_>) -> T) -> T {
    let company = company();
    let used = Used::of(lines.iter().cloned(), "credit", "ILS");
    let (day_since, now) = (Millis(day * DAY_MS), Millis(day * DAY_MS + 1_000));
    look(&Terms {
        authority,
        version: 3,
        company: &company,
        used: &used,
        day_since,
        scores: &BTreeMap::new(),
        open: &BTreeSet::new(),
        now,
    })
}

#[test]
fn the_nearest_up_the_tree_who_may_is_asked_and_never_the_asker() {
    on(0, &authority(), &[], |terms| {
        assert!(matches!(decide(terms, &wish(NOA, 100)), Outcome::Granted(ground) if ground.grant == "desk"));
        let asked = |minor, asker| match decide(terms, &wish(asker, minor)) {
            Outcome::NeedsApproval { approvers, .. } => approvers,
            other => panic!("{minor}: {other:?}"),
        };
        assert_eq!(asked(101, NOA), [OMER, DANA, BOSS]);
        // Above 300 a manager agrees, and a second person after him.
        assert_eq!(asked(400, NOA), [OMER, DANA, BOSS]);
        assert_eq!(asked(501, NOA), [BOSS]);
        assert_eq!(asked(301, OMER), [DANA, BOSS]);
        assert_eq!(asked(501, DANA), [BOSS], "who stands below is not asked");
        let refused = decide(terms, &wish(NOA, 2_001));
        assert_eq!(refused, Outcome::Refused { reason: Shortfall::TooMuch, most: 2_000 });
    });
    let alone = Authority { approvals: None, ..authority() };
    on(0, &alone, &[], |terms| {
        assert!(matches!(decide(terms, &wish(NOA, 101)), Outcome::Refused { .. }), "nobody is asked");
    });
}

#[test]
fn who_stands_in_decides_by_the_limits_of_whom_he_stands_in_for() {
    let authority = authority();
    let mut lines = Vec::new();
    on(2, &authority, &[], |terms| {
        let change = apply(terms, None, &asking(1, wish(GIL, 300))).unwrap();
        assert_eq!((change.line.told.decider, change.line.told.holder), (Some(GIL), Some(OMER)));
        lines.push(change.line);
    });
    on(2, &authority, &lines, |terms| {
        let Outcome::NeedsApproval { approvers, .. } = decide(terms, &wish(OMER, 501)) else {
            panic!("it was granted")
        };
        assert_eq!(approvers, [BOSS]);
        assert_eq!(terms.used.by(OMER, terms.day_since), 300);
        assert_eq!(terms.used.by(GIL, terms.day_since), 0);
    });
    on(6, &authority, &[], |terms| {
        assert!(matches!(decide(terms, &wish(GIL, 300)), Outcome::NeedsApproval { .. }), "he is back");
    });
}

#[test]
fn two_different_persons_decide_where_four_eyes_are_wanted() {
    let authority = authority();
    on(0, &authority, &[], |terms| {
        let asked = apply(terms, None, &asking(1, wish(NOA, 400))).unwrap();
        assert_eq!(asked.effect, Some(Effect::Ask { approvers: vec![OMER, DANA, BOSS] }));
        let approve = |by| Command::Approve { by, note: None };
        let own = apply(terms, Some(&asked.decision), &approve(NOA)).unwrap_err();
        assert_eq!(own, Refusal::Own);
        let gil = apply(terms, Some(&asked.decision), &approve(GIL)).unwrap_err();
        let all = vec![OMER, DANA, BOSS];
        assert_eq!(gil, Refusal::NotYours { reason: Shortfall::TooMuch, approvers: all });
        let first = apply(terms, Some(&asked.decision), &approve(OMER)).unwrap();
        assert_eq!((first.line.kind, first.decision.state()), (Kind::Approved, State::Waiting));
        let again = apply(terms, Some(&first.decision), &approve(OMER)).unwrap_err();
        assert_eq!(again, Refusal::SamePerson);
        let second = apply(terms, Some(&first.decision), &approve(DANA)).unwrap();
        let told = &second.line.told;
        assert_eq!((second.line.kind, told.decider, told.second), (Kind::Granted, Some(OMER), Some(DANA)));
        assert_eq!(second.effect, Some(Effect::End { task: None }));
        // The boss needs nobody beside him.
        let alone = apply(terms, Some(&asked.decision), &approve(BOSS)).unwrap();
        assert_eq!((alone.line.kind, alone.line.told.second), (Kind::Granted, None));
        // A manager who asks is one of the two himself.
        let his = apply(terms, None, &asking(2, wish(OMER, 400))).unwrap();
        assert_eq!((his.line.kind, his.line.told.decider), (Kind::Asked, Some(OMER)));
        let agreed = apply(terms, Some(&his.decision), &approve(DANA)).unwrap();
        assert_eq!((agreed.line.kind, agreed.line.told.second_holder), (Kind::Granted, Some(DANA)));
    });
}

#[test]
fn what_nobody_is_asked_any_more_is_withdrawn_and_what_was_decided_stays() {
    on(0, &authority(), &[], |terms| {
        let lapse = Command::Lapse { reason: "task_over".to_owned() };
        let asked = apply(terms, None, &asking(1, wish(NOA, 400))).unwrap();
        let over = apply(terms, Some(&asked.decision), &lapse).unwrap();
        assert_eq!(
            (over.line.kind, over.line.told.reason.as_str(), over.line.given()),
            (Kind::Withdrawn, "task_over", 0)
        );
        let granted = apply(terms, None, &asking(2, wish(NOA, 100))).unwrap();
        let late = apply(terms, Some(&granted.decision), &lapse).unwrap_err();
        assert_eq!(late, Refusal::Decided { state: State::Granted });
    });
}

#[test]
fn what_was_taken_back_is_a_line_of_its_own_and_stays_used() {
    let authority = authority();
    let mut lines = Vec::new();
    on(0, &authority, &[], |terms| {
        let granted = apply(terms, None, &asking(1, wish(NOA, 100))).unwrap();
        let twice = apply(terms, Some(&granted.decision), &asking(1, wish(NOA, 100)));
        assert_eq!(twice.unwrap_err(), Refusal::Exists);
        let back = apply(terms, Some(&granted.decision), &Command::Reverse { by: NOA, note: None }).unwrap();
        assert_eq!((back.line.kind, back.line.told.minor, back.line.told.line), (Kind::Reversed, -100, 2));
        assert_eq!(wish_of(&back.decision).minor, 100);
        let again = apply(terms, Some(&back.decision), &Command::Reverse { by: NOA, note: None });
        assert_eq!(again.unwrap_err(), Refusal::NotGranted);
        lines.extend([granted.line, back.line]);
    });
    assert_eq!(lines.iter().map(Line::given).sum::<i64>(), 0);
    on(0, &authority, &lines, |terms| {
        assert_eq!(terms.used.by(NOA, terms.day_since), 100);
        assert_eq!(terms.used.to(ContactKey(9), Millis(0)), 100);
        assert!(matches!(decide(terms, &wish(NOA, 51)), Outcome::NeedsApproval { .. }), "the customer has had 100");
        let nobodys = Wish { contact: None, ..wish(NOA, 1) };
        assert!(matches!(decide(terms, &nobodys), Outcome::NeedsApproval { .. }), "whose it is cannot be told");
    });
}

#[test]
fn a_grant_holds_in_its_time_and_for_those_who_are_good_enough() {
    let mut authority = authority();
    authority.approvals = None;
    let judged = |authority: &Authority, open: &[&str], day, score: u8| {
        let scores = BTreeMap::from([(NOA, score)]).into_iter().filter(|(_, score)| 0 < *score).collect();
        let company = company();
        let open = open.iter().map(|name| (*name).to_owned()).collect();
        let (used, now) = (Used::default(), Millis(day * DAY_MS));
        let terms = Terms {
            authority,
            version: 1,
            company: &company,
            used: &used,
            day_since: now,
            scores: &scores,
            open: &open,
            now,
        };
        match decide(&terms, &wish(NOA, 10)) {
            Outcome::Refused { reason, .. } => Some(reason),
            _ => None,
        }
    };
    let refused = |authority: &Authority, open: &[&str], day| judged(authority, open, day, 0);
    let with = |change: &dyn Fn(&mut Grant)| {
        let mut changed = Authority { grants: authority.grants[..1].to_vec(), ..authority.clone() };
        change(&mut changed.grants[0]);
        changed
    };
    let office = with(&|grant| grant.calendar = Some("office".to_owned()));
    assert_eq!(refused(&office, &[], 3), Some(Shortfall::NotNow));
    assert_eq!(refused(&office, &["office"], 3), None);
    let season = with(&|grant| (grant.from, grant.until) = (Some(Millis(2 * DAY_MS)), Some(Millis(4 * DAY_MS))));
    assert_eq!([1, 2, 3, 4].map(|day| refused(&season, &[], day).is_some()), [true, false, false, true]);
    let skilled = with(&|grant| grant.skills = [("money".to_owned(), 2)].into());
    assert_eq!(refused(&skilled, &[], 3), Some(Shortfall::NotQualified));
    let scored = with(&|grant| grant.quality = Some(80));
    assert_eq!(refused(&scored, &[], 3), Some(Shortfall::NotQualified), "nobody has scored him");
    assert_eq!([79, 80].map(|own| judged(&scored, &[], 3, own).is_some()), [true, false]);
}

#[test]
fn what_makes_no_sense_is_told_with_its_place() {
    let around = Surroundings { groups: BTreeSet::from(["desk".to_owned()]), ..Surroundings::default() };
    let codes = |authority: &Authority| -> Vec<&str> { check(authority, &around).iter().map(|it| it.code).collect() };
    let one = |grant: Grant| Authority { grants: vec![grant], ..Authority::default() };
    assert!(codes(&one(grant("g", group("desk"), 100))).is_empty());
    assert_eq!(codes(&one(grant("g", group("dsk"), 100))), ["unknown_name"]);
    assert_eq!(codes(&one(grant("g", Who::default(), 100))), ["missing_key"]);
    let action = Grant { action: "gift".to_owned(), ..grant("g", group("desk"), 100) };
    assert_eq!(codes(&one(action.clone())), ["unknown_name"]);
    assert!(codes(&Authority { actions: vec!["gift".to_owned()], ..one(action) }).is_empty());
    let policy = Grant { action: "exception.returns".to_owned(), ..grant("g", group("desk"), 100) };
    assert!(codes(&one(policy)).is_empty());
    assert_eq!(codes(&one(Grant { currency: "shekel".to_owned(), ..grant("g", group("desk"), 1) })), ["bad_currency"]);
    assert_eq!(codes(&one(Grant { day: Some(99), ..grant("g", group("desk"), 100) })), ["limit_order"]);
    let given = |giver: &str, taker: &str, from| Delegation {
        giver: giver.to_owned(),
        taker: taker.to_owned(),
        from: Millis(from),
        until: Millis(from + 10),
    };
    let circle = vec![given("a", "b", 0), given("b", "c", 5), given("c", "a", 8)];
    let mut authority = Authority { delegations: circle, ..Authority::default() };
    assert_eq!(codes(&authority), ["authority_circle"; 3]);
    // Not at one time: no circle.
    authority.delegations = vec![given("a", "b", 0), given("b", "a", 10)];
    assert!(codes(&authority).is_empty());
    let lonely = Grant { four_eyes: Some(10), ..grant("g", named("boss"), 100) };
    let lonely = Authority { approvals: shop::authority().approvals, ..one(lonely) };
    let told = check_people(&lonely, &company(), &["omer".to_owned()]);
    assert_eq!(told.iter().map(|it| it.code).collect::<Vec<_>>(), ["nobody_approves"; 2], "{told:?}");
    assert!(check_people(&shop::authority(), &company(), &["omer".to_owned()]).is_empty());
    assert_eq!(check_people(&lonely, &Company::default(), &[]).len(), 1);
}

#[test]
fn approvals_that_are_nearly_always_granted_propose_a_limit() {
    let authority = authority();
    let lines = |count: u64, denied: u64| -> Vec<Line> {
        let mut lines = Vec::new();
        for at in 0..count {
            on(at * 8, &authority, &[], |terms| {
                let asked = apply(terms, None, &asking(u128::from(at) + 1, wish(NOA, 110 + at.cast_signed()))).unwrap();
                let answer = match at < denied {
                    true => Command::Deny { by: OMER, note: None },
                    false => Command::Approve { by: OMER, note: None },
                };
                let answered = apply(terms, Some(&asked.decision), &answer).unwrap();
                lines.extend([asked.line, answered.line]);
            });
        }
        lines
    };
    assert!(proposals(&lines(9, 0)).is_empty(), "too few tell nothing");
    assert!(proposals(&lines(20, 2)).is_empty(), "he is denied too often");
    let told = proposals(&lines(20, 1));
    assert_eq!(told.len(), 1);
    let of = &told[0];
    assert_eq!((of.worker, of.decided, of.granted, of.alone, of.limit), (NOA, 20, 19, 100, 128));
}
