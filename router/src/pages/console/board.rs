//! The wallboard and the people: queues, groups and workers, live from one stream of events.

use maud::{Markup, html};

use super::super::language::Lang;
use super::super::texts::{open_text, text};
use super::table::{Column, List, Shows, column, table};
use super::{Section, about, dialog, head};
use crate::directory::Role;

/// What stands large at the top, by the name a script fills it by.
const TILES: [(&str, &str); 7] = [
    ("waiting", "console-tile-waiting"),
    ("oldest", "console-tile-oldest"),
    ("level", "console-tile-level"),
    ("left", "console-tile-left"),
    ("ready", "console-tile-ready"),
    ("busy", "console-tile-busy"),
    ("rated", "console-tile-rated"),
];

const QUEUES: [Column; 13] = [
    column("name", "console-col-queue", Shows::Text),
    column("side", "console-col-side", Shows::Word("side")),
    column("waiting", "console-fig-waiting", Shows::Number),
    column("oldest", "console-fig-oldest", Shows::Figure),
    column("lately", "console-fig-lately", Shows::Figure),
    column("level", "console-fig-today", Shows::Figure),
    column("target", "console-fig-target", Shows::Figure),
    column("left", "console-fig-left", Shows::Figure),
    column("active", "console-fig-active", Shows::Number),
    column("aside", "console-fig-aside", Shows::Number),
    column("kept", "console-fig-kept", Shows::Figure),
    column("solved", "console-fig-solved", Shows::Number),
    column("rated", "console-fig-rated", Shows::Figure),
];

const GROUPS: [Column; 6] = [
    column("name", "console-col-group", Shows::Text),
    column("connected", "console-fig-there", Shows::Figure),
    column("ready", "console-presence-takes", Shows::Number),
    column("occupancy", "console-fig-occupancy", Shows::Figure),
    column("front", "desk-side-front", Shows::Number),
    column("back", "desk-side-back", Shows::Number),
];

const PEOPLE: [Column; 8] = [
    column("name", "console-col-name", Shows::Text),
    column("standing", "console-col-state", Shows::State("presence")),
    column("groups", "console-col-group", Shows::Text),
    column("front", "desk-side-front", Shows::Number),
    column("back", "desk-side-back", Shows::Number),
    column("occupancy", "console-fig-occupancy", Shows::Figure),
    column("idle_since", "console-fig-idle", Shows::Since),
    column("", "console-col-actions", Shows::Actions),
];

/// The wallboard.
pub(super) fn board(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    let list = |id, title, columns| List {
        id,
        route: "",
        title,
        empty: "console-none-here",
        columns,
        tools: html! {},
        actions: html! {},
    };
    html! {
        (head(lang, Section::Board, &html! {}))
        dl class="tiles" {
            @for (name, key) in TILES {
                div class="card" data-tile=(name) { dt { (t(key)) } dd class="figure" { "–" } }
            }
        }
        (table(lang, &list("queues", "desk-queues", &QUEUES)))
        div class="halves" {
            @for (name, title) in [("front", "desk-side-front"), ("back", "desk-side-back")] {
                figure class="card chart" data-side=(name) {
                    figcaption { (t("console-chart-day")) " · " (t(title)) }
                    div data-slot={ "chart-" (name) } {}
                    details class="as-table" {
                        summary { (t("console-as-table")) }
                        button type="button" data-do="chart-csv" { (t("console-csv")) }
                        div class="sheet-of" tabindex="0" role="group" aria-label=(t("console-chart-day")) {
                            table {
                                thead { tr {
                                    th scope="col" { (t("console-col-at")) }
                                    @for key in ["console-fig-came", "console-fig-in-time", "console-fig-late", "console-fig-left", "console-fig-solved"] {
                                        th scope="col" class="number" { (t(key)) }
                                    }
                                } }
                                tbody data-slot={ "quarters-" (name) } {}
                            }
                        }
                    }
                }
            }
        }
        (table(lang, &list("groups", "console-groups", &GROUPS)))
        (sentences(lang))
    }
}

/// The people.
pub(super) fn people(lang: Lang, role: Role) -> Markup {
    let may = matches!(role, Role::Supervisor | Role::Admin);
    let t = |key| text(lang, key);
    let list = List {
        id: "people",
        route: "",
        title: "desk-workers",
        empty: "console-none-here",
        columns: &PEOPLE,
        tools: html! {},
        actions: html! {
            button type="button" data-do="work" { (t("console-person-work")) }
            @if may {
                button type="button" data-do="tell" { (t("console-tell")) }
                button type="button" data-do="presence" { (t("desk-presence-label")) }
            }
        },
    };
    let presence = html! {
        label { span { (t("desk-presence-label")) }
            select name="presence" {
                @for (value, key) in [("ready", "desk-presence-ready"), ("busy", "desk-presence-busy"), ("away", "desk-presence-away"), ("draining", "desk-presence-draining")] {
                    option value=(value) { (t(key)) }
                }
            }
        }
        label { span { (t("desk-reason")) } input name="reason" required dir="auto" maxlength="200" autocomplete="off"; }
        p { small { (t("console-presence-means")) } }
    };
    html! {
        (head(lang, Section::People, &html! {}))
        (table(lang, &list))
        dialog id="work-of" class="wide" aria-labelledby="work-of-title" {
            form class="sheet-form" method="dialog" {
                h2 id="work-of-title" { (about(lang, "console-work-of")) }
                p class="fault" role="alert" hidden data-slot="fault" {}
                ul class="reasons" data-slot="work" {}
                p class="empty" hidden data-slot="no-work" { (t("console-none-open")) }
                div class="row" { button type="submit" class="primary" { (t("desk-close")) } }
            }
        }
        @if may {
            (dialog(lang, "tell-dialog", &about(lang, "console-tell-to"), "console-tell-go", false, &html! {
                label { span { (t("console-tell-text")) } textarea name="text" rows="3" required dir="auto" maxlength="1000" {} }
                p { small { (t("console-tell-means")) } }
            }))
            (dialog(lang, "presence-dialog", &about(lang, "console-presence-of"), "desk-presence-set", false, &presence))
        }
        (sentences(lang))
    }
}

fn sentences(lang: Lang) -> Markup {
    html! {
        @for (name, key, slots) in [
            ("reserve", "console-reserve", &["count"] as &[&str]),
            ("share", "console-share", &["taken", "promised"]),
            ("of", "console-of", &["count", "whole"]),
            ("in-time", "console-fig-in-time", &[]),
            ("late", "console-fig-late", &[]),
            ("rated", "console-rated", &["mean", "count"]),
        ] {
            template id={ "say-" (name) } { (open_text(lang, key, slots)) }
        }
    }
}
