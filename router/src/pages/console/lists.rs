//! The console's lists: accounts, what could not be read, users, keys.

use maud::{Markup, html};

use super::super::language::Lang;
use super::super::texts::{open_text, text};
use super::table::{Column, List, Shows, column, table};
use super::{Section, about, dialog, externals, head};
use crate::directory::Role;

/// The roles that a person can have, with what each is called.
const ROLES: [(&str, &str); 5] = [
    ("worker", "console-role-worker"),
    ("supervisor", "console-role-supervisor"),
    ("operations", "console-role-operations"),
    ("auditor", "console-role-auditor"),
    ("admin", "console-role-admin"),
];

const ACCOUNTS: [Column; 5] = [
    column("account", "console-col-account", Shows::Text),
    column("channel", "console-col-channel", Shows::Code),
    column("state", "console-col-state", Shows::State("account")),
    column("detail", "console-col-detail", Shows::Text),
    column("since", "console-col-since", Shows::Instant),
];

const QUARANTINE: [Column; 7] = [
    column("id", "console-col-number", Shows::Number),
    column("at", "console-col-at", Shows::Instant),
    column("channel", "console-col-channel", Shows::Code),
    column("account", "console-col-account", Shows::Text),
    column("cause", "console-col-cause", Shows::Text),
    column("bytes", "console-col-bytes", Shows::Number),
    column("", "console-col-actions", Shows::Actions),
];

const USERS: [Column; 6] = [
    column("name", "console-col-name", Shows::Text),
    column("role", "console-col-role", Shows::Word("role")),
    column("worker", "console-col-worker", Shows::Text),
    column("standing", "console-col-state", Shows::State("user")),
    column("created_at", "console-col-since", Shows::Instant),
    column("", "console-col-actions", Shows::Actions),
];

const KEYS: [Column; 3] = [
    column("name", "console-col-name", Shows::Text),
    column("role", "console-col-role", Shows::Word("role")),
    column("worker", "console-col-worker", Shows::Text),
];

/// Accounts and how each is.
pub(super) fn accounts(lang: Lang) -> Markup {
    let list = List {
        id: "accounts",
        route: "/v1/accounts",
        title: "console-accounts",
        empty: "console-none-accounts",
        columns: &ACCOUNTS,
        tools: html! {},
        actions: html! {},
    };
    html! { (head(lang, Section::Accounts, &html! {})) (table(lang, &list)) }
}

/// What could not be read. Who may change things repairs it and has it read again.
pub(super) fn quarantine(lang: Lang, role: Role) -> Markup {
    let may = matches!(role, Role::Operations | Role::Admin);
    let t = |key| text(lang, key);
    let list = List {
        id: "quarantine",
        route: "/v1/quarantine?limit=200",
        title: "console-quarantine",
        empty: "console-none-quarantine",
        columns: &QUARANTINE,
        tools: html! {},
        actions: html! { button type="button" data-do="look" { (t("console-look")) } },
    };
    let fields = html! {
        p class="why" dir="auto" data-slot="cause" {}
        label { span { (t("console-body")) }
            textarea name="body" class="mono" rows="12" spellcheck="false" dir="ltr" readonly[!may] {}
        }
        p { small { (t("console-replay-hint")) } }
    };
    html! {
        (head(lang, Section::Quarantine, &html! {}))
        (table(lang, &list))
        @if may {
            (dialog(lang, "repair", &about(lang, "console-repair"), "console-replay", true, &fields))
        } @else {
            (looked_at(lang, &fields))
        }
        (externals::markup(lang, may))
        template id="say-read-again" { (open_text(lang, "console-read-again", &["count"])) }
    }
}

/// The same dialog for those who change nothing.
fn looked_at(lang: Lang, fields: &Markup) -> Markup {
    html! {
        dialog id="repair" class="wide" aria-labelledby="repair-title" {
            form class="sheet-form" method="dialog" {
                h2 id="repair-title" { (about(lang, "console-repair")) }
                p class="fault" role="alert" hidden data-slot="fault" {}
                (fields)
                div class="row" { button type="button" data-do="cancel" { (text(lang, "desk-close")) } }
            }
        }
    }
}

/// Who may sign in.
pub(super) fn users(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    let list = List {
        id: "users",
        route: "/v1/users",
        title: "console-users",
        empty: "console-none-users",
        columns: &USERS,
        tools: html! { button type="button" class="primary" data-do="add" { (t("console-user-add")) } },
        actions: html! {
            button type="button" data-do="role" { (t("console-user-role")) }
            button type="button" data-do="reset" { (t("console-user-reset")) }
            button type="button" data-do="disable" data-when="enabled" { (t("console-user-disable")) }
            button type="button" data-do="enable" data-when="disabled" { (t("console-user-enable")) }
        },
    };
    let name = html! {
        label { span { (t("console-col-name")) } input name="name" required dir="auto" maxlength="100" autocomplete="off"; }
    };
    html! {
        (head(lang, Section::Users, &html! {}))
        (table(lang, &list))
        (dialog(lang, "add-user", &html! { (t("console-user-add")) }, "console-user-add", false, &html! { (name) (role(lang)) }))
        (dialog(lang, "change-user", &about(lang, "console-user-change"), "console-save", false, &role(lang)))
        dialog id="told-once" aria-labelledby="told-once-title" {
            form class="sheet-form" method="dialog" {
                h2 id="told-once-title" { (about(lang, "console-password-of")) }
                p { (t("console-password-once")) }
                p class="secret mono" data-slot="secret" {}
                div class="row" { button type="submit" class="primary" { (t("desk-close")) } }
            }
        }
    }
}

/// A role, and the worker where the role is a worker's.
fn role(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        label { span { (t("console-col-role")) }
            select name="role" { @for (value, key) in ROLES { option value=(value) { (t(key)) } } }
        }
        label data-slot="worker" { span { (t("console-col-worker")) }
            select name="worker" { option value="" { (t("desk-choose")) } }
        }
    }
}

/// Keys of programs, which are configured.
pub(super) fn keys(lang: Lang) -> Markup {
    let list = List {
        id: "keys",
        route: "/v1/keys",
        title: "console-keys",
        empty: "console-none-keys",
        columns: &KEYS,
        tools: html! {},
        actions: html! {},
    };
    html! {
        (head(lang, Section::Keys, &html! {}))
        (table(lang, &list))
        p class="card" { (text(lang, "console-keys-how")) " " code dir="ltr" { "blendline key new" } }
    }
}
