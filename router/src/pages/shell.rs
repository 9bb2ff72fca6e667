//! What all pages have around them.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::assets;
use super::language::Lang;

/// A whole page.
pub(super) fn page(lang: Lang, title: &str, class: &str, head: &Markup, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(lang.code()) dir=(lang.dir()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="icon" type="image/svg+xml" href=(assets::url("icon.svg"));
                link rel="stylesheet" href=(assets::url("blendline.css"));
                (head)
            }
            body class=(class) { (body) }
        }
    }
}

/// The product's mark and name. A proper name: it is not translated.
pub(super) fn brand() -> Markup {
    html! {
        span class="brand" {
            svg class="mark" viewBox="0 0 24 24" aria-hidden="true" {
                path d="M3 8c6 0 6 8 18 8" {}
                path d="M3 16c6 0 6-8 18-8" {}
            }
            bdi { "Blendline" }
        }
    }
}

/// An icon of one path, drawn with the text's colour. It only repeats what a text beside it says.
pub(super) fn icon(path: &'static str) -> Markup {
    html! { svg class="icon" viewBox="0 0 24 24" aria-hidden="true" { (PreEscaped(format!(r#"<path d="{path}"/>"#))) } }
}
