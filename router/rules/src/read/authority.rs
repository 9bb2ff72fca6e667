//! `authority:` what workers may decide alone, and who decides above that.

use std::collections::BTreeMap;

use blendline_authority::check::Place;
use blendline_authority::grants::{Approvals, Authority, Delegation, Grant, PerCustomer, Role, Who};
use blendline_authority::limits::{GRANTS_MAX, MINOR_MAX};
use blendline_wire::Millis;
use blendline_wire::task::ClockRule;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::value::{Reader, Section};
use crate::fault::{Placed, Span};
use crate::help;
use crate::model::AuthorityRules;
use crate::yaml::Node;

const CLOCKS: &[(&str, ClockRule)] = &[("runs", ClockRule::Runs), ("stops", ClockRule::Stops)];
type Places = BTreeMap<Place, Span>;

pub(super) fn read(reader: &mut Reader<'_>, node: &Node, zone: &TimeZone) -> AuthorityRules {
    let mut rules = AuthorityRules { span: node.span.start..node.span.start + 1, ..AuthorityRules::default() };
    let Some(section) = reader.section(node, "`authority`", &help::keys("authority")) else { return rules };
    let places = &mut rules.places;
    let actions = section.get("actions").map(|node| reader.names(node, "action")).unwrap_or_default();
    let named = section.get("grants").map(|node| reader.named(node, "grant", GRANTS_MAX)).unwrap_or_default();
    let grants = named.into_iter().filter_map(|(name, node)| grant(reader, name, node, zone, places)).collect();
    let delegations = section.get("delegations").map(|node| delegations(reader, node, zone, places));
    rules.authority = Authority {
        actions: actions.into_iter().map(|action| action.value).collect(),
        grants,
        delegations: delegations.unwrap_or_default(),
        approvals: section.get("approvals").and_then(|node| approvals(reader, node, places)),
    };
    rules
}

fn grant(
    reader: &mut Reader<'_>,
    name: Placed<String>,
    node: &Node,
    zone: &TimeZone,
    places: &mut Places,
) -> Option<Grant> {
    let section = reader.section(node, "a grant", &help::keys("authority_grant"))?;
    places.insert(Place::Grant(name.value.clone(), ""), name.span.clone());
    for key in ["who", "action", "currency", "limit", "four_eyes", "calendar", "until", "skills"] {
        let at = section.get(key).map(|node| node.span.clone());
        places.extend(at.map(|span| (Place::Grant(name.value.clone(), key), span)));
    }
    for key in ["action", "limit"] {
        if section.get(key).is_none() {
            let message = format!("the grant `{}` has no `{key}`", name.value);
            let hint = "`{who: {group: desk}, action: credit, currency: ILS, limit: 10000}`";
            reader.faults.error("missing_key", &name.span, message, hint);
        }
    }
    let mut money = |key: &str| section.get(key).and_then(|node| minor(reader, node, key));
    let (limit, day, four_eyes) = (money("limit"), money("day"), money("four_eyes"));
    let text = section.get("currency").and_then(|node| reader.text(node, "a currency", 16));
    let customer = section.get("customer").and_then(|node| per_customer(reader, node));
    let levels = section.get("skills").map(|node| reader.levels(node)).unwrap_or_default();
    let quality = section.get("quality").and_then(|node| reader.percent(node, "quality", 1, 100));
    let (from, until) = days(reader, &section, "from", zone);
    Some(Grant {
        who: section.get("who").and_then(|node| who(reader, node)).unwrap_or_default(),
        action: section.get("action").and_then(|node| reader.name(node, "action"))?.value,
        currency: text.unwrap_or_default(),
        limit: limit?,
        day,
        customer,
        four_eyes,
        from,
        until,
        calendar: section.get("calendar").and_then(|node| reader.name(node, "calendar")).map(|name| name.value),
        skills: levels.into_iter().map(|(skill, level)| (skill.value, level)).collect(),
        quality: quality.and_then(|score| u8::try_from(score).ok()),
        name: name.value,
    })
}

fn who(reader: &mut Reader<'_>, node: &Node) -> Option<Who> {
    let section = reader.section(node, "`who`", &help::keys("authority_who"))?;
    let role = section.get("role").and_then(|node| reader.word(node, "role", Role::ALL));
    let mut named = |key: &str| section.get(key).and_then(|node| reader.name(node, key)).map(|name| name.value);
    Some(Who { role, group: named("group"), unit: named("unit"), worker: named("worker") })
}

fn per_customer(reader: &mut Reader<'_>, node: &Node) -> Option<PerCustomer> {
    let section = reader.section(node, "`customer`", &["limit", "within"])?;
    if section.get("limit").is_none() || section.get("within").is_none() {
        let hint = "write `customer: {limit: 20000, within: 30d}`";
        reader.faults.error("missing_key", &node.span, "`customer` says how much, and within how long", hint);
    }
    let limit = section.get("limit").and_then(|node| minor(reader, node, "limit"));
    let within = section.get("within").and_then(|node| reader.duration(node, "within", false));
    Some(PerCustomer { limit: limit?, within_ms: within?.value })
}

/// Money, or a number of times: whole, and above nothing.
pub(super) fn minor(reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<i64> {
    let text = node.text().unwrap_or_default().replace('_', "");
    match text.parse::<i64>() {
        Ok(minor) if (1..=MINOR_MAX).contains(&minor) => Some(minor),
        Ok(minor) => {
            let message = format!("`{what}` cannot be {minor}");
            reader.faults.error("out_of_range", &node.span, message, format!("give 1 to {MINOR_MAX}"));
            None
        }
        Err(_) => {
            let hint = "in the currency's smallest unit, without a point: `10000` for 100.00";
            reader.faults.error("wrong_type", &node.span, format!("`{what}` is a whole number of minor units"), hint);
            None
        }
    }
}

fn delegations(reader: &mut Reader<'_>, node: &Node, zone: &TimeZone, places: &mut Places) -> Vec<Delegation> {
    let mut delegations = Vec::new();
    for node in reader.entries(node) {
        let Some(section) = reader.section(node, "a delegation", &help::keys("authority_delegation")) else { continue };
        let at = delegations.len();
        places.insert(Place::Delegation(at, ""), node.span.start..node.span.start + 1);
        for key in ["from", "to", "until"] {
            places.extend(section.get(key).map(|node| (Place::Delegation(at, key), node.span.clone())));
        }
        if ["from", "to", "since", "until"].iter().any(|key| section.get(key).is_none()) {
            let hint = "`- {from: omer, to: dana, since: 2026-12-01, until: 2026-12-08}`";
            let message = "a delegation says from whom, to whom, since when and until when";
            reader.faults.error("missing_key", &node.span, message, hint);
        }
        let mut named =
            |key: &str| section.get(key).and_then(|node| reader.name(node, "worker")).map(|name| name.value);
        let (giver, taker) = (named("from"), named("to"));
        let (since, until) = days(reader, &section, "since", zone);
        let (Some(giver), Some(taker), Some(from), Some(until)) = (giver, taker, since, until) else { continue };
        delegations.push(Delegation { giver, taker, from, until });
    }
    delegations
}

fn approvals(reader: &mut Reader<'_>, node: &Node, places: &mut Places) -> Option<Approvals> {
    let section = reader.section(node, "`approvals`", &help::keys("authority_approvals"))?;
    let Some(queue) = section.get("queue") else {
        let hint = "`approvals: {queue: approvals, target: 15m}`";
        reader.faults.error("missing_key", &node.span, "`approvals` names no queue", hint);
        return None;
    };
    places.insert(Place::Approvals("queue"), queue.span.clone());
    let queue = reader.name(queue, "queue")?.value;
    let target = section.get("target").and_then(|node| reader.duration(node, "target", false));
    let clock = section.get("clock").and_then(|node| reader.word(node, "clock", CLOCKS));
    Some(Approvals { queue, target_ms: target.map(|target| target.value), clock: clock.unwrap_or(ClockRule::Stops) })
}

/// The first and the last day, each whole, by the clock of the zone.
fn days(
    reader: &mut Reader<'_>,
    section: &Section<'_>,
    first: &str,
    zone: &TimeZone,
) -> (Option<Millis>, Option<Millis>) {
    let mut day = |key: &str, ends: bool| {
        let node = section.get(key)?;
        let date = node.text().and_then(|text| text.parse::<Date>().ok());
        let date = date.and_then(|date| if ends { date.tomorrow().ok() } else { Some(date) });
        let begins = date.and_then(|date| date.to_zoned(zone.clone()).ok());
        let at = begins.and_then(|begins| u64::try_from(begins.timestamp().as_millisecond()).ok());
        if at.is_none() {
            reader.faults.error("bad_date", &node.span, "this is no day", "write `2026-12-31`");
        }
        at.map(Millis)
    };
    (day(first, false), day("until", true))
}
