//! Signing in with the account of one's company: the button on the sign-in page, and the page that says why not.

use maud::{Markup, html};

use super::language::{Lang, Spoken};
use super::texts::text;
use super::{assets, shell};
use crate::people::company::Refusal;

/// Which way in the sign-in page shows beside the password.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CompanyDoor {
    /// None: no tenant has a provider.
    Closed,
    /// One for whoever names his company.
    Named,
    /// That of the only tenant.
    Of {
        /// Its name.
        tenant: String,
        /// Whether there are passwords beside it.
        passwords: bool,
    },
}

impl CompanyDoor {
    /// Whether the sign-in page asks for passwords.
    pub(super) const fn passwords(&self) -> bool {
        !matches!(self, Self::Of { passwords: false, .. })
    }
}

/// The button. Its script adds where the visitor wants to go, and the company that he typed.
pub(super) fn button(lang: Lang, door: &CompanyDoor) -> Markup {
    let tenant = match door {
        CompanyDoor::Closed => return html! {},
        CompanyDoor::Named => None,
        CompanyDoor::Of { tenant, .. } => Some(tenant),
    };
    html! {
        div class="company" {
            button id="company" type="button" class=[(!door.passwords()).then_some("primary")] data-tenant=[tenant] {
                (text(lang, "sign-in-company"))
            }
            p class="fault" id="company-fault" role="alert" hidden { (text(lang, "sign-in-company-missing")) }
        }
    }
}

/// The script of the button, where there is one.
pub(super) fn script(door: &CompanyDoor) -> Markup {
    html! {
        @if *door != CompanyDoor::Closed { script type="module" src=(assets::url("company.js")) {} }
    }
}

/// What a refusal is called in the catalogue.
pub(super) const fn says(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Off => "page-company-off",
        Refusal::Lost => "page-company-lost",
        Refusal::Declined => "page-company-declined",
        Refusal::Used => "page-company-used",
        Refusal::Busy => "page-company-busy",
        Refusal::Provider(_) | Refusal::Unbelieved(_) => "page-company-provider",
        Refusal::Clock => "page-company-clock",
        Refusal::Stranger(_) => "page-company-stranger",
        Refusal::NoRole => "page-company-no-role",
        Refusal::NoWorker => "page-company-no-worker",
        Refusal::Broken => "page-company-broken",
    }
}

/// Why somebody was not let in, and the way back. It says nothing that only the provider knows.
pub(super) fn refused(spoken: Spoken, refusal: Refusal) -> Markup {
    let lang = spoken.lang;
    let t = |key| text(lang, key);
    let body = html! {
        main class="door" {
            (shell::brand())
            h1 { (t("page-company-refused")) }
            p role="alert" { (t(says(refusal))) }
            p class="again" { a href="/sign-in" { (t("page-company-again")) } }
        }
    };
    shell::page(lang, &format!("{} · Blendline", t("page-company-refused")), "entrance", &html! {}, &body)
}
