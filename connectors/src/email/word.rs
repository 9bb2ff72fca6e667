//! Header text: encoded words (RFC 2047), also where they stand in places that the standard forbids.

use super::{charset, transfer};

/// One `=?charset?encoding?text?=`.
struct Word<'a> {
    charset: &'a [u8],
    is_base64: bool,
    text: &'a [u8],
    /// Where it ends in the bytes it was found in.
    end: usize,
}

/// The text of a header's value.
pub(super) fn decode(value: &[u8]) -> String {
    let text = decode_once(value);
    // Some senders encode what is encoded already.
    if text.contains("=?") && text.contains("?=") { decode_once(text.as_bytes()) } else { text }
}

fn decode_once(value: &[u8]) -> String {
    let mut out = String::new();
    let mut rest = value;
    // The bytes of adjacent words of one charset: a character may be split between them.
    let mut pending: Option<(&[u8], Vec<u8>)> = None;
    loop {
        let start = find(rest, b"=?").unwrap_or(rest.len());
        let (plain, coded) = rest.split_at(start);
        // White space between two encoded words is none (section 6.2).
        let separates = pending.is_none() || !plain.iter().all(u8::is_ascii_whitespace) || coded.is_empty();
        match (word_at(coded), separates) {
            (Some(word), separates) => {
                if separates {
                    flush(&mut pending, &mut out);
                    out.push_str(&charset::decode_raw(plain));
                }
                let bytes = if word.is_base64 {
                    transfer::base64(word.text)
                } else {
                    transfer::quoted_printable(word.text, true)
                };
                match &mut pending {
                    Some((charset, before)) if charset.eq_ignore_ascii_case(word.charset) => before.extend(bytes),
                    _ => {
                        flush(&mut pending, &mut out);
                        pending = Some((word.charset, bytes));
                    }
                }
                rest = &coded[word.end..];
            }
            (None, _) => {
                flush(&mut pending, &mut out);
                let taken = start + coded.len().min(2);
                out.push_str(&charset::decode_raw(&rest[..taken]));
                rest = &rest[taken..];
                if rest.is_empty() {
                    return out;
                }
            }
        }
    }
}

fn flush(pending: &mut Option<(&[u8], Vec<u8>)>, out: &mut String) {
    if let Some((label, bytes)) = pending.take() {
        out.push_str(&charset::decode(&bytes, std::str::from_utf8(label).ok()));
    }
}

/// The encoded word that `bytes` begin with.
fn word_at(bytes: &[u8]) -> Option<Word<'_>> {
    let rest = bytes.strip_prefix(b"=?")?;
    let charset_length = rest.iter().position(|byte| *byte == b'?')?;
    let charset = rest.get(..charset_length).filter(|name| name.len() < 64 && name.iter().all(u8::is_ascii_graphic))?;
    let is_base64 = match rest.get(charset_length + 1)? {
        b'b' | b'B' => true,
        b'q' | b'Q' => false,
        _ => return None,
    };
    let text = rest.get(charset_length + 2..)?.strip_prefix(b"?")?;
    let length = text_length(text)?;
    Some(Word { charset, is_base64, text: &text[..length], end: bytes.len() - text.len() + length + 2 })
}

/// The length of the text before `?=`; none where another word begins before, for then this one lacks its end.
fn text_length(text: &[u8]) -> Option<usize> {
    for (at, pair) in text.windows(2).enumerate() {
        match pair {
            b"?=" => return Some(at),
            // Padding before the end looks like a beginning.
            b"=?" if text.get(at + 2) != Some(&b'=') => return None,
            _ => {}
        }
    }
    None
}

/// The length of the encoded word that `bytes` begin with; readers of addresses must not look into it.
pub(super) fn length_at(bytes: &[u8]) -> Option<usize> {
    word_at(bytes).map(|word| word.end)
}

pub(super) fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes.windows(pattern.len()).position(|window| window == pattern)
}

/// One line without control characters, ends of names with direction overrides included: they serve deceit only.
pub(super) fn one_line(text: &str) -> String {
    let visible = |c: &char| !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).filter(visible).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_decoded_and_joined() {
        for (given, expected) in [
            ("plain", "plain"),
            ("=?utf-8?B?16nXnNeV150=?=", "שלום"),
            ("=?UTF-8?q?a=20b_c?= d", "a b c d"),
            ("=?utf-8?B?16nX?= =?utf-8?B?nNeV150=?=", "שלום"),
            ("=?utf-8?Q?a?=\t =?iso-8859-1?Q?=E9?=", "aé"),
            ("Re: =?utf-8?Q?a?= and =?utf-8?Q?b?=", "Re: a and b"),
            ("\"=?utf-8?Q?a?=\"", "\"a\""),
            ("=?windows-1255?Q?=F9=EC=E5=ED?=!", "שלום!"),
            ("=?utf-8*he?B?16nXnNeV150=?=", "שלום"),
            ("=?x-none?Q?caf=E9?=", "café"),
            ("=?utf-8?X?a?=", "=?utf-8?X?a?="),
            ("=?utf-8?Q?open", "=?utf-8?Q?open"),
            ("=?broken =?utf-8?Q?a?=", "=?broken a"),
            ("=?utf-8?Q?=3D=3Futf-8=3FQ=3Fa=3F=3D?=", "a"),
            ("a =?", "a =?"),
            ("=?", "=?"),
            ("", ""),
        ] {
            assert_eq!(decode(given.as_bytes()), expected, "{given}");
        }
    }

    #[test]
    fn raw_bytes_are_guessed() {
        assert_eq!(decode(b"Personal\xe4nderung"), "Personaländerung");
        assert_eq!(decode("שלום".as_bytes()), "שלום");
        assert_eq!(decode(b"\xf9\xec\xe5\xed"), "שלום");
    }

    #[test]
    fn names_cannot_turn_the_line_round() {
        assert_eq!(one_line("invoice\u{202e}fdp.exe\r\n x"), "invoicefdp.exe x");
    }
}
