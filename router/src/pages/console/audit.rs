//! The audit log, in words.

use maud::{Markup, html};

use super::super::language::Lang;
use super::super::texts::{open_text, text};
use super::table::{Column, List, Shows, column, table};
use super::{Section, head};

const AUDIT: [Column; 6] = [
    column("seq", "console-col-number", Shows::Number),
    column("at", "console-col-at", Shows::Instant),
    column("actor", "console-col-actor", Shows::Text),
    column("what", "console-col-what", Shows::Word("deed")),
    column("subject", "console-col-subject", Shows::Text),
    column("change", "console-col-change", Shows::Code),
];

/// What is audited, by the word of the API. What is not among it is shown by that word.
const DEEDS: [(&str, &str); 63] = [
    ("signed_in", "console-deed-signed-in"),
    ("signed_in_with_company", "console-deed-signed-in-with-company"),
    ("signed_out", "console-deed-signed-out"),
    ("session_ended", "console-deed-session-ended"),
    ("password_changed", "console-deed-password-changed"),
    ("user_added", "console-deed-user-added"),
    ("user_changed", "console-deed-user-changed"),
    ("rules_drafted", "console-deed-rules-drafted"),
    ("rules_published", "console-deed-rules-published"),
    ("rules_rolled_back", "console-deed-rules-rolled-back"),
    ("rules_tried", "console-deed-rules-tried"),
    ("rules_trial_ended", "console-deed-rules-trial-ended"),
    ("rules_fell_back", "console-deed-rules-fell-back"),
    ("system_key_added", "console-deed-system-key-added"),
    ("system_key_rotated", "console-deed-system-key-rotated"),
    ("system_keys_removed", "console-deed-system-keys-removed"),
    ("event_endpoint_added", "console-deed-event-endpoint-added"),
    ("event_endpoint_changed", "console-deed-event-endpoint-changed"),
    ("event_endpoint_rotated", "console-deed-event-endpoint-rotated"),
    ("event_endpoint_paused", "console-deed-event-endpoint-paused"),
    ("event_endpoint_replayed", "console-deed-event-endpoint-replayed"),
    ("event_endpoint_removed", "console-deed-event-endpoint-removed"),
    ("push_device_added", "console-deed-push-device-added"),
    ("push_device_removed", "console-deed-push-device-removed"),
    ("canned_answer_changed", "console-deed-canned-answer-changed"),
    ("canned_answer_removed", "console-deed-canned-answer-removed"),
    ("macro_run", "console-deed-macro-run"),
    ("macro_hold", "console-deed-macro-hold"),
    ("macro_take_back", "console-deed-macro-take-back"),
    ("macro_drop", "console-deed-macro-drop"),
    ("task_take", "console-deed-task-take"),
    ("task_cancel", "console-deed-task-cancel"),
    ("task_transfer", "console-deed-task-transfer"),
    ("worker_told", "console-deed-worker-told"),
    ("worker_presence", "console-deed-worker-presence"),
    ("matters_join", "console-deed-matters-join"),
    ("matters_part", "console-deed-matters-part"),
    ("transcript_printed", "console-deed-transcript-printed"),
    ("decision_link", "console-deed-decision-link"),
    ("decision_by_link", "console-deed-decision-by-link"),
    ("external_retry", "console-deed-external-retry"),
    ("external_drop", "console-deed-external-drop"),
    ("case_move", "console-deed-case-move"),
    ("case_set", "console-deed-case-set"),
    ("case_assign", "console-deed-case-assign"),
    ("case_pause", "console-deed-case-pause"),
    ("case_resume", "console-deed-case-resume"),
    ("case_close", "console-deed-case-close"),
    ("case_reopen", "console-deed-case-reopen"),
    ("case_agree", "console-deed-case-agree"),
    ("case_promise", "console-deed-case-promise"),
    ("case_keep", "console-deed-case-keep"),
    ("case_withdraw", "console-deed-case-withdraw"),
    ("case_link", "console-deed-case-link"),
    ("improvement_add", "console-deed-improvement-add"),
    ("improvement_answer", "console-deed-improvement-answer"),
    ("improvement_assign", "console-deed-improvement-assign"),
    ("improvement_begin", "console-deed-improvement-begin"),
    ("improvement_measure", "console-deed-improvement-measure"),
    ("improvement_finish", "console-deed-improvement-finish"),
    ("improvement_reopen", "console-deed-improvement-reopen"),
    ("improvement_join", "console-deed-improvement-join"),
    ("improvement_part", "console-deed-improvement-part"),
];

/// What was done to users, sessions and rules.
pub(super) fn markup(lang: Lang) -> Markup {
    let list = List {
        id: "audit",
        route: "/v1/audit?limit=200",
        title: "console-audit",
        empty: "console-none-audit",
        columns: &AUDIT,
        tools: html! {},
        actions: html! {},
    };
    html! {
        (head(lang, Section::Audit, &html! {}))
        (table(lang, &list))
        @for (word, key) in DEEDS { template id={ "say-deed-" (word) } { (text(lang, key)) } }
        p class="card" hidden data-slot="head" {
            (open_text(lang, "console-audit-head", &["seq", "hash"]))
        }
    }
}
