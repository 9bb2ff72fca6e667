//! Whatever is asked, by whomever, in whatever order.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod shop;

use std::collections::{BTreeMap, BTreeSet};

use blendline_authority::apply::{Asking, Command, Effect, Refusal, apply, wish_of};
use blendline_authority::decide::{Terms, Wish};
use blendline_authority::line::{Kind, Line};
use blendline_authority::used::Used;
use blendline_authority::{Authority, Decision, State};
use blendline_wire::event::EventKind;
use blendline_wire::{ContactKey, DecisionId, Millis, TenantId, WorkerId};
use proptest::prelude::*;
use shop::{BOSS, DANA, DAY_MS, GIL, NOA, OMER, authority, company};

#[derive(Clone, Debug)]
enum Deed {
    Ask { key: u128, asker: WorkerId, minor: i64, contact: u128 },
    Approve(u128, WorkerId),
    Deny(u128, WorkerId),
    Withdraw(u128, WorkerId),
    Reverse(u128, WorkerId),
    Pass { hours: u64 },
}

fn deed() -> impl Strategy<Value = Deed> {
    let who = || prop::sample::select(vec![NOA, GIL, OMER, DANA, BOSS]);
    let key = || 1_u128..25;
    let amount = prop_oneof![1_i64..120, 90_i64..350, 280_i64..520, 400_i64..2_100];
    prop_oneof![
        6 => (key(), who(), amount, 1_u128..4)
            .prop_map(|(key, asker, minor, contact)| Deed::Ask { key, asker, minor, contact }),
        5 => (key(), who()).prop_map(|(key, by)| Deed::Approve(key, by)),
        1 => (key(), who()).prop_map(|(key, by)| Deed::Deny(key, by)),
        1 => (key(), who()).prop_map(|(key, by)| Deed::Withdraw(key, by)),
        1 => (key(), who()).prop_map(|(key, by)| Deed::Reverse(key, by)),
        1 => (1_u64..30).prop_map(|hours| Deed::Pass { hours }),
    ]
}

/// The ledger, as whoever keeps it has it.
#[derive(Default)]
struct Ledger {
    lines: Vec<Line>,
    events: Vec<EventKind>,
    decisions: BTreeMap<u128, Decision>,
}

impl Ledger {
    fn terms<T>(&self, authority: &Authority, now: Millis, look: impl FnOnce(&Terms<'_>) -> T) -> T {
        let (company, used) = (company(), Used::of(self.lines.iter().cloned(), "credit", "ILS"));
        let day_since = Millis(now.0 / DAY_MS * DAY_MS);
        look(&Terms {
            authority,
            version: 1,
            company: &company,
            used: &used,
            day_since,
            scores: &BTreeMap::new(),
            open: &BTreeSet::new(),
            now,
        })
    }

    fn take(&mut self, authority: &Authority, now: Millis, key: u128, command: &Command) -> Result<(), Refusal> {
        let known = self.decisions.get(&key);
        let change = self.terms(authority, now, |terms| apply(terms, known, command))?;
        if let Some(Effect::Ask { approvers } | Effect::Pass { approvers, .. }) = &change.effect {
            self.all_can_decide(authority, now, &change.decision, approvers);
        }
        self.events.push(change.line.event());
        self.lines.push(change.line);
        self.decisions.insert(key, change.decision);
        Ok(())
    }

    /// Whoever is offered a decision can make it.
    fn all_can_decide(&self, authority: &Authority, now: Millis, decision: &Decision, approvers: &[WorkerId]) {
        assert!(!approvers.is_empty());
        for by in approvers {
            let approve = Command::Approve { by: *by, note: None };
            let decided = self.terms(authority, now, |terms| apply(terms, Some(decision), &approve));
            assert!(decided.is_ok(), "{by:?} was asked and could not: {decided:?}");
            assert_ne!(*by, decision.first.told.asker);
        }
    }
}

fn command(deed: &Deed, asking: impl FnOnce(u128, Wish) -> Asking) -> Option<(u128, Command)> {
    Some(match *deed {
        Deed::Ask { key, asker, minor, contact } => {
            let (action, currency) = ("credit".to_owned(), "ILS".to_owned());
            let wish = Wish { asker, action, currency, minor, contact: Some(ContactKey(contact)) };
            (key, Command::Ask(Box::new(asking(key, wish))))
        }
        Deed::Approve(key, by) => (key, Command::Approve { by, note: None }),
        Deed::Deny(key, by) => (key, Command::Deny { by, note: None }),
        Deed::Withdraw(key, by) => (key, Command::Withdraw { by, note: None }),
        Deed::Reverse(key, by) => (key, Command::Reverse { by, note: None }),
        Deed::Pass { .. } => return None,
    })
}

fn asking(key: u128, wish: Wish) -> Asking {
    Asking {
        decision: DecisionId(key),
        key: key.to_string(),
        tenant: TenantId(1),
        wish,
        of_case: None,
        task: None,
        conversation: None,
        matter: None,
        note: None,
    }
}

/// The limits of each holder, written anew: (at once, a day, four eyes above). Not by the code that is judged.
fn limits(holder: WorkerId) -> (i64, i64, i64) {
    match holder {
        NOA | GIL => (100, 250, i64::MAX),
        OMER | DANA => (500, 800, 300),
        _ => (2_000, 3_000, i64::MAX),
    }
}

/// Judges the whole ledger by itself.
fn judge(lines: &[Line]) {
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.kind == Kind::Granted) {
        let told = &line.told;
        let before = || lines[..=at].iter().filter(|line| line.kind == Kind::Granted);
        let (decider, holder) = (told.decider.unwrap(), told.holder.unwrap());
        for holder in [Some(holder), told.second_holder].into_iter().flatten() {
            let (once, day, _) = limits(holder);
            assert!(told.minor <= once, "{told:?}");
            let is_his = |other: &&Line| {
                let told = &other.told;
                other.at.0 / DAY_MS == line.at.0 / DAY_MS
                    && (told.holder == Some(holder) || told.second_holder == Some(holder))
            };
            let of_day: i64 = before().filter(is_his).map(|line| line.told.minor).sum();
            assert!(of_day <= day, "{holder:?} gave {of_day} in a day");
        }
        if told.grant.as_deref() == Some("desk") {
            let week = |other: &&Line| line.at.0 <= other.at.0 + 7 * DAY_MS && other.told.contact == told.contact;
            let got: i64 = before().filter(week).map(|line| line.told.minor).sum();
            assert!(got <= 150, "a customer got {got} in a week");
        }
        let stands_in = (decider, holder) == (GIL, OMER) && (2..5).contains(&(line.at.0 / DAY_MS));
        assert!(decider == holder || stands_in, "{told:?}");
        if limits(holder).2 < told.minor {
            let (second, by) = (told.second.unwrap(), told.second_holder.unwrap());
            assert!(second != decider && by != holder && second != told.asker, "{told:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_exceeds_a_limit_and_the_ledger_is_the_events(deeds in prop::collection::vec(deed(), 1..120)) {
        let authority = authority();
        let (mut ledger, mut now) = (Ledger::default(), Millis(DAY_MS));
        for deed in &deeds {
            now = now.plus(60_000);
            if let Deed::Pass { hours } = deed {
                now = now.plus(hours * 3_600_000);
            }
            let Some((key, command)) = command(deed, asking) else { continue };
            let known = ledger.decisions.contains_key(&key);
            let count = ledger.lines.len();
            let taken = ledger.take(&authority, now, key, &command);
            // The same key twice is one decision; what is refused leaves nothing behind.
            if known && matches!(command, Command::Ask(_)) {
                prop_assert_eq!(taken.clone(), Err(Refusal::Exists));
            }
            prop_assert_eq!(ledger.lines.len(), count + usize::from(taken.is_ok()));
        }
        judge(&ledger.lines);
        let told: i64 = ledger.events.iter().filter(|event| {
            matches!(event, EventKind::DecisionGranted(_) | EventKind::DecisionReversed(_))
        }).map(|event| event.decision().unwrap().minor).sum();
        prop_assert_eq!(ledger.lines.iter().map(Line::given).sum::<i64>(), told);
        for decision in ledger.decisions.values() {
            let lines: Vec<&Line> = ledger.lines.iter().filter(|line| line.told.decision == decision.id()).collect();
            prop_assert_eq!(&Decision::of(lines.iter().copied()).unwrap(), decision);
            let places: Vec<u32> = lines.iter().map(|line| line.told.line).collect();
            prop_assert!(places.iter().copied().eq(1..=u32::try_from(lines.len()).unwrap()));
            let given: i64 = lines.iter().map(|line| line.given()).sum();
            let wanted = if decision.state() == State::Granted { wish_of(decision).minor } else { 0 };
            prop_assert_eq!(given, wanted);
        }
    }
}
