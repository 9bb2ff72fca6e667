//! What each line of a mail is.
//!
//! Most lines are words or quotes: each question asks first what is cheap to see and rules most of them out.

use std::borrow::Cow;

use super::tables::{ABOVE, AUTHOR_FIELDS, DIVIDERS, FORWARDS, MOBILE, MOBILE_ENDS, OPENERS, OTHER_FIELDS, VERBS};

/// A longer line introduces nothing.
const MARKER_CHARS_MAX: usize = 320;
/// An introduction may be broken into so many lines.
const MARKER_LINES_MAX: usize = 6;
/// A longer line is no telephone's signature.
const MOBILE_BYTES_MAX: usize = 200;

/// Without dashes before it, a longer line divides nothing.
const DIVIDER_BYTES_MAX: usize = 100;
/// Words that no such signature has.
const SENTENCE_WORDS: &[&str] = &["is", "was", "are", "were", "has", "have", "i", "you", "it", "we"];

/// What a line is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Class {
    /// Words of the writer, as far as can be seen.
    Text,
    /// Nothing.
    Empty,
    /// `-- ` or `____`: a signature or the quoted mail follows.
    Divider,
    /// A rule of dashes and the like, which may be the writer's own.
    Rule,
    /// A rule of stars, which mostly is.
    Stars,
    /// "Sent from my iPhone".
    Mobile,
    /// "On Monday, Dana wrote:".
    Marker,
    /// `From: Dana`.
    Author,
    /// `Subject: x` and other fields.
    Field,
    /// `> words`.
    Quote,
}

/// One line, or several that were broken.
pub(super) struct Line<'a> {
    pub(super) class: Class,
    /// As received, line ends within included.
    pub(super) text: &'a str,
}

/// Sorts the lines of `text`, which has `\n` for line ends.
pub(super) fn classify(text: &str) -> Vec<Line<'_>> {
    let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let line_end = |i: usize| starts.get(i + 1).map_or(text.len(), |next| next - 1);
    let line = |first: usize, last: usize| &text[starts[first]..line_end(last)];
    let mut found = Vec::with_capacity(starts.len());
    let mut in_code = false;
    let mut i = 0;
    while i < starts.len() {
        let one = line(i, i);
        let fence = one.trim_start().starts_with("```");
        if fence || in_code {
            in_code ^= fence;
            found.push(Line { class: Class::Text, text: one });
            i += 1;
            continue;
        }
        let next = (i + 1..starts.len()).take(3).map(|j| line(j, j)).find(|next| !next.trim().is_empty());
        let class = class_of(one, next.is_some_and(is_quote));
        let broken =
            if class == Class::Text || class == Class::Quote { marker_length(i, starts.len(), &line) } else { 1 };
        let class = if 1 < broken { Class::Marker } else { class };
        found.push(Line { class, text: line(i, i + broken - 1) });
        i += broken;
    }
    if in_code {
        // The fence was never closed: then it was none.
        return text.split('\n').map(|text| Line { class: class_of(text, false), text }).collect();
    }
    found
}

fn class_of(line: &str, followed_by_quote: bool) -> Class {
    let clean = without_marks(line);
    let bare = clean.trim();
    if bare.is_empty() {
        return Class::Empty;
    }
    if is_quote(line) {
        return if is_marker(bare) { Class::Marker } else { Class::Quote };
    }
    if let Some(class) = rule(bare) {
        return class;
    }
    if is_mobile(bare) {
        return Class::Mobile;
    }
    if is_marker(bare) || (followed_by_quote && is_bare_marker(bare)) {
        return Class::Marker;
    }
    field(bare).unwrap_or(Class::Text)
}

/// The text without the characters that only set its direction, and with plain blanks.
fn without_marks(text: &str) -> Cow<'_, str> {
    // All of them begin with one of these bytes, which most lines do not hold.
    if !text.bytes().any(|byte| matches!(byte, 0xc2 | 0xe2 | 0xef)) {
        return Cow::Borrowed(text);
    }
    let is_mark = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{ad}');
    text.chars().filter(|c| !is_mark(*c)).map(|c| if matches!(c, '\u{a0}' | '\u{202f}') { ' ' } else { c }).collect()
}

/// A line of nothing but dashes and the like.
fn rule(bare: &str) -> Option<Class> {
    let first = bare.chars().next()?;
    if !bare.chars().all(|c| matches!(c, '-' | '_' | ',' | '=' | '+' | '~' | '#' | '*' | 'ᐧ' | '—' | '–' | ' ')) {
        return None;
    }
    let length = bare.chars().filter(|c| *c != ' ').count();
    match (first, length) {
        ('ᐧ', _) | ('—', 1) => Some(Class::Divider),
        ('-', 2) if bare == "--" => Some(Class::Divider),
        ('_', 2..) => Some(Class::Divider),
        ('*' | '+' | ',', 3..) => Some(Class::Stars),
        (_, 3..) => Some(Class::Rule),
        _ => None,
    }
}

fn is_mobile(bare: &str) -> bool {
    if MOBILE_BYTES_MAX < bare.len() {
        return false;
    }
    let bare = bare.trim_start_matches(['*', '_', '[']);
    let ends = |words: &str| bare.trim_end_matches('.').ends_with(words);
    let begins = begins_with_any(bare, MOBILE)
        || (ends(MOBILE_ENDS[0]) && bare.split_whitespace().count() <= 4)
        || (ends(MOBILE_ENDS[1]) && begins_with_any(bare, &["von meinem", "diese nachricht wurde"]));
    // "Sent from my desk, is much easier" is a sentence.
    begins && !SENTENCE_WORDS.iter().any(|word| contains_word(bare, word))
}

/// True where `text` begins with one of `phrases`, which are in lower case.
fn begins_with_any(text: &str, phrases: &[&str]) -> bool {
    let Some(first) = text.chars().next().and_then(|c| c.to_lowercase().next()) else { return false };
    phrases.iter().any(|phrase| {
        // Most phrases are ruled out by their first letter.
        let mut wanted = phrase.chars();
        wanted.next() == Some(first) && {
            let mut found = text.chars().skip(1).flat_map(char::to_lowercase);
            wanted.all(|wanted| found.next() == Some(wanted))
        }
    })
}

pub(super) fn is_quote(line: &str) -> bool {
    let line = line.trim_start();
    // `| ` is how some clients quote, and `DL> ` how others name who is quoted.
    let initials = line.chars().take_while(char::is_ascii_alphabetic).count();
    line.starts_with('>')
        || line == "|"
        || line.starts_with("| ")
        || ((1..=3).contains(&initials)
            && line[initials..].starts_with('>')
            && !line[initials + 1..].starts_with(['/', '<']))
}

/// `From: Dana` or another field with something after the colon.
fn field(bare: &str) -> Option<Class> {
    let (name, value) = bare.trim_start_matches(['*', '>', ' ']).split_once([':', '：'])?;
    if 40 < name.len() || !value.contains(char::is_alphanumeric) {
        return None;
    }
    let name = name.trim_matches(['*', ' ', '_']).to_lowercase();
    if AUTHOR_FIELDS.contains(&name.as_str()) {
        return Some(Class::Author);
    }
    OTHER_FIELDS.contains(&name.as_str()).then_some(Class::Field)
}

/// How many lines from `first` on make up one introduction; 1 where there is none that is broken.
fn marker_length<'a>(first: usize, count: usize, line: &impl Fn(usize, usize) -> &'a str) -> usize {
    let start = without_marks(line(first, first));
    let start = lead(&start);
    if MARKER_CHARS_MAX < start.len() || !start.bytes().any(|byte| byte.is_ascii_digit()) {
        return 1;
    }
    if !(start.starts_with(|c: char| c.is_ascii_digit()) || has_year(start) || opens(start)) {
        return 1;
    }
    for last in first + 1..(first + MARKER_LINES_MAX).min(count) {
        let next = without_marks(line(last, last));
        if MARKER_CHARS_MAX < next.len() {
            break;
        }
        let all = without_marks(line(first, last));
        let joined = all.split('\n').map(lead).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        if MARKER_CHARS_MAX * 2 < joined.len() {
            break;
        }
        if is_dated_marker(&joined) {
            return last - first + 1;
        }
        // A line that ends a sentence or begins an introduction of its own ends this one.
        if opens(lead(&next)) || lead(&next).ends_with(['.', '!', '?']) {
            break;
        }
    }
    1
}

/// A line without what stands before its words: quote marks, dashes, stars.
fn lead(line: &str) -> &str {
    line.trim().trim_start_matches(['>', '<', '-', '*', '|', ' ', '\t'])
}

fn opens(start: &str) -> bool {
    let Some(first) = start.bytes().next().map(|byte| byte.to_ascii_lowercase()) else { return false };
    OPENERS.iter().any(|opener| {
        opener.as_bytes()[0].to_ascii_lowercase() == first
            && start.get(..opener.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(opener))
            && (opener.ends_with(['-', '־']) || start[opener.len()..].starts_with([' ', '\t']))
    })
}

/// An introduction on one line.
fn is_marker(bare: &str) -> bool {
    if MARKER_CHARS_MAX < bare.len() {
        return false;
    }
    is_divider_of_words(bare) || is_dated_marker(lead(bare)) || is_posting(lead(bare))
}

/// `----- Original Message -----` and the like.
fn is_divider_of_words(bare: &str) -> bool {
    let start = bare.trim_start_matches(['>', '*', ' ']);
    let words = start.trim_start_matches(['-', '_', ' ', '—', '=']);
    let dashes = start.len() - words.len();
    if dashes < 2 && (DIVIDER_BYTES_MAX < start.len() || start.len() < bare.len()) {
        return false;
    }
    (2 <= dashes && begins_with_any(words, DIVIDERS))
        || begins_with_any(words, FORWARDS)
        || begins_with_any(words, ABOVE)
}

/// "On (date), (somebody) wrote:", in any language and in either order, and dates with an address.
fn is_dated_marker(line: &str) -> bool {
    let end = line.trim_end_matches([' ', '>', '-', '*', '\t']);
    let ends_in_colon = end.ends_with([':', '：']);
    let bracketed = line.trim_end().ends_with('>');
    if !(ends_in_colon || bracketed || line.contains('@') || opens(line) || line.contains(" via ")) {
        return is_iso_date_and_name(line);
    }
    let bare_end = end.trim_end_matches([':', '.', ' ', '>', '-', '*', '：']);
    let ends_in_verb = VERBS.iter().any(|verb| bare_end.ends_with(verb) && contains_word(bare_end, verb));
    if !(ends_in_colon || ends_in_verb || bracketed) {
        return false;
    }
    let verb = ends_in_verb || VERBS.iter().any(|verb| contains_word(line, verb));
    if verb && (ends_in_colon || ends_in_verb) {
        let dated = line.contains(|c: char| c.is_ascii_digit() || c == '@') || has_weekday(line);
        if (dated && opens(line)) || (ends_in_colon && has_year(line)) {
            return true;
        }
    }
    // "codinghorror via Discourse wrote:", "Some One <a@b.c> wrote:", "Some One (a@b.c) wrote:"
    if ends_in_verb && (has_address(line) || line.contains(" via ")) {
        return true;
    }
    let address_last = line.rfind('<').is_some_and(|at| line[at..].contains('@'));
    address_last && has_year(line) && (ends_in_colon || line.starts_with(|c: char| c.is_ascii_digit()))
}

/// "2016-03-03 17:21 GMT+01:00 Some One"
fn is_iso_date_and_name(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let (date, time, zone) = (words.next(), words.next(), words.next());
    let shape = |text: Option<&str>, pattern: &str| {
        text.is_some_and(|text| {
            text.len() == pattern.len()
                && text.bytes().zip(pattern.bytes()).all(|(a, b)| if b == b'0' { a.is_ascii_digit() } else { a == b })
        })
    };
    !line.contains('<')
        && shape(date, "0000-00-00")
        && (shape(time, "00:00") || shape(time, "0:00"))
        && zone.is_some_and(|zone| zone.starts_with("GMT"))
        && words.next().is_some()
}

/// "Posted by mpalmer on 01/21/2016"
fn is_posting(line: &str) -> bool {
    line.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("posted by "))
        && line.rsplit(" on ").next().is_some_and(|date| date.len() == 10 && date.matches('/').count() == 2)
}

/// "Dana Levy wrote:", which counts only before a quote.
fn is_bare_marker(line: &str) -> bool {
    let end = line.trim_end();
    end.len() < 120
        && end.ends_with(':')
        && VERBS.iter().any(|verb| end[..end.len() - 1].trim_end().ends_with(verb) && contains_word(end, verb))
}

/// True where a number of four digits stands that is a year.
fn has_year(line: &str) -> bool {
    let bytes = line.as_bytes();
    let is_digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    bytes.windows(4).enumerate().any(|(at, four)| {
        matches!(four, [b'1', b'9', ..] | [b'2', b'0', ..])
            && four.iter().all(u8::is_ascii_digit)
            && !is_digit(at.checked_sub(1))
            && !is_digit(Some(at + 4))
    })
}

fn has_address(line: &str) -> bool {
    line.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | ':' | ';' | '"'))
        .any(|word| word.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.')))
}

fn has_weekday(line: &str) -> bool {
    ["day", "יום", "يوم", "tag", "Mon,", "Tue,", "Wed,", "Thu,", "Fri,", "Sat,", "Sun,"]
        .iter()
        .any(|name| line.contains(name))
}

/// True where `word` stands in `line` and no letter touches it.
fn contains_word(line: &str, word: &str) -> bool {
    let is_ideograph = |c: char| 0x2e80 <= u32::from(c);
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let touches = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && !is_ideograph(c));
        word.starts_with(is_ideograph) || !(touches(before) || touches(after))
    })
}
