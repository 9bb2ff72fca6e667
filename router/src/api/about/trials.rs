//! Rule sets on trial.

use serde_json::{Value, json};

use crate::api::rule_info::VersionInfo;
use crate::api::rule_trial::{Beginning, End, Status};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{MEANWHILE, NO_DRAFT, NO_LIVE_RULES, NO_TRIAL, NOT_LIVE, RULES_IN_ERROR, SECOND_PERSON};

fn stage() -> Value {
    json!({
        "acts": true, "per_mille": 100, "accounts": [], "groups": ["front"],
        "guard": { "queue": "service", "least_percent": 80, "tasks_min": 50 }
    })
}

fn version() -> Value {
    json!({
        "version": 8, "author": "user noa", "publisher": "user dana", "reason": "a tenth first",
        "at": "2026-11-26T09:30:00Z", "stage": stage()
    })
}

pub(in crate::api) fn status() -> About {
    About::new("get_rule_trial", Tag::Rules, "See what the rules on trial have come to")
        .gives::<Status>(200, "What was counted since it began, and where it differs from the live rules; null where nothing is on trial.")
        .such_as(json!({ "trial": {
            "version": 8, "publisher": "user dana", "reason": "a tenth first", "since": "2026-11-26T09:30:00Z",
            "stage": stage(), "tasks": 412, "decided": 40, "differed": 9, "whole": true,
            "differences": [{
                "event": "evt_812", "at": "2026-11-26T09:41:00Z", "conversation": "cnv_31", "acted": true,
                "live_rule": "rest", "live_queue": "service", "trial_rule": "refund", "trial_queue": "refunds"
            }],
            "queues": [{ "queue": "service", "answered": 210, "in_time": 188 }]
        } }))
}

pub(in crate::api) fn begin() -> About {
    About::new("begin_rule_trial", Tag::Rules, "Have the draft decide for nobody yet, or for a part")
        .text("With `acts: false` it decides for nobody, and what it would do is counted and listed. With `acts: true` it decides for a share of contacts, accounts or groups. It ends by itself when its guard's queue answers too few in time, when it is ended, and when anything is published.")
        .takes::<Beginning>(json!({ "sha256": "9c1d…", "reason": "a tenth first", "stage": stage() }))
        .gives::<VersionInfo>(200, "It is on trial.")
        .such_as(version())
        .fails(&[RULES_IN_ERROR, NOT_LIVE, NO_DRAFT, NO_LIVE_RULES, SECOND_PERSON, MEANWHILE])
}

pub(in crate::api) fn end() -> About {
    About::new("end_rule_trial", Tag::Rules, "End the trial: the live rules decide for everybody")
        .takes::<End>(json!({ "reason": "seen enough" }))
        .gives::<VersionInfo>(200, "It is over.")
        .such_as(json!({
            "version": 9, "author": "user noa", "publisher": "user dana", "reason": "the trial ended: seen enough",
            "at": "2026-11-26T12:30:00Z"
        }))
        .fails(&[NO_TRIAL, MEANWHILE])
}
