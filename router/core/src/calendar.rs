//! Working hours, as open intervals: the core knows no time zones (P7).

use blendline_wire::Millis;
use blendline_wire::org::CalendarSettings;

/// Open hours, or always open where there is no calendar.
#[derive(Clone, Copy, Debug)]
pub struct Hours<'a>(pub Option<&'a CalendarSettings>);

impl Hours<'_> {
    /// True when work is offered and silence counts at this instant.
    pub fn is_open(&self, at: Millis) -> bool {
        let Some(calendar) = self.0 else { return true };
        let next = calendar.open.partition_point(|(opens, _)| *opens <= at);
        next > 0 && at < calendar.open[next - 1].1
    }

    /// The first opening later than `at`; `None` when always open or when no more openings are known.
    pub fn next_opening(&self, at: Millis) -> Option<Millis> {
        let calendar = self.0?;
        calendar.open.get(calendar.open.partition_point(|(opens, _)| *opens <= at)).map(|(opens, _)| *opens)
    }

    /// The instant at which `ms` open milliseconds have passed since `from`; `None` when it is beyond what is known.
    pub fn after_open(&self, from: Millis, ms: u64) -> Option<Millis> {
        let Some(calendar) = self.0 else { return Some(from.plus(ms)) };
        let first = calendar.open.partition_point(|(_, closes)| *closes <= from);
        let mut left = ms;
        for (opens, closes) in &calendar.open[first..] {
            let begins = from.max(*opens);
            let length = closes.since(begins);
            if left < length {
                return Some(begins.plus(left));
            }
            left -= length;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use blendline_wire::CalendarId;

    fn calendar() -> CalendarSettings {
        CalendarSettings { id: CalendarId(1), open: vec![(Millis(10), Millis(20)), (Millis(30), Millis(40))] }
    }

    #[test]
    fn intervals_are_half_open() {
        let calendar = calendar();
        let hours = Hours(Some(&calendar));
        let open: Vec<u64> = (0..50).filter(|at| hours.is_open(Millis(*at))).collect();
        assert_eq!(open, (10..20).chain(30..40).collect::<Vec<_>>());
        assert!(Hours(None).is_open(Millis(0)));
    }

    #[test]
    fn open_time_skips_closed_hours() {
        let calendar = calendar();
        let hours = Hours(Some(&calendar));
        assert_eq!(hours.after_open(Millis(15), 4), Some(Millis(19)));
        assert_eq!(hours.after_open(Millis(15), 5), Some(Millis(30)));
        assert_eq!(hours.after_open(Millis(15), 7), Some(Millis(32)));
        assert_eq!(hours.after_open(Millis(0), 20), None);
        assert_eq!(hours.next_opening(Millis(10)), Some(Millis(30)));
        assert_eq!(hours.next_opening(Millis(30)), None);
        assert_eq!(Hours(None).after_open(Millis(3), 4), Some(Millis(7)));
    }
}
