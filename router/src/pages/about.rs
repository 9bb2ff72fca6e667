//! What the pages that need no session say of themselves.

use crate::openapi::about::{About, Tag};

const KNOWN: &str = "The caller has it already.";

pub(super) fn widget() -> About {
    About::new("chat_widget", Tag::Pages, "The chat widget, to be put into a company's own pages")
        .text("`<script src=\"…/chat/widget.js\" async data-account=\"ACCOUNT\"></script>` is all that a page needs.")
        .gives_text("text/javascript", "The script, in every language.")
        .gives_bare(304, KNOWN)
}

pub(super) fn chat() -> About {
    About::new("chat_page", Tag::Pages, "A page that is nothing but a chat")
        .place::<String>("account", "The chat's configured name.")
        .gives_text("text/html", "The page.")
}

pub(super) fn desk_worker() -> About {
    About::new("desk_worker", Tag::Pages, "The service worker of the desk")
        .text("It shows the page of `/desk/away` where the desk does not open, and does nothing else.")
        .gives_text("text/javascript", "The script.")
        .gives_bare(304, KNOWN)
}

pub(super) fn desk_away() -> About {
    About::new("desk_away", Tag::Pages, "What the desk shows while the router is away")
        .gives_text("text/html", "The page, the same for everybody.")
}

pub(super) fn docs() -> About {
    About::new("docs_page", Tag::Pages, "This document for people to read")
        .gives_text("text/html", "The page.")
        .gives_bare(304, KNOWN)
}

pub(super) fn asset() -> About {
    About::new("page_asset", Tag::Pages, "Scripts, styles and the icon of the pages")
        .place::<String>("version", "The build: what is under it never changes.")
        .place::<String>("path", "The file.")
        .gives_text("text/javascript", "The file, of whatever type it is.")
        .gives_bare(304, KNOWN)
        .gives_bare(404, "There is no such file.")
}
