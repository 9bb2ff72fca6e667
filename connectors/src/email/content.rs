//! What a mail holds: its text, whether there is HTML, and what came with it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use blendline_wire::Pii;
use blendline_wire::inbound::Attachment;
use blendline_wire::mail::{InlinePart, TextSource};

use super::content_type::ContentType;
use super::header::{self, Headers};
use super::mime::{Part, Tree, safe_name};
use super::{html, reply, tnef, transfer};
use crate::Carried;

/// More of a text is not kept; what came stays in the raw mail.
pub(super) const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// Packets of Outlook's that are unpacked.
const PACKETS_MAX: usize = 3;
/// Files that one text may hold.
const UUENCODED_MAX: usize = 20;

/// The readable side of a mail.
#[derive(Default)]
pub(super) struct Content {
    pub(super) text: String,
    pub(super) source: TextSource,
    pub(super) stripped: String,
    pub(super) html_present: bool,
    pub(super) attachments: Vec<Attachment>,
    pub(super) inline: Vec<InlinePart>,
}

impl Content {
    /// Chooses the text of given bodies: the plain one, unless it is blank or only says that there is HTML.
    ///
    /// The HTML is asked for only where it is needed, for reading it costs the most.
    pub(super) fn of_bodies(plain: Option<String>, markup: Option<impl FnOnce() -> String>) -> Self {
        let html_present = markup.is_some();
        let plain = plain.filter(|plain| !plain.trim().is_empty());
        if plain.as_ref().is_some_and(|plain| !html_present || !is_stub(plain)) {
            let text = bounded(plain.unwrap_or_default());
            let stripped = reply::split(&text).reply;
            return Self { text, source: TextSource::Plain, stripped, html_present, ..Self::default() };
        }
        let read = markup.map(|markup| html::to_text(&markup())).unwrap_or_default();
        if read.whole.is_empty() {
            let text = bounded(plain.unwrap_or_default());
            let source = match (text.is_empty(), html_present) {
                (false, _) => TextSource::Plain,
                (true, true) => TextSource::Html,
                (true, false) => TextSource::None,
            };
            return Self { stripped: text.clone(), text, source, html_present, ..Self::default() };
        }
        let text = bounded(read.whole);
        let unquoted = reply::split(&bounded(read.unquoted)).reply;
        // Where everything was marked as quoted, nothing was: somebody answered within the quote.
        let stripped = if unquoted.is_empty() { reply::split(&text).reply } else { unquoted };
        Self { text, source: TextSource::Html, stripped, html_present, ..Self::default() }
    }

    /// Reads the leaves of a mail.
    pub(super) fn of_leaves(leaves: &[Part<'_>]) -> Self {
        let [plain, markup] = bodies(leaves);
        let mut texts = plain.map(Part::text);
        let mut uuencoded = Vec::new();
        if let (Some(part), Some(text)) = (plain, &mut texts) {
            uuencoded = take_uuencoded(part, text);
            texts = Some(continued(part, leaves, std::mem::take(text)));
        }
        let packets: Vec<_> = leaves.iter().filter(|part| is_packet(part)).take(PACKETS_MAX).collect();
        let packed = packets.iter().map(|part| (part.path.as_str(), part.bytes())).collect::<Vec<_>>();
        let unpacked: Vec<_> = packed.iter().filter_map(|(path, bytes)| Some((*path, tnef::unpack(bytes)?))).collect();
        if markup.is_none() && texts.as_ref().is_none_or(|text| text.trim().is_empty()) {
            // Outlook may leave the words in the packet alone.
            texts = unpacked.iter().find_map(|(_, packet)| packet.text.clone()).or(texts);
        }
        let mut content = Self::of_bodies(texts, markup.map(|part| || part.text()));
        let is_body = |part: &Part<'_>| [plain, markup].iter().flatten().any(|body| std::ptr::eq(*body, part));
        for part in leaves.iter().filter(|part| !is_body(part)) {
            content.attach(part);
        }
        content.attachments.extend(uuencoded);
        content.attachments.extend(unpacked.iter().flat_map(|(path, packet)| packed_files(path, packet)));
        content
    }

    fn attach(&mut self, part: &Part<'_>) {
        let content_id = part.headers.text("content-id").map(|id| id.trim_matches(['<', '>', ' ']).to_owned());
        if let Some(content_id) = content_id.filter(|id| !id.is_empty() && part.disposition != "attachment") {
            self.inline.push(InlinePart { r#ref: part.path.clone(), content_id });
        }
        self.attachments.push(Attachment {
            kind: kind_of(&part.kind).to_owned(),
            r#ref: Some(part.path.clone()),
            mime: Some(part.kind.mime()),
            filename: part.filename.clone().map(Pii::new),
        });
    }
}

/// The bodies of a mail: plain and HTML.
fn bodies<'a, 'b>(leaves: &'a [Part<'b>]) -> [Option<&'a Part<'b>>; 2] {
    let markup = body(leaves, "html");
    let plain = body(leaves, "plain").or_else(|| only_text(leaves).filter(|_| markup.is_none()));
    // Text after HTML, and not as its alternative, is a list's footer or a scanner's remark.
    let comes_after = |plain: &&Part<'_>| {
        plain.within != "alternative"
            && markup.is_some_and(|markup| {
                leaves.iter().find(|part| is(part, plain) || is(part, markup)).is_some_and(|first| is(first, markup))
            })
    };
    [plain.filter(|plain| !comes_after(plain)), markup]
}

fn is(part: &Part<'_>, other: &Part<'_>) -> bool {
    std::ptr::eq(part, other)
}

/// The first part that can be the body of this subtype; a blank one only where there is no other.
fn body<'a, 'b>(leaves: &'a [Part<'b>], sub: &str) -> Option<&'a Part<'b>> {
    let fits = |part: &&Part<'_>| part.kind.is("text", sub);
    let mut candidates = leaves.iter().filter(fits).filter(|part| part.can_be_body()).take(8);
    let Some(first) = candidates.next() else {
        // Some programs name even the text that they want shown.
        return leaves.iter().find(|part| fits(part) && part.disposition != "attachment");
    };
    let is_blank = |part: &Part<'_>| part.bytes().iter().all(u8::is_ascii_whitespace);
    // In an alternative a blank text means that the HTML is the message, and later texts are something else.
    if first.within == "alternative" || !is_blank(first) {
        return Some(first);
    }
    candidates.find(|part| !is_blank(part)).or(Some(first))
}

/// The sole part of a mail, if it is text of a kind that nobody knows: it is shown as it is (RFC 2046, 4.1.4).
fn only_text<'a, 'b>(leaves: &'a [Part<'b>]) -> Option<&'a Part<'b>> {
    let known = |part: &Part<'_>| matches!(part.kind.sub.as_str(), "calendar" | "vcard" | "x-vcard" | "rfc822-headers");
    leaves.first().filter(|part| leaves.len() == 1 && part.kind.main == "text" && part.can_be_body() && !known(part))
}

/// Text that goes on after a picture, as Apple Mail sends it: the parts after the first that are text of the same mail.
/// They stay attachments too, for a list's footer looks the same.
fn continued(first: &Part<'_>, leaves: &[Part<'_>], mut text: String) -> String {
    if first.within != "mixed" {
        return text;
    }
    let after = leaves.iter().skip_while(|part| !std::ptr::eq(*part, first)).skip(1);
    let mut picture = false;
    for part in after.take(32) {
        let beside = part.within == first.within && part.filename.is_none() && part.disposition != "attachment";
        if picture && beside && part.kind.is("text", "plain") {
            text = format!("{}\n{}", text.trim_end(), part.text());
        }
        picture |= matches!(part.kind.main.as_str(), "image" | "video" | "audio");
    }
    text
}

/// True for a text that only says that the mail program should show HTML.
fn is_stub(plain: &str) -> bool {
    if 400 < plain.len() {
        return false;
    }
    let lower = plain.to_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
    says(&["html", "browser"])
        && says(&[
            "does not support",
            "doesn't support",
            "cannot display",
            "can't display",
            "not support html",
            "unable to display",
            "html-capable",
            "html capable",
            "view this email in",
            "view it in your browser",
            "unterstützt kein",
            "no soporta",
            "אינה תומכת",
            "не поддерживает",
        ])
}

/// The kind of attachment that people tell apart.
fn kind_of(kind: &ContentType) -> &'static str {
    match (kind.main.as_str(), kind.sub.as_str()) {
        ("image", _) => "image",
        ("video", _) => "video",
        ("audio", _) => "audio",
        ("message", "rfc822" | "global") => "mail",
        ("message", _) | ("text", "rfc822-headers") => "report",
        ("text", "calendar") => "calendar",
        ("text", "vcard" | "x-vcard" | "directory") => "contact",
        ("application", "pkcs7-signature" | "x-pkcs7-signature" | "pgp-signature") => "signature",
        ("application", "ms-tnef" | "vnd.ms-tnef") => "tnef",
        ("application", "pkcs7-mime" | "x-pkcs7-mime" | "pgp-encrypted") => "encrypted",
        _ => "document",
    }
}

/// True for a packet of Outlook's, by its type or its name.
fn is_packet(part: &Part<'_>) -> bool {
    let named = part.filename.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("winmail.dat"));
    kind_of(&part.kind) == "tnef" || (named && part.kind.main == "application")
}

/// The files of a packet; the packet itself stays an attachment too.
fn packed_files(path: &str, packet: &tnef::Unpacked<'_>) -> Vec<Attachment> {
    let found = |(number, file): (usize, &tnef::File<'_>)| {
        let kind = ContentType::parse(file.mime.as_deref().map(str::as_bytes));
        Attachment {
            kind: kind_of(&kind).to_owned(),
            r#ref: Some(format!("{path}/tnef{}", number + 1)),
            mime: Some(file.mime.clone().unwrap_or_else(|| "application/octet-stream".to_owned())),
            filename: file.name.clone().map(Pii::new),
        }
    };
    packet.files.iter().enumerate().map(found).collect()
}

/// Files that an old program put into the text itself; their lines are taken out of it.
fn take_uuencoded(part: &Part<'_>, text: &mut String) -> Vec<Attachment> {
    let lines: Vec<&str> = text.split('\n').collect();
    let blocks = uuencoded(&lines);
    if blocks.is_empty() {
        return Vec::new();
    }
    let found = |(number, (name, _)): (usize, &(String, Range<usize>))| Attachment {
        kind: "document".to_owned(),
        r#ref: Some(format!("{}/uu{}", part.path, number + 1)),
        mime: Some("application/octet-stream".to_owned()),
        filename: safe_name(name).map(Pii::new),
    };
    let files = blocks.iter().enumerate().map(found).collect();
    let (mut kept, mut at) = (Vec::<&str>::new(), 0);
    for (_, block) in &blocks {
        kept.extend_from_slice(&lines[at..block.start]);
        at = block.end;
    }
    kept.extend_from_slice(&lines[at..]);
    *text = kept.join("\n");
    files
}

/// The uuencoded files among the lines of a text: the name of each, and its lines from the first to the one after its end.
fn uuencoded(lines: &[&str]) -> Vec<(String, Range<usize>)> {
    // Without an end, "begin" is a word.
    let Some(last_end) = lines.iter().rposition(|line| *line == "end") else { return Vec::new() };
    let (mut found, mut at) = (Vec::new(), 0);
    while at < last_end && found.len() < UUENCODED_MAX {
        let begin = at;
        at += 1;
        let Some(name) = transfer::uu_begin(lines[begin].as_bytes()) else { continue };
        at += 1 + lines[at..].iter().position(|line| *line == "end").unwrap_or(0);
        found.push((name, begin..at));
    }
    found
}

/// At most what is kept, without empty lines at either end.
fn bounded(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
    text.truncate(text.trim_end().len());
    match text.find(|c: char| !c.is_whitespace()).and_then(|first| text[..first].rfind('\n')) {
        Some(end) => text.split_off(end + 1),
        None => text,
    }
}

/// The HTML body of a mail, fit to be shown; none where it has none.
pub(super) fn shown_html(raw: &[u8]) -> Option<String> {
    let (_, _, tree) = tree(raw);
    bodies(&tree.leaves)[1].map(|part| html::sanitise(&part.text()))
}

/// The bytes of the attachments of a raw mail that an event names; the mail is read once for all of them.
pub(super) fn carried(raw: &[u8], attachments: &[Attachment]) -> Carried {
    let raw = lines(raw);
    let (_, _, tree) = tree(&raw);
    let leaves: HashMap<&str, &Part<'_>> = tree.leaves.iter().map(|part| (part.path.as_str(), part)).collect();
    attachments.iter().map(|one| bytes_of(&leaves, one.r#ref.as_deref()?)).collect()
}

fn bytes_of(leaves: &HashMap<&str, &Part<'_>>, reference: &str) -> Option<Vec<u8>> {
    if let Some((path, number)) = reference.split_once("/tnef") {
        let bytes = leaves.get(path)?.bytes();
        let file = tnef::unpack(&bytes)?.files.into_iter().nth(number.parse::<usize>().ok()?.checked_sub(1)?)?;
        return Some(file.bytes.to_vec());
    }
    let Some((path, number)) = reference.split_once("/uu") else {
        return Some(leaves.get(reference)?.bytes().into_owned());
    };
    let text = leaves.get(path)?.text();
    let lines: Vec<&str> = text.split('\n').collect();
    let (_, block) = uuencoded(&lines).into_iter().nth(number.parse::<usize>().ok()?.checked_sub(1)?)?;
    transfer::uuencoded(lines[block].join("\n").as_bytes()).map(|(_, bytes)| bytes)
}

/// True where there is not even a header or a word.
pub(super) fn is_blank(raw: &[u8]) -> bool {
    raw.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0)
}

/// The mail with line feeds: only some very old programs end lines with a carriage return alone.
pub(super) fn lines(raw: &[u8]) -> Cow<'_, [u8]> {
    if raw.contains(&b'\r') && !raw.contains(&b'\n') {
        Cow::Owned(raw.iter().map(|byte| if *byte == b'\r' { b'\n' } else { *byte }).collect())
    } else {
        Cow::Borrowed(raw)
    }
}

/// Reads the bytes of a mail: header, content type, leaves, and what was wrong.
pub(super) fn tree(raw: &[u8]) -> (Headers<'_>, ContentType, Tree<'_>) {
    let (headers, body) = header(raw);
    Tree::grow(headers, body)
}

/// The header of a mail, and its body.
pub(super) fn header(raw: &[u8]) -> (Headers<'_>, &[u8]) {
    let mut rest = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    // Blank lines and a mailbox's separator before the header are none of it.
    loop {
        let (line, after) = header::next_line(rest);
        let is_separator = line.starts_with(b"From ") || line.starts_with(b">From ");
        if rest.is_empty() || !(line.iter().all(u8::is_ascii_whitespace) || is_separator) {
            break;
        }
        rest = after;
    }
    Headers::split(rest)
}
