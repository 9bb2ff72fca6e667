//! Dates as mail programs write them: RFC 5322 and everything near it.

use blendline_wire::Millis;
use blendline_wire::time::Instant;

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Zones by name, in minutes east of Greenwich; others are as good as unknown (RFC 5322, 4.3).
const ZONES: &[(&str, i64)] = &[
    ("ut", 0),
    ("gmt", 0),
    ("utc", 0),
    ("z", 0),
    ("est", -300),
    ("edt", -240),
    ("cst", -360),
    ("cdt", -300),
    ("mst", -420),
    ("mdt", -360),
    ("pst", -480),
    ("pdt", -420),
    ("bst", 60),
    ("cet", 60),
    ("cest", 120),
    ("met", 60),
    ("eet", 120),
    ("ist", 120),
    ("idt", 180),
    ("msk", 180),
    ("jst", 540),
];

/// The instant of a `Date` field; none where no date can be made out, or one before 1970.
pub(super) fn parse(value: &str) -> Option<Instant> {
    let value = without_comments(value);
    if let Some(at) = Millis::from_rfc3339(value.trim()) {
        return Some(Instant(at));
    }
    let mut date = Parts::default();
    // The first separator of dates such as `5-Jun-2024` is a blank in disguise.
    let value = if value.contains('-') { dashes_in_date(&value) } else { value };
    for token in value.split(|c: char| c.is_whitespace() || c == ',').filter(|token| !token.is_empty()) {
        date.take(token);
    }
    date.instant()
}

/// The text without what stands in parentheses.
fn without_comments(value: &str) -> String {
    let mut depth = 0_usize;
    let outside = |c: &char| {
        match c {
            '(' => depth += 1,
            ')' => {
                depth = depth.saturating_sub(1);
                return false;
            }
            _ => {}
        }
        depth == 0
    };
    value.chars().filter(outside).collect()
}

/// Dashes between a day, a month's name and a year become blanks; those of zones stay.
fn dashes_in_date(value: &str) -> String {
    let is_date = |token: &&str| token.contains('-') && token.chars().any(|c| c.is_ascii_alphabetic());
    value.split_whitespace().map(|token| if is_date(&token) { token.replace('-', " ") } else { token.to_owned() }).fold(
        String::new(),
        |mut all, token| {
            all.push_str(&token);
            all.push(' ');
            all
        },
    )
}

/// What the tokens said so far.
#[derive(Default)]
struct Parts {
    day: Option<i64>,
    month: Option<i64>,
    year: Option<i64>,
    /// Seconds of the day.
    time: Option<i64>,
    /// Minutes east of Greenwich.
    zone: Option<i64>,
}

impl Parts {
    fn take(&mut self, token: &str) {
        let lower = token.to_ascii_lowercase();
        let lower = lower.trim_end_matches('.');
        if token.contains(':') && self.time.is_none() {
            self.time = time(token);
        } else if let Some(sign) =
            [("+", 1), ("-", -1)].iter().find_map(|(c, sign)| token.starts_with(c).then_some(sign))
        {
            self.zone = self.zone.or_else(|| offset(&token[1..]).map(|minutes| sign * minutes));
        } else if let Ok(number) = token.parse::<i64>() {
            if self.day.is_none() && number <= 31 {
                self.day = Some(number);
            } else if self.year.is_none() {
                self.year = Some(full_year(number, token.len()));
            }
        } else if let Some(month) = MONTHS.iter().position(|month| lower.starts_with(month)) {
            self.month = self.month.or(Some(month as i64 + 1));
        } else if let Some((_, minutes)) = ZONES.iter().find(|(name, _)| *name == lower) {
            self.zone = self.zone.or(Some(*minutes));
        } else if let Some((name, minutes)) = lower.split_once(['+', '-'])
            && matches!(name, "gmt" | "utc" | "ut")
            && self.zone.is_none()
        {
            self.zone = offset(minutes).map(|minutes| if lower.contains('-') { -minutes } else { minutes });
        }
    }

    fn instant(&self) -> Option<Instant> {
        let year = i16::try_from(self.year?).ok()?;
        let (month, day) = (i8::try_from(self.month?).ok()?, i8::try_from(self.day?).ok()?);
        let date = jiff::civil::Date::new(year, month, day).ok()?;
        let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
        let seconds = midnight + self.time? - self.zone.unwrap_or(0) * 60;
        u64::try_from(seconds).ok().map(|seconds| Instant(Millis(seconds.saturating_mul(1000))))
    }
}

/// Two or three digits are years of the last century or of this one (RFC 5322, 4.3).
const fn full_year(number: i64, digits: usize) -> i64 {
    match (digits, number) {
        (..=2, 0..=49) => 2000 + number,
        (..=3, _) => 1900 + number,
        _ => number,
    }
}

/// Seconds of the day of `hh:mm[:ss]`; a leap second counts as the one before.
fn time(token: &str) -> Option<i64> {
    let mut fields = token.split([':', '.']).map(|field| field.parse::<i64>().ok());
    let (hours, minutes) = (fields.next()??, fields.next()??);
    let seconds = fields.next().flatten().unwrap_or(0).min(59);
    let is_time = (0..24).contains(&hours) && (0..60).contains(&minutes) && 0 <= seconds;
    is_time.then_some(hours * 3600 + minutes * 60 + seconds)
}

/// Minutes of `hhmm`, `hh:mm` or `hh`.
fn offset(digits: &str) -> Option<i64> {
    let digits = digits.replace(':', "");
    let number: i64 = digits.parse().ok().filter(|number| 0 <= *number)?;
    let minutes = if digits.len() <= 2 { number * 60 } else { number / 100 * 60 + number % 100 };
    (minutes < 24 * 60).then_some(minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &str) -> Option<String> {
        parse(value).map(|at| at.0.to_rfc3339())
    }

    #[test]
    fn dates_of_every_notation() {
        for (given, expected) in [
            ("Wed, 05 Jun 2024 10:12:33 +0300", "2024-06-05T07:12:33Z"),
            ("5 Jun 2024 10:12 +0300", "2024-06-05T07:12:00Z"),
            ("Wed, 5 Jun 24 07:12:33 GMT", "2024-06-05T07:12:33Z"),
            ("Wed Jun  5 07:12:33 2024", "2024-06-05T07:12:33Z"),
            ("Wed, 20 Sep 1995 00:19:00 (EDT) -0400", "1995-09-20T04:19:00Z"),
            ("Fri, 20 Apr 2001 20:18:00 -0400 (EDT)", "2001-04-21T00:18:00Z"),
            ("5-Jun-2024 07:12:33 -0000", "2024-06-05T07:12:33Z"),
            ("Wed, 05 Jun 2024 07:12:60 UTC+2", "2024-06-05T05:12:59Z"),
            ("2024-06-05T07:12:33Z", "2024-06-05T07:12:33Z"),
            ("Thu, 1 Jan 1970 00:00:00 +0000", "1970-01-01T00:00:00Z"),
        ] {
            assert_eq!(shown(given).as_deref(), Some(expected), "{given}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for odd in
            ["", "soon", "31 Feb 2024 00:00 +0000", "5 Jun 2024", "25:61 5 Jun 2024", "1 Jan 1960 00:00 +0000", "("]
        {
            assert_eq!(shown(odd), None, "{odd}");
        }
    }
}
