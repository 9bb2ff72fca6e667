//! `calendars:` working hours and the days on which they do not count.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::value::Reader;
use crate::calendar::{Calendar, Closed, Week, minutes_of_interval};
use crate::fault::Placed;
use crate::fields::WEEKDAYS;
use crate::help;
use crate::limits::NAMES_MAX;
use crate::yaml::{Node, Value};

pub(super) fn read(reader: &mut Reader<'_>, node: &Node, zone: &TimeZone) -> BTreeMap<String, Placed<Calendar>> {
    let mut calendars = BTreeMap::new();
    for (name, node) in reader.named(node, "calendar", NAMES_MAX) {
        let Some(section) = reader.section(node, "a calendar", &help::keys("calendar")) else { continue };
        let zone = section.get("zone").and_then(|node| reader.zone(node)).unwrap_or_else(|| zone.clone());
        let week = match section.get("hours") {
            Some(node) => {
                let before = reader.faults.errors();
                let week = hours(reader, node);
                // What could not be read is not "never open" besides.
                if before < reader.faults.errors() { std::array::from_fn(|_| vec![(0, 24 * 60)]) } else { week }
            }
            None => {
                reader.faults.error("missing_key", &name.span, "this calendar has no `hours`", "say when it is open");
                Week::default()
            }
        };
        let closed = section.get("closed").map(|node| closed(reader, node)).unwrap_or_default();
        calendars.insert(name.value, Placed::new(Calendar::new(zone, week, closed), name.span));
    }
    calendars
}

/// `sun-thu: "08:00-17:00"`, `fri: ["08:00-13:00"]`.
fn hours(reader: &mut Reader<'_>, node: &Node) -> Week {
    let mut week = Week::default();
    let Value::Map(entries) = &node.value else {
        let hint = "write `sun-thu: \"08:00-17:00\"`";
        reader.faults.error("wrong_form", &node.span, "hours are written by day", hint);
        return week;
    };
    for (key, node) in entries {
        let Some(days) = days(key.text().unwrap_or_default()) else {
            let hint = "write `mon`, `tue`, … `sun`, or from one to another: `sun-thu`";
            reader.faults.error("unknown_key", &key.span, "this is no day of the week", hint);
            continue;
        };
        let mut open = Vec::new();
        for entry in reader.entries(node) {
            match entry.text().and_then(minutes_of_interval) {
                Some(interval) => open.push(interval),
                None => {
                    let hint = "write `08:30-17:00`; midnight at the end is `24:00`, and ends come after beginnings";
                    reader.faults.error("bad_hours", &entry.span, "these are no opening hours", hint);
                }
            }
        }
        for day in days {
            week[day].extend(&open);
            week[day].sort_unstable();
            if let Some(pair) = week[day].windows(2).find(|pair| pair[1].0 < pair[0].1) {
                let at = format!("{} {:02}:{:02}", WEEKDAYS[day], pair[1].0 / 60, pair[1].0 % 60);
                reader.faults.error(
                    "bad_hours",
                    &node.span,
                    format!("hours overlap on {at}"),
                    "join them into one interval",
                );
                break;
            }
        }
    }
    week
}

/// The days of `mon`, or of `sun-thu` around the end of the week.
fn days(text: &str) -> Option<Vec<usize>> {
    let day = |name: &str| WEEKDAYS.iter().position(|day| *day == name);
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let (from, to) = (day(from.trim())?, day(to.trim())?);
    let count = (to + 7 - from) % 7 + 1;
    Some((0..count).map(|ahead| (from + ahead) % 7).collect())
}

/// `israel`, `israel-eves`, `2026-09-12`, or a day of every year: `12-25`.
fn closed(reader: &mut Reader<'_>, node: &Node) -> Closed {
    let mut closed = Closed::default();
    for entry in reader.entries(node) {
        let text = entry.text().unwrap_or_default();
        match text {
            "israel" => closed.israel = true,
            "israel-eves" => closed.israel_eves = true,
            "christian" => closed.christian = true,
            "orthodox" => closed.orthodox = true,
            "islamic" => closed.islamic = true,
            _ => {
                // A leap year, so that 02-29 is a day.
                let yearly = (text.len() == 5).then(|| format!("2024-{text}").parse::<Date>().ok()).flatten();
                match (yearly, text.parse::<Date>()) {
                    (Some(day), _) => _ = closed.yearly.insert((day.month(), day.day())),
                    (None, Ok(date)) => _ = closed.dates.insert(date),
                    (None, Err(_)) => {
                        let hint = "`2026-09-12`, every year `12-25`, or a list: `israel`, `israel-eves`, `christian`, `orthodox`, `islamic`";
                        reader.faults.error("bad_date", &entry.span, "this is no day", hint);
                    }
                }
            }
        }
    }
    closed
}
