//! Form bodies, as providers post them: URL-encoded or multipart.

use super::content_type::{parameters, percent_decoded};
use super::header::Headers;
use super::mime::safe_name;
use super::word;

/// Fields of one form.
const FIELDS_MAX: usize = 1000;

/// One field.
pub(super) struct Field {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    /// The name of a file.
    pub(super) filename: Option<String>,
    /// The type a file claims.
    pub(super) mime: Option<String>,
}

/// The fields of a form body.
pub(super) struct Form(pub(super) Vec<Field>);

impl Form {
    /// Reads a body of either kind; none where it is no form.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let fields = if body.trim_ascii_start().starts_with(b"--") { multipart(body)? } else { url_encoded(body)? };
        (!fields.is_empty()).then_some(Self(fields))
    }

    pub(super) fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.0
            .iter()
            .find(|field| field.name == name)
            .map(|field| field.bytes.as_slice())
            .filter(|bytes| !bytes.is_empty())
    }

    /// The value as UTF-8; what is not becomes U+FFFD.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.bytes(name).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// The fields that are files.
    pub(super) fn files(&self) -> impl Iterator<Item = &Field> {
        self.0.iter().filter(|field| field.filename.is_some())
    }
}

fn url_encoded(body: &[u8]) -> Option<Vec<Field>> {
    if !body.contains(&b'=') || body.starts_with(b"{") {
        return None;
    }
    let decode = |text: &[u8]| {
        let blanks: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        percent_decoded(&blanks)
    };
    let mut fields = Vec::new();
    for pair in header_trim(body).split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).take(FIELDS_MAX) {
        let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let name = String::from_utf8(decode(&pair[..at])).ok()?;
        // A name is an identifier; anything else is no form.
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'<' && byte != b'{') {
            return None;
        }
        fields.push(Field { name, bytes: decode(pair.get(at + 1..).unwrap_or_default()), filename: None, mime: None });
    }
    Some(fields)
}

fn header_trim(body: &[u8]) -> &[u8] {
    body.trim_ascii()
}

/// The boundary is the first line; the content type of the request says the same.
fn multipart(body: &[u8]) -> Option<Vec<Field>> {
    let body = body.trim_ascii_start();
    let end = body.iter().take(200).position(|byte| *byte == b'\n')?;
    let delimiter = body[..end].trim_ascii_end();
    let mut fields = Vec::new();
    let mut rest = &body[end + 1..];
    while fields.len() < FIELDS_MAX {
        let Some(length) = delimiter_at(rest, delimiter) else { break };
        let piece = &rest[..length];
        let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
        fields.extend(field(piece.strip_suffix(b"\r").unwrap_or(piece)));
        rest = &rest[length + delimiter.len()..];
        if rest.starts_with(b"--") {
            break;
        }
        let line = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        rest = rest.get(line + 1..).unwrap_or_default();
    }
    (!fields.is_empty()).then_some(fields)
}

/// Where a line begins with the delimiter.
fn delimiter_at(bytes: &[u8], delimiter: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        if bytes[at..].starts_with(delimiter) {
            return Some(at);
        }
        at += bytes[at..].iter().position(|byte| *byte == b'\n')? + 1;
    }
}

fn field(piece: &[u8]) -> Option<Field> {
    let (headers, content) = Headers::split(piece);
    let (kind, named) = parameters(headers.raw("content-disposition")?);
    let get = |key: &str| named.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return None;
    }
    let mime = headers.raw("content-type").map(|value| parameters(value).0.trim().to_ascii_lowercase());
    let filename = get("filename").map(|name| safe_name(&word::decode(name.as_bytes())).unwrap_or_default());
    Some(Field { name: get("name")?, bytes: content.to_vec(), filename, mime })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_read() {
        let form = Form::parse(b"a=1+2&b=%D7%A9&c=").unwrap();
        assert_eq!(
            (form.text("a").as_deref(), form.text("b").as_deref(), form.text("c")),
            (Some("1 2"), Some("ש"), None)
        );
        let body = b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--2\r\n--x\r\n\
            Content-Disposition: form-data; name=\"f\"; filename=\"../x.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n--x--\r\n";
        let form = Form::parse(body).unwrap();
        assert_eq!(form.text("a").as_deref(), Some("1\r\n--2"));
        let file = form.files().next().unwrap();
        let shown = (file.filename.as_deref(), file.mime.as_deref(), file.bytes.as_slice());
        assert_eq!(shown, (Some("x.pdf"), Some("application/pdf"), &b"%PDF"[..]));
    }

    #[test]
    fn what_is_no_form_is_none() {
        for odd in [&b""[..], b"{\"a\":\"b=c\"}", b"hello", b"<a b=c>", b"--x", b"--x\n\n--x--", b"="] {
            assert!(Form::parse(odd).is_none(), "{}", String::from_utf8_lossy(odd));
        }
    }
}
