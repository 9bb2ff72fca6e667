//! Working hours, compiled to open intervals: the core knows no time zones (P7).

use std::collections::BTreeSet;

use blendline_wire::Millis;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::{feasts, hebrew};

/// How far ahead hours are compiled. They are compiled anew every day, so a stopped router has two months.
const DAYS_AHEAD: i32 = 60;
/// Days of one stretch whose open time is summed.
const STRETCH_DAYS_MAX: usize = 2_000;

/// Opening hours of a week, in minutes of the day from Monday on: sorted, and none overlaps the next.
pub type Week = [Vec<(u16, u16)>; 7];

/// A calendar that was checked and can be compiled at any time.
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    zone: TimeZone,
    week: Week,
    closed: Closed,
}

/// Days on which the hours of the week do not count.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Closed {
    /// Dates.
    pub dates: BTreeSet<Date>,
    /// (month, day) of every year.
    pub yearly: BTreeSet<(i8, i8)>,
    /// Israel's days of rest by law.
    pub israel: bool,
    /// The days before them, and the day of remembrance.
    pub israel_eves: bool,
    /// Good Friday, Easter Monday and Christmas of the West.
    pub christian: bool,
    /// Those of the East.
    pub orthodox: bool,
    /// The two feasts of Islam, by the arithmetic calendar.
    pub islamic: bool,
}

impl Closed {
    fn has(&self, date: Date) -> bool {
        self.dates.contains(&date)
            || self.yearly.contains(&(date.month(), date.day()))
            || (self.israel && hebrew::is_day_of_rest(date))
            || (self.israel_eves && date.tomorrow().is_ok_and(hebrew::is_day_of_rest))
            || (self.christian && feasts::is_western(date))
            || (self.orthodox && feasts::is_eastern(date))
            || (self.islamic && feasts::is_islamic(date))
    }
}

impl Calendar {
    /// Hours that were checked.
    pub const fn new(zone: TimeZone, week: Week, closed: Closed) -> Self {
        Self { zone, week, closed }
    }

    /// Whether it is open at `now`.
    pub fn is_open(&self, now: Millis) -> bool {
        let Some(date) = self.date(now) else { return false };
        let of_today = || &self.week[usize::from(weekday_index(date.weekday()))];
        // By instants and not by the clock on the wall: an hour that comes twice is open twice, as in the intervals.
        let within = |(from, to): &(u16, u16)| {
            self.instant(date, *from).is_some_and(|opens| opens <= now)
                && self.instant(date, *to).is_some_and(|closes| now < closes)
        };
        !self.closed.has(date) && of_today().iter().any(within)
    }

    /// Whether it is ever open.
    pub fn ever_opens(&self) -> bool {
        self.week.iter().any(|day| !day.is_empty())
    }

    fn date(&self, now: Millis) -> Option<Date> {
        let instant = Timestamp::from_millisecond(i64::try_from(now.0).ok()?).ok()?;
        Some(instant.to_zoned(self.zone.clone()).date())
    }

    /// The open intervals from the day before `now` on: sorted, disjoint, half-open.
    pub fn open(&self, now: Millis) -> Vec<(Millis, Millis)> {
        let Some(today) = self.date(now) else { return Vec::new() };
        self.open_on((-1..=DAYS_AHEAD).filter_map(|ahead| today.checked_add(Span::new().days(ahead)).ok()))
    }

    /// How much of a stretch is open, in milliseconds; of what is longer than some years only these count.
    pub fn open_ms(&self, from: Millis, until: Millis) -> u64 {
        let (Some(first), Some(last)) = (self.date(from), self.date(until)) else { return 0 };
        let days = first.series(Span::new().days(1)).take_while(|date| *date <= last).take(STRETCH_DAYS_MAX);
        let within = |(opens, closes): (Millis, Millis)| until.min(closes).since(from.max(opens));
        self.open_on(days).into_iter().map(within).sum()
    }

    /// The open intervals of these days, which are in their order.
    fn open_on(&self, days: impl Iterator<Item = Date>) -> Vec<(Millis, Millis)> {
        let mut open: Vec<(Millis, Millis)> = Vec::new();
        for date in days {
            if self.closed.has(date) {
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

/// The day's place in a [`Week`].
pub(crate) fn weekday_index(day: Weekday) -> u8 {
    day.to_monday_zero_offset().unsigned_abs()
}

/// `08:30-17:00` in minutes of the day; `None` for anything else. The end of a day is `24:00`.
pub fn minutes_of_interval(text: &str) -> Option<(u16, u16)> {
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
        let mut week: Week = Default::default();
        week[day] = hours.iter().map(|text| minutes_of_interval(text).unwrap()).collect();
        Calendar::new(TimeZone::get(zone).unwrap(), week, Closed::default())
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
        assert!(sundays.is_open(open[0].0) && !sundays.is_open(open[0].1));
        sundays.closed.dates.insert("2026-10-25".parse().unwrap());
        assert_eq!(sundays.open(now)[0].1.to_rfc3339(), "2026-11-01T15:00:00Z");
        assert!(!sundays.is_open(open[0].0));
    }

    /// The clock goes forward on Friday 2026-03-27 from 02:00 to 03:00, and back on Sunday 2026-10-25 from 02:00 to 01:00.
    #[test]
    fn whether_it_is_open_and_the_intervals_agree_in_every_minute_of_a_changed_clock() {
        for hours in [["00:30-01:30", "02:30-04:00"], ["01:00-02:00", "03:00-24:00"], ["00:00-24:00", "24:00-24:00"]] {
            let mut daily = calendar("Asia/Jerusalem", 0, &[]);
            let read = |text: &&str| minutes_of_interval(text);
            daily.week = std::array::from_fn(|_| hours.iter().filter_map(read).collect());
            for begin in ["2026-03-26T20:00:00Z", "2026-10-24T18:00:00Z"] {
                let begin = Millis::from_rfc3339(begin).unwrap();
                let open = daily.open(begin);
                for minute in 0..12 * 60 {
                    let now = begin.plus(minute * 60_000);
                    let within = open.iter().any(|(opens, closes)| *opens <= now && now < *closes);
                    assert_eq!(daily.is_open(now), within, "{hours:?} at {}", now.to_rfc3339());
                }
            }
        }
        // The night in which the clock goes back has an hour more.
        let mut nights = calendar("Asia/Jerusalem", 6, &["00:00-06:00"]);
        let open = nights.open(Millis::from_rfc3339("2026-10-24T18:00:00Z").unwrap());
        assert_eq!(open[0].1 - open[0].0, 7 * 3_600_000);
        nights.week[4] = vec![(0, 360)];
        let open = nights.open(Millis::from_rfc3339("2026-03-26T12:00:00Z").unwrap());
        assert_eq!(open[0].1 - open[0].0, 5 * 3_600_000, "and the other one an hour less");
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
    fn holidays_close_every_year() {
        let mut daily = calendar("Asia/Jerusalem", 5, &["08:00-12:00"]);
        let new_year = Millis::from_rfc3339("2026-09-12T06:00:00Z").unwrap();
        assert!(daily.is_open(new_year));
        daily.closed.israel = true;
        assert!(!daily.is_open(new_year));
        let christmas = Millis::from_rfc3339("2027-12-25T08:00:00Z").unwrap();
        assert!(daily.is_open(christmas));
        daily.closed.yearly.insert((12, 25));
        assert!(!daily.is_open(christmas));
    }

    #[test]
    fn what_is_no_interval_is_refused() {
        for text in
            ["8:30-17:00", "08:30", "17:00-08:30", "08:30-08:30", "08:60-09:00", "08:00-24:01", "a-b", "+8:00-09:00"]
        {
            assert_eq!(minutes_of_interval(text), None, "{text}");
        }
        assert_eq!(minutes_of_interval("08:30 - 24:00"), Some((510, 1440)));
    }

    #[test]
    fn a_stretch_counts_only_what_is_open() {
        let hours = calendar("Asia/Jerusalem", 2, &["08:00-12:00", "13:00-17:00"]);
        let at = |text: &str| Millis::from_rfc3339(text).unwrap();
        const HOUR: u64 = 3_600_000;
        // 25 November 2026 is a Wednesday; Israel is two hours ahead of UTC.
        for (from, until, open) in [
            ("2026-11-25T06:00:00Z", "2026-11-25T15:00:00Z", 8 * HOUR),
            ("2026-11-25T09:30:00Z", "2026-11-25T11:30:00Z", HOUR),
            ("2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z", 0),
            ("2026-11-24T00:00:00Z", "2026-12-10T00:00:00Z", 3 * 8 * HOUR),
            ("2026-11-25T12:00:00Z", "2026-11-25T11:00:00Z", 0),
        ] {
            assert_eq!(hours.open_ms(at(from), at(until)), open, "{from} {until}");
        }
    }
}
