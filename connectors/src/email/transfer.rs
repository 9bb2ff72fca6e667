//! Content-Transfer-Encoding, decoded as far as it can be read: damage costs the damaged bytes and no more.

use std::borrow::Cow;

/// The bytes that `body` stands for under the encoding called `name`; unknown names mean "as it is".
pub(super) fn decode<'a>(body: &'a [u8], name: &str) -> Cow<'a, [u8]> {
    match name.trim().to_ascii_lowercase().as_str() {
        "base64" => base64_or_raw(body),
        "quoted-printable" => Cow::Owned(quoted_printable(body, false)),
        "uuencode" | "x-uuencode" | "x-uue" | "uue" => {
            uuencoded(body).map_or(Cow::Borrowed(body), |(_, bytes)| Cow::Owned(bytes))
        }
        _ => Cow::Borrowed(body),
    }
}

/// Plain text under a wrong label is not base64; what has too many other characters is left as it is.
fn base64_or_raw(body: &[u8]) -> Cow<'_, [u8]> {
    let ink = body.iter().filter(|byte| !byte.is_ascii_whitespace()).count();
    let odd =
        body.iter().filter(|byte| !byte.is_ascii_whitespace() && digit(**byte).is_none() && **byte != b'=').count();
    let words = body.iter().filter(|byte| **byte == b' ').count();
    if ink < (odd + words) * 10 { Cow::Borrowed(body) } else { Cow::Owned(base64(body)) }
}

/// Decodes base64 and skips what does not belong to it. Padding in the middle begins anew: some senders join pieces.
pub(super) fn base64(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() / 4 * 3 + 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in body {
        if *byte == b'=' {
            (bits, count) = (0, 0);
            continue;
        }
        let Some(value) = digit(*byte) else { continue };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if 8 <= count {
            count -= 8;
            out.push((bits >> count & 0xff) as u8);
        }
    }
    out
}

/// The value of a digit of base64, of either alphabet.
const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// Decodes quoted-printable; `in_word` is the variant of header words, where `_` is a space (RFC 2047, 4.2).
pub(super) fn quoted_printable(body: &[u8], in_word: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut at = 0;
    while let Some(byte) = body.get(at).copied() {
        at += 1;
        match byte {
            b'_' if in_word => out.push(b' '),
            b'=' => match (body.get(at).copied().and_then(nibble), body.get(at + 1).copied().and_then(nibble)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    at += 2;
                }
                _ => match soft_break(&body[at..]) {
                    Some(length) => at += length,
                    None => out.push(b'='),
                },
            },
            _ => out.push(byte),
        }
    }
    out
}

/// The length of blanks and the line end after `=`, or of the blanks before the end of the body.
fn soft_break(rest: &[u8]) -> Option<usize> {
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    match &rest[blanks..] {
        [] => Some(blanks),
        [b'\n', ..] => Some(blanks + 1),
        [b'\r', b'\n', ..] => Some(blanks + 2),
        [b'\r', ..] => Some(blanks + 1),
        _ => None,
    }
}

const fn nibble(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// The name and the bytes of the first uuencoded file in `body`.
pub(super) fn uuencoded(body: &[u8]) -> Option<(String, Vec<u8>)> {
    let mut lines = body.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let name = lines.by_ref().find_map(uu_begin)?;
    let mut out = Vec::new();
    for line in lines {
        if line == b"end" {
            return Some((name, out));
        }
        let Some((length, digits)) = line.split_first() else { continue };
        let length = usize::from(length.wrapping_sub(b' ') & 63);
        let first = out.len();
        for group in digits.chunks(4) {
            let value = |i: usize| u32::from(group.get(i).copied().unwrap_or(b' ').wrapping_sub(b' ') & 63);
            let bits = value(0) << 18 | value(1) << 12 | value(2) << 6 | value(3);
            out.extend_from_slice(&bits.to_be_bytes()[1..]);
        }
        out.truncate(out.len().min(first + length));
    }
    // Without an end it was a sentence that begins with "begin".
    None
}

/// The file name of a line such as `begin 644 photo.jpg`.
pub(super) fn uu_begin(line: &[u8]) -> Option<String> {
    let rest = line.strip_prefix(b"begin ")?;
    let (mode, name) = rest.split_at_checked(3)?;
    let name = name.strip_prefix(b" ").filter(|name| !name.is_empty())?;
    mode.iter().all(|byte| matches!(byte, b'0'..=b'7')).then(|| String::from_utf8_lossy(name).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_through_damage() {
        assert_eq!(base64(b"SGVs\r\nbG8="), b"Hello");
        assert_eq!(base64(b"SGVsbG8"), b"Hello");
        assert_eq!(base64(b"SGVs!bG8=SGVsbG8="), b"HelloHello");
        assert_eq!(&*decode(b"This is no base64 at all, is it?", "Base64"), b"This is no base64 at all, is it?");
        assert_eq!(&*decode(b"SGVsbG8=\r\n", "BASE64"), b"Hello");
    }

    #[test]
    fn quoted_printable_is_read_through_damage() {
        for (given, expected) in [
            (&b"a=3Db"[..], &b"a=b"[..]),
            (b"a=\r\nb", b"ab"),
            (b"a= \nb", b"ab"),
            (b"a=\rb", b"ab"),
            (b"100 = 100 =ZZ", b"100 = 100 =ZZ"),
            (b"a=e9=", b"a\xe9"),
            (b"a_b", b"a_b"),
        ] {
            assert_eq!(quoted_printable(given, false), expected);
        }
        assert_eq!(quoted_printable(b"a_b=20c", true), b"a b c");
    }

    #[test]
    fn uuencoded_files_are_found() {
        let body = b"See here:\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\nBye";
        assert_eq!(uuencoded(body), Some(("cat.txt".to_owned(), b"Cat".to_vec())));
        assert_eq!(uuencoded(b"begin 644 words\nand no end"), None);
        assert_eq!(uuencoded(b"begin at the beginning\nend"), None);
    }
}
