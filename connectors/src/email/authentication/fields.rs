//! A mail's header in the bytes in which it came. Signatures are over those, so that nothing is mended here.

/// More of a header is not checked; nobody signs as much.
const HEADER_BYTES_MAX: usize = 256 * 1024;
const FIELDS_MAX: usize = 1000;

/// One field with its line ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    /// From its name to its last CR LF.
    pub(super) whole: &'a [u8],
    colon: usize,
}

impl<'a> Field<'a> {
    /// Its name as it stands there, without blanks behind it.
    pub(super) fn name(&self) -> &'a [u8] {
        self.whole[..self.colon].trim_ascii_end()
    }

    /// All after the colon.
    pub(super) fn value(&self) -> &'a [u8] {
        &self.whole[self.colon + 1..]
    }

    /// The same field with other bytes behind its colon.
    pub(super) const fn with<'b>(&self, whole: &'b [u8]) -> Field<'b> {
        Field { whole, colon: self.colon }
    }

    pub(super) fn is(&self, name: &[u8]) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }
}

/// A mail.
#[derive(Debug)]
pub(super) struct Mail<'a> {
    /// In their order.
    pub(super) fields: Vec<Field<'a>>,
    pub(super) body: &'a [u8],
}

impl<'a> Mail<'a> {
    /// None where readers may see other fields than signers did: bare CR or LF in the header, lines that are no field, or
    /// more than is looked at.
    pub(super) fn split(mail: &'a [u8]) -> Option<Self> {
        let mut found = Self { fields: Vec::new(), body: b"" };
        let mut at = 0;
        while at < mail.len() {
            let end = line_end(&mail[at..]) + at;
            let content = mail[at..end].strip_suffix(b"\r\n")?;
            if content.is_empty() {
                found.body = &mail[end..];
                break;
            }
            if HEADER_BYTES_MAX < end || content.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
                return None;
            }
            if matches!(content[0], b' ' | b'\t') {
                let last = found.fields.last_mut()?;
                // It follows the field before, for nothing lies between.
                last.whole = &mail[at - last.whole.len()..end];
            } else {
                let colon = content.iter().position(|byte| *byte == b':').filter(|colon| 0 < *colon)?;
                found.fields.push(Field { whole: &mail[at..end], colon });
            }
            if FIELDS_MAX < found.fields.len() {
                return None;
            }
            at = end;
        }
        Some(found)
    }
}

/// Where the line that begins here ends: after CR LF, or where the bytes do.
pub(super) fn line_end(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|byte| *byte == b'\n') {
        at += found + 1;
        if bytes[..at].ends_with(b"\r\n") {
            return at;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(mail: &str) -> Option<(Vec<String>, String)> {
        let mail = Mail::split(mail.as_bytes())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Some((mail.fields.iter().map(|field| text(field.whole)).collect(), text(mail.body)))
    }

    #[test]
    fn fields_keep_their_bytes() {
        let (fields, body) = split("A: b\r\n\tc\r\n d\r\nB : x\r\n\r\n\r\nbody").unwrap();
        assert_eq!(fields, ["A: b\r\n\tc\r\n d\r\n", "B : x\r\n"]);
        assert_eq!(body, "\r\nbody");
        let mail = Mail::split(b"B : x\r\n\r\n").unwrap();
        assert!(mail.fields[0].is(b"b") && mail.fields[0].value() == b" x\r\n");
    }

    #[test]
    fn what_readers_see_in_other_ways_is_not_split() {
        let odd = [
            "A: b\nFrom: c\r\n\r\n",
            "A: b\rFrom: c\r\n\r\n",
            "A: b\r\nwords\r\n\r\n",
            " x\r\n\r\n",
            "A: b\r\n: x\r\n",
            "A: b",
        ];
        for odd in odd {
            assert_eq!(split(odd), None, "{odd:?}");
        }
        assert_eq!(split(&"A: b\r\n".repeat(2000)), None);
        assert!(split("").is_some() && split("\r\nx").is_some());
    }
}
