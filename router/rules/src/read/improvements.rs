//! `improvements:`: how long answers may take, what contacts cost, and what opens an improvement by itself.

use std::collections::BTreeMap;

use blendline_improvements::limits::COST_MAX;
use blendline_improvements::{Costs, Repeats, Settings};
use blendline_wire::money::is_currency;

use super::value::Reader;
use crate::help;
use crate::yaml::Node;

/// Managers that one goes up to at most.
const CLIMBS_MAX: u32 = 32;
/// Costs by channel.
const CHANNELS_MAX: usize = 100;

pub(super) fn read(reader: &mut Reader<'_>, node: &Node, channels: &[&str]) -> Option<Settings> {
    let section = reader.section(node, "`improvements`", &help::keys("improvements"))?;
    let otherwise = Settings::default();
    let mut time = |key: &str, otherwise: u64| {
        let given = section.get(key).and_then(|node| reader.duration(node, key, false));
        given.map_or(otherwise, |given| given.value)
    };
    let (answer_ms, climb_ms) = (time("answer", otherwise.answer_ms), time("climb", otherwise.climb_ms));
    let climbs = section.get("climbs").and_then(|node| reader.int(node, "climbs", 0, CLIMBS_MAX));
    let low = section.get("low").and_then(|node| reader.int(node, "low", 1, 5));
    Some(Settings {
        answer_ms,
        climb_ms,
        climbs_max: climbs.unwrap_or(otherwise.climbs_max),
        unit: section.get("unit").and_then(|node| reader.name(node, "unit")).map(|name| name.value),
        costs: section.get("cost").and_then(|node| costs(reader, node, channels)),
        low: low.and_then(|low| u8::try_from(low).ok()),
        repeats: section.get("repeats").and_then(|node| repeats(reader, node)),
    })
}

/// What contacts cost: `{currency: ILS, contact: 1200, channels: {whatsapp_cloud: 900}}`.
fn costs(reader: &mut Reader<'_>, node: &Node, known: &[&str]) -> Option<Costs> {
    let section = reader.section(node, "`cost`", &help::keys("improvements_cost"))?;
    let (Some(currency), Some(contact)) = (section.get("currency"), section.get("contact")) else {
        let message = "`cost` says in which currency, and what a contact costs";
        reader.faults.error("missing_key", &node.span, message, "`cost: {currency: ILS, contact: 1200}`");
        return None;
    };
    let name = reader.text(currency, "a currency", 16)?;
    if !is_currency(&name) {
        let message = format!("`{name}` is no currency");
        reader.faults.error("bad_currency", &currency.span, message, "three capital letters, as `ILS`");
        return None;
    }
    let contact = minor(reader, contact, "contact")?;
    let mut channels = BTreeMap::new();
    if let Some(node) = section.get("channels") {
        for (channel, node) in reader.named(node, "cost of a channel", CHANNELS_MAX) {
            if !known.contains(&channel.value.as_str()) {
                let message = format!("there is no channel `{}`", channel.value);
                let cure = crate::spell::did_you_mean(&channel.value, known.iter().copied());
                reader.faults.error("unknown_word", &channel.span, message, cure);
                continue;
            }
            channels.extend(minor(reader, node, &channel.value).map(|cost| (channel.value.clone(), cost)));
        }
    }
    Some(Costs { currency: name, contact, channels })
}

fn minor(reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<i64> {
    let most = u32::try_from(COST_MAX).unwrap_or(u32::MAX);
    reader.int(node, what, 0, most).map(i64::from)
}

fn repeats(reader: &mut Reader<'_>, node: &Node) -> Option<Repeats> {
    let section = reader.section(node, "`repeats`", &help::keys("improvements_repeats"))?;
    let (Some(share), Some(within)) = (section.get("share"), section.get("within")) else {
        let message = "`repeats` says beyond which share, and within how long";
        reader.faults.error("missing_key", &node.span, message, "`repeats: {share: 10%, contacts: 20, within: 7d}`");
        return None;
    };
    let share = reader.percent(share, "share", 0, 99)?;
    let within_ms = reader.duration(within, "within", false)?.value;
    let contacts = section.get("contacts").and_then(|node| reader.int(node, "contacts", 1, 1_000_000));
    Some(Repeats { share_milli: u64::from(share) * 10, contacts: u64::from(contacts.unwrap_or(20)), within_ms })
}
