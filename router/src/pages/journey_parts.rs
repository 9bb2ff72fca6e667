//! A journey as desk and console show it: what their scripts clone. `page/journey.js` brings it to life.

use maud::{Markup, html};

use super::language::Lang;
use super::texts::{open_text, text};

/// Sentences, by the name a script asks for them, with their open places: figures, clocks, and what happened.
pub(super) const SENTENCES: [(&str, &str, &[&str]); 61] = [
    ("journey-contacts", "desk-journey-contacts", &["count"]),
    ("journey-hand-offs", "desk-journey-hand-offs", &["count"]),
    ("journey-people", "desk-journey-people", &["count"]),
    ("journey-channels", "desk-journey-channels", &["count"]),
    ("journey-asked", "desk-journey-asked", &["count"]),
    ("journey-told", "desk-journey-told", &["count"]),
    ("journey-waits", "desk-journey-waits", &["count"]),
    ("journey-longest", "desk-journey-longest", &["time"]),
    ("journey-waited", "desk-journey-waited", &["time", "open"]),
    ("journey-clock-working", "desk-journey-clock-working", &[]),
    ("journey-clock-us", "desk-journey-clock-us", &[]),
    ("journey-clock-other", "desk-journey-clock-other", &[]),
    ("journey-clock-customer", "desk-journey-clock-customer", &[]),
    ("journey-message_received", "desk-journey-message-received", &[]),
    ("journey-reply_queued", "desk-journey-reply-queued", &["who"]),
    ("journey-reply_failed", "desk-journey-reply-failed", &[]),
    ("journey-conversation_opened", "desk-journey-conversation-opened", &[]),
    ("journey-conversation_reopened", "desk-journey-conversation-reopened", &[]),
    ("journey-moved_to_private", "desk-journey-moved-to-private", &[]),
    ("journey-task_created", "desk-journey-task-created", &["to"]),
    ("journey-task_overflowed", "desk-journey-task-overflowed", &["to"]),
    ("journey-task_assigned", "desk-journey-task-assigned", &["to"]),
    ("journey-task_withdrawn", "desk-journey-task-withdrawn", &["to"]),
    ("journey-target_missed", "desk-journey-target-missed", &[]),
    ("journey-task_parked", "desk-journey-task-parked", &[]),
    ("journey-task_woken", "desk-journey-task-woken", &[]),
    ("journey-task_transferred", "desk-journey-task-transferred", &["who", "to"]),
    ("journey-task_handed_over", "desk-journey-task-handed-over", &[]),
    ("journey-request_opened", "desk-journey-request-opened", &["who", "to"]),
    ("journey-request_answered", "desk-journey-request-answered", &[]),
    ("journey-request_withdrawn", "desk-journey-request-withdrawn", &[]),
    ("journey-task_solved", "desk-journey-task-solved", &["who", "about"]),
    ("journey-task_refused", "desk-journey-task-refused", &["who"]),
    ("journey-task_confirmed", "desk-journey-task-confirmed", &[]),
    ("journey-task_denied", "desk-journey-task-denied", &[]),
    ("journey-task_cancelled", "desk-journey-task-cancelled", &[]),
    ("journey-contact_logged", "desk-journey-contact-logged", &["who"]),
    ("journey-satisfaction_answered", "desk-journey-satisfaction-answered", &["about"]),
    ("journey-matter_repeated", "desk-journey-matter-repeated", &[]),
    ("journey-matters_joined", "desk-journey-matters-joined", &[]),
    ("journey-matters_parted", "desk-journey-matters-parted", &[]),
    ("journey-case_opened", "desk-journey-case-opened", &["about"]),
    ("journey-case_moved", "desk-journey-case-moved", &["about"]),
    ("journey-case_assigned", "desk-journey-case-assigned", &["to"]),
    ("journey-case_paused", "desk-journey-case-paused", &[]),
    ("journey-case_resumed", "desk-journey-case-resumed", &[]),
    ("journey-case_closed", "desk-journey-case-closed", &[]),
    ("journey-case_reopened", "desk-journey-case-reopened", &["about"]),
    ("journey-case_confirmed", "desk-journey-case-confirmed", &[]),
    ("journey-case_told", "desk-journey-case-told", &[]),
    ("journey-case_agreed", "desk-journey-case-agreed", &["about"]),
    ("journey-case_held", "desk-journey-case-held", &[]),
    ("journey-case_at_risk", "desk-journey-case-at-risk", &[]),
    ("journey-promise_made", "desk-journey-promise-made", &[]),
    ("journey-promise_kept", "desk-journey-promise-kept", &[]),
    ("journey-promise_broken", "desk-journey-promise-broken", &[]),
    ("journey-promise_withdrawn", "desk-journey-promise-withdrawn", &[]),
    ("journey-decision_asked", "desk-journey-decision-asked", &["who", "about"]),
    ("journey-decision_granted", "desk-journey-decision-granted", &["about"]),
    ("journey-decision_denied", "desk-journey-decision-denied", &["about"]),
    ("journey-decision_reversed", "desk-journey-decision-reversed", &["about"]),
];

/// All that a page with journeys needs.
pub(super) fn templates(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        template id="t-journey" {
            div class="journey-sheet" {
                p class="empty" hidden data-slot="more" { (t("desk-journey-more")) }
                h4 { (t("desk-journey-effort")) }
                ul class="journey-figures" data-slot="effort" {}
                h4 { (t("desk-journey-clocks")) }
                div class="journey-bar" aria-hidden="true" data-slot="bar" {}
                ul class="journey-figures" data-slot="clocks" {}
                h4 { (t("desk-journey-line")) }
                div class="journey-events" tabindex="0" role="group" aria-label=(t("desk-journey-line")) {
                    ol class="journey-line" data-slot="line" {}
                }
            }
        }
        template id="t-journey-step" {
            li {
                time data-slot="at" {} " "
                span data-slot="what" dir="auto" {} " "
                bdi class="journey-channel" dir="ltr" hidden data-slot="channel" {} " "
                span class="journey-had" hidden data-slot="had" { bdi data-slot="owner" {} " · " span data-slot="clock" {} }
            }
        }
        @for (name, key, slots) in SENTENCES {
            template id={ "say-" (name) } { (open_text(lang, key, slots)) }
        }
    }
}

/// The place of a journey, which is read when it is opened.
pub(super) fn place(lang: Lang) -> Markup {
    html! {
        details class="journey" data-slot="journey" {
            summary { (text(lang, "desk-journey")) }
            div data-slot="journey-place" {}
        }
    }
}
