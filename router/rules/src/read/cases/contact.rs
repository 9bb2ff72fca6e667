//! When and how often a case writes to its customer.

use blendline_cases::limits::TELLS_KEPT;
use blendline_cases::types::Contact;

use super::super::value::Reader;
use crate::help;
use crate::yaml::Node;

/// What is not said is as it was.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node, was: Contact) -> Option<Contact> {
    let section = reader.section(node, "`contact`", &help::keys("case_contact"))?;
    let times = section.get("at_most").and_then(|node| reader.int(node, "at_most", 1, TELLS_KEPT as u32));
    let per = section.get("per").and_then(|node| reader.duration(node, "per", false)).map(|per| per.value);
    if section.get("at_most").is_some() != section.get("per").is_some() {
        let message = "`at_most` is counted in some time, and only then";
        reader.faults.error("missing_key", &node.span, message, "`at_most: 3, per: 7d`");
    }
    let agent_first = section.get("agent_first").and_then(|node| reader.duration(node, "agent_first", false));
    let calendar = section.get("calendar").and_then(|node| reader.name(node, "calendar")).map(|name| name.value);
    let agent = section.get("agent").and_then(|node| reader.name(node, "field")).map(|name| name.value);
    Some(Contact {
        calendar: calendar.or(was.calendar),
        at_most: times.zip(per).or(was.at_most),
        agent_first_ms: agent_first.map_or(was.agent_first_ms, |first| first.value),
        agent: agent.or(was.agent),
    })
}
