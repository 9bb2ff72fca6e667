//! The sign-in page, and the page to choose a password of one's own.

use maud::{Markup, html};

use super::company::{CompanyDoor, button, script};
use super::language::Lang;
use super::texts::{open_text, text};
use super::{assets, shell};

/// Before there is a session the header's presence is what counts: another site's page cannot send it.
const CSRF: &str = "1";

/// The page.
pub(super) fn markup(lang: Lang, door: &CompanyDoor) -> Markup {
    let t = |key| text(lang, key);
    let head = html! {
        meta name="csrf" content=(CSRF);
        @if door.passwords() { script type="module" src=(assets::url("sign-in.js")) {} }
        (script(door))
    };
    let body = html! {
        main class="door" {
            (shell::brand())
            h1 { (t("sign-in-title")) }
            @if door.passwords() {
                form id="sign-in" novalidate data-call="/v1/sessions" {
                    p class="fault" id="fault" role="alert" hidden {}
                    (field(&t("sign-in-tenant"), "tenant", "text", "organization"))
                    (field(&t("sign-in-name"), "name", "text", "username"))
                    (field(&t("sign-in-password"), "password", "password", "current-password"))
                    button class="primary" type="submit" { (t("sign-in-go")) }
                }
            }
            (button(lang, door))
            noscript { p { (t("page-needs-script")) } }
            (sentences(lang))
            (languages(lang))
        }
    };
    shell::page(lang, &format!("{} · Blendline", t("sign-in-title")), "entrance", &head, &body)
}

/// The page to choose a password of one's own, for who signed in with one that somebody else knows.
pub(super) fn password(lang: Lang, csrf: &str) -> Markup {
    let t = |key| text(lang, key);
    let head = html! {
        meta name="csrf" content=(csrf);
        script type="module" src=(assets::url("sign-in.js")) {}
    };
    let body = html! {
        main class="door" {
            (shell::brand())
            h1 { (t("sign-in-new-title")) }
            p { (t("sign-in-new-hint")) }
            form id="sign-in" novalidate data-call="/v1/sessions/current/password" {
                p class="fault" id="fault" role="alert" hidden {}
                (field(&t("sign-in-old"), "old", "password", "current-password"))
                (field(&t("sign-in-new"), "new", "password", "new-password"))
                button class="primary" type="submit" { (t("sign-in-new-go")) }
            }
            noscript { p { (t("page-needs-script")) } }
            (sentences(lang))
            (languages(lang))
        }
    };
    shell::page(lang, &format!("{} · Blendline", t("sign-in-new-title")), "entrance", &head, &body)
}

/// What stands where the desk would be, for who is signed in and is no worker.
pub(super) fn no_desk(lang: Lang, name: &str, csrf: &str) -> Markup {
    let t = |key| text(lang, key);
    let head = html! {
        meta name="csrf" content=(csrf);
        script type="module" src=(assets::url("sign-in.js")) {}
    };
    let body = html! {
        main class="door" {
            (shell::brand())
            h1 { (t("sign-in-no-desk")) }
            p { (t("sign-in-no-desk-hint")) " " b { bdi { (name) } } }
            form id="sign-in" data-call="/v1/sessions/current" data-method="DELETE" data-next="/sign-in" {
                p class="fault" id="fault" role="alert" hidden {}
                button class="primary" type="submit" { (t("sign-in-other")) }
            }
            noscript { p { (t("page-needs-script")) } }
            (sentences(lang))
            (languages(lang))
        }
    };
    shell::page(lang, &format!("{} · Blendline", t("sign-in-no-desk")), "entrance", &head, &body)
}

/// What the script says, by what it is about or by the code of the API's problem: a problem's own words are English.
fn sentences(lang: Lang) -> Markup {
    html! {
        @for (name, key) in [
            ("unreachable", "sign-in-unreachable"),
            ("missing", "sign-in-missing"),
            ("wrong_credentials", "sign-in-wrong"),
            ("company_sign_in", "sign-in-company-only"),
            ("wrong_password", "sign-in-old-wrong"),
            ("weak_password", "sign-in-new-weak"),
            ("rate_limited", "sign-in-later"),
        ] {
            p hidden id={ "says-" (name) } { (open_text(lang, key, &["left"])) }
        }
    }
}

pub(super) fn field(label: &str, name: &str, kind: &str, complete: &str) -> Markup {
    let id = format!("field-{name}");
    // A password is cut off nowhere: whoever pastes a long one would never get in.
    let most = if kind == "password" { 1024 } else { 200 };
    html! {
        label for=(id) { (label) }
        input id=(id) name=(name) type=(kind) autocomplete=(complete) autocapitalize="none" spellcheck="false"
            dir="auto" required maxlength=(most);
    }
}

/// Links to the same page in the other languages.
pub(super) fn languages(lang: Lang) -> Markup {
    html! {
        p class="languages" {
            @for other in Lang::WHOLE {
                @if other == lang {
                    span aria-current="true" { (other.own_name()) }
                } @else {
                    a href={ "?lang=" (other.code()) } lang=(other.code()) hreflang=(other.code()) { (other.own_name()) }
                }
            }
        }
    }
}
