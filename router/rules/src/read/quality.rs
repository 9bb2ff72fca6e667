//! `quality:` which finished work is reviewed, by what, and why work is sent back.

use std::collections::BTreeMap;

use blendline_cases::types::Words;
use blendline_quality::check::Place;
use blendline_quality::rules::{
    CAUSES_MAX, CRITERIA_MAX, Criterion, FORMS_MAX, Form, POINTS_MAX, Quality, Risk, TIMES_MAX, WEEK_MAX, WEIGHT_MAX,
};

use super::authority::minor;
use super::cases::words;
use super::value::Reader;
use crate::fault::{Placed, Span};
use crate::help;
use crate::model::QualityRules;
use crate::yaml::Node;

type Places = BTreeMap<Place, Span>;

pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> QualityRules {
    let mut rules = QualityRules { span: node.span.start..node.span.start + 1, ..QualityRules::default() };
    let Some(section) = reader.section(node, "`quality`", &help::keys("quality")) else { return rules };
    for key in ["reviews", "least", "most", "up", "down"] {
        rules.places.extend(section.get(key).map(|node| (Place::Key(key), node.span.clone())));
    }
    let otherwise = Quality::default();
    let mut number = |key: &str| section.get(key).and_then(|node| reader.int(node, key, 0, WEEK_MAX));
    let (least, most) = (number("least"), number("most"));
    let mut percent = |key: &str| section.get(key).and_then(|node| reader.percent(node, key, 0, 100));
    let (twice, up, down) = (percent("twice"), percent("up"), percent("down"));
    let score = |percent: Option<u32>, otherwise| {
        percent.and_then(|percent| u16::try_from(percent * 10).ok()).unwrap_or(otherwise)
    };
    let dispute = section.get("dispute").and_then(|node| reader.duration(node, "dispute", false));
    let named = section.get("forms").map(|node| reader.named(node, "form", FORMS_MAX)).unwrap_or_default();
    let forms = named.into_iter().filter_map(|(name, node)| form(reader, name, node, &mut rules.places)).collect();
    let causes = section.get("causes").map(|node| reader.named(node, "cause", CAUSES_MAX)).unwrap_or_default();
    rules.quality = Quality {
        reviews: section.get("reviews").and_then(|node| reviews(reader, node)),
        least: least.unwrap_or(otherwise.least),
        most: most.unwrap_or(otherwise.most),
        twice_milli: twice.map_or(otherwise.twice_milli, |percent| percent * 10),
        dispute_ms: dispute.map_or(otherwise.dispute_ms, |dispute| dispute.value),
        up: score(up, otherwise.up),
        down: score(down, otherwise.down),
        forms,
        causes: causes.into_iter().map(|(name, node)| (name.value, words(reader, node))).collect(),
    };
    rules
}

fn reviews(reader: &mut Reader<'_>, node: &Node) -> Option<(String, Option<u64>)> {
    let section = reader.section(node, "`reviews`", &help::keys("quality_reviews"))?;
    let Some(queue) = section.get("queue") else {
        let hint = "`reviews: {queue: reviews, target: 1d}`";
        reader.faults.error("missing_key", &node.span, "`reviews` names no queue", hint);
        return None;
    };
    let queue = reader.name(queue, "queue")?.value;
    let target = section.get("target").and_then(|node| reader.duration(node, "target", false));
    Some((queue, target.map(|target| target.value)))
}

fn form(reader: &mut Reader<'_>, name: Placed<String>, node: &Node, places: &mut Places) -> Option<Form> {
    let section = reader.section(node, "a form", &help::keys("quality_form"))?;
    places.insert(Place::Form(name.value.clone(), ""), name.span.clone());
    for key in ["of", "risks", "criteria"] {
        let at = section.get(key).map(|node| node.span.start..node.span.start + 1);
        places.extend(at.map(|span| (Place::Form(name.value.clone(), key), span)));
    }
    let (mut action, mut queue) = (None, None);
    if let Some(of) = section.get("of").and_then(|node| reader.section(node, "`of`", &help::keys("quality_of"))) {
        let mut named = |key: &str| of.get(key).and_then(|node| reader.name(node, key)).map(|name| name.value);
        (action, queue) = (named("action"), named("queue"));
    }
    let share = section.get("share").and_then(|node| reader.percent(node, "share", 0, 100));
    let large = section.get("large").and_then(|node| minor(reader, node, "large"));
    let risks = section.get("risks").map(|node| risks(reader, node)).unwrap_or_default();
    let named = section.get("criteria").map(|node| reader.named(node, "criterion", CRITERIA_MAX)).unwrap_or_default();
    let criteria = named.into_iter().filter_map(|(name, node)| criterion(reader, name.value, node)).collect();
    let share_milli = share.map_or(0, |percent| percent * 10);
    Some(Form { name: name.value, action, queue, share_milli, large, risks, criteria })
}

fn risks(reader: &mut Reader<'_>, node: &Node) -> BTreeMap<Risk, u32> {
    let Some(section) = reader.section(node, "`risks`", &help::keys("quality_risks")) else { return BTreeMap::new() };
    let of = |(word, risk): &(&str, Risk)| {
        section.get(word).and_then(|node| reader.int(node, word, 1, TIMES_MAX)).map(|times| (*risk, times))
    };
    Risk::ALL.iter().filter_map(of).collect()
}

fn criterion(reader: &mut Reader<'_>, name: String, node: &Node) -> Option<Criterion> {
    let section = reader.section(node, "a criterion", &help::keys("quality_criterion"))?;
    let own = section.get("words").map(|node| words(reader, node));
    let points = section.get("points").and_then(|node| reader.int(node, "points", 1, POINTS_MAX)).unwrap_or(5);
    let weight = section.get("weight").and_then(|node| reader.int(node, "weight", 1, WEIGHT_MAX)).unwrap_or(1);
    let byte = |number: u32| u8::try_from(number).unwrap_or(u8::MAX);
    Some(Criterion {
        words: own.unwrap_or_else(|| Words([("en".to_owned(), name.clone())].into())),
        points: byte(points),
        weight: byte(weight),
        fatal: section.get("fatal").and_then(|node| reader.flag(node)).unwrap_or_default(),
        name,
    })
}
