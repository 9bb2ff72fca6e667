//! `Content-Type` and other fields with parameters, RFC 2231 included.

use super::{charset, header, word};

/// `type/subtype; name=value`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct ContentType {
    /// In lower case: `text`.
    pub(super) main: String,
    /// In lower case: `plain`.
    pub(super) sub: String,
    parameters: Vec<(String, String)>,
}

impl ContentType {
    /// Reads a field; a value that is no type is plain text, as RFC 2045 (5.2) has it.
    pub(super) fn parse(value: Option<&[u8]>) -> Self {
        let Some(value) = value else { return Self::plain() };
        let (kind, parameters) = parameters(value);
        let (main, sub) = kind.split_once('/').unwrap_or((&kind, ""));
        let clean = |text: &str| text.trim().to_ascii_lowercase();
        let (main, sub) = (clean(main), clean(sub));
        let is_token =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
        match (is_token(&main), is_token(&sub)) {
            (true, true) => Self { main, sub, parameters },
            // "text", "html" and other nonsense.
            _ if main == "text" || main.is_empty() => Self { parameters, ..Self::plain() },
            _ => Self { main: "application".to_owned(), sub: "octet-stream".to_owned(), parameters },
        }
    }

    /// A mail within the mail.
    pub(super) fn mail() -> Self {
        Self { main: "message".to_owned(), sub: "rfc822".to_owned(), parameters: Vec::new() }
    }

    /// The same parameters under `text/plain`.
    pub(super) fn into_text(self) -> Self {
        Self { parameters: self.parameters, ..Self::plain() }
    }

    fn plain() -> Self {
        Self { main: "text".to_owned(), sub: "plain".to_owned(), parameters: Vec::new() }
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn is(&self, main: &str, sub: &str) -> bool {
        self.main == main && self.sub == sub
    }

    /// `text/plain`.
    pub(super) fn mime(&self) -> String {
        format!("{}/{}", self.main, self.sub)
    }
}

/// What precedes the first semicolon, and the parameters after it, with continuations and charsets (RFC 2231) undone.
pub(super) fn parameters(value: &[u8]) -> (String, Vec<(String, String)>) {
    let mut pieces = split_quoted(value);
    let kind = if pieces.is_empty() { String::new() } else { word::decode(&pieces.remove(0)) };
    // `name*0*=` and so on: base name, section, whether it is percent-coded, bytes.
    let mut sections: Vec<(String, usize, bool, Vec<u8>)> = Vec::new();
    let mut plain: Vec<(String, String)> = Vec::new();
    for piece in pieces.into_iter().take(64) {
        let Some(equals) = piece.iter().position(|byte| *byte == b'=') else { continue };
        let name = String::from_utf8_lossy(&piece[..equals]).trim().to_ascii_lowercase();
        let bytes = unquote(&piece[equals + 1..]);
        match name.split_once('*') {
            None => plain.push((name, word::one_line(&word::decode(&bytes)))),
            Some((base, section)) => {
                let coded = section.is_empty() || section.ends_with('*');
                let number = section.trim_end_matches('*').parse().unwrap_or(0);
                sections.push((base.to_owned(), number, coded, bytes));
            }
        }
    }
    sections.sort_by(|left, right| (&left.0, left.1).cmp(&(&right.0, right.1)));
    let mut at = 0;
    while let Some((base, ..)) = sections.get(at) {
        let same = sections[at..].iter().take_while(|section| section.0 == *base).count();
        let value = joined(&sections[at..at + same]);
        // The extended form is the better one where both are given.
        plain.retain(|(name, _)| name != base);
        plain.push((base.clone(), value));
        at += same;
    }
    (kind, plain)
}

/// The sections of one parameter as text; the first may name the charset: `utf-8'he'%D7%A9`.
fn joined(sections: &[(String, usize, bool, Vec<u8>)]) -> String {
    let mut label = None;
    let mut all = Vec::new();
    for (i, (_, _, coded, bytes)) in sections.iter().enumerate() {
        let mut bytes = bytes.as_slice();
        if i == 0 && *coded {
            let mut fields = bytes.splitn(3, |byte| *byte == b'\'');
            if let (Some(charset), Some(_), Some(rest)) = (fields.next(), fields.next(), fields.next()) {
                label = Some(String::from_utf8_lossy(charset).into_owned());
                bytes = rest;
            }
        }
        if *coded { all.extend(percent_decoded(bytes)) } else { all.extend_from_slice(bytes) }
    }
    let text = match label {
        Some(label) => charset::decode(&all, Some(&label)),
        None => word::decode(&all),
    };
    word::one_line(&text)
}

/// Undoes `%D7`.
pub(super) fn percent_decoded(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let pair = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.filter(|_| *byte == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(value) => {
                out.push(value);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}

/// Splits at semicolons outside quotes.
fn split_quoted(value: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces = vec![Vec::new()];
    let (mut quoted, mut escaped) = (false, false);
    for byte in value {
        match byte {
            b';' if !quoted => {
                pieces.push(Vec::new());
                continue;
            }
            b'"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = *byte == b'\\' && !escaped;
        if let Some(piece) = pieces.last_mut() {
            piece.push(*byte);
        }
    }
    pieces
}

/// A parameter's value without its quotes.
fn unquote(value: &[u8]) -> Vec<u8> {
    let value = header::trim(value);
    let Some(quoted) = value.strip_prefix(b"\"") else {
        // A blank ends a bare value, but a name with blanks is common where the quotes were forgotten.
        return value.to_vec();
    };
    let mut out = Vec::with_capacity(quoted.len());
    let mut bytes = quoted.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => break,
            // Windows paths hold backslashes that escape nothing.
            b'\\' if matches!(bytes.as_slice().first(), Some(b'"' | b'\\')) => out.extend(bytes.next()),
            _ => out.push(*byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_every_notation() {
        for (given, expected) in [
            ("a; name=\"x y.pdf\"", "x y.pdf"),
            ("a; name=x y.pdf", "x y.pdf"),
            ("a; NAME = x", "x"),
            ("a; name*=utf-8'he'%D7%A9%D7%9C.pdf", "של.pdf"),
            ("a; name*0*=utf-8''%D7; name*1*=%A9; name*2=.pdf", "ש.pdf"),
            ("a; name*1=b; name*0=a", "ab"),
            ("a; name=old; name*=utf-8''new", "new"),
            ("a; name=\"=?utf-8?Q?=D7=A9?=\"", "ש"),
            ("a; name=\"a;b\\\"c\"", "a;b\"c"),
            ("a; name=\"C:\\dir\\f.txt\"", "C:\\dir\\f.txt"),
        ] {
            let (_, found) = parameters(given.as_bytes());
            assert_eq!(found, [("name".to_owned(), expected.to_owned())], "{given}");
        }
    }
}
