//! What helps to write a reply at the desk: ready answers to choose from, and words about drafts.

use maud::{Markup, html};

use super::language::Lang;
use super::texts::{open_text, text};

/// The templates, and the sentences that depend on data.
pub(super) fn templates(lang: Lang) -> Markup {
    let t = |key| text(lang, key);
    html! {
        template id="t-answers" {
            section class="answers sheet-form" {
                h3 { (t("desk-answers")) }
                p class="fault" role="alert" hidden data-slot="fault" {}
                input type="search" data-slot="find" role="combobox" aria-autocomplete="list" aria-expanded="true"
                    aria-label=(t("desk-answers-find")) placeholder=(t("desk-answers-find")) dir="auto"
                    autocomplete="off" maxlength="100";
                ul class="answers-list" role="listbox" aria-label=(t("desk-answers")) data-slot="list" {}
                p class="empty" hidden data-slot="none" { (t("desk-answers-none")) }
            }
        }
        template id="t-answer" {
            li class="answer" role="option" aria-selected="false" {
                p { code data-slot="name" dir="auto" {} " " b class="along" data-slot="title" dir="auto" {} " " kbd data-slot="hotkey" hidden {} }
                p class="acts-of" data-slot="acts" dir="auto" hidden {}
                p class="peek" data-slot="text" dir="auto" {}
            }
        }
        template id="say-draft-taken" { (open_text(lang, "desk-draft-taken", &["title"])) }
        template id="say-draft-unsaved" { (t("desk-draft-unsaved")) }
        template id="say-answers-missing" { (open_text(lang, "desk-answers-missing", &["names"])) }
    }
}
