//! The header block: its fields, as far as a broken one can be read.

use std::borrow::Cow;

use super::word;

/// More than this of a header block is not looked at.
const BLOCK_BYTES_MAX: usize = 256 * 1024;
/// More fields than this are not kept.
const FIELDS_MAX: usize = 1000;

/// The fields of a header block, in their order.
#[derive(Default)]
pub(super) struct Headers<'a> {
    fields: Vec<(String, Cow<'a, [u8]>)>,
}

impl<'a> Headers<'a> {
    /// The fields at the beginning of `bytes`, and the body after them.
    pub(super) fn split(bytes: &'a [u8]) -> (Self, &'a [u8]) {
        let mut headers = Self::default();
        let mut rest = bytes;
        while !rest.is_empty() && bytes.len() - rest.len() < BLOCK_BYTES_MAX {
            let (line, after) = next_line(rest);
            if line.is_empty() {
                return (headers, after);
            }
            if line[0] == b' ' || line[0] == b'\t' {
                // A line of blanks alone ends the block unless more fields follow it: some senders fold so.
                if line.iter().all(u8::is_ascii_whitespace) && !begins_field(next_line(after).0) {
                    return (headers, after);
                }
                headers.continue_last(line);
            } else if let Some((name, value)) = field(line) {
                headers.push(name, value);
            } else if headers.fields.is_empty() && is_before_fields(after) {
                // Something got in front of the header.
            } else if headers.fields.is_empty() || !is_torn_field(line, after) {
                // There is no empty line between header and body.
                return (headers, rest);
            } else {
                headers.continue_last(line);
            }
            rest = after;
        }
        (headers, rest)
    }

    /// Fields that somebody has split already.
    pub(super) fn from_pairs(pairs: impl Iterator<Item = (String, String)>) -> Headers<'static> {
        let mut headers = Headers::default();
        for (name, value) in pairs.take(FIELDS_MAX) {
            headers.fields.push((name.trim().to_ascii_lowercase(), Cow::Owned(value.into_bytes())));
        }
        headers
    }

    /// The same fields, independent of the bytes they were read from.
    pub(super) fn into_owned(self) -> Headers<'static> {
        let own = |(name, value): (String, Cow<'_, [u8]>)| (name, Cow::Owned(value.into_owned()));
        Headers { fields: self.fields.into_iter().map(own).collect() }
    }

    fn push(&mut self, name: &[u8], value: &'a [u8]) {
        if self.fields.len() < FIELDS_MAX {
            self.fields.push((String::from_utf8_lossy(name).to_ascii_lowercase(), Cow::Borrowed(value)));
        }
    }

    fn continue_last(&mut self, line: &[u8]) {
        if let Some((_, value)) = self.fields.last_mut() {
            let value = value.to_mut();
            // Unfolding takes the line end and leaves the blank (RFC 5322, 2.2.3); a torn line has none.
            if !line.starts_with(b" ") && !line.starts_with(b"\t") {
                value.push(b' ');
            }
            value.extend_from_slice(line);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The values of the field `name`, given in lower case, in their order.
    pub(super) fn all<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b [u8]> {
        self.fields.iter().filter(move |(given, _)| given == name).map(|(_, value)| trim(value))
    }

    /// The first value of the field `name` that is not empty.
    pub(super) fn raw(&self, name: &str) -> Option<&[u8]> {
        self.fields.iter().filter(|(given, _)| given == name).map(|(_, value)| trim(value)).find(|v| !v.is_empty())
    }

    /// The same as text on one line, encoded words read.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.raw(name).map(|value| word::one_line(&word::decode(value))).filter(|text| !text.is_empty())
    }

    /// The same for fields of tokens, in lower case.
    pub(super) fn token(&self, name: &str) -> Option<String> {
        self.raw(name).map(|value| String::from_utf8_lossy(value).trim().to_ascii_lowercase())
    }

    /// True where the field is there, even empty.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(given, _)| given == name)
    }

    /// True where a field's name begins with `prefix`.
    pub(super) fn has_prefix(&self, prefix: &str) -> bool {
        self.fields.iter().any(|(given, _)| given.starts_with(prefix))
    }

    /// The ids in angle brackets in the field `name`.
    pub(super) fn ids(&self, name: &str) -> Vec<String> {
        self.all(name).flat_map(ids).collect()
    }
}

/// The message ids in `value`, white space within them removed, for folding tears them too.
pub(super) fn ids(value: &[u8]) -> Vec<String> {
    let value = String::from_utf8_lossy(value);
    let mut found = Vec::new();
    for piece in value.split('<').skip(1) {
        let Some((id, _)) = piece.split_once('>') else { continue };
        let id: String = id.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
        if !id.is_empty() && id.len() <= 998 {
            found.push(format!("<{id}>"));
        }
    }
    found
}

/// The first line of `bytes` without its end, and what follows.
pub(super) fn next_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let line = &bytes[..end];
    (line.strip_suffix(b"\r").unwrap_or(line), bytes.get(end + 1..).unwrap_or_default())
}

fn begins_field(line: &[u8]) -> bool {
    field(line).is_some()
}

/// Name and value of a line such as `Subject: x`.
fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().take(80).position(|byte| *byte == b':')?;
    let (name, value) = line.split_at(colon);
    let name = trim(name);
    let is_name = !name.is_empty() && name.iter().all(|byte| byte.is_ascii_graphic());
    is_name.then_some((name, &value[1..]))
}

/// True where two fields follow, which no text begins with.
fn is_before_fields(after: &[u8]) -> bool {
    let (first, rest) = next_line(after);
    begins_field(first) && begins_field(next_line(rest).0)
}

/// True for the rest of a field that a mail program wrapped without a blank: other fields or the empty line follow.
fn is_torn_field(line: &[u8], after: &[u8]) -> bool {
    let (next, _) = next_line(after);
    !line.starts_with(b"--") && !after.is_empty() && (next.is_empty() || begins_field(next))
}

pub(super) fn trim(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> (Vec<(String, String)>, String) {
        let (headers, body) = Headers::split(text.as_bytes());
        let fields = headers
            .fields
            .iter()
            .map(|(name, value)| (name.clone(), String::from_utf8_lossy(trim(value)).into_owned()));
        (fields.collect(), String::from_utf8_lossy(body).into_owned())
    }

    #[test]
    fn fields_are_unfolded() {
        let (fields, body) = split("Subject: a\r\n b\r\nTO : x\r\n\r\nbody\r\n");
        assert_eq!(fields, [("subject".into(), "a b".into()), ("to".into(), "x".into())]);
        assert_eq!(body, "body\r\n");
    }

    #[test]
    fn broken_blocks_are_read_as_far_as_possible() {
        // Torn without a blank.
        let (fields, body) = split("Content-Type: a/b;\nname=\"x\"\nX: y\n\nbody");
        assert_eq!(fields[0].1, "a/b; name=\"x\"");
        assert_eq!((fields.len(), body.as_str()), (2, "body"));
        // No empty line before the body.
        let (fields, body) = split("Subject: a\nHello there\nhow are you");
        assert_eq!((fields.len(), body.as_str()), (1, "Hello there\nhow are you"));
        // A line of blanks within.
        let (fields, _) = split("Subject: a\n \nTo: x\n\nbody");
        assert_eq!(fields.len(), 2);
        // Something in front.
        assert_eq!(split("oops\nSubject: a\nTo: x\n\nbody").0.len(), 2);
        assert_eq!(split("").0.len(), 0);
        assert_eq!(split("no header at all").1, "no header at all");
    }

    #[test]
    fn many_fields_are_bounded() {
        let (fields, _) = split(&"A: b\n".repeat(5000));
        assert_eq!(fields.len(), FIELDS_MAX);
    }

    #[test]
    fn ids_are_found_in_what_surrounds_them() {
        assert_eq!(ids(b"<a@b>, <c\r\n d@e> (comment) <>"), ["<a@b>", "<cd@e>"]);
        assert_eq!(ids(b"dana@example.org"), [""; 0]);
    }
}
