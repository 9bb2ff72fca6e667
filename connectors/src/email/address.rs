//! Address lists (RFC 5322, 3.4), also those that mail programs wrote without reading it.

use super::word;

/// At most so many addresses of one field are kept.
const ADDRESSES_MAX: usize = 200;
/// More of a field is not looked at.
const FIELD_BYTES_MAX: usize = 64 * 1024;
/// A quoted text or comment longer than this is taken for one that was never closed.
const SPAN_BYTES_MAX: usize = 2048;

/// One mailbox.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Mailbox {
    /// The display name, or the comment that stands in for it.
    pub(super) name: Option<String>,
    /// `local@domain`, or what stands in its place; empty for `<>`.
    pub(super) address: String,
}

/// The mailboxes of an address list; the names of groups are dropped, their members kept.
pub(super) fn parse(value: &[u8]) -> Vec<Mailbox> {
    let value = &value[..value.len().min(FIELD_BYTES_MAX)];
    let mut list = Vec::new();
    let mut one = Piece::default();
    let mut at = 0;
    while let Some(byte) = value.get(at).copied() {
        let length = span(value, at);
        match byte {
            b',' | b';' => one.finish(&mut list),
            // The end of a group's name; but in `a:b@c` a part of a route or of nonsense.
            b':' if !one.plain.contains(&b'@') => one = Piece::default(),
            b'>' => {}
            b'<' => one.angle = Some(inside(&value[at..at + length])),
            b'(' => one.comment = Some(inside(&value[at..at + length])),
            _ => one.plain.extend_from_slice(&value[at..at + length]),
        }
        at += length;
        if ADDRESSES_MAX <= list.len() {
            return list;
        }
    }
    one.finish(&mut list);
    list
}

/// How many bytes belong together at `at`: a quoted text, a comment, an address in brackets, an encoded word, or one.
fn span(value: &[u8], at: usize) -> usize {
    let rest = &value[at..];
    let close = match rest[0] {
        b'"' => b'"',
        b'<' => b'>',
        b'(' => b')',
        b'=' => return word::length_at(rest).unwrap_or(1),
        _ => return 1,
    };
    let mut depth = 0_usize;
    let mut escaped = false;
    for (length, byte) in rest.iter().enumerate().take(SPAN_BYTES_MAX).skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if close != b'>' => escaped = true,
            // A comment may hold comments.
            b'(' if close == b')' => depth += 1,
            byte if *byte == close && depth == 0 => return length + 1,
            b')' if close == b')' => depth -= 1,
            _ => {}
        }
    }
    // What is never closed ends with its line; a lone quote is an ordinary character.
    if close == b'"' { 1 } else { rest.len() }
}

/// The bytes between the brackets; the closing one may be absent.
fn inside(span: &[u8]) -> Vec<u8> {
    let end = if 1 < span.len() && matches!(span.last(), Some(b'>' | b')')) { span.len() - 1 } else { span.len() };
    span.get(1..end).unwrap_or_default().to_vec()
}

/// What was read of one mailbox so far.
#[derive(Default)]
struct Piece {
    plain: Vec<u8>,
    angle: Option<Vec<u8>>,
    comment: Option<Vec<u8>>,
}

impl Piece {
    fn finish(&mut self, list: &mut Vec<Mailbox>) {
        let Self { plain, angle, comment } = std::mem::take(self);
        let name_of = |bytes: &[u8]| Some(unquoted(&word::decode(bytes))).filter(|name| !name.is_empty());
        if let Some(angle) = angle {
            // Some programs write the brackets twice, or a quoted address within.
            let address = unquoted_local(&word::decode(&angle));
            let name = name_of(&plain).or_else(|| comment.as_deref().and_then(name_of));
            if name.is_some() || !address.is_empty() || plain.is_empty() {
                list.push(Mailbox { name: name.filter(|name| *name != address), address });
            }
            return;
        }
        let text = word::decode(&plain);
        let words = || text.split_whitespace();
        let Some(address) = words().find(|word| word.contains('@')).or_else(|| words().next()) else { return };
        // Words without any address are a name that lacks it; one alone is a local user.
        if !address.contains('@') && 1 < words().count() {
            list.push(Mailbox { name: name_of(&plain), address: String::new() });
            return;
        }
        let name = words().filter(|word| *word != address).collect::<Vec<_>>().join(" ");
        let name =
            Some(unquoted(&name)).filter(|name| !name.is_empty()).or_else(|| comment.as_deref().and_then(name_of));
        list.push(Mailbox { name, address: unquoted_local(address) });
    }
}

/// A display name without its quotes and escapes, on one line.
fn unquoted(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.trim().chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => {}
            '\\' => out.extend(characters.next()),
            _ => out.push(c),
        }
    }
    let line = word::one_line(&out);
    let bare = line.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(&line);
    bare.trim().to_owned()
}

/// An address without blanks, brackets and needless quotes.
fn unquoted_local(text: &str) -> String {
    let strip = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '\'');
    let text = text.trim_matches(strip);
    let text = text.strip_prefix("mailto:").unwrap_or(text);
    // A route (`@a,@b:c@d`) is of no use today.
    let text = if text.starts_with('@') { text.rsplit(':').next().unwrap_or(text) } else { text };
    text.chars()
        .filter(|c| !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &str) -> Vec<String> {
        parse(value.as_bytes())
            .into_iter()
            .map(|one| one.name.map_or(one.address.clone(), |name| format!("{name}|{}", one.address)))
            .collect()
    }

    #[test]
    fn lists_are_read() {
        for (given, expected) in [
            ("dana@example.org", &["dana@example.org"][..]),
            ("Dana <dana@example.org>, b@c.d", &["Dana|dana@example.org", "b@c.d"]),
            ("\"Levy, Dana\" <dana@example.org>", &["Levy, Dana|dana@example.org"]),
            ("\"a \\\"b\\\" c\" <d@e.f>", &["a \"b\" c|d@e.f"]),
            ("=?utf-8?Q?Levy,_Dana?= <d@e.f>", &["Levy, Dana|d@e.f"]),
            ("=?utf-8?B?16nXnNeV150=?= <d@e.f>", &["שלום|d@e.f"]),
            ("d@e.f (Dana (the boss))", &["Dana (the boss)|d@e.f"]),
            ("Team: a@b.c, d@e.f; g@h.i", &["a@b.c", "d@e.f", "g@h.i"]),
            ("undisclosed-recipients:;", &[]),
            ("MAILER DAEMON <>", &["MAILER DAEMON|"]),
            ("<>", &[""]),
            ("root", &["root"]),
            ("Dana d@e.f", &["Dana|d@e.f"]),
            ("'d@e.f'", &["d@e.f"]),
            ("d@e.f <d@e.f>", &["d@e.f"]),
            ("<<d@e.f>>", &["d@e.f"]),
            ("<@relay.example:d@e.f>", &["d@e.f"]),
            ("Max Kohl | [example.com] <k@e.f>", &["Max Kohl | [example.com]|k@e.f"]),
            ("\"open <d@e.f>", &["open|d@e.f"]),
            ("Dana <d@e.f", &["Dana|d@e.f"]),
            ("O'Neil <o@e.f>", &["O'Neil|o@e.f"]),
            (",,;", &[]),
            ("", &[]),
        ] {
            assert_eq!(shown(given), expected, "{given}");
        }
    }

    #[test]
    fn lists_are_bounded() {
        assert_eq!(parse("a@b.c,".repeat(5000).as_bytes()).len(), ADDRESSES_MAX);
        assert!(parse("(".repeat(100_000).as_bytes()).is_empty());
    }
}
