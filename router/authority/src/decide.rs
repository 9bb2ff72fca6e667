//! What becomes of a wish: granted, for approval, or refused. Nothing is written here.

use std::collections::{BTreeMap, BTreeSet};

use blendline_wire::{ContactKey, Millis, WorkerId};
use serde::{Deserialize, Serialize};

use crate::company::Company;
use crate::grants::{Authority, Grant};
use crate::limits::{APPROVERS_MAX, MINOR_MAX};
use crate::used::Used;

/// By which rules, among whom, and after what a wish is decided.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// What the company wrote.
    pub authority: &'a Authority,
    /// The version of the rule set that has it.
    pub version: u32,
    /// Who works where.
    pub company: &'a Company,
    /// What was granted before of this action, in this currency.
    pub used: &'a Used,
    /// When the day of the company's time zone began.
    pub day_since: Millis,
    /// The scores of quality, in per cent, of those who have one.
    pub scores: &'a BTreeMap<WorkerId, u8>,
    /// The calendars that are open now.
    pub open: &'a BTreeSet<String>,
    /// Now.
    pub now: Millis,
}

/// What is wished.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Wish {
    /// By whom.
    pub asker: WorkerId,
    /// What.
    pub action: String,
    /// The currency; empty where the action is counted.
    pub currency: String,
    /// How much, in minor units.
    pub minor: i64,
    /// For which customer.
    pub contact: Option<ContactKey>,
}

/// By what somebody may grant a wish.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ground {
    /// By whose authority.
    pub holder: WorkerId,
    /// By which grant.
    pub grant: String,
    /// True where a second person has to agree.
    pub four_eyes: bool,
}

/// Why somebody may not grant a wish; the later one comes nearer to it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shortfall {
    /// No grant of his names it.
    NoGrant,
    /// His grant does not hold now.
    NotNow,
    /// His skills or his quality do not reach what his grant asks for.
    NotQualified,
    /// It is more than he may give at once.
    TooMuch,
    /// With it, it would be more than he may give in a day.
    DayLimit,
    /// It is limited by customer, and no customer is named.
    NoCustomer,
    /// With it, the customer would have got more than he may.
    CustomerLimit,
    /// A second person has to agree, and there is none who may.
    NobodySecond,
}

impl Shortfall {
    /// Its word in events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoGrant => "no_grant",
            Self::NotNow => "not_now",
            Self::NotQualified => "not_qualified",
            Self::TooMuch => "too_much",
            Self::DayLimit => "day_limit",
            Self::NoCustomer => "no_customer",
            Self::CustomerLimit => "customer_limit",
            Self::NobodySecond => "nobody_second",
        }
    }
}

/// What becomes of a wish.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The asker may grant it alone.
    Granted(Ground),
    /// One of these decides: the nearest first.
    NeedsApproval {
        /// Who.
        approvers: Vec<WorkerId>,
        /// By what the asker himself agrees, where he may and a second person is needed.
        agreed: Option<Ground>,
    },
    /// Nobody may.
    Refused {
        /// Why, of whoever comes nearest to it.
        reason: Shortfall,
        /// The most that anybody asked could grant now, in minor units.
        most: i64,
    },
}

/// What becomes of a wish by now.
pub fn decide(terms: &Terms<'_>, wish: &Wish) -> Outcome {
    let own = grounds(terms, wish, wish.asker, &[]);
    if let Ok(ground) = &own
        && !ground.four_eyes
    {
        return Outcome::Granted(ground.clone());
    }
    let agreed = own.as_ref().ok().map(|ground| (wish.asker, ground.holder));
    let approvers = approvers(terms, wish, agreed);
    if !approvers.is_empty() && terms.authority.approvals.is_some() {
        return Outcome::NeedsApproval { approvers, agreed: own.ok() };
    }
    let everybody = || std::iter::once(wish.asker).chain(above(terms, wish.asker));
    let reason = match own {
        Ok(_) => Shortfall::NobodySecond,
        Err(own) => above(terms, wish.asker)
            .map(|other| grounds(terms, wish, other, &[wish.asker]).err().unwrap_or(Shortfall::NobodySecond))
            .fold(own, Shortfall::max),
    };
    let most = everybody().map(|person| most(terms, wish, person)).max().unwrap_or(0);
    Outcome::Refused { reason, most }
}

/// By what this person may grant a wish, by no authority of `others`. The first grant that does without a second person, else
/// the first that does at all; else why none does.
pub fn grounds(terms: &Terms<'_>, wish: &Wish, person: WorkerId, others: &[WorkerId]) -> Result<Ground, Shortfall> {
    let mut nearest = Shortfall::NoGrant;
    let mut found: Option<Ground> = None;
    for holder in terms.company.holders(&terms.authority.delegations, person, terms.now) {
        if others.contains(&holder) {
            continue;
        }
        for grant in terms.authority.of(&wish.action, &wish.currency) {
            match left(terms, grant, holder, wish.contact) {
                Ok(left) if wish.minor <= left.least() => {
                    let four_eyes = grant.four_eyes.is_some_and(|above| above < wish.minor);
                    if found.as_ref().is_none_or(|found| found.four_eyes && !four_eyes) {
                        found = Some(Ground { holder, grant: grant.name.clone(), four_eyes });
                    }
                }
                Ok(left) => nearest = nearest.max(left.shortfall(wish.minor)),
                Err(shortfall) => nearest = nearest.max(shortfall),
            }
        }
    }
    found.filter(|_| 0 < wish.minor && wish.minor <= MINOR_MAX).ok_or(nearest)
}

/// What is left of a grant's limits, in minor units.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Left {
    /// At once.
    pub once: i64,
    /// Today.
    pub day: Option<i64>,
    /// For the customer.
    pub customer: Option<i64>,
}

impl Left {
    /// How much may be granted in one decision.
    pub fn least(&self) -> i64 {
        [Some(self.once), self.day, self.customer].into_iter().flatten().min().unwrap_or(0).max(0)
    }

    fn shortfall(&self, minor: i64) -> Shortfall {
        match self {
            Self { once, .. } if *once < minor => Shortfall::TooMuch,
            Self { day: Some(day), .. } if *day < minor => Shortfall::DayLimit,
            _ => Shortfall::CustomerLimit,
        }
    }
}

/// What is left of a grant by the authority of `holder`, where it is his and holds now.
fn left(terms: &Terms<'_>, grant: &Grant, holder: WorkerId, contact: Option<ContactKey>) -> Result<Left, Shortfall> {
    let Some(person) = terms.company.person(holder).filter(|_| terms.company.is_given_to(&grant.who, holder)) else {
        return Err(Shortfall::NoGrant);
    };
    let begun = grant.from.is_none_or(|from| from <= terms.now) && grant.until.is_none_or(|until| terms.now < until);
    if !begun || grant.calendar.as_ref().is_some_and(|calendar| !terms.open.contains(calendar)) {
        return Err(Shortfall::NotNow);
    }
    let has = |(skill, level): (&String, &u8)| person.skills.get(skill).is_some_and(|own| level <= own);
    if !grant.skills.iter().all(has)
        || grant.quality.is_some_and(|least| terms.scores.get(&holder).is_none_or(|own| *own < least))
    {
        return Err(Shortfall::NotQualified);
    }
    let customer = match (grant.customer, contact) {
        (None, _) => None,
        (Some(_), None) => return Err(Shortfall::NoCustomer),
        (Some(limit), Some(contact)) => {
            // Exactly so long ago still counts.
            let since = Millis(terms.now.0.saturating_sub(limit.within_ms));
            Some(limit.limit.saturating_sub(terms.used.to(contact, since)))
        }
    };
    let day = grant.day.map(|day| day.saturating_sub(terms.used.by(holder, terms.day_since)));
    Ok(Left { once: grant.limit, day, customer })
}

/// What this person may still grant alone or with a second person, by each of his grants of an action, with its name.
pub fn allowance<'a>(
    terms: &'a Terms<'_>,
    person: WorkerId,
    action: &'a str,
    currency: &'a str,
    contact: Option<ContactKey>,
) -> impl Iterator<Item = (&'a Grant, Left)> {
    let holders = terms.company.holders(&terms.authority.delegations, person, terms.now);
    holders.into_iter().flat_map(move |holder| {
        let own = terms.authority.of(action, currency);
        own.filter_map(move |grant| Some((grant, left(terms, grant, holder, contact).ok()?)))
    })
}

/// The most that this person may grant of what is wished, in minor units.
pub fn most(terms: &Terms<'_>, wish: &Wish, person: WorkerId) -> i64 {
    let all = allowance(terms, person, &wish.action, &wish.currency, wish.contact);
    all.map(|(_, left)| left.least()).max().unwrap_or(0)
}

/// The most that this person may grant without a second person, in minor units.
pub fn alone(terms: &Terms<'_>, wish: &Wish, person: WorkerId) -> i64 {
    let all = allowance(terms, person, &wish.action, &wish.currency, wish.contact);
    all.map(|(grant, left)| left.least().min(grant.four_eyes.unwrap_or(i64::MAX))).max().unwrap_or(0)
}

/// Whether somebody has a grant of an action at all, used up or not: he may say no.
pub fn has_say(terms: &Terms<'_>, action: &str, currency: &str, person: WorkerId) -> bool {
    let holders = terms.company.holders(&terms.authority.delegations, person, terms.now);
    let given = |holder: &WorkerId| {
        terms.authority.of(action, currency).any(|grant| terms.company.is_given_to(&grant.who, *holder))
    };
    holders.iter().any(given)
}

/// Everybody but the asker who stands at or above his place, the nearest first.
fn above(terms: &Terms<'_>, asker: WorkerId) -> impl Iterator<Item = WorkerId> {
    let others = terms.company.people().filter(move |person| *person != asker);
    let mut near: Vec<_> = others.filter_map(|other| Some((terms.company.nearness(asker, other)?, other))).collect();
    near.sort_unstable();
    near.into_iter().map(|(_, person)| person)
}

/// Who may grant a wish by now in place of the asker, the nearest first; whoever `agreed` and by whose authority is none.
///
/// Whoever stands in for somebody stands where he himself does.
pub fn approvers(terms: &Terms<'_>, wish: &Wish, agreed: Option<(WorkerId, WorkerId)>) -> Vec<WorkerId> {
    let mut others = vec![wish.asker];
    others.extend(agreed.map(|(_, holder)| holder));
    let may = |person: &WorkerId| {
        let ground = grounds(terms, wish, *person, &others).ok()?;
        Some((*person, ground))
    };
    let is_new = |person: &WorkerId| agreed.is_none_or(|(first, _)| first != *person);
    let able: Vec<(WorkerId, Ground)> = above(terms, wish.asker).filter(is_new).filter_map(|it| may(&it)).collect();
    // Alone with his agreement he would be asked for nothing where no second person may.
    let ends = |(person, ground): &(WorkerId, Ground)| {
        agreed.is_some()
            || !ground.four_eyes
            || able
                .iter()
                .any(|(other, _)| other != person && grounds(terms, wish, *other, &[wish.asker, ground.holder]).is_ok())
    };
    able.iter().filter(|it| ends(it)).map(|(person, _)| *person).take(APPROVERS_MAX).collect()
}

/// Whose use of an action has to be known before a wish of this asker's can be decided, or one that somebody decides: everybody
/// with a grant of it who stands at or above his place, whom they stand in for, himself and whoever decides.
pub fn concerned(
    (authority, company): (&Authority, &Company),
    (action, currency): (&str, &str),
    asker: WorkerId,
    decider: Option<WorkerId>,
) -> Vec<WorkerId> {
    let is_near =
        |other: &WorkerId| [Some(asker), decider].contains(&Some(*other)) || company.nearness(asker, *other).is_some();
    let mut holders: BTreeSet<WorkerId> = company.people().filter(is_near).collect();
    // Whether he stands in by then is asked later.
    let names: Vec<&str> = holders.iter().filter_map(|id| Some(company.person(*id)?.name.as_str())).collect();
    let givers = authority.delegations.iter().filter(|given| names.contains(&given.taker.as_str()));
    holders.extend(givers.filter_map(|given| company.named(&given.giver)).collect::<Vec<_>>());
    let has = |holder: &WorkerId| authority.of(action, currency).any(|grant| company.is_given_to(&grant.who, *holder));
    holders.into_iter().filter(has).collect()
}
