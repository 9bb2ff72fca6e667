//! The forms of the desk: what becomes of a task, and a contact that was logged after the fact.

use maud::{Markup, html};

use super::desk_quality;
use super::language::Lang;
use super::texts::text;

/// How a task was solved: the words reports count by, and what each is called.
const DISPOSITIONS: [(&str, &str); 6] = [
    ("answered", "desk-disposition-answered"),
    ("arranged", "desk-disposition-arranged"),
    ("refunded", "desk-disposition-refunded"),
    ("referred", "desk-disposition-referred"),
    ("no_answer_needed", "desk-disposition-none-needed"),
    ("spam", "desk-disposition-spam"),
];

/// How a logged contact was made.
const MEDIA: [(&str, &str); 3] =
    [("call", "desk-medium-call"), ("visit", "desk-medium-visit"), ("counter", "desk-medium-counter")];

/// The templates of the forms in a column, `t-form-{verdict}`.
pub(super) fn templates(lang: Lang) -> Markup {
    html! {
        (form(lang, "done", "desk-done", "desk-done-go", &done(lang)))
        (form(lang, "snooze", "desk-snooze", "desk-snooze-go", &snooze(lang)))
        (form(lang, "transfer", "desk-transfer", "desk-transfer-go", &transfer(lang)))
        (form(lang, "request", "desk-request", "desk-request-go", &request(lang)))
        (form(lang, "refuse", "desk-refuse", "desk-refuse-go", &refuse(lang)))
    }
}

fn form(lang: Lang, name: &str, title: &str, go: &str, fields: &Markup) -> Markup {
    html! {
        template id={ "t-form-" (name) } {
            form class="sheet-form" data-verdict=(name) novalidate {
                h3 { (text(lang, title)) }
                p class="fault" role="alert" hidden data-slot="fault" {}
                (fields)
                div class="row" {
                    button type="submit" class="primary" { (text(lang, go)) }
                    button type="button" data-do="cancel" { (text(lang, "desk-cancel")) }
                }
            }
        }
    }
}

fn select(label: &str, name: &str, options: &[(&str, String)]) -> Markup {
    html! {
        label { span { (label) }
            select name=(name) { @for (value, shown) in options { option value=(value) { (shown) } } }
        }
    }
}

fn options<'a>(lang: Lang, of: &[(&'a str, &str)]) -> Vec<(&'a str, String)> {
    of.iter().map(|(value, key)| (*value, text(lang, key))).collect()
}

fn note(label: &str, required: bool) -> Markup {
    html! {
        label { span { (label) }
            textarea name="note" rows="2" dir="auto" maxlength="4000" required[required] {}
        }
    }
}

fn done(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        (select(&t("desk-disposition"), "disposition", &options(lang, &DISPOSITIONS)))
        div class="case-inputs" data-slot="needs" hidden {}
        div data-only="request" { (note(&t("desk-note-answer"), false)) }
        div data-not="request" { (note(&t("desk-note"), false)) }
        label { span { (t("desk-improve")) }
            input name="improve" dir="auto" maxlength="200" autocomplete="off" placeholder=(t("desk-improve-hint"));
        }
    }
}

fn snooze(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        fieldset class="choices" {
            legend { (t("desk-snooze-for")) }
            label class="choice" {
                input type="radio" name="reason" value="customer" checked;
                span { b { (t("desk-snooze-customer")) } " " small { (t("desk-snooze-customer-means")) } }
            }
            label class="choice" {
                input type="radio" name="reason" value="time";
                span { b { (t("desk-snooze-time")) } " " small { (t("desk-snooze-time-means")) } }
            }
        }
        label { span { (t("desk-snooze-until")) } input type="datetime-local" name="until"; }
    }
}

fn transfer(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        label { span { (t("desk-to")) }
            select name="to" required {
                option value="" { (t("desk-choose")) }
                optgroup label=(t("desk-queues")) data-slot="queues" {}
                optgroup label=(t("desk-workers")) data-slot="workers" {}
            }
        }
        label { span { (t("desk-cause")) }
            select name="cause" {
                option value="" { (t("desk-cause-none")) }
                @for (cause, key) in desk_quality::CAUSES { option value=(cause) { (t(key)) } }
            }
        }
        (note(&t("desk-note"), false))
    }
}

fn request(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        label { span { (t("desk-to")) }
            select name="to" required {
                option value="" { (t("desk-choose")) }
                optgroup label=(t("desk-queues")) data-slot="queues" {}
            }
        }
        (note(&t("desk-request-note"), true))
        (select(&t("desk-clock"), "clock", &options(lang, &[("runs", "desk-clock-runs"), ("stops", "desk-clock-stops")])))
    }
}

fn refuse(lang: Lang) -> Markup {
    html! {
        label { span { (text(lang, "desk-refuse-why")) }
            input name="reason" required dir="auto" maxlength="200" autocomplete="off";
        }
    }
}

/// The dialog that logs a call, a visit or a walk-in.
pub(super) fn log_contact(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        dialog id="log-dialog" aria-labelledby="log-title" {
            form id="log-form" class="sheet-form" novalidate {
                h2 id="log-title" { (t("desk-log-title")) }
                p class="fault" role="alert" hidden data-slot="fault" {}
                (select(&t("desk-medium"), "medium", &options(lang, &MEDIA)))
                label { span { (t("desk-log-queue")) }
                    select name="queue" required { option value="" { (t("desk-choose")) } }
                }
                label { span { (t("desk-log-minutes")) }
                    input type="number" name="minutes" min="0" max="600" step="1" value="5" inputmode="numeric";
                }
                label { span { (t("desk-log-note")) }
                    textarea name="note" rows="4" dir="auto" maxlength="4000" required {}
                }
                div class="row" {
                    button type="submit" class="primary" { (t("desk-log-go")) }
                    button type="button" data-do="cancel" { (t("desk-cancel")) }
                }
            }
        }
        template id="say-missing" { (t("desk-fault-missing")) }
        template id="say-past" { (t("desk-fault-past")) }
        template id="say-unreachable" { (t("desk-fault-unreachable")) }
    }
}
