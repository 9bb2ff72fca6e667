//! The parts of a mail (RFC 2045 and 2046), found by lines and never by trust.
//!
//! A part is searched from the outside in, so that an inner part cannot run over the end of an outer one; each level is
//! one pass over its bytes, and depth, parts and parameters are bounded.

use super::content_type::{ContentType, parameters};
use super::header::{self, Headers};
use super::{charset, transfer, word};

/// Multiparts within multiparts.
const DEPTH_MAX: usize = 30;
/// Leaves of one mail.
const PARTS_MAX: usize = 500;
/// Characters of a file name.
const NAME_CHARS_MAX: usize = 255;

/// One leaf: a part that holds no other parts that are looked at. A mail within the mail is a leaf.
pub(super) struct Part<'a> {
    /// Where it lies, as IMAP counts (RFC 3501, 6.4.5): `2.1`.
    pub(super) path: String,
    pub(super) headers: Headers<'a>,
    pub(super) kind: ContentType,
    /// `inline`, `attachment` or another word; empty where the part says nothing.
    pub(super) disposition: String,
    /// The file name, whatever field it stood in.
    pub(super) filename: Option<String>,
    /// The subtype of the multipart it lies in; empty for the mail itself.
    pub(super) within: String,
    /// The bytes as sent.
    raw: &'a [u8],
}

impl<'a> Part<'a> {
    /// The bytes with the transfer encoding undone.
    pub(super) fn bytes(&self) -> std::borrow::Cow<'a, [u8]> {
        transfer::decode(self.raw, &self.headers.token("content-transfer-encoding").unwrap_or_default())
    }

    /// The same as text; NUL and other characters that no store wants are left out.
    pub(super) fn text(&self) -> String {
        let bytes = self.bytes();
        let declared = self.kind.parameter("charset").map(str::to_owned);
        let label = declared.or_else(|| if self.kind.sub == "html" { meta_charset(&bytes) } else { None });
        let text = charset::decode(&bytes, label.as_deref());
        let text = plain_characters(text);
        if self.kind.parameter("format").is_some_and(|format| format.eq_ignore_ascii_case("flowed")) {
            return unflowed(
                &text,
                self.kind.parameter("delsp").is_some_and(|value| value.eq_ignore_ascii_case("yes")),
            );
        }
        text
    }

    /// True for a part that can be the body of the mail.
    pub(super) fn can_be_body(&self) -> bool {
        self.disposition != "attachment"
            && (self.filename.is_none() || self.within.is_empty() || self.within == "alternative")
    }
}

/// The text with `\n` for line ends and without other control characters.
fn plain_characters(text: String) -> String {
    // U+0080 to U+009F begin with C2, as other characters do.
    let is_suspect = |byte: u8| (byte < b' ' && byte != b'\n' && byte != b'\t') || matches!(byte, 0x7f | 0xc2);
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.bytes().position(is_suspect) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(c) = rest.chars().next() else { break };
        rest = &rest[c.len_utf8()..];
        if c == '\r' {
            out.push('\n');
            rest = rest.strip_prefix('\n').unwrap_or(rest);
        } else if !c.is_control() {
            out.push(c);
        }
    }
    if out.is_empty() && rest.len() == text.len() {
        return text;
    }
    out.push_str(rest);
    out
}

/// The charset that HTML declares within itself.
fn meta_charset(html: &[u8]) -> Option<String> {
    let start = String::from_utf8_lossy(&html[..html.len().min(2048)]).to_ascii_lowercase();
    let (_, after) = start.split_once("charset=")?;
    let label: String = after
        .trim_start_matches(['"', '\'', ' '])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':'))
        .collect();
    (!label.is_empty()).then_some(label)
}

/// Joins what `format=flowed` broke (RFC 3676): a line that ends in a blank goes on in the next.
fn unflowed(text: &str, delete_blank: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut flows = false;
    for line in text.lines() {
        let quote = line.len() - line.trim_start_matches('>').len();
        let (marks, words) = line.split_at(quote);
        let words = if quote == 0 { words.strip_prefix(' ').unwrap_or(words) } else { words };
        if !out.is_empty() && (!flows || quote != 0) {
            out.push('\n');
        }
        out.push_str(marks);
        // The signature's dashes end in a blank and flow nowhere; quoted lines are not joined, for they are cut off anyway.
        flows = words.ends_with(' ') && words != "-- " && quote == 0;
        out.push_str(if flows && delete_blank { &words[..words.len() - 1] } else { words });
    }
    out
}

/// A file name that can be shown and cannot lead anywhere: no folders, no control characters, not too long.
pub(super) fn safe_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = word::one_line(last).chars().take(NAME_CHARS_MAX).collect();
    let name = name.trim().trim_start_matches("..").to_owned();
    (!name.is_empty() && name != ".").then_some(name)
}

/// The leaves of a mail, in their order, and what was wrong with it.
pub(super) struct Tree<'a> {
    pub(super) leaves: Vec<Part<'a>>,
    pub(super) defects: Vec<&'static str>,
}

impl<'a> Tree<'a> {
    /// The tree under a mail's headers and body.
    pub(super) fn grow(headers: Headers<'a>, body: &'a [u8]) -> (Headers<'a>, ContentType, Self) {
        let mut tree = Self { leaves: Vec::new(), defects: Vec::new() };
        let kind = ContentType::parse(headers.raw("content-type"));
        let own = Headers::from_pairs(
            ["content-transfer-encoding", "content-disposition", "content-type", "content-id"]
                .iter()
                .filter_map(|name| headers.raw(name).map(|value| ((*name).to_owned(), latin1(value)))),
        );
        tree.add(own, body, Place { path: String::new(), within: String::new(), depth: 0 });
        (headers, kind, tree)
    }

    fn add(&mut self, headers: Headers<'a>, body: &'a [u8], place: Place) {
        if PARTS_MAX <= self.leaves.len() {
            return self.defect("too_many_parts");
        }
        let mut kind = ContentType::parse(headers.raw("content-type"));
        if headers.raw("content-type").is_none() && place.within == "digest" {
            kind = ContentType::mail();
        }
        if kind.main == "multipart" {
            match kind.parameter("boundary").map(str::to_owned).filter(|boundary| !boundary.is_empty()) {
                None => self.defect("no_boundary_parameter"),
                Some(_) if DEPTH_MAX <= place.depth => self.defect("too_deep"),
                Some(boundary) if self.split(&kind, boundary.trim_end().as_bytes(), body, &place) => return,
                Some(_) => self.defect("boundary_not_found"),
            }
            // What a person would see of it: its text, if it has any.
            kind = kind.into_text();
        }
        let (disposition, mut named) = headers.raw("content-disposition").map(parameters).unwrap_or_default();
        let name = |pairs: &mut Vec<(String, String)>, key: &str| {
            pairs.iter().find(|(name, value)| name == key && !value.is_empty()).map(|(_, value)| value.clone())
        };
        let filename = name(&mut named, "filename")
            .or_else(|| kind.parameter("name").map(str::to_owned))
            .or_else(|| kind.parameter("filename").map(str::to_owned))
            .or_else(|| name(&mut named, "name"));
        self.leaves.push(Part {
            path: if place.path.is_empty() { "1".to_owned() } else { place.path },
            disposition: disposition.trim().to_ascii_lowercase(),
            filename: filename.as_deref().and_then(safe_name),
            within: place.within,
            headers,
            kind,
            raw: body,
        });
    }

    /// Adds the parts of a multipart; false when its boundary is nowhere in the body.
    fn split(&mut self, kind: &ContentType, boundary: &[u8], body: &'a [u8], place: &Place) -> bool {
        let Sections { pieces, closed } = sections(body, boundary);
        if pieces.is_empty() {
            return body.iter().all(u8::is_ascii_whitespace);
        }
        if !closed {
            self.defect("no_closing_boundary");
        }
        for (i, piece) in pieces.iter().enumerate() {
            let path = if place.path.is_empty() { (i + 1).to_string() } else { format!("{}.{}", place.path, i + 1) };
            let (headers, content) = Headers::split(piece);
            self.add(headers, content, Place { path, within: kind.sub.clone(), depth: place.depth + 1 });
            if PARTS_MAX <= self.leaves.len() {
                self.defect("too_many_parts");
                break;
            }
        }
        true
    }

    fn defect(&mut self, name: &'static str) {
        if !self.defects.contains(&name) {
            self.defects.push(name);
        }
    }
}

/// Where a part lies.
struct Place {
    path: String,
    within: String,
    depth: usize,
}

/// Header values are compared and decoded as bytes: one character per byte keeps them.
fn latin1(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => charset::decode_raw(value),
    }
}

/// What lies between the boundaries.
struct Sections<'a> {
    pieces: Vec<&'a [u8]>,
    closed: bool,
}

/// The pieces between the lines `--boundary`; what follows the closing one is no part.
fn sections<'a>(body: &'a [u8], boundary: &[u8]) -> Sections<'a> {
    let mut found = Sections { pieces: Vec::new(), closed: false };
    let mut start = None;
    let mut at = 0;
    while at < body.len() {
        let (line, rest) = header::next_line(&body[at..]);
        let next = body.len() - rest.len();
        if let Some(closes) = boundary_line(line, boundary) {
            if let Some(start) = start {
                found.pieces.push(without_line_end(&body[start..at]));
            }
            start = Some(next);
            if closes {
                found.closed = true;
                return found;
            }
            if PARTS_MAX < found.pieces.len() {
                return found;
            }
        }
        at = next;
    }
    // The last part lacks its end: it goes to the end of the body, unless there is nothing in it.
    if let Some(piece) = start.map(|start| &body[start..]).filter(|piece| !piece.iter().all(u8::is_ascii_whitespace)) {
        found.pieces.push(piece);
    }
    found
}

/// Whether a line is a boundary, and then whether it is the closing one.
fn boundary_line(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    let (closes, rest) = rest.strip_prefix(b"--").map_or((false, rest), |rest| (true, rest));
    rest.iter().all(u8::is_ascii_whitespace).then_some(closes)
}

/// The line end before a boundary belongs to the boundary.
fn without_line_end(piece: &[u8]) -> &[u8] {
    let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
    piece.strip_suffix(b"\r").unwrap_or(piece)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(text: &str) -> (Vec<(String, String, String)>, Vec<&'static str>) {
        let (headers, body) = Headers::split(text.as_bytes());
        let (_, _, tree) = Tree::grow(headers, body);
        let shown = |part: &Part<'_>| (part.path.clone(), part.kind.mime(), part.text());
        (tree.leaves.iter().map(shown).collect(), tree.defects)
    }

    fn one(path: &str, mime: &str, text: &str) -> (String, String, String) {
        (path.into(), mime.into(), text.into())
    }

    #[test]
    fn parts_are_found_and_numbered() {
        let text = "Content-Type: multipart/mixed; boundary=\"a\"\n\npreamble\n--a\n\
            Content-Type: multipart/alternative; boundary=aa\n\n--aa\n\nx\n--aa\nContent-Type: text/html\n\ny\n--aa--\n--a\n\
            Content-Type: image/png\n\nz\n--a--\nepilogue\n";
        let expected = [one("1.1", "text/plain", "x"), one("1.2", "text/html", "y"), one("2", "image/png", "z")];
        assert_eq!(leaves(text), (expected.to_vec(), vec![]));
        assert_eq!(leaves("Subject: a\n\nx\n"), (vec![one("1", "text/plain", "x\n")], vec![]));
    }

    #[test]
    fn broken_multiparts_keep_their_text() {
        let (parts, defects) = leaves("Content-Type: multipart/mixed; boundary=a\n\n--a\n\nx\n");
        assert_eq!((parts, defects), (vec![one("1", "text/plain", "x\n")], vec!["no_closing_boundary"]));
        let (parts, defects) = leaves("Content-Type: multipart/mixed; boundary=a\n\nhello\n");
        assert_eq!((parts, defects), (vec![one("1", "text/plain", "hello\n")], vec!["boundary_not_found"]));
        let (parts, defects) = leaves("Content-Type: multipart/mixed\n\nhello\n");
        assert_eq!((parts, defects), (vec![one("1", "text/plain", "hello\n")], vec!["no_boundary_parameter"]));
        let (parts, _) = leaves("Content-Type: multipart/mixed; boundary=a\n\n\n");
        assert!(parts.is_empty());
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let mut text = String::from("Content-Type: multipart/mixed; boundary=a0\n\n");
        for i in 0..100 {
            text.push_str(&format!("--a{i}\nContent-Type: multipart/mixed; boundary=a{}\n\n", i + 1));
        }
        assert!(leaves(&text).1.contains(&"too_deep"));
        let many = format!("Content-Type: multipart/mixed; boundary=a\n\n{}", "--a\n\nx\n".repeat(2000));
        let (parts, defects) = leaves(&many);
        assert_eq!(parts.len(), PARTS_MAX);
        assert!(defects.contains(&"too_many_parts"));
    }

    #[test]
    fn names_lead_nowhere() {
        assert_eq!(safe_name("../../etc/passwd").as_deref(), Some("passwd"));
        assert_eq!(safe_name("C:\\dir\\f.txt").as_deref(), Some("f.txt"));
        assert_eq!(safe_name("a\u{202e}fdp.exe").as_deref(), Some("afdp.exe"));
        assert_eq!(safe_name(" .. "), None);
        assert_eq!(safe_name(&"x".repeat(1000)).map(|name| name.len()), Some(255));
    }

    #[test]
    fn flowed_text_is_joined() {
        assert_eq!(unflowed("a \nb\n> q \n> r\n-- \nme", false), "a b\n> q \n> r\n-- \nme");
        assert_eq!(unflowed("ab \ncd", true), "abcd");
    }
}
