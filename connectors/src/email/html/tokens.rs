//! The tags and texts of an HTML body, as browsers' tokenizers find them.

use std::borrow::Cow;

use super::entities;

/// One piece of HTML.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Token<'a> {
    Text(&'a str),
    /// Name in lower case and the attributes as written.
    Open(Cow<'a, str>, &'a str),
    Close(Cow<'a, str>),
}

/// Elements whose content is no HTML.
const RAW: &[&str] = &["script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"];

/// The tokens of an HTML text; comments and declarations are left out, and so is the content of scripts and styles.
pub(super) struct Tokens<'a> {
    rest: &'a str,
    /// The element whose end is waited for, because its content is no HTML.
    raw: Option<&'static str>,
}

impl<'a> Tokens<'a> {
    pub(super) const fn new(html: &'a str) -> Self {
        Self { rest: html, raw: None }
    }

    /// The tag or comment at the beginning of `rest`, which is `<`.
    fn markup(&mut self) -> Option<Token<'a>> {
        if let Some(comment) = self.rest.strip_prefix("<!--") {
            self.rest = comment.split_once("-->").map_or("", |(_, rest)| rest);
            return None;
        }
        let inside = &self.rest[1..];
        let (closing, inside) = inside.strip_prefix('/').map_or((false, inside), |inside| (true, inside));
        if !inside.starts_with(|c: char| c.is_ascii_alphabetic()) {
            if inside.starts_with(['!', '?']) || closing {
                self.rest = inside.split_once('>').map_or("", |(_, rest)| rest);
                return None;
            }
            // `<3` and `a < b` are text.
            self.rest = &self.rest[1..];
            return Some(Token::Text("<"));
        }
        let name_length = inside.find(|c: char| c.is_whitespace() || matches!(c, '/' | '>')).unwrap_or(inside.len());
        let name = &inside[..name_length];
        let is_lower = !name.bytes().any(|byte| byte.is_ascii_uppercase());
        let name = if is_lower { Cow::Borrowed(name) } else { Cow::Owned(name.to_ascii_lowercase()) };
        // Addresses such as <dana@example.org> stand unescaped in the HTML of careless programs.
        let end = tag_end(&inside[name_length..]);
        let attributes = &inside[name_length..name_length + end];
        self.rest = inside.get(name_length + end + 1..).unwrap_or_default();
        if name.contains('@') {
            return Some(Token::Text(&inside[..name_length]));
        }
        if closing {
            return Some(Token::Close(name));
        }
        self.raw = RAW.iter().copied().find(|raw| *raw == name);
        Some(Token::Open(name, attributes))
    }

    /// Skips to the closing tag of an element whose content is no HTML.
    fn skip_raw(&mut self, name: &'static str) {
        let mut at = 0;
        while let Some(found) = self.rest[at..].find("</") {
            at += found;
            let is_end = self.rest[at + 2..].get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
            if is_end {
                self.rest = &self.rest[at..];
                return;
            }
            at += 2;
        }
        self.rest = "";
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if let Some(name) = self.raw.take() {
            self.skip_raw(name);
        }
        while !self.rest.is_empty() {
            let length = self.rest.find('<').unwrap_or(self.rest.len());
            if 0 < length {
                let (text, rest) = self.rest.split_at(length);
                self.rest = rest;
                return Some(Token::Text(text));
            }
            if let Some(token) = self.markup() {
                return Some(token);
            }
        }
        None
    }
}

/// Where a tag ends: at `>` outside quotes; a quote that is never closed is ignored.
fn tag_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'>' => return at,
            quote @ (b'"' | b'\'') if 0 < at && bytes[..at].trim_ascii_end().ends_with(b"=") => {
                let length = bytes[at + 1..].iter().take(TAG_BYTES_MAX).position(|byte| byte == quote);
                at += length.map_or(1, |length| length + 2);
            }
            _ => at += 1,
        }
    }
    text.len()
}

/// A quoted attribute longer than this is not one: pictures within the HTML are shorter, and a lost quote costs little.
const TAG_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The value of the attribute `name`, its references undone.
pub(super) fn attribute(attributes: &str, name: &str) -> Option<String> {
    raw_attribute(attributes, name).map(|value| entities::decode(value).into_owned())
}

/// The value of the attribute `name` as it is written.
pub(super) fn raw_attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        let length = rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | '/')).unwrap_or(rest.len());
        if length == 0 && rest.is_empty() {
            return None;
        }
        let (key, after) = rest.split_at(length);
        let after = after.trim_start();
        let Some(value) = after.strip_prefix('=') else {
            rest = after.strip_prefix('/').unwrap_or(after);
            if key.is_empty() && rest.len() == after.len() {
                return None;
            }
            continue;
        };
        let value = value.trim_start();
        let (value, after) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            _ => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        if key.eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found() {
        assert_eq!(attribute(" a = 'b c' d=e f id=\"x&amp;y\"", "ID").as_deref(), Some("x&y"));
        assert_eq!(attribute(" a d=e/ ", "d").as_deref(), Some("e/"));
        for odd in ["", "=", "/", "==", "a=", "'", "a='b", " = = "] {
            assert_eq!(attribute(odd, "zz"), None, "{odd}");
        }
    }
}
