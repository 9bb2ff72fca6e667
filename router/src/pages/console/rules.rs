//! The rules page: an editor with the check's messages in place, the difference from what is live, a try with one message,
//! a recorded day under the draft, publishing, and the versions to go back to.

use maud::{Markup, html};

use super::super::language::Lang;
use super::super::texts::{open_text, text};
use super::table::{Column, List, Shows, column, table};
use super::{Section, about, dialog, head};
use crate::directory::Role;

/// The parts of the page, with what each is called.
const PARTS: [(&str, &str); 5] = [
    ("edit", "console-rules-edit"),
    ("diff", "console-rules-diff"),
    ("try", "console-rules-try"),
    ("replay", "console-rules-replay"),
    ("versions", "console-rules-versions"),
];

const VERSIONS: [Column; 6] = [
    column("version", "console-col-version", Shows::Number),
    column("at", "console-col-at", Shows::Instant),
    column("author", "console-col-author", Shows::Text),
    column("publisher", "console-col-publisher", Shows::Text),
    column("reason", "console-col-reason", Shows::Text),
    column("", "console-col-actions", Shows::Actions),
];

/// The content of the page.
pub(super) fn markup(lang: Lang, role: Role) -> Markup {
    let t = |key| text(lang, key);
    let may = matches!(role, Role::Operations | Role::Admin);
    let tools = html! {
        @if may {
            div class="row" {
                button type="button" id="save-draft" disabled { (t("console-rules-save")) }
                button type="button" class="primary" id="publish" disabled { (t("console-rules-publish")) }
            }
        }
    };
    html! {
        (head(lang, Section::Rules, &tools))
        p class="live-version" id="live-version" data-may=[may.then_some("change")] {
            span data-slot="live" {} " " span data-slot="draft" class="soon" {}
        }
        p class="fault" role="alert" hidden data-slot="rules-fault" {}
        div class="tablist" role="tablist" aria-label=(t("console-rules")) {
            @for (name, key) in PARTS {
                button type="button" role="tab" id={ "tab-" (name) } aria-controls={ "part-" (name) }
                    aria-selected=(if name == "edit" { "true" } else { "false" }) tabindex=[(name != "edit").then_some("-1")] {
                    (t(key)) @if name == "edit" { " " span class="count" id="fault-count" hidden {} }
                }
            }
        }
        (part("edit", &editor(lang, may)))
        (part("diff", &html! {
            p class="empty" data-slot="no-diff" { (t("console-rules-same")) }
            pre class="diff mono" dir="ltr" tabindex="0" role="group" aria-labelledby="tab-diff" hidden data-slot="diff" {}
        }))
        (part("try", &trying(lang)))
        (part("replay", &replay(lang)))
        (part("versions", &versions(lang, may)))
        (dialogs(lang, may))
        (sentences(lang))
    }
}

fn part(name: &str, content: &Markup) -> Markup {
    html! {
        section role="tabpanel" id={ "part-" (name) } aria-labelledby={ "tab-" (name) } hidden[name != "edit"] { (content) }
    }
}

fn editor(lang: Lang, may: bool) -> Markup {
    let t = |key| text(lang, key);
    html! {
        div class="workbench" {
            div class="editor mono" id="editor" dir="ltr" {
                div class="gutter" aria-hidden="true" { div data-slot="numbers" {} }
                div class="code" {
                    div class="under" aria-hidden="true" { div data-slot="lines" {} }
                    textarea id="rules-text" aria-label=(t("console-rules-text")) aria-describedby="editor-keys"
                        spellcheck="false" autocapitalize="none" autocomplete="off" wrap="off" dir="ltr"
                        aria-autocomplete="list" aria-controls="completions" readonly[!may] {}
                    ul class="completions" id="completions" role="listbox" aria-label=(t("console-rules-words")) hidden {}
                }
                p class="at-caret" id="at-caret" aria-live="polite" dir="auto" {}
            }
            section class="faults" aria-labelledby="faults-title" {
                h2 id="faults-title" { (t("console-rules-faults")) }
                p class="empty" data-slot="no-faults" { (t("console-rules-good")) }
                ol data-slot="faults" {}
            }
        }
        p class="why" id="editor-keys" { (t("console-rules-keys")) }
    }
}

fn trying(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        form class="sheet-form card narrow" id="try-form" novalidate {
            p { (t("console-try-hint")) }
            p class="fault" role="alert" hidden data-slot="fault" {}
            label { span { (t("console-col-account")) } select name="way" required {} }
            label { span { (t("console-try-text")) }
                textarea name="text" rows="3" dir="auto" required maxlength="4000" {}
            }
            div class="row" { button type="submit" class="primary" { (t("console-try-go")) } }
        }
        section class="card" hidden aria-live="polite" data-slot="tried-result" {
            p { (open_text(lang, "console-try-to", &["queue", "language"])) }
            ol class="tried" data-slot="tried" {}
        }
    }
}

fn replay(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        form class="sheet-form card narrow" id="replay-form" novalidate {
            p { (t("console-replay-what")) }
            p class="fault" role="alert" hidden data-slot="fault" {}
            label { span { (t("console-replay-day")) } input type="file" name="day" accept=".jsonl,.ndjson,.json,.txt" required; }
            div class="row" {
                button type="submit" class="primary" { (t("console-replay-go")) }
                button type="button" hidden data-do="replay-csv" { (t("console-csv")) }
            }
        }
        div hidden id="replayed" aria-live="polite" {
            figure class="card chart" {
                figcaption { (t("console-replay-level")) }
                div data-slot="chart" {}
            }
            div class="sheet-of" tabindex="0" role="group" aria-labelledby="replay-title" {
                table {
                    caption id="replay-title" { (t("console-replay-table")) }
                    thead { tr {
                        th scope="col" { (t("console-col-queue")) }
                        th scope="col" { (t("console-replay-under")) }
                        @for key in ["console-fig-came", "console-fig-in-time", "console-fig-level", "console-fig-wait-mean",
                            "console-fig-wait-most", "console-fig-left", "console-fig-done", "console-fig-set-aside"] {
                            th scope="col" class="number" { (t(key)) }
                        }
                    } }
                    tbody data-slot="figures" {}
                }
            }
            section class="card" aria-labelledby="moves-title" {
                h2 id="moves-title" { (open_text(lang, "console-replay-moves", &["count"])) }
                ol class="reasons" data-slot="moves" {}
            }
            p class="why" { (t("console-replay-honest")) }
        }
    }
}

fn versions(lang: Lang, may: bool) -> Markup {
    let t = |key| text(lang, key);
    let list = List {
        id: "versions",
        route: "/v1/rules/versions",
        title: "console-rules-versions",
        empty: "console-rules-none",
        columns: &VERSIONS,
        tools: html! {},
        actions: html! {
            button type="button" data-do="see" { (t("console-rules-see")) }
            @if may { button type="button" data-do="roll-back" { (t("console-rules-back")) } }
        },
    };
    html! {
        (table(lang, &list))
    }
}

/// What versions are looked at, published and rolled back in. Outside of the parts: one that is hidden would hide them.
fn dialogs(lang: Lang, may: bool) -> Markup {
    let t = |key| text(lang, key);
    let reason = html! {
        label { span { (t("console-col-reason")) }
            textarea name="reason" rows="2" required dir="auto" maxlength="1000" {}
        }
    };
    html! {
        dialog id="version" class="wide" aria-labelledby="version-title" {
            form class="sheet-form" method="dialog" {
                h2 id="version-title" { (about(lang, "console-rules-version")) }
                p { (t("console-rules-version-diff")) }
                pre class="diff mono" dir="ltr" tabindex="0" role="group" aria-labelledby="version-title" data-slot="version-diff" {}
                div class="row" {
                    button type="submit" class="primary" { (t("desk-close")) }
                    @if may { button type="button" data-do="take" { (t("console-rules-take")) } }
                }
            }
        }
        @if may {
            (dialog(lang, "publish-dialog", &html! { (t("console-rules-publish")) }, "console-rules-publish", true, &html! {
                p { (t("console-rules-publish-means")) }
                pre class="diff mono" dir="ltr" tabindex="0" role="group" aria-label=(t("console-rules-diff")) data-slot="publish-diff" {}
                (reason)
            }))
            (dialog(lang, "back-dialog", &about(lang, "console-rules-back-to"), "console-rules-back", false, &reason))
        }
    }
}

/// The sentences of this page.
fn sentences(lang: Lang) -> Markup {
    html! {
        @for (name, key, slots) in [
            ("live", "console-rules-live", &["version", "publisher", "at", "reason"] as &[&str]),
            ("no-live", "console-rules-no-live", &[]),
            ("draft-of", "console-rules-draft-of", &["author", "at"]),
            ("unsaved", "console-rules-unsaved", &[]),
            ("fault-at", "console-rules-fault-at", &["line", "column"]),
            ("error", "console-rules-error", &[]),
            ("warning", "console-rules-warning", &[]),
            ("saved", "console-rules-saved", &[]),
            ("published", "console-rules-published", &["version"]),
            ("second-person", "console-rules-second-person", &[]),
            ("tried", "console-tried", &["rule", "because"]),
            ("tried-filtered", "console-tried-filtered", &["filter", "words"]),
            ("tried-false", "console-tried-false", &["part"]),
            ("tried-failed", "console-tried-failed", &["part", "error"]),
            ("tried-nothing_asked", "console-tried-nothing-asked", &[]),
            ("tried-holds", "console-tried-holds", &[]),
            ("no-queue", "console-try-no-queue", &[]),
            ("in-error", "console-rules-in-error", &[]),
            ("of-live", "console-replay-of-live", &[]),
            ("of-draft", "console-replay-of-draft", &[]),
            ("too-long", "console-replay-too-long", &[]),
            ("move", "console-replay-move", &["count", "from", "to"]),
        ] {
            template id={ "say-" (name) } { (open_text(lang, key, slots)) }
        }
    }
}
