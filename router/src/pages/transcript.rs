//! One matter as it is read on paper: everything that was said, each line in its own direction. No script is needed for
//! it; with one, times are those of the reader's clock.

use blendline_wire::Millis;
use maud::{Markup, html};

use super::language::Lang;
use super::texts::text;
use super::{Page, assets, shell};

/// Who says a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Voice {
    /// The customer.
    Customer,
    /// The company.
    Company,
    /// A colleague, to colleagues.
    Note,
}

/// A line.
#[derive(Debug)]
pub struct SpokenLine {
    /// When.
    pub at: Millis,
    /// Who.
    pub voice: Voice,
    /// His name, where it is known and the reader may see it.
    pub name: Option<String>,
    /// What.
    pub text: String,
    /// The names of files that came with it.
    pub files: Vec<String>,
}

/// A part of the matter: a conversation, or a task that has none.
#[derive(Debug)]
pub struct Part {
    /// Its id.
    pub id: String,
    /// The channel, where it is a conversation.
    pub channel: Option<String>,
    /// Its lines, oldest first.
    pub lines: Vec<SpokenLine>,
}

/// A matter.
#[derive(Debug)]
pub struct Printed {
    /// The company.
    pub tenant: String,
    /// The matter.
    pub matter: String,
    /// When it is printed.
    pub at: Millis,
    /// True when names and addresses of customers are hidden from this reader.
    pub masked: bool,
    /// Whether notes are among the lines, and where the reader finds the other form; `None` where he may not choose.
    pub notes: Option<bool>,
    /// True when there is more than is shown.
    pub more: bool,
    /// Its parts, in the order in which they began.
    pub parts: Vec<Part>,
}

/// The page.
pub(super) fn markup(page: &Page<'_>, printed: &Printed) -> Markup {
    let lang = page.spoken.lang.whole();
    let t = |key| text(lang, key);
    let head = html! {
        link rel="stylesheet" href=(assets::url("transcript.css"));
        script type="module" src=(assets::url("transcript.js")) {}
    };
    let body = html! {
        main class="paper" {
            header class="paper-head" {
                p class="brand-line" { (shell::brand()) }
                h1 { (t("page-transcript")) " " bdi dir="ltr" { (printed.matter) } }
                dl class="paper-facts" {
                    div { dt { (t("page-transcript-company")) } dd { bdi { (printed.tenant) } } }
                    div { dt { (t("page-transcript-at")) } dd { (time(printed.at)) } }
                    div { dt { (t("page-transcript-by")) } dd { bdi { (page.user) } } }
                }
                div class="row no-print" {
                    button type="button" id="print" { (t("page-transcript-print")) }
                    @match printed.notes {
                        Some(true) => { a class="button" href="?notes=false" { (t("page-transcript-without-notes")) } }
                        Some(false) => { a class="button" href="?notes=true" { (t("page-transcript-with-notes")) } }
                        None => {}
                    }
                }
                @if printed.masked { p class="flag" { (t("page-transcript-masked")) } }
                @if printed.notes == Some(true) { p class="flag" { (t("page-transcript-inside")) } }
                @if printed.more { p class="flag" { (t("page-transcript-more")) } }
            }
            @for part in &printed.parts { (self::part(lang, part)) }
        }
    };
    let title = format!("{} {} · Blendline", t("page-transcript"), printed.matter);
    shell::page(lang, &title, "printed", &head, &body)
}

fn part(lang: Lang, part: &Part) -> Markup {
    html! {
        section class="paper-part" {
            h2 { bdi dir="ltr" { (part.id) } @if let Some(channel) = &part.channel { " · " bdi dir="ltr" { (channel) } } }
            @if part.lines.is_empty() { p class="empty" { (text(lang, "page-transcript-nothing")) } }
            ol { @for line in &part.lines { (self::line(lang, line)) } }
        }
    }
}

fn line(lang: Lang, line: &SpokenLine) -> Markup {
    let (class, who) = match line.voice {
        Voice::Customer => ("customer", "desk-customer"),
        Voice::Company => ("worker", "desk-search-us"),
        Voice::Note => ("note", "desk-system"),
    };
    html! {
        li class="paper-line" data-from=(class) {
            p class="meta" {
                @match &line.name {
                    Some(name) => { bdi class="name" dir="auto" { (visible(name)) } }
                    None => { span class="name" { (text(lang, who)) } }
                }
                " " (time(line.at))
                @if line.voice == Voice::Note { " · " (text(lang, "page-transcript-note")) }
            }
            @if !line.text.is_empty() { p class="text" dir="auto" { (line.text) } }
            @for file in &line.files {
                p class="extra" { (file_of(lang, file)) }
            }
        }
    }
}

/// The sentence for a file, filled here: on paper nothing fills it later.
fn file_of(lang: Lang, file: &str) -> Markup {
    html! { (text(lang, "page-transcript-file")) " " bdi dir="auto" { (visible(file)) } }
}

/// A name with what turns direction taken out and control characters as blanks: it looks like what it is.
fn visible(name: &str) -> String {
    let turns = |letter: &char| matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    name.chars().filter(|letter| !turns(letter)).map(plain).collect()
}

/// An instant in universal time, which a script turns into the reader's.
fn time(at: Millis) -> Markup {
    // The whole form has a `T` and ends in parts of a second.
    let whole = at.to_rfc3339();
    let short: String = whole.chars().take(16).map(|letter| if letter == 'T' { ' ' } else { letter }).collect();
    html! { time dir="ltr" datetime=(whole) { (short) " UTC" } }
}
