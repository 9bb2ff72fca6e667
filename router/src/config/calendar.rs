//! Working hours as the configuration writes them.

use blendline_rules::calendar::{Closed, Week};
use blendline_rules::{Calendar, minutes_of_interval};
use jiff::tz::TimeZone;

use super::error::{ConfigError, Source};
use super::file::CalendarFile;

/// Checks what was written.
pub(super) fn read(source: &Source<'_>, file: &CalendarFile) -> Result<Calendar, ConfigError> {
    let zone = TimeZone::get(file.zone.get_ref()).map_err(|_| {
        source.error(file.zone.span(), "no such time zone", "give an IANA name such as `Asia/Jerusalem`")
    })?;
    let mut week = Week::default();
    let hours = &file.hours;
    for (day, written) in
        [&hours.mon, &hours.tue, &hours.wed, &hours.thu, &hours.fri, &hours.sat, &hours.sun].into_iter().enumerate()
    {
        for span in written {
            let hint = "write `08:30-17:00`; midnight at the end is `24:00`, and ends come after beginnings";
            let interval = minutes_of_interval(span.get_ref())
                .ok_or_else(|| source.error(span.span(), "these are no opening hours", hint))?;
            week[day].push(interval);
        }
        week[day].sort_unstable();
        if let Some(pair) = week[day].windows(2).find(|pair| pair[1].0 < pair[0].1) {
            let at = written.first().map_or(0..0, toml::Spanned::span);
            let second = format!("{:02}:{:02}", pair[1].0 / 60, pair[1].0 % 60);
            return Err(source.error(at, format!("hours overlap at {second}"), "join them into one interval"));
        }
    }
    let mut closed = Closed::default();
    for day in &file.holidays {
        let date = day
            .get_ref()
            .parse()
            .map_err(|_| source.error(day.span(), "this is no date", "write `2026-09-12`, in quotes"))?;
        closed.dates.insert(date);
    }
    Ok(Calendar::new(zone, week, closed))
}
