//! `blending:` what holds for all queues and workers.

use super::value::Reader;
use crate::help;
use crate::model::Blending;
use crate::yaml::Node;

pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Blending {
    let Some(section) = reader.section(node, "`blending`", &help::keys("blending")) else { return Blending::default() };
    let mut places = |key: &str| section.get(key).and_then(|node| reader.milli_or_none(node, key)).map(u64::from);
    let (reserve_milli, reserve_max_milli) = (places("reserve"), places("reserve_max"));
    if let (Some(reserve), Some(most), Some(node)) = (reserve_milli, reserve_max_milli, section.get("reserve_max"))
        && most < reserve
    {
        let hint = "raise `reserve_max`, or leave it out: then it goes as far as the goals need";
        reader.faults.error("out_of_range", &node.span, "`reserve_max` is below `reserve`", hint);
    }
    let mut duration =
        |key: &str| section.get(key).and_then(|node| reader.duration(node, key, true)).map(|ms| ms.value);
    Blending {
        reserve_milli,
        reserve_max_milli,
        stickiness_ms: duration("stickiness"),
        reopen_ms: duration("reopen"),
        confirm_ms: duration("confirm"),
    }
}
