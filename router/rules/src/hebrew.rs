//! Israel's days of rest: the Hebrew calendar by its arithmetic rule.
//!
//! The rule is that of Dershowitz and Reingold, "Calendrical Calculations": the mean conjunction of Tishri, put off so that
//! no year begins on a Sunday, Wednesday or Friday and none has an impossible length.

use jiff::civil::{Date, Weekday};

/// Days from 0001-01-01 (day 1) to the first day of the Hebrew year 1.
const EPOCH: i64 = -1_373_427;
/// The same day count of 1970-01-01.
const UNIX_EPOCH: i64 = 719_163;

/// Days of rest by law: the feasts' days without work, and Independence Day with its postponement.
pub(crate) fn is_day_of_rest(date: Date) -> bool {
    let day = day_number(date);
    let year = i64::from(date.year()) + 3_760;
    // The spring feasts belong to the year that began in the autumn before; they are counted back from the next one.
    [new_year(year), new_year(year + 1)].into_iter().any(|tishri| {
        let passover = tishri - 163;
        let independence = passover + independence_after_passover(passover);
        [0, 1, 9, 14, 21].into_iter().any(|after| day == tishri + after)
            || [passover, passover + 6, passover + 50, independence].contains(&day)
    })
}

/// The fifth of Iyar, moved off the eve and the end of the sabbath.
fn independence_after_passover(passover: i64) -> i64 {
    match weekday(passover + 20) {
        Weekday::Friday => 19,
        Weekday::Saturday => 18,
        Weekday::Monday => 21,
        _ => 20,
    }
}

/// The first of Tishri.
fn new_year(year: i64) -> i64 {
    let (last, this, next) = (conjunction(year - 1), conjunction(year), conjunction(year + 1));
    let put_off = if next - this == 356 {
        2
    } else if this - last == 382 {
        1
    } else {
        0
    };
    EPOCH + this + put_off
}

/// Days to the mean conjunction of Tishri, put off once where the weekday forbids it.
fn conjunction(year: i64) -> i64 {
    let months = (235 * year - 234).div_euclid(19);
    let parts = 12_084 + 13_753 * months;
    let days = 29 * months + parts.div_euclid(25_920);
    if (3 * (days + 1)).rem_euclid(7) < 3 { days + 1 } else { days }
}

fn day_number(date: Date) -> i64 {
    let since = date - Date::constant(1970, 1, 1);
    UNIX_EPOCH + i64::from(since.get_days())
}

fn weekday(day: i64) -> Weekday {
    const DAYS: [Weekday; 7] = [
        Weekday::Sunday,
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
    ];
    DAYS[usize::try_from(day.rem_euclid(7)).unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_of_rest_are_those_of_printed_calendars() {
        let rest = |year: i16| {
            let mut date = Date::constant(year, 1, 1);
            let mut all = Vec::new();
            while date.year() == year {
                if is_day_of_rest(date) {
                    all.push(date.to_string()[5..].to_owned());
                }
                date = date.tomorrow().unwrap();
            }
            all.join(" ")
        };
        // 2024: 5 Iyar was a Monday, so Independence Day was put off to the Tuesday; 2025: from Saturday to Thursday.
        assert_eq!(rest(2024), "04-23 04-29 05-14 06-12 10-03 10-04 10-12 10-17 10-24");
        assert_eq!(rest(2025), "04-13 04-19 05-01 06-02 09-23 09-24 10-02 10-07 10-14");
        assert_eq!(rest(2026), "04-02 04-08 04-22 05-22 09-12 09-13 09-21 09-26 10-03");
    }
}
