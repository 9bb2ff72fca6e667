//! Every text of the pages, from Fluent catalogues compiled into the binary.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use maud::{Markup, html};
use unic_langid::LanguageIdentifier;

use super::language::Lang;

/// The catalogue of a language, as text.
pub(super) const fn source(lang: Lang) -> &'static str {
    match lang {
        Lang::En => concat!(
            include_str!("locales/en.ftl"),
            include_str!("locales/work-en.ftl"),
            include_str!("locales/decide-en.ftl"),
            include_str!("locales/journey-en.ftl"),
            include_str!("locales/quality-en.ftl")
        ),
        Lang::He => concat!(
            include_str!("locales/he.ftl"),
            include_str!("locales/work-he.ftl"),
            include_str!("locales/decide-he.ftl"),
            include_str!("locales/journey-he.ftl"),
            include_str!("locales/quality-he.ftl")
        ),
        Lang::Ar => include_str!("locales/ar.ftl"),
        Lang::Ru => include_str!("locales/ru.ftl"),
    }
}

type Bundle = FluentBundle<FluentResource>;

static BUNDLES: LazyLock<[Bundle; 4]> = LazyLock::new(|| Lang::ALL.map(bundle));

fn bundle(lang: Lang) -> Bundle {
    let identifier: LanguageIdentifier = lang.code().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
    // What a text has open is put into an element of its own, which isolates better than characters do.
    bundle.set_use_isolating(false);
    // A fault in a catalogue costs that entry alone; a test finds it before a visitor does.
    let resource = FluentResource::try_new(source(lang).to_owned()).unwrap_or_else(|(resource, _)| resource);
    bundle.add_resource_overriding(resource);
    bundle
}

/// The longest that is put into a text, in characters.
const FILLED_MAX: usize = 80;
/// Begins and ends a place in a formatted text that is filled later. Private use: no text has them.
const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';

fn format(lang: Lang, key: &str, slots: &[&str]) -> String {
    let bundle = &BUNDLES[lang as usize];
    let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
        return key.to_owned();
    };
    let mut arguments = FluentArgs::new();
    for slot in slots {
        arguments.set(*slot, format!("{OPEN}{slot}{CLOSE}"));
    }
    bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned()
}

/// The text under `key`; the key itself where a catalogue lacks it.
pub(super) fn text(lang: Lang, key: &str) -> String {
    format(lang, key, &[])
}

/// The text under `key` with `value` in the place `slot`, where no element can isolate it: it is what it is in either
/// direction of reading, and nothing in it turns what follows.
pub(super) fn filled(lang: Lang, key: &str, slot: &str, value: &str) -> String {
    let turns =
        |letter: &char| matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}') || letter.is_control();
    let value: String = value.chars().filter(|letter| !turns(letter)).take(FILLED_MAX).collect();
    format(lang, key, &[slot]).replace(&format!("{OPEN}{slot}{CLOSE}"), &format!("\u{2068}{value}\u{2069}"))
}

/// The text under `key` with these values in its open places, for those who read no page.
pub fn said(lang: Lang, key: &str, values: &[(&str, String)]) -> String {
    let slots: Vec<&str> = values.iter().map(|(slot, _)| *slot).collect();
    let mut whole = format(lang, key, &slots);
    for (slot, value) in values {
        whole = whole.replace(&format!("{OPEN}{slot}{CLOSE}"), value);
    }
    whole
}

/// The text under `key` with an empty `<bdi data-slot="…">` in each open place, for a script to fill.
pub(super) fn open_text(lang: Lang, key: &str, slots: &[&str]) -> Markup {
    let whole = format(lang, key, slots);
    html! {
        @for piece in whole.split_inclusive(CLOSE) {
            @if let Some((before, slot)) = piece.strip_suffix(CLOSE).and_then(|piece| piece.split_once(OPEN)) {
                (before) bdi data-slot=(slot) {}
            } @else {
                (piece)
            }
        }
    }
}
