//! The little Markdown that our descriptions use: paragraphs, lists, code and strong words.

use maud::{Markup, html};

use super::Names;

/// Paragraphs and lists.
pub(super) fn blocks(text: &str, names: Names<'_>) -> Markup {
    html! {
        @for block in text.split("\n\n").filter(|block| !block.trim().is_empty()) {
            @if block.starts_with("- ") {
                ul { @for item in block.lines() { li { (line(item.trim_start_matches("- "), names)) } } }
            } @else {
                p { (line(block, names)) }
            }
        }
    }
}

/// A line with code and strong words; the name of a type leads to it.
pub(super) fn line(text: &str, names: Names<'_>) -> Markup {
    html! {
        @for (index, piece) in text.split('`').enumerate() {
            @if index % 2 == 1 { (code(piece, names)) } @else {
                @for (index, piece) in piece.split("**").enumerate() {
                    @if index % 2 == 1 { strong { (piece) } } @else { (piece) }
                }
            }
        }
    }
}

fn code(word: &str, names: Names<'_>) -> Markup {
    html! {
        @if names.0.schemas.contains_key(word) { a href=(format!("#type-{word}")) { (word) } } @else { code { (word) } }
    }
}
