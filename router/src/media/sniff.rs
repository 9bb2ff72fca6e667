//! What a file is by what it holds, for nobody believes what its sender says.

/// How much of a text is looked at for signs of something that runs.
const TEXT_BYTES: usize = 4096;

/// (offset, the bytes there, the media type)
type Row = (usize, &'static [u8], &'static str);

const TABLE: &[Row] = &[
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"%PDF-", "application/pdf"),
    (8, b"WAVE", "audio/wav"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"fLaC", "audio/flac"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp3g", "video/3gpp"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1a\x45\xdf\xa3", "video/webm"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\xd0\xcf\x11\xe0", "application/x-ole-storage"),
    (0, b"Rar!", "application/vnd.rar"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"#!", "text/x-script"),
];

/// What packs of files may be by their sender's word: it changes no more than the icon.
const PACKED: &[&str] = &[
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.oasis.opendocument.text",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
];

/// Signs of text that a browser would run or draw.
const ACTIVE: &[(&str, &str)] = &[
    ("<svg", "image/svg+xml"),
    ("<!doctype html", "text/html"),
    ("<html", "text/html"),
    ("<script", "text/html"),
    ("<body", "text/html"),
    ("<iframe", "text/html"),
    ("<?xml", "application/xml"),
];

/// The media type of these bytes; `claimed` is what their sender says.
pub fn sniff(bytes: &[u8], claimed: Option<&str>) -> String {
    let found = TABLE.iter().find(|(at, magic, _)| bytes.get(*at..).is_some_and(|rest| rest.starts_with(magic)));
    match found.map(|(_, _, mime)| *mime) {
        Some(mime @ ("application/zip" | "application/x-ole-storage")) => {
            claimed.and_then(|claimed| PACKED.iter().find(|known| **known == claimed)).map_or(mime, |known| known)
        }
        Some("video/mp4") if claimed.is_some_and(|claimed| claimed.starts_with("audio/")) => "audio/mp4",
        Some(mime) => mime,
        None => text(bytes),
    }
    .to_owned()
}

fn text(bytes: &[u8]) -> &'static str {
    let head = &bytes[..bytes.len().min(TEXT_BYTES)];
    // A letter may be cut in two at the end.
    let readable = match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => head.len() < bytes.len() && error.error_len().is_none(),
    };
    let lower = String::from_utf8_lossy(head).to_lowercase();
    match ACTIVE.iter().find(|(sign, _)| lower.contains(sign)) {
        Some((_, mime)) => mime,
        None if readable && !head.contains(&0) && !head.is_empty() => "text/plain",
        None => "application/octet-stream",
    }
}

/// True for what a browser may show within a page: pictures of dots, sound and film.
pub fn is_shown(mime: &str) -> bool {
    matches!(
        mime,
        "image/png"
            | "image/jpeg"
            | "image/gif"
            | "image/webp"
            | "audio/mpeg"
            | "audio/ogg"
            | "audio/wav"
            | "audio/mp4"
            | "video/mp4"
            | "video/webm"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_holds_counts_and_not_what_is_said() {
        for (bytes, claimed, mime) in [
            (b"\x89PNG\r\n\x1a\n....".as_slice(), Some("text/html"), "image/png"),
            (b"\xff\xd8\xff\xe0", None, "image/jpeg"),
            (b"RIFF\x00\x00\x00\x00WEBPVP8 ", Some("image/png"), "image/webp"),
            (b"<svg xmlns=''><script>alert(1)</script></svg>", Some("image/png"), "image/svg+xml"),
            (b"  <!DOCTYPE HTML><p>", Some("image/jpeg"), "text/html"),
            (b"\xef\xbb\xbf<hTmL>", None, "text/html"),
            (b"\xff\xfe<\x00s\x00", None, "application/octet-stream"),
            (b"PK\x03\x04", Some("application/msword"), "application/msword"),
            (b"PK\x03\x04", Some("text/html"), "application/zip"),
            (b"\x00\x00\x00\x20ftypisom", Some("audio/mp4"), "audio/mp4"),
            (b"\x00\x00\x00\x20ftypisom", None, "video/mp4"),
            (b"just words", Some("image/png"), "text/plain"),
            (b"", Some("image/png"), "application/octet-stream"),
            (b"MZ\x90", Some("image/png"), "application/vnd.microsoft.portable-executable"),
        ] {
            assert_eq!(sniff(bytes, claimed), mime);
        }
        assert_eq!(sniff("ש".repeat(TEXT_BYTES).as_bytes(), None), "text/plain");
    }

    #[test]
    fn nothing_that_runs_is_shown() {
        for (_, mime) in ACTIVE {
            assert!(!is_shown(mime), "{mime}");
        }
        assert!(is_shown("image/png") && !is_shown("application/pdf") && !is_shown("text/plain"));
    }
}
