//! Canonical forms (RFC 6376, 3.4): what of a mail may change on its way without breaking a signature.

use super::super::fields::{Field, line_end};

/// How much may change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// Next to nothing.
    Simple,
    /// White space.
    Relaxed,
}

/// Adds a field in its canonical form, with its line end.
pub(super) fn field(form: Form, field: &Field<'_>, out: &mut Vec<u8>) {
    match form {
        Form::Simple => out.extend_from_slice(field.whole),
        Form::Relaxed => {
            out.extend(field.name().iter().map(u8::to_ascii_lowercase));
            out.push(b':');
            let unfolded = field.value().iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n'));
            let begin = out.len();
            squeeze(unfolded, out);
            if out.get(begin) == Some(&b' ') {
                out.remove(begin);
            }
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// Runs of blanks become one, and those at the end none.
fn squeeze(bytes: impl Iterator<Item = u8>, out: &mut Vec<u8>) {
    let mut blank = false;
    for byte in bytes {
        if is_blank(byte) {
            blank = true;
            continue;
        }
        if std::mem::take(&mut blank) {
            out.push(b' ');
        }
        out.push(byte);
    }
}

/// Gives the body in its canonical form to `sink`, piece by piece.
pub(super) fn body(form: Form, body: &[u8], mut sink: impl FnMut(&[u8])) {
    let (mut rest, mut empty, mut any) = (body, 0_usize, false);
    let mut line = Vec::new();
    while !rest.is_empty() {
        let (whole, after) = rest.split_at(line_end(rest));
        rest = after;
        let content = whole.strip_suffix(b"\r\n").unwrap_or(whole);
        let content = match form {
            Form::Simple => content,
            Form::Relaxed => {
                line.clear();
                squeeze(content.iter().copied(), &mut line);
                &line
            }
        };
        if content.is_empty() {
            empty += 1;
            continue;
        }
        // Empty lines count once something follows them.
        for _ in 0..std::mem::take(&mut empty) {
            sink(b"\r\n");
        }
        sink(content);
        sink(b"\r\n");
        any = true;
    }
    if !any && form == Form::Simple {
        sink(b"\r\n");
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::fields::Mail;
    use super::*;

    fn body_of(form: Form, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        body(form, bytes, |piece| out.extend_from_slice(piece));
        out
    }

    fn header_of(form: Form, mail: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Mail::split(mail).unwrap().fields.iter().for_each(|one| field(form, one, &mut out));
        out
    }

    /// The example of RFC 6376, 3.4.5.
    #[test]
    fn the_published_example_comes_out() {
        let mail = b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n";
        let given = Mail::split(mail).unwrap().body;
        assert_eq!(header_of(Form::Relaxed, mail), b"a:X\r\nb:Y Z\r\n");
        assert_eq!(body_of(Form::Relaxed, given), b" C\r\nD E\r\n");
        assert_eq!(header_of(Form::Simple, mail), b"A: X\r\nB : Y\t\r\n\tZ  \r\n");
        assert_eq!(body_of(Form::Simple, given), b" C \r\nD \t E\r\n");
    }

    #[test]
    fn a_body_of_nothing_is_a_line_or_nothing() {
        for nothing in [&b""[..], b"\r\n", b"\r\n\r\n"] {
            assert_eq!(body_of(Form::Simple, nothing), b"\r\n");
            assert_eq!(body_of(Form::Relaxed, nothing), b"");
        }
        assert_eq!(body_of(Form::Relaxed, b" \t\r\n \r\n"), b"");
        assert_eq!(body_of(Form::Simple, b"x"), b"x\r\n");
        // A bare LF is a byte like others.
        assert_eq!(body_of(Form::Simple, b"x\n\n"), b"x\n\n\r\n");
    }

    proptest! {
        #[test]
        fn what_is_canonical_stays_so(bytes in proptest::collection::vec(prop_oneof![
            Just(b' '), Just(b'\t'), Just(b'\r'), Just(b'\n'), Just(b'x'), any::<u8>()], 0..200)) {
            for form in [Form::Simple, Form::Relaxed] {
                let once = body_of(form, &bytes);
                prop_assert_eq!(body_of(form, &once), once);
            }
        }

        #[test]
        fn so_does_a_header(values in proptest::collection::vec("[ \t!-~]{0,20}(\r\n[ \t][ \t!-~]{1,9}){0,3}", 0..8)) {
            let mail: String = values.iter().map(|value| format!("Na-Me \t:{value}\r\n")).collect();
            for form in [Form::Simple, Form::Relaxed] {
                let once = header_of(form, mail.as_bytes());
                prop_assert_eq!(header_of(form, &once), once);
            }
        }
    }
}
