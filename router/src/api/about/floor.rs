//! The floor.

use serde_json::{Value, json};

use crate::floor::Floor;
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::SERVED_ELSEWHERE;

fn tally() -> Value {
    json!({ "came": 212, "in_time": 180, "late": 21, "left": 4, "solved": 196, "rated": 40, "rated_sum": 172 })
}

pub(in crate::api) fn one() -> About {
    About::new("get_floor", Tag::Queues, "See queues, groups and people, now and today")
        .text(
            "With `Accept: text/event-stream` it is a stream of server-sent events: `floor` with all of it, then \
             `changes` in the same form with what differs, at most four times a second; `away` while no owner answers.",
        )
        .gives::<Floor>(200, "The floor.")
        .such_as(json!({
            "at": "2026-11-26T09:30:00Z", "since": "2026-11-25T22:00:00Z",
            "queues": [{
                "name": "care", "side": "front", "target_ms": 120_000, "goal_milli": 800, "waiting": 4,
                "oldest_at": "2026-11-26T09:29:10Z", "first_due_at": "2026-11-26T09:31:10Z", "active": 9, "aside": 2,
                "reserve_milli": 1_500, "promised_milli": 0, "taken_milli": 610, "today": tally(), "lately": tally()
            }],
            "groups": [{
                "name": "desk", "people": 12, "connected": 9, "ready": 7, "capacity": 2_700, "load": 1_650, "front": 9,
                "back": 6
            }],
            "people": [{
                "name": "dana", "groups": ["desk"], "connected": true, "presence": "ready", "capacity": 300,
                "load": 200, "front": 1, "back": 1, "idle_since": "2026-11-26T09:28:00Z"
            }],
            "sides": [{ "side": "front", "quarters": [tally()] }]
        }))
        .fails(&[SERVED_ELSEWHERE])
}
