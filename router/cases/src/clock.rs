//! Opening hours as lengths: the core's calendar tells when so much of them has passed, this how much has.

use blendline_core::calendar::Hours;
use blendline_wire::Millis;

/// The open milliseconds between two instants.
pub(crate) fn open_between(hours: Hours<'_>, from: Millis, until: Millis) -> u64 {
    let Some(calendar) = hours.0 else { return until.since(from) };
    let open = |(opens, closes): &(Millis, Millis)| until.min(*closes).since(from.max(*opens));
    calendar.open.iter().map(open).sum()
}

/// When so many open milliseconds will have passed. Beyond the hours that are known every hour counts as open: a due time
/// that is too early is looked at, one that is missing is not.
pub(crate) fn after_open(hours: Hours<'_>, from: Millis, ms: u64) -> Millis {
    hours.after_open(from, ms).unwrap_or_else(|| {
        let known_until = hours.0.and_then(|calendar| calendar.open.last()).map_or(from, |(_, closes)| *closes);
        let begins = known_until.max(from);
        begins.plus(ms.saturating_sub(open_between(hours, from, begins)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use blendline_wire::CalendarId;
    use blendline_wire::org::CalendarSettings;

    #[test]
    fn the_two_directions_agree() {
        let calendar =
            CalendarSettings { id: CalendarId(1), open: vec![(Millis(10), Millis(20)), (Millis(30), Millis(40))] };
        for hours in [Hours(Some(&calendar)), Hours(None)] {
            for from in 0..45 {
                for ms in 0..40 {
                    let due = after_open(hours, Millis(from), ms);
                    let used = open_between(hours, Millis(from), due.min(Millis(40)));
                    assert!(used <= ms, "{from} {ms}");
                    if due < Millis(40) {
                        assert_eq!(used, ms, "{from} {ms}");
                    }
                }
            }
        }
    }
}
