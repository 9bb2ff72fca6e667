//! Rule sets.

use serde_json::{Value, json};

use crate::api::rule_day;
use crate::api::rule_help::SchemaInfo;
use crate::api::rule_info::{CheckInfo, Message, Publication, Rollback, RulesInfo, Text, VersionInfo, Wanted, Which};
use crate::api::rule_replay::Period;
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{
    BUSY, MEANWHILE, NO_DRAFT, NO_HEIR, NO_VERSION, NOT_RECORDED, RULES_IN_ERROR, SECOND_PERSON, UNKNOWN_VERSION,
    UNREADABLE,
};
use crate::rules::explain::Explained;
use crate::rules::replayed::Replayed;

const TEXT: &str = "queues:\n  service: {side: front, target: 2m}\nrules:\n  - {name: all, queue: service}\n";

fn version() -> Value {
    json!({
        "version": 7, "author": "user noa", "publisher": "user dana", "reason": "refunds go to the back office",
        "at": "2026-11-26T09:30:00Z"
    })
}

fn check() -> Value {
    json!({
        "sha256": "9c1d…", "good": false, "diff": "@ 2\n-  service: {side: front}\n+  service: {side: fornt}\n",
        "faults": [{
            "severity": "error", "code": "unknown_word", "line": 2, "column": 19, "column_end": 24,
            "message": "`side` cannot be `fornt`", "hint": "did you mean `front`?",
            "message_he": "המילה אינה אחת מן המותרות: \u{2068}fornt\u{2069}", "hint_he": "ההשלמה מציעה את המותרות"
        }]
    })
}

pub(in crate::api) fn one() -> About {
    let mut set = version();
    set["text"] = json!(TEXT);
    About::new("get_rules", Tag::Rules, "Read the live routing rules, or an earlier version, and the draft")
        .asks::<Which>()
        .gives::<RulesInfo>(200, "The rules; `set` is null where none are live.")
        .such_as(json!({ "set": set, "draft": null }))
        .fails(&[UNKNOWN_VERSION])
}

pub(in crate::api) fn schema() -> About {
    About::new("get_rule_schema", Tag::Rules, "Read what a rule set may say: for completion and help in editors")
        .gives::<SchemaInfo>(200, "Keys, fields, functions, and the names that are there.")
        .such_as(json!({
            "sections": [{ "name": "rule", "keys": [{ "name": "queue", "doc": "where it sends what it takes" }] }],
            "fields": [{ "name": "msg.rating", "type": "a number", "doc": "the stars of a review", "words": [] }],
            "functions": [{
                "name": "mentions", "example": "mentions('refunds')", "doc": "true when the text has one of these words"
            }],
            "names": {
                "channels": ["webchat"], "accounts": ["site"], "languages": ["he", "en"], "queues": ["service"],
                "skills": ["hebrew"], "workers": ["dana"], "groups": ["desk"], "calendars": ["office"],
                "keywords": ["refunds"]
            }
        }))
}

pub(in crate::api) fn versions() -> About {
    About::new("list_rule_versions", Tag::Rules, "List every version of the rules that was ever live, the latest first")
        .asks::<Wanted>()
        .gives_page::<VersionInfo>("Versions, without their texts.")
        .such_as(json!({ "items": [version()], "next": null }))
}

pub(in crate::api) fn check_text() -> About {
    About::new("check_rules", Tag::Rules, "Find everything that is wrong with a text; nothing changes")
        .takes::<Text>(json!({ "text": TEXT }))
        .gives::<CheckInfo>(200, "What is wrong, if anything.")
        .such_as(check())
}

pub(in crate::api) fn draft() -> About {
    About::new("put_rule_draft", Tag::Rules, "Keep a draft, in the place of the one before it")
        .text("A draft may have errors: they are told, and keep it from being published.")
        .takes::<Text>(json!({ "text": TEXT }))
        .gives::<CheckInfo>(200, "It is kept. What is wrong with it, if anything.")
        .such_as(check())
}

pub(in crate::api) fn publish() -> About {
    About::new("publish_rules", Tag::Rules, "Make the draft live")
        .text("Every router decides by it within seconds, without a restart, each decision by one version. Rules with `two_people: true` are published by another than their author.")
        .takes::<Publication>(json!({ "sha256": "9c1d…", "reason": "refunds go to the back office" }))
        .gives::<VersionInfo>(200, "It is live.")
        .such_as(version())
        .fails(&[RULES_IN_ERROR, NO_HEIR, NO_DRAFT, SECOND_PERSON, MEANWHILE])
}

pub(in crate::api) fn rollback() -> About {
    About::new("roll_back_rules", Tag::Rules, "Make an earlier version live again")
        .text("It becomes a new version with the text of the earlier one. One person may do it: it was live before.")
        .takes::<Rollback>(json!({ "version": 6, "reason": "queues ran full" }))
        .gives::<VersionInfo>(200, "It is live.")
        .such_as(version())
        .fails(&[RULES_IN_ERROR, NO_HEIR, NO_VERSION, MEANWHILE])
}

pub(in crate::api) fn explain() -> About {
    About::new("explain_rules", Tag::Rules, "Show where rules send a message; nothing changes")
        .takes::<Message>(json!({ "channel": "whatsapp_cloud", "account": "support", "text": "I want a refund" }))
        .gives::<Explained>(200, "Each rule up to the one that decides, and why.")
        .such_as(json!({
            "channel": "whatsapp_cloud", "account": "support", "language": "en", "rule": "refund",
            "queue": "service", "needs": [{ "skill": "refunds", "level": 3 }], "target_ms": null, "tags": [], "case_type": null,
            "tried": [{
                "rule": "refund", "applied": true, "because": "all that it asks holds", "code": "holds", "about": {},
                "values": [{ "field": "msg.text", "value": "'I want a refund'" }]
            }]
        }))
        .fails(&[RULES_IN_ERROR])
}

pub(in crate::api) fn replay() -> About {
    let numbers = json!({
        "came": 120, "started": 118, "in_time": 101, "service_level_milli": 841, "answered": 110,
        "answered_in_time": 99, "done": 108, "left": 2, "transferred": 3, "overflowed": 0, "interrupted": 0,
        "wait_mean_ms": 41000, "wait_p50_ms": 12000, "wait_p90_ms": 140000
    });
    let group = json!({ "workers": 3, "present_ms": 10800000, "worked_ms": 8100000, "done": 108 });
    About::new("replay_rules", Tag::Rules, "Run a period of the record under the live rules, and beside it under a draft")
        .text("The record's own inputs are run through the scheduler itself. `exact` says whether the live rules came to the recorded figures. One replay runs at a time.")
        .takes::<Period>(json!({
            "from": "2026-11-25T06:00:00Z", "to": "2026-11-25T14:00:00Z", "staff": [{ "percent": -15 }],
            "cross_train": [{ "group": "front", "what": "refunds" }], "levers": true
        }))
        .gives::<Replayed>(200, "What it came to, side by side.")
        .such_as(json!({
            "begins_at": "2026-11-25T05:12:00Z", "ends_at": "2026-11-25T13:59:58Z", "arrivals": 140, "exact": true,
            "queues": [{ "queue": "service", "recorded": numbers, "live": numbers, "draft": numbers }],
            "groups": [{ "group": "front", "recorded": group, "live": group, "draft": group }],
            "moved": 12,
            "moves": [{
                "live_rule": "rest", "live_queue": "service", "draft_rule": "refund", "draft_queue": "refunds",
                "count": 12, "because": "refund: all that it asks holds msg.text = 'I want a refund'",
                "tasks": [{ "task": "tsk_19", "came_at": "2026-11-25T06:03:00Z" }]
            }],
            "levers": [{ "lever": "--staff=front:+10%", "front_in_time": 9, "back_done": 0 }]
        }))
        .fails(&[RULES_IN_ERROR, NOT_RECORDED, BUSY])
}

pub(in crate::api) fn replay_day() -> About {
    let queue = json!({
        "queue": "service", "arrived": 120, "in_time": 104, "started": 118, "done": 117, "left": 2, "interrupted": 0,
        "wait_mean_ms": 41_000, "wait_p50_ms": 12_000, "wait_p90_ms": 118_000
    });
    let day = json!({
        "queues": [queue], "without_rule": 0,
        "groups": [{ "group": "desk", "present_ms": 28_800_000, "worked_ms": 21_000_000 }]
    });
    About::new("replay_day", Tag::Rules, "Run a recorded day under the live rules and under a draft")
        .text("The lines of a day, and what a replay cannot know, stand in docs/rules.md. One is run at a time.")
        .takes::<rule_day::Replay>(
            json!({ "text": TEXT, "day": "{\"at\":\"2026-11-26T09:00:00Z\",\"channel\":\"webchat\",…}\n" }),
        )
        .gives::<rule_day::Replayed>(200, "What became of the day under both.")
        .such_as(json!({
            "live": day, "draft": day, "moved": 12,
            "moves": [{
                "live_rule": "all", "live_queue": "service", "draft_rule": "refund", "draft_queue": "refunds",
                "count": 12, "first": 3
            }]
        }))
        .fails(&[RULES_IN_ERROR, UNREADABLE])
}
