//! Feasts that many keep besides Israel's days of rest: Easter by its rule, in both reckonings, and the two feasts of Islam
//! by the arithmetic calendar.
//!
//! Easter is Meeus' "Astronomical Algorithms"; the calendar of Islam is the civil one, with leap years 2, 5, 7, 10, 13, 16,
//! 18, 21, 24, 26 and 29 of 30 from 622-07-16 (Julian). The moon that is seen decides for many, so a feast of Islam may be a
//! day earlier or later where it is kept: name the date as well where that matters.

use jiff::Span;
use jiff::civil::Date;

/// The first of Muharram of the year 1, as a day number of [`Date`] since 1970-01-01: 622-07-19 in today's calendar.
const HIJRA: i64 = -492_148;

/// Good Friday, Easter Monday, and the two days of Christmas in the West.
pub(crate) fn is_western(date: Date) -> bool {
    let christmas = (date.month(), date.day()) == (12, 25) || (date.month(), date.day()) == (12, 26);
    christmas || western_easter(date.year()).is_some_and(|easter| is_around(easter, date))
}

/// The same in the East: Christmas is on the seventh of January.
pub(crate) fn is_eastern(date: Date) -> bool {
    (date.month(), date.day()) == (1, 7) || eastern_easter(date.year()).is_some_and(|easter| is_around(easter, date))
}

/// The three days of Eid al-Fitr and the four of Eid al-Adha.
pub(crate) fn is_islamic(date: Date) -> bool {
    let (month, day) = islamic(date);
    (month == 10 && day <= 3) || (month == 12 && (10..=13).contains(&day))
}

fn is_around(easter: Date, date: Date) -> bool {
    let after = |days: i64| easter.checked_add(Span::new().days(days)).is_ok_and(|other| other == date);
    after(-2) || after(1)
}

fn western_easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    Date::new(year, i8::try_from(n / 31).ok()?, i8::try_from(n % 31 + 1).ok()?).ok()
}

fn eastern_easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let d = (19 * (y % 19) + 15) % 30;
    let e = (2 * (y % 4) + 4 * (y % 7) - d + 34) % 7;
    let n = d + e + 114;
    let julian = Date::new(year, i8::try_from(n / 31).ok()?, i8::try_from(n % 31 + 1).ok()?).ok()?;
    // From 1900 to 2099 the two calendars are thirteen days apart.
    julian.checked_add(Span::new().days(13)).ok()
}

/// (month, day) in the calendar of Islam.
fn islamic(date: Date) -> (i64, i64) {
    let since = i64::from((date - Date::constant(1970, 1, 1)).get_days()) - HIJRA;
    // Thirty years have so many days, and then it begins anew.
    let mut day = since.rem_euclid(10_631);
    for year in 1..=30_i64 {
        let leap = (11 * year + 14) % 30 < 11;
        let length = if leap { 355 } else { 354 };
        if day < length {
            // Months have thirty and twenty-nine days in turn; the last has thirty in a leap year.
            let month = (day * 2 / 59).min(11);
            let first = (month * 59 + 1) / 2;
            return (month + 1, day - first + 1);
        }
        day -= length;
    }
    (12, 30)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(year: i16, is: fn(Date) -> bool) -> Vec<String> {
        let mut date = Date::constant(year, 1, 1);
        let mut all = Vec::new();
        while date.year() == year {
            if is(date) {
                all.push(date.to_string()[5..].to_owned());
            }
            date = date.tomorrow().unwrap();
        }
        all
    }

    #[test]
    fn easter_is_that_of_printed_calendars() {
        for (year, western, eastern) in [
            (2024, "03-31", "05-05"),
            (2025, "04-20", "04-20"),
            (2026, "04-05", "04-12"),
            (2027, "03-28", "05-02"),
            (2030, "04-21", "04-28"),
        ] {
            assert_eq!(western_easter(year).unwrap().to_string()[5..], *western, "{year}");
            assert_eq!(eastern_easter(year).unwrap().to_string()[5..], *eastern, "{year}");
        }
        assert_eq!(days(2026, is_western), ["04-03", "04-06", "12-25", "12-26"]);
        assert_eq!(days(2026, is_eastern), ["01-07", "04-10", "04-13"]);
    }

    #[test]
    fn the_feasts_of_islam_are_a_day_at_most_from_the_announced_ones() {
        // The first days as Saudi Arabia announced them, or has them in its calendar.
        for (year, fitr, adha) in [
            (2024, Date::constant(2024, 4, 10), Date::constant(2024, 6, 16)),
            (2025, Date::constant(2025, 3, 30), Date::constant(2025, 6, 6)),
            (2026, Date::constant(2026, 3, 20), Date::constant(2026, 5, 27)),
            (2027, Date::constant(2027, 3, 9), Date::constant(2027, 5, 16)),
        ] {
            let found = days(year, is_islamic);
            assert_eq!(found.len(), 7, "{year}: {found:?}");
            for (announced, first) in [(fitr, &found[0]), (adha, &found[3])] {
                let first: Date = format!("{year}-{first}").parse().unwrap();
                assert!((first - announced).get_days().abs() <= 1, "{announced}: {first}");
            }
        }
    }
}
