//! Which open work is listed: the filter and the views that people keep, the same at the desk and on the console.

use maud::{Markup, html};

use super::language::Lang;
use super::texts::text;

/// The languages that work may begin in, with what each is called.
const LANGUAGES: [(&str, &str); 5] = [
    ("he", "console-language-he"),
    ("en", "console-language-en"),
    ("ar", "console-language-ar"),
    ("ru", "console-language-ru"),
    ("und", "console-language-und"),
];
const SIDES: [(&str, &str); 2] = [("front", "desk-side-front"), ("back", "desk-side-back")];
const STATES: [(&str, &str); 4] = [
    ("waiting", "desk-work-waiting"),
    ("offered", "desk-work-offered"),
    ("active", "desk-work-active"),
    ("aside", "desk-work-aside"),
];

/// The views, the filter, and the form that keeps a view. `page/views.js` brings them to life.
pub(super) fn markup(lang: Lang, with_workers: bool) -> Markup {
    let t = |key| text(lang, key);
    html! {
        ul class="work-views" aria-label=(t("desk-work-views")) data-slot="views" {}
        form id="work-filter" class="work-filter" { (fields(lang, with_workers)) }
        form id="work-keep" class="work-keep" {
            label { span { (t("desk-work-name")) } input name="name" dir="auto" maxlength="60" autocomplete="off"; }
            button type="submit" { (t("desk-work-save")) }
        }
    }
}

fn fields(lang: Lang, with_workers: bool) -> Markup {
    let t = |key| text(lang, key);
    html! {
        (choice(lang, "desk-work-queue", "queue", &[]))
        label { span { (t("desk-work-channel")) }
            select name="channel" {
                option value="" { (t("desk-work-any")) }
                @for connector in blendline_connectors::all() { option value=(connector.name()) { (connector.name()) } }
            }
        }
        (choice(lang, "desk-work-side", "side", &SIDES))
        (choice(lang, "desk-work-state", "state", &STATES))
        (choice(lang, "desk-work-language", "language", &LANGUAGES))
        label { span { (t("desk-work-tag")) }
            input name="tag" list="work-tags" dir="auto" maxlength="100" autocomplete="off" spellcheck="false";
        }
        datalist id="work-tags" {}
        @if with_workers { (choice(lang, "console-col-worker", "worker", &[])) }
        label { span { (t("desk-work-older")) } input type="number" name="older_min" min="0" max="525600" inputmode="numeric"; }
    }
}

fn choice(lang: Lang, title: &str, name: &str, options: &[(&str, &str)]) -> Markup {
    html! {
        label { span { (text(lang, title)) }
            select name=(name) {
                option value="" { (text(lang, "desk-work-any")) }
                @for (value, key) in options { option value=(value) { (text(lang, key)) } }
            }
        }
    }
}

/// What its script clones.
pub(super) fn templates(lang: Lang) -> Markup {
    html! {
        template id="t-work-view" {
            li {
                button type="button" data-slot="open" { bdi data-slot="name" {} " " span class="count" data-slot="count" {} }
                button type="button" class="plain" data-slot="remove" aria-label=(text(lang, "desk-work-forget")) { "✕" }
            }
        }
        @for (name, key) in LANGUAGES { template id={ "say-language-" (name) } { (text(lang, key)) } }
    }
}
