//! From bytes to text: what the label says, unless the bytes say otherwise.

use encoding_rs::{
    Encoding, ISO_8859_8, KOI8_R, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1251, WINDOWS_1252, WINDOWS_1255, WINDOWS_1256,
};

use super::visual;

/// Upper halves of the code pages that the web never knew and old mail clients still send.
const CP850: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
/// The first letters of code page 862, which else is 437.
const CP862: &str = "אבגדהוזחטיךכלםמןנסעףפץצקרשת";

/// The text of `bytes` that claim to be of the charset `label`.
pub(super) fn decode(bytes: &[u8], label: Option<&str>) -> String {
    let label = label.map(clean_label).unwrap_or_default();
    if let Some(text) = by_own_tables(bytes, &label) {
        return text;
    }
    let encoding = encoding_of(&label);
    if let Some(encoding) = encoding.filter(|encoding| *encoding == UTF_16LE || *encoding == UTF_16BE) {
        // Here the mark at the beginning tells the order of bytes.
        return encoding.decode(bytes).0.into_owned();
    }
    if bytes.is_ascii() && encoding.is_none_or(|encoding| encoding.is_ascii_compatible()) {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes)
        && is_utf8_in_truth(text, encoding)
    {
        return text.to_owned();
    }
    let encoding = match encoding {
        Some(encoding) if encoding == WINDOWS_1252 => guess(bytes).unwrap_or(WINDOWS_1252),
        Some(encoding) if encoding == UTF_8 && 2 < broken_share(bytes) => guess(bytes).unwrap_or(WINDOWS_1252),
        Some(encoding) => encoding,
        None => guess(bytes).unwrap_or(WINDOWS_1252),
    };
    let text = encoding.decode_without_bom_handling(bytes).0.into_owned();
    // Only this label means visual order; -i and -e are logical, and so is windows-1255.
    if encoding == ISO_8859_8 && label != "iso-8859-8-e" { visual::to_logical(&text) } else { text }
}

/// Undeclared bytes: UTF-8 where they are, else the most likely single-byte charset.
pub(super) fn decode_raw(bytes: &[u8]) -> String {
    decode(bytes, None)
}

fn clean_label(label: &str) -> String {
    let label = label.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';'));
    label.split('*').next().unwrap_or_default().to_ascii_lowercase()
}

/// The encoding of a label; none for those that say nothing (`us-ascii`, `unknown-8bit`) or that nobody knows.
fn encoding_of(label: &str) -> Option<&'static Encoding> {
    match label {
        "" | "us-ascii" | "ascii" | "ansi_x3.4-1968" | "unknown" | "unknown-8bit" | "x-unknown" | "default" => None,
        "utf" | "utf8mb4" | "unicode" => Some(UTF_8),
        "iso-8859-8-e" => Some(ISO_8859_8),
        "cp932" | "ms_kanji" => Encoding::for_label(b"shift_jis"),
        "cp936" => Encoding::for_label(b"gbk"),
        "cp949" => Encoding::for_label(b"euc-kr"),
        "cp950" => Encoding::for_label(b"big5"),
        "cp65001" => Some(UTF_8),
        "latin-1" => Some(WINDOWS_1252),
        "koi8-ru" => Encoding::for_label(b"koi8-u"),
        "iso-2022-jp-1" | "iso-2022-jp-2" | "iso-2022-jp-3" | "iso-2022-jp-ms" | "cp50220" => {
            Encoding::for_label(b"iso-2022-jp")
        }
        _ => Encoding::for_label_no_replacement(label.as_bytes()).or_else(|| {
            // `cp-1255`, `windows1255`, `win-1255`, `x-windows-1255`, `iso8859_8`: the digits tell.
            let digits: String = label.chars().filter(char::is_ascii_digit).collect();
            let named =
                [format!("windows-{digits}"), format!("iso-8859-{}", digits.strip_prefix("8859").unwrap_or("x"))];
            named.iter().find_map(|label| Encoding::for_label(label.as_bytes()))
        }),
    }
}

fn by_own_tables(bytes: &[u8], label: &str) -> Option<String> {
    let digits: String = label.chars().filter(char::is_ascii_digit).collect();
    match (label, digits.as_str()) {
        ("utf-7" | "utf7" | "unicode-1-1-utf-7", _) => return Some(utf7(bytes)),
        ("hz-gb-2312" | "hz", _) => return Some(shifted(bytes, b"gbk", b"~{", b"~}")),
        ("iso-2022-kr" | "csiso2022kr", _) => return Some(shifted(bytes, b"euc-kr", b"\x0e", b"\x0f")),
        (_, "850" | "437" | "862") => {}
        _ => return None,
    }
    let upper = if digits == "850" { CP850 } else { CP437 };
    let hebrew = digits == "862";
    Some(
        bytes
            .iter()
            .map(|byte| match usize::from(*byte).checked_sub(0x80) {
                None => char::from(*byte),
                Some(at) => (if hebrew { CP862.chars().nth(at) } else { None })
                    .or_else(|| upper.chars().nth(at))
                    .unwrap_or(char::REPLACEMENT_CHARACTER),
            })
            .collect(),
    )
}

/// Multi-byte text that happens to be valid UTF-8 exists in short pieces of East Asian charsets only.
fn is_utf8_in_truth(text: &str, encoding: Option<&'static Encoding>) -> bool {
    if encoding.is_none_or(|encoding| encoding == UTF_8 || encoding.is_single_byte()) {
        return true;
    }
    if encoding.is_some_and(|encoding| !encoding.is_ascii_compatible()) {
        return false;
    }
    text.chars().any(|c| 0x7ff < u32::from(c)) || 3 <= text.chars().filter(|c| !c.is_ascii()).count()
}

/// Of ten bytes beyond ASCII, how many are no UTF-8: text that was cut or damaged stays UTF-8.
fn broken_share(bytes: &[u8]) -> usize {
    let high = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    let broken: usize = bytes.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    broken * 10 / high.max(1)
}

/// The single-byte charset of a text in Hebrew, Cyrillic or Arabic letters; none for Latin ones.
///
/// Words of these scripts are runs of high bytes, while an accent in a Latin word touches ASCII letters.
fn guess(bytes: &[u8]) -> Option<&'static Encoding> {
    if bytes.contains(&b'\x1b') {
        return Encoding::for_label(b"iso-2022-jp");
    }
    let found = Letters::count(bytes);
    let plausible = 2 <= found.in_words && found.other * 6 <= found.in_words * 4 && found.ascii <= found.in_words * 4;
    if !plausible {
        return None;
    }
    if found.in_words * 95 <= found.hebrew * 100 && found.misplaced * 20 <= found.in_words {
        return Some(WINDOWS_1255);
    }
    if found.words < 2 || found.in_words < found.ascii {
        return None;
    }
    // Alef and lam make up a good part of every Arabic text.
    if found.in_words <= found.alef_lam * 6 {
        return Some(WINDOWS_1256);
    }
    Some(if found.lower < found.upper { KOI8_R } else { WINDOWS_1251 })
}

/// What kinds of bytes there are.
#[derive(Default)]
struct Letters {
    ascii: usize,
    /// Runs of two high bytes or more that touch no ASCII letter, and their bytes.
    words: usize,
    in_words: usize,
    /// All other high bytes.
    other: usize,
    /// Of the bytes in words: Hebrew letters and points in windows-1255; final letters that end no word, which would be
    /// among the most frequent of Cyrillic ones; E0..FF; C0..DF; alef and lam of windows-1256.
    hebrew: usize,
    misplaced: usize,
    lower: usize,
    upper: usize,
    alef_lam: usize,
}

impl Letters {
    fn count(bytes: &[u8]) -> Self {
        let mut found = Self::default();
        let mut at = 0;
        while at < bytes.len() {
            let length = bytes[at..].iter().take_while(|byte| !byte.is_ascii()).count();
            if length == 0 {
                found.ascii += usize::from(bytes[at].is_ascii_alphabetic());
                at += 1;
                continue;
            }
            let run = &bytes[at..at + length];
            let touches = |i: Option<usize>| i.and_then(|i| bytes.get(i)).is_some_and(u8::is_ascii_alphabetic);
            if length < 2 || touches(at.checked_sub(1)) || touches(Some(at + length)) {
                found.other += length;
            } else {
                found.word(run);
            }
            at += length;
        }
        found
    }

    fn word(&mut self, run: &[u8]) {
        self.words += 1;
        self.in_words += run.len();
        let mut letters = 0;
        for byte in run {
            match byte {
                0xe0..=0xfa => (letters, self.lower) = (letters + 1, self.lower + 1),
                0xfb..=0xff => self.lower += 1,
                0xc0..=0xdf => self.upper += 1,
                _ => {}
            }
            self.alef_lam += usize::from(matches!(byte, 0xc7 | 0xe1));
        }
        // Points come after letters, so no word begins with one.
        let points = run.iter().skip(1).filter(|byte| matches!(byte, 0xc0..=0xd3)).count();
        self.hebrew += letters + if points <= letters { points } else { 0 };
        let is_final = |byte: &u8| matches!(byte, 0xea | 0xed | 0xef | 0xf3 | 0xf5);
        self.misplaced += run[..run.len() - 1].iter().filter(|byte| is_final(byte)).count();
    }
}

/// Seven-bit forms of East Asian charsets: between two marks, characters lack the high bit.
///
/// Browsers refuse them for the danger that markup is hidden so; in a mail's text there is none.
fn shifted(bytes: &[u8], label: &[u8], open: &[u8], close: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\x1b$)C").unwrap_or(bytes);
    let mut plain = Vec::with_capacity(bytes.len());
    let (mut at, mut high) = (0, 0);
    while at < bytes.len() {
        let (mark, set) = if high == 0 { (open, 0x80) } else { (close, 0) };
        if bytes[at..].starts_with(mark) {
            high = set;
            at += mark.len();
            continue;
        }
        // What is left open ends with its line.
        high = if bytes[at] == b'\n' { 0 } else { high };
        plain.push(if bytes[at] < b' ' { bytes[at] } else { bytes[at] | high });
        at += 1;
    }
    Encoding::for_label(label)
        .map_or_else(String::new, |encoding| encoding.decode_without_bom_handling(&plain).0.into_owned())
}

/// UTF-7 (RFC 2152), which only very old clients send.
fn utf7(bytes: &[u8]) -> String {
    let mut out = String::new();
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == b'+') {
        out.push_str(&String::from_utf8_lossy(&rest[..at]));
        let coded = &rest[at + 1..];
        let length =
            coded.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')).count();
        if length == 0 {
            out.push('+');
        } else {
            let units = super::transfer::base64(&coded[..length]);
            let units = units.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            out.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
        }
        rest = &coded[length..];
        rest = rest.strip_prefix(b"-").unwrap_or(rest);
    }
    out.push_str(&String::from_utf8_lossy(rest));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hebrew(text: &str) -> Vec<u8> {
        WINDOWS_1255.encode(text).0.into_owned()
    }

    #[test]
    fn the_label_counts_where_the_bytes_agree() {
        assert_eq!(decode(b"caf\xe9", Some("ISO-8859-1")), "café");
        assert_eq!(decode(b"\xf9\xec\xe5\xed", Some("\"windows-1255\"")), "שלום");
        assert_eq!(decode(b"\xf9\xec\xe5\xed", Some("iso-8859-8-i")), "שלום");
        assert_eq!(decode(b"\xf0\xd2\xc9\xd7\xc5\xd4", Some("koi8-r")), "Привет");
        assert_eq!(decode(b"\xa4\xd5\x1b", Some("cp-850")), "ñı\u{1b}");
        assert_eq!(decode(b"\x99\x8c\x85\x8d", Some("cp862")), "שלום");
        assert_eq!(decode(b"a +2D3cSg- b +- c", Some("utf-7")), "a \u{1f44a} b + c");
        assert_eq!(decode(b"a ~{<:Ky2;~} b", Some("HZ-GB-2312")), "a 己所不 b");
        assert_eq!(decode(b"\x1b$)C\x0e>H\x0f!", Some("iso-2022-kr")), "안!");
        assert_eq!(decode(b"\xfe\xff\x05\xe9", Some("utf-16")), "ש");
        assert_eq!(decode(b"\x1b$B$9\x1b(B", Some("iso-2022-jp")), "す");
    }

    #[test]
    fn utf8_is_utf8_whatever_the_label_says() {
        for label in ["us-ascii", "iso-8859-1", "windows-1255", "x-unknown", "utf8", "gb2312"] {
            assert_eq!(decode("שלום לכם".as_bytes(), Some(label)), "שלום לכם", "{label}");
        }
        assert_eq!(decode(b"\xef\xbb\xbfa\xc3\xa9", Some("utf-8")), "aé");
        // Cut in the middle of a character it is still UTF-8.
        assert_eq!(decode(b"\xd7\xa9\xd7\x9c\xd7\x95\xd7", Some("utf-8")), "שלו\u{fffd}");
    }

    #[test]
    fn mislabelled_hebrew_is_recognised() {
        let text = "שלום, ההזמנה שלי מספר 12345 לא הגיעה";
        for label in
            [None, Some("us-ascii"), Some("iso-8859-1"), Some("windows-1252"), Some("x-unknown"), Some("utf-8")]
        {
            assert_eq!(decode(&hebrew(text), label), text, "{label:?}");
        }
        let pointed = "שָׁלוֹם לְכֻלָּם";
        assert_eq!(decode(&hebrew(pointed), Some("windows-1252")), pointed);
        let mixed = "הזמנה ORD-123 של Dana לא הגיעה";
        assert_eq!(decode(&hebrew(mixed), None), mixed);
    }

    #[test]
    fn other_scripts_are_told_apart() {
        for russian in
            ["Здравствуйте, мой заказ ещё не пришёл", "Здравствуйте, мой заказ 1042 не пришёл", "где мой заказ"]
        {
            assert_eq!(decode(&WINDOWS_1251.encode(russian).0, None), russian);
            assert_eq!(decode(&KOI8_R.encode(russian).0, None), russian);
        }
        let arabic = "السلام عليكم، لم يصل الطلب";
        assert_eq!(decode(&WINDOWS_1256.encode(arabic).0, None), arabic);
        for latin in
            ["Über Käse, Größe und Grüße", "déjà vu à l’été", "Ærø", "año", "naïve é", "aaäöüßad asd", "äöüß ad asd"]
        {
            assert_eq!(decode(&WINDOWS_1252.encode(latin).0, None), latin);
        }
    }
}
