//! The console: what operations people and managers look at and change. One frame, one page for each noun.
//!
//! The server renders the frame, the tables' heads and the templates, in the page's language; the scripts fill them from
//! the same routes of the API that everybody else uses, so a page shows nothing that its reader may not ask for.

mod answers;
mod audit;
mod board;
mod cases;
mod externals;
mod improvement;
mod improvements;
mod lists;
mod outlets;
mod quality;
mod rules;
mod table;
mod task;
mod work;

use maud::{Markup, html};

use super::language::Lang;
use super::sign_in::languages;
use super::texts::{open_text, text};
use super::{Page, assets, desk_parts, search, shell};
use crate::directory::Role;
use crate::directory::Role::{Admin, Auditor, Operations, Supervisor};

/// A page of the console.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Section {
    /// The wallboard: queues and groups, live.
    Board,
    /// Who is there, and what a supervisor does about it.
    People,
    /// Open tasks, and why each stands where it stands.
    Work,
    /// Customers' matters with a process.
    Cases,
    /// How work was reviewed, how answers were, what came back.
    Quality,
    /// What should change.
    Improvements,
    /// Answers that workers put into replies.
    Answers,
    /// Routing rules.
    Rules,
    /// Accounts, and how each is.
    Accounts,
    /// Where events are posted, and what became of each.
    Outlets,
    /// What could not be read.
    Quarantine,
    /// Who may sign in.
    Users,
    /// Keys of programs.
    Keys,
    /// What was done to users, sessions and rules.
    Audit,
}

impl Section {
    /// All of them, in the order of the navigation.
    pub const ALL: [Self; 14] = [
        Self::Board,
        Self::People,
        Self::Work,
        Self::Cases,
        Self::Quality,
        Self::Improvements,
        Self::Answers,
        Self::Rules,
        Self::Accounts,
        Self::Outlets,
        Self::Quarantine,
        Self::Users,
        Self::Keys,
        Self::Audit,
    ];

    /// The page of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.name() == name)
    }

    /// The first page that a role may see; `None` for those who have no console.
    pub fn first(role: Role) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.is_for(role))
    }

    /// Its name in the address, and of its script.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Board => "board",
            Self::People => "people",
            Self::Work => "work",
            Self::Cases => "cases",
            Self::Quality => "quality",
            Self::Improvements => "improvements",
            Self::Answers => "answers",
            Self::Rules => "rules",
            Self::Accounts => "accounts",
            Self::Outlets => "outlets",
            Self::Quarantine => "quarantine",
            Self::Users => "users",
            Self::Keys => "keys",
            Self::Audit => "audit",
        }
    }

    /// Whether a role may see it. The routes that its scripts call say the same, and theirs is what counts.
    pub fn is_for(self, role: Role) -> bool {
        let roles: &[Role] = match self {
            Self::Board
            | Self::People
            | Self::Work
            | Self::Cases
            | Self::Quality
            | Self::Improvements
            | Self::Answers
            | Self::Rules
            | Self::Accounts => &[Supervisor, Operations, Auditor, Admin],
            Self::Outlets | Self::Quarantine => &[Operations, Auditor, Admin],
            Self::Users | Self::Keys => &[Operations, Admin],
            Self::Audit => &[Auditor, Admin],
        };
        roles.contains(&role)
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Board => "console-board",
            Self::People => "console-people",
            Self::Work => "console-work",
            Self::Cases => "console-cases",
            Self::Quality => "console-quality",
            Self::Improvements => "console-improvements",
            Self::Answers => "console-answers",
            Self::Rules => "console-rules",
            Self::Accounts => "console-accounts",
            Self::Outlets => "console-outlets",
            Self::Quarantine => "console-quarantine",
            Self::Users => "console-users",
            Self::Keys => "console-keys",
            Self::Audit => "console-audit",
        }
    }

    const fn hint(self) -> &'static str {
        match self {
            Self::Board => "console-board-hint",
            Self::People => "console-people-hint",
            Self::Work => "console-work-hint",
            Self::Cases => "console-cases-hint",
            Self::Quality => "console-quality-hint",
            Self::Improvements => "console-improvements-hint",
            Self::Answers => "console-answers-hint",
            Self::Rules => "console-rules-hint",
            Self::Accounts => "console-accounts-hint",
            Self::Outlets => "console-outlets-hint",
            Self::Quarantine => "console-quarantine-hint",
            Self::Users => "console-users-hint",
            Self::Keys => "console-keys-hint",
            Self::Audit => "console-audit-hint",
        }
    }

    const fn icon(self) -> &'static str {
        match self {
            Self::Board => "M4 4h7v9H4zM14 4h6v5h-6zM14 12h6v8h-6zM4 16h7v4H4z",
            Self::People => {
                "M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8M2 21c0-4 3-6 7-6s7 2 7 6M16 3a4 4 0 0 1 0 8M18 15c3 1 4 3 4 6"
            }
            Self::Work => "M4 6h10M4 12h16M4 18h7M18 4v4M16 6h4",
            Self::Cases => "M9 6V4h6v2M3 7h18v12H3zM3 12h18M12 11v3",
            Self::Quality => "M12 3l2.6 5.6 6 .7-4.4 4.2 1.1 6L12 16.6 6.7 19.5l1.1-6L3.4 9.3l6-.7z",
            Self::Improvements => "M4 19h16M6 16l4-5 4 3 5-8M19 6h-4M19 6v4",
            Self::Answers => "M4 5h16v10H10l-4 4v-4H4zM8 9h8M8 12h5",
            Self::Rules => "M4 5h7a4 4 0 0 1 4 4v10M15 19l-3-3M15 19l3-3M4 12h5",
            Self::Accounts => "M4 12a8 8 0 0 1 16 0M8 12a4 4 0 0 1 8 0M12 12v8",
            Self::Outlets => "M4 12h12M12 6l6 6-6 6M20 4v16",
            Self::Quarantine => "M12 3 2 20h20zM12 10v4M12 17v.5",
            Self::Users => "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4 21c0-4 4-6 8-6s8 2 8 6",
            Self::Keys => "M8 16a4 4 0 1 1 3-6.5L20 3M16 6l3 3M13 9l2 2",
            Self::Audit => "M6 3h9l4 4v14H6zM15 3v4h4M9 12h7M9 16h7",
        }
    }
}

/// A page of the console.
pub(super) fn markup(page: &Page<'_>, role: Role, section: Section) -> Markup {
    let lang = page.spoken.lang.whole();
    let content = match section {
        Section::Board => board::board(lang),
        Section::People => board::people(lang, role),
        Section::Work => work::markup(lang, role),
        Section::Cases => cases::markup(lang),
        Section::Quality => quality::markup(lang),
        Section::Improvements => improvements::markup(lang, matches!(role, Supervisor | Admin)),
        Section::Answers => answers::markup(lang, role),
        Section::Rules => rules::markup(lang, role),
        Section::Accounts => lists::accounts(lang),
        Section::Outlets => outlets::markup(lang, role),
        Section::Quarantine => lists::quarantine(lang, role),
        Section::Users => lists::users(lang),
        Section::Keys => lists::keys(lang),
        Section::Audit => audit::markup(lang),
    };
    framed(page, role, section, section.name(), &content)
}

/// The page of one task: where it stands, and why.
pub(super) fn task(page: &Page<'_>, role: Role, id: &str) -> Markup {
    framed(page, role, Section::Work, "task", &task::markup(page.spoken.lang.whole(), role, id))
}

/// The page of one case: where it stands, what happened to it, and what a supervisor does about it.
pub(super) fn case(page: &Page<'_>, role: Role, id: &str) -> Markup {
    let may = matches!(role, Supervisor | Admin);
    framed(page, role, Section::Cases, "case", &cases::one(page.spoken.lang.whole(), id, may))
}

/// The page of one thing that should change: what stands behind it, and what a supervisor does about it.
pub(super) fn improvement(page: &Page<'_>, role: Role, id: &str) -> Markup {
    let may = matches!(role, Supervisor | Admin);
    let content = improvement::markup(page.spoken.lang.whole(), id, may);
    framed(page, role, Section::Improvements, "improvement", &content)
}

fn framed(page: &Page<'_>, role: Role, section: Section, script: &str, content: &Markup) -> Markup {
    let lang = page.spoken.lang.whole();
    let t = |key| text(lang, key);
    let head = html! {
        meta name="csrf" content=(page.csrf);
        link rel="stylesheet" href=(assets::url("console.css"));
        @if section == Section::Cases { link rel="stylesheet" href=(assets::url("case.css")); }
        script type="module" src=(assets::url("console/frame.js")) {}
        script type="module" src=(assets::url(&format!("console/{script}.js"))) {}
    };
    let body = html! {
        a class="skip" href="#page" { (t("console-skip")) }
        (bar(lang, page.user))
        nav class="pages" aria-label=(t("console-title")) {
            ul {
                @for one in Section::ALL.into_iter().filter(|one| one.is_for(role)) {
                    li {
                        a href={ "/console/" (one.name()) } aria-current=[(one == section).then_some("page")] {
                            (shell::icon(one.icon())) span { (t(one.title())) }
                        }
                    }
                }
            }
        }
        main class="page" id="page" tabindex="-1" {
            (content)
            noscript { p class="empty" { (t("page-needs-script")) } }
        }
        div class="notices" id="notices" role="status" {}
        p class="quiet" id="say-now" role="alert" {}
        (search::dialog(lang))
        (desk_parts::notice(lang))
        (table::sentences(lang))
    };
    let title = format!("{} · {} · Blendline", t(section.title()), t("console-title"));
    shell::page(lang, &title, "console", &head, &body)
}

fn bar(lang: Lang, user: &str) -> Markup {
    let t = |key| text(lang, key);
    html! {
        header class="bar" {
            p class="brand-line" { a class="home" href="/console" title=(t("console-home")) { (shell::brand()) } }
            p class="link" id="link" role="status" data-state="idle" {
                span class="dot" {}
                span data-for="connecting" hidden { (t("console-link-connecting")) }
                span data-for="online" hidden { (t("console-link-online")) }
                span data-for="offline" hidden { (t("console-link-offline")) }
            }
            div class="tools" {
                (search::button(lang))
                details class="menu" id="me" {
                    summary { bdi class="who" { (user) } }
                    div class="sheet" {
                        (languages(lang))
                        a href="/password" { (t("console-password")) }
                        button type="button" id="sign-out" { (t("desk-sign-out")) }
                    }
                }
            }
        }
    }
}

/// The head of a page's content: its title, what it is for, and what can be done with all of it.
fn head(lang: Lang, section: Section, tools: &Markup) -> Markup {
    html! {
        header class="page-head" {
            h1 { (text(lang, section.title())) }
            p { (text(lang, section.hint())) }
            (tools)
        }
    }
}

/// A dialog with a form, which a script shows.
fn dialog(lang: Lang, id: &str, title: &Markup, go: &str, wide: bool, fields: &Markup) -> Markup {
    html! {
        dialog id=(id) class=[wide.then_some("wide")] aria-labelledby={ (id) "-title" } {
            form class="sheet-form" method="dialog" novalidate {
                h2 id={ (id) "-title" } { (title) }
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

/// A dialog's title that names what it is about, filled by a script.
fn about(lang: Lang, key: &str) -> Markup {
    open_text(lang, key, &["name"])
}
