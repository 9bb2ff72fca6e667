//! What workers may decide under a live rule set, with the people and the hours that it depends on.

use std::collections::{BTreeMap, BTreeSet};

use blendline_authority::decide::concerned;
use blendline_authority::{Authority, Company, Terms, Wish};
use blendline_rules::{Calendar, RuleSet};
use blendline_wire::{Millis, TenantId, WorkerId};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::ports::ledger::UsedWanted;

/// Authority, ready to decide.
#[derive(Clone, Debug)]
pub struct LiveAuthority {
    /// What the company wrote.
    pub authority: Authority,
    /// Who works where.
    pub company: Company,
    calendars: BTreeMap<String, Calendar>,
    zone: TimeZone,
}

impl LiveAuthority {
    /// Of a set and its tenant's people.
    pub(crate) fn new(set: &RuleSet, company: Company) -> Self {
        let authority = set.authority.authority.clone();
        let named = authority.grants.iter().filter_map(|grant| grant.calendar.as_ref());
        let calendars = named.filter_map(|name| Some((name.clone(), set.calendars.get(name)?.value.clone()))).collect();
        Self { authority, company, calendars, zone: set.zone.clone() }
    }

    /// When the day of the company's zone began.
    pub fn day_since(&self, now: Millis) -> Millis {
        let begun = || {
            let instant = Timestamp::from_millisecond(i64::try_from(now.0).ok()?).ok()?;
            let day = instant.to_zoned(self.zone.clone()).start_of_day().ok()?;
            u64::try_from(day.timestamp().as_millisecond()).ok()
        };
        // No instant of a running clock is without a day; where one were, all that was ever given would count.
        Millis(begun().unwrap_or(0))
    }

    /// Whether what somebody may decide depends on how he was reviewed.
    pub fn asks_for_quality(&self) -> bool {
        self.authority.grants.iter().any(|grant| grant.quality.is_some())
    }

    /// The calendars that are open.
    pub fn open(&self, now: Millis) -> BTreeSet<String> {
        let open = self.calendars.iter().filter(|(_, calendar)| calendar.is_open(now));
        open.map(|(name, _)| name.clone()).collect()
    }

    /// By which terms a wish is decided, after what was `used`.
    pub fn terms<'a>(
        &'a self,
        version: u32,
        used: &'a blendline_authority::used::Used,
        (scores, open): (&'a BTreeMap<WorkerId, u8>, &'a BTreeSet<String>),
        now: Millis,
    ) -> Terms<'a> {
        let Self { authority, company, .. } = self;
        Terms { authority, version, company, used, day_since: self.day_since(now), scores, open, now }
    }

    /// What has to be known of the ledger before a wish can be decided. The look-up may come a little before the decision.
    pub fn used_wanted(&self, tenant: TenantId, wish: &Wish, decider: Option<WorkerId>, now: Millis) -> UsedWanted {
        let of = (wish.action.as_str(), wish.currency.as_str());
        let window_ms = self.authority.window_ms(of.0, of.1);
        UsedWanted {
            tenant,
            action: wish.action.clone(),
            currency: wish.currency.clone(),
            holders: concerned((&self.authority, &self.company), of, wish.asker, decider),
            day_since: self.day_since(now),
            contact: wish.contact.filter(|_| 0 < window_ms),
            customer_since: Millis(now.0.saturating_sub(window_ms)),
        }
    }

    /// The name of one of the people.
    pub fn name(&self, worker: WorkerId) -> Option<&str> {
        self.company.person(worker).map(|person| person.name.as_str())
    }
}
