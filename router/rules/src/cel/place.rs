//! Where things of a condition stand in the file, and what the parser's words mean.

use std::ops::Range;

use ::cel::common::ast::{Expr as Ast, IdedExpr, SourceInfo, operators};
use ::cel::parser::ParseErrors;

/// The bytes of a condition, each with its place in the file. In a text of several lines, or with escapes, they differ.
pub(super) struct Aligned {
    /// The place in the file of each byte, and of the end.
    places: Vec<usize>,
}

impl Aligned {
    /// Finds each byte of `value` in what stands at `span` of `file`.
    pub(super) fn new(file: &str, span: &Range<usize>, value: &str) -> Self {
        let written = file.get(span.clone()).unwrap_or_default();
        if let Some(at) = written.find(value) {
            let first = span.start + at;
            return Self { places: (first..=first + value.len()).collect() };
        }
        // Folding turns line breaks and indentation into blanks, and escapes are longer than what they mean; so the next
        // same letter is the one that is meant.
        let mut places = Vec::with_capacity(value.len() + 1);
        let mut at = 0;
        for letter in value.chars() {
            let same = |written: char| written == letter || (written.is_whitespace() && letter.is_whitespace());
            let found = written[at..].char_indices().find(|(_, written)| same(*written));
            let (begin, next) = match found {
                Some((skipped, written)) => (at + skipped, at + skipped + written.len_utf8()),
                None => (at, at),
            };
            places.extend(std::iter::repeat_n(span.start + begin, letter.len_utf8()));
            at = next;
        }
        places.push(span.start + at);
        Self { places }
    }

    /// The place in the file of a part of the condition.
    pub(super) fn span(&self, part: Range<usize>) -> Range<usize> {
        let at = |byte: usize| self.places.get(byte).or(self.places.last()).copied().unwrap_or_default();
        at(part.start)..at(part.end).max(at(part.start) + 1)
    }
}

/// What stands between the outermost `&&`, and where those stand.
pub(super) fn conjuncts<'a>(ast: &'a IdedExpr, source: &SourceInfo) -> (Vec<&'a IdedExpr>, Vec<usize>) {
    let (mut parts, mut operators) = (Vec::new(), Vec::new());
    collect(ast, source, &mut parts, &mut operators);
    operators.sort_unstable();
    // Brackets around an inner `&&` would be cut in two: then the whole is one part.
    let text = source.source.as_str();
    let outside = |at: &usize| text.get(..*at).is_some_and(|before| depth(before) == 0);
    if operators.len() + 1 == parts.len() && operators.iter().all(outside) {
        return (parts, operators);
    }
    (vec![ast], Vec::new())
}

fn collect<'a>(ast: &'a IdedExpr, source: &SourceInfo, parts: &mut Vec<&'a IdedExpr>, operators: &mut Vec<usize>) {
    match &ast.expr {
        Ast::Call(call) if call.func_name == operators::LOGICAL_AND && call.args.len() == 2 => {
            operators.extend(source.offset_for(ast.id).map(|(start, _)| start as usize));
            for arg in &call.args {
                collect(arg, source, parts, operators);
            }
        }
        _ => parts.push(ast),
    }
}

/// How many brackets are open at the end of a text.
fn depth(text: &str) -> usize {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for byte in text.bytes() {
        match quote {
            Some(open) => {
                if !escaped && byte == open {
                    quote = None;
                }
                escaped = !escaped && byte == b'\\';
            }
            None => match byte {
                b'\'' | b'"' => quote = Some(byte),
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            },
        }
    }
    depth
}

/// The first thing that the parser could not read: where, what, and what was probably meant.
pub(super) fn unreadable(text: &str, errors: &ParseErrors) -> (Range<usize>, String, &'static str) {
    let (at, said) = errors.errors.first().map_or((0, ""), |error| {
        let line = usize::try_from(error.pos.0).unwrap_or(1).max(1);
        let column = usize::try_from(error.pos.1).unwrap_or(1).max(1);
        let before: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        (before + column - 1, error.msg.as_str())
    });
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let rest = &text[at..];
    let word_len = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
    let sign_len = match rest.as_bytes() {
        [one, other, ..] if one == other && one.is_ascii_punctuation() => 2,
        _ => rest.chars().next().map_or(1, char::len_utf8),
    };
    let marked = at..at + if word_len == 0 { sign_len } else { word_len };
    if rest.trim().is_empty() {
        return (at..at + 1, "the condition ends too early".into(), "something is missing behind the last word");
    }
    if rest.starts_with('=') && !rest.starts_with("==") {
        return (at..at + 1, "`=` compares nothing".into(), "compare with `==`");
    }
    if rest.starts_with(['\'', '"']) && said.contains("token recognition") {
        return (at..text.len(), "this quote is not closed".into(), "close it with the same quote");
    }
    if rest.starts_with(['“', '”', '„', '‘', '’', '״', '׳']) {
        return (marked, "this quote is not one that conditions know".into(), "use ' or \"");
    }
    let hint = match &rest[..word_len] {
        "and" | "AND" => "write `&&`",
        "or" | "OR" => "write `||`",
        "not" | "NOT" => "write `!` in front of it",
        "" if rest.starts_with('&') && !rest.starts_with("&&") => "write `&&`",
        "" if rest.starts_with('|') && !rest.starts_with("||") => "write `||`",
        _ => "something is missing in front of it, or it is one too many",
    };
    (marked.clone(), format!("this is not expected here: `{}`", &text[marked.start..marked.end.min(text.len())]), hint)
}
