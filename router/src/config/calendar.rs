//! Working hours, compiled to open intervals: the core knows no time zones (P7).

use std::collections::BTreeSet;

use blendline_wire::Millis;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::error::{ConfigError, Source};
use super::file::CalendarFile;

/// How far ahead hours are compiled. They are compiled anew every day, so a stopped router has two months.
const DAYS_AHEAD: i32 = 60;

/// A calendar that was checked and can be compiled at any time.
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: TimeZone,
    /// (opens, closes) in minutes of the day, for each day of the week from Monday.
    week: [Vec<(u16, u16)>; 7],
    holidays: BTreeSet<Date>,
}

impl Calendar {
    /// Checks what was written.
    pub(super) fn read(source: &Source<'_>, file: &CalendarFile) -> Result<Self, ConfigError> {
        let zone = TimeZone::get(file.zone.get_ref()).map_err(|_| {
            source.error(file.zone.span(), "no such time zone", "give an IANA name such as `Asia/Jerusalem`")
        })?;
        let mut week: [Vec<(u16, u16)>; 7] = Default::default();
        let hours = &file.hours;
        for (day, written) in
            [&hours.mon, &hours.tue, &hours.wed, &hours.thu, &hours.fri, &hours.sat, &hours.sun].into_iter().enumerate()
        {
            for span in written {
                let hint = "write `08:30-17:00`; midnight at the end is `24:00`, and ends come after beginnings";
                let interval = read_interval(span.get_ref())
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
        let mut holidays = BTreeSet::new();
        for day in &file.holidays {
            let date = day
                .get_ref()
                .parse()
                .map_err(|_| source.error(day.span(), "this is no date", "write `2026-09-12`, in quotes"))?;
            holidays.insert(date);
        }
        Ok(Self { zone, week, holidays })
    }

    /// The open intervals from the day before `now` on: sorted, disjoint, half-open.
    pub fn open(&self, now: Millis) -> Vec<(Millis, Millis)> {
        let Some(today) = i64::try_from(now.0)
            .ok()
            .and_then(|ms| Timestamp::from_millisecond(ms).ok())
            .map(|instant| instant.to_zoned(self.zone.clone()).date())
        else {
            return Vec::new();
        };
        let mut open: Vec<(Millis, Millis)> = Vec::new();
        for ahead in -1..=DAYS_AHEAD {
            let Ok(date) = today.checked_add(Span::new().days(ahead)) else { continue };
            if self.holidays.contains(&date) {
                continue;
            }
            for (from, to) in &self.week[usize::from(weekday_index(date.weekday()))] {
                let (Some(opens), Some(closes)) = (self.instant(date, *from), self.instant(date, *to)) else {
                    continue;
                };
                // A clock set forward can swallow an interval whole; one that touches the last is joined to it.
                if closes <= opens {
                    continue;
                }
                match open.last_mut() {
                    Some(last) if opens <= last.1 => last.1 = last.1.max(closes),
                    _ => open.push((opens, closes)),
                }
            }
        }
        open
    }

    /// The instant at which `minutes` of the day are shown by a clock on the wall.
    fn instant(&self, date: Date, minutes: u16) -> Option<Millis> {
        let (date, minutes) = if minutes == 24 * 60 { (date.tomorrow().ok()?, 0) } else { (date, minutes) };
        let time = Time::new(i8::try_from(minutes / 60).ok()?, i8::try_from(minutes % 60).ok()?, 0, 0).ok()?;
        let zoned = self.zone.to_ambiguous_zoned(date.to_datetime(time)).compatible().ok()?;
        u64::try_from(zoned.timestamp().as_millisecond()).ok().map(Millis)
    }
}

fn weekday_index(day: Weekday) -> u8 {
    day.to_monday_zero_offset().unsigned_abs()
}

/// `08:30-17:00` in minutes of the day.
fn read_interval(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (read_minutes(from.trim())?, read_minutes(to.trim())?);
    (from < to).then_some((from, to))
}

fn read_minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |text: &str| (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok());
    let (hours, minutes): (u16, u16) = (digits(hours)??, digits(minutes)??);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= 24 * 60).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(zone: &str, day: usize, hours: &[&str]) -> Calendar {
        let mut week: [Vec<(u16, u16)>; 7] = Default::default();
        week[day] = hours.iter().map(|text| read_interval(text).unwrap()).collect();
        Calendar { zone: TimeZone::get(zone).unwrap(), week, holidays: BTreeSet::new() }
    }

    #[test]
    fn hours_follow_the_clock_on_the_wall() {
        // Israel leaves summer time on Sunday 2026-10-25 at 02:00: the same hours lie an hour later in UTC after it.
        let now = Millis::from_rfc3339("2026-10-20T10:00:00Z").unwrap();
        let mut sundays = calendar("Asia/Jerusalem", 6, &["01:30-17:00"]);
        let open = sundays.open(now);
        assert_eq!(open[0].0.to_rfc3339(), "2026-10-24T22:30:00Z");
        assert_eq!(open[0].1.to_rfc3339(), "2026-10-25T15:00:00Z");
        assert_eq!(open[1].1.to_rfc3339(), "2026-11-01T15:00:00Z");
        sundays.holidays.insert("2026-10-25".parse().unwrap());
        assert_eq!(sundays.open(now)[0].1.to_rfc3339(), "2026-11-01T15:00:00Z");
    }

    #[test]
    fn midnight_joins_two_days() {
        let mut both = calendar("UTC", 0, &["20:00-24:00"]);
        both.week[1] = vec![(0, 60)];
        let open = both.open(Millis::from_rfc3339("2026-11-20T00:00:00Z").unwrap());
        assert_eq!(open[0].1 - open[0].0, 5 * 3_600_000);
        assert!(open.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }

    #[test]
    fn what_is_no_interval_is_refused() {
        for text in
            ["8:30-17:00", "08:30", "17:00-08:30", "08:30-08:30", "08:60-09:00", "08:00-24:01", "a-b", "+8:00-09:00"]
        {
            assert_eq!(read_interval(text), None, "{text}");
        }
        assert_eq!(read_interval("08:30 - 24:00"), Some((510, 1440)));
    }
}
