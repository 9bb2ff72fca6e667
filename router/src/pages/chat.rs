//! The page that is nothing but a chat: for a link in a mail, and to try the widget without a site of one's own.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};

use super::headers;
use super::language::{Lang, Spoken};
use super::shell;
use super::texts::text;

/// Serves it. The choice of language is not remembered: a chat sets no cookie.
pub(super) async fn serve(spoken: Spoken, Path(account): Path<String>) -> Response {
    headers::page(Spoken { asked: false, ..spoken }, markup(spoken.lang, &account))
}

/// The page of `account`.
pub(super) fn markup(lang: Lang, account: &str) -> Markup {
    let head = html! {
        script src="/chat/widget.js" async data-account=(account) data-lang=(lang.code()) data-mode="page" {}
    };
    let body = html! {
        main class="chat-page" data-blendline-chat {
            noscript { p class="empty" { (text(lang, "page-needs-script")) } }
        }
    };
    shell::page(lang, &text(lang, "chat-title"), "chat", &head, &body)
}
