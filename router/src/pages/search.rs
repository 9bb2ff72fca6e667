//! The box in which one looks for what was said, the same at the desk and in the console.

use maud::{Markup, html};

use super::language::Lang;
use super::shell;
use super::texts::text;

/// The button that opens it.
pub(super) fn button(lang: Lang) -> Markup {
    let label = text(lang, "desk-search");
    html! {
        button type="button" id="search-open" aria-haspopup="dialog" title={ (label) " (Alt+S)" } {
            (shell::icon("M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13M20 20l-4.8-4.8"))
            span { (label) }
        }
    }
}

/// The dialog, and the template of what is found.
pub(super) fn dialog(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        dialog id="search" class="search" aria-labelledby="search-title" {
            form method="dialog" role="search" {
                h2 id="search-title" { (t("desk-search-title")) }
                div class="inline" {
                    label { span class="quiet" { (t("desk-search-title")) }
                        input type="search" name="q" dir="auto" autocomplete="off" maxlength="200"
                            placeholder=(t("desk-search-hint"));
                    }
                    button type="button" data-do="close" { (t("desk-close")) }
                }
            }
            p class="fault" role="alert" hidden data-slot="fault" {}
            p class="empty" role="status" hidden data-slot="none" { (t("desk-search-none")) }
            ol class="founds" tabindex="0" role="group" aria-labelledby="search-title" data-slot="list" {}
            button type="button" hidden data-do="more" { (t("console-more")) }
        }
        template id="t-found" {
            li { a class="found" href="" {
                span class="meta" { bdi class="name" data-slot="name" dir="auto" {} time data-slot="at" {} span class="tag" hidden data-slot="note" { (t("desk-search-note")) } code dir="ltr" data-slot="task" {} }
                span class="text along" dir="auto" data-slot="text" {}
                span class="extra" hidden dir="auto" data-slot="files" {}
            } }
        }
        template id="say-search-customer" { (t("desk-customer")) }
        template id="say-search-system" { (t("desk-system")) }
        template id="say-search-task" { (t("desk-search-task")) }
        template id="say-search-worker" { (t("desk-search-us")) }
    }
}
