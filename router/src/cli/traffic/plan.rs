//! Who comes when: a function of the seed and the store's time.

use super::day::load_percent;
use super::dice::Dice;

/// In each slot one customer at most begins to write, and one work item at most comes; in milliseconds.
pub(super) const SLOT_MS: u64 = 100;
/// How many customers come, in a thousand seconds of a day without peaks. Each writes one and a half times.
const VISITS_PER_1000_S: u64 = 1_100;
/// How many work items come, in a thousand seconds.
const ITEMS_PER_1000_S: u64 = 450;
/// How many customers have been there before, in per cent.
const RETURNING_PERCENT: u64 = 25;
/// How far back that was at most, in slots.
const RETURNING_SLOTS: u64 = 3_000;

/// What a throw is about: no two questions share their throws.
const VISIT: u64 = 1;
const WHO: u64 = 2;
const ITEM: u64 = 3;
const CUSTOMER: u64 = 4;

/// What the customers and the other systems of the store will do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Where every choice comes from.
    pub(super) seed: u64,
}

/// A customer begins to write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Visit {
    /// Its number, unlike any other's.
    pub(super) number: u64,
    /// Who comes.
    pub(super) customer: Customer,
}

/// A customer by his number; the same person under every seed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Customer(pub(super) u64);

/// In what a customer writes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Tongue {
    English,
    Hebrew,
}

/// Where a customer writes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Medium {
    WhatsApp,
    WebChat,
}

impl Plan {
    /// The visit that begins in this slot.
    pub(super) fn visit(&self, slot: u64) -> Option<Visit> {
        if !self.is_begun(slot) {
            return None;
        }
        let mut dice = Dice::of(self.seed, &[WHO, slot]);
        let earlier = slot.checked_sub(dice.between(1, RETURNING_SLOTS)).filter(|slot| self.is_begun(*slot));
        // Most slots are empty, so whoever looks for a returning customer looks a little further.
        let returning = dice.chance(RETURNING_PERCENT).then(|| earlier.or_else(|| self.last_before(slot))).flatten();
        Some(Visit { number: slot, customer: Customer(returning.unwrap_or(slot)) })
    }

    /// Whether a work item comes in this slot.
    pub(super) fn has_item(&self, slot: u64) -> bool {
        Dice::of(self.seed, &[ITEM, slot]).below(1_000_000) < ITEMS_PER_1000_S * SLOT_MS
    }

    fn is_begun(&self, slot: u64) -> bool {
        let expected = VISITS_PER_1000_S * load_percent(slot * SLOT_MS) / 100 * SLOT_MS;
        Dice::of(self.seed, &[VISIT, slot]).below(1_000_000) < expected
    }

    /// A slot of the last ten seconds in which somebody came.
    fn last_before(&self, slot: u64) -> Option<u64> {
        (slot.saturating_sub(100)..slot).find(|slot| self.is_begun(*slot))
    }
}

impl Customer {
    /// Half of them write Hebrew.
    pub(super) fn tongue(self) -> Tongue {
        if self.dice(1).chance(50) { Tongue::Hebrew } else { Tongue::English }
    }

    /// A few more use WhatsApp.
    pub(super) fn medium(self) -> Medium {
        if self.dice(2).chance(60) { Medium::WhatsApp } else { Medium::WebChat }
    }

    /// What he is called.
    pub(super) fn name(self) -> String {
        let (first, last) = match self.tongue() {
            Tongue::English => (self.dice(3).pick(FIRST_ENGLISH), self.dice(4).pick(LAST_ENGLISH)),
            Tongue::Hebrew => (self.dice(3).pick(FIRST_HEBREW), self.dice(4).pick(LAST_HEBREW)),
        };
        format!("{first} {last}")
    }

    /// His number in the form WhatsApp gives it: an Israeli mobile number's length, in a range that nobody has.
    pub(super) fn phone(self) -> String {
        format!("97251{:07}", self.0 % 10_000_000)
    }

    fn dice(self, question: u64) -> Dice {
        Dice::of(CUSTOMER, &[self.0, question])
    }
}

const FIRST_ENGLISH: [&str; 6] = ["Emma", "Daniel", "Olivia", "James", "Sofia", "Ben"];
const LAST_ENGLISH: [&str; 6] = ["Smith", "Novak", "Rossi", "Taylor", "O'Brien", "Klein"];
const FIRST_HEBREW: [&str; 6] = ["נועה", "יונתן", "תמר", "איתי", "מיכל", "עומר"];
const LAST_HEBREW: [&str; 6] = ["לוי", "כהן", "מזרחי", "פרץ", "ביטון", "אברהם"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::cli::traffic::day::{DAY_MS, is_peak};

    const SLOTS_OF_A_DAY: u64 = DAY_MS / SLOT_MS;

    #[test]
    fn a_seed_is_a_plan() {
        let visits = |seed| (0..SLOTS_OF_A_DAY).map(|slot| Plan { seed }.visit(slot)).collect::<Vec<_>>();
        assert_eq!(visits(7), visits(7));
        assert_ne!(visits(7), visits(8));
    }

    #[test]
    fn the_peak_is_one() {
        let plan = Plan { seed: 7 };
        let days = 0..20 * SLOTS_OF_A_DAY;
        let (mut calm, mut peak, mut items) = (0u32, 0u32, 0u32);
        for slot in days {
            let count = if is_peak(slot * SLOT_MS) { &mut peak } else { &mut calm };
            *count += u32::from(plan.visit(slot).is_some());
            items += u32::from(plan.has_item(slot));
        }
        // Twenty days of 180 s: 900 s of peaks at 2.2 visits a second, 2,700 s of calm at 0.74, items at 0.45.
        assert!((1_840..2_120).contains(&peak), "{peak} in peaks");
        assert!((1_850..2_130).contains(&calm), "{calm} in calm times");
        assert!((1_500..1_740).contains(&items), "{items} items");
    }

    #[test]
    fn customers_are_of_every_kind_and_some_come_back() {
        let plan = Plan { seed: 7 };
        let visits: Vec<Visit> = (0..10 * SLOTS_OF_A_DAY).filter_map(|slot| plan.visit(slot)).collect();
        let kinds: BTreeSet<String> =
            visits.iter().map(|it| format!("{:?} {:?}", it.customer.tongue(), it.customer.medium())).collect();
        assert_eq!(kinds.len(), 4, "{kinds:?}");
        let people: BTreeSet<u64> = visits.iter().map(|it| it.customer.0).collect();
        let returned = 100 * (visits.len() - people.len()) / visits.len();
        assert!((10..=25).contains(&returned), "{returned} % of the visits are by somebody who was there before");
    }

    #[test]
    fn a_customer_is_the_same_under_every_seed() {
        let customer = Customer(4_711);
        assert_eq!(customer.phone(), "972510004711");
        assert_eq!(customer.name(), Customer(4_711).name());
    }
}
