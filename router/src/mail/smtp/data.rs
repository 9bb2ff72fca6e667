//! What follows DATA: where the mail ends, and what of it is kept.
//!
//! Only CR LF . CR LF ends a mail (RFC 5321, 4.1.1.4). A server that takes anything less for the end, while the one before
//! it does not, can be made to see two mails where one was sent ("SMTP smuggling"). Bare CR and LF are left where they
//! are: they are part of the mail, and our reader understands them.

/// How far the end of the mail is seen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Seen {
    /// CR LF: a line begins.
    Line,
    /// A dot at the beginning of a line; it is left out, whatever follows.
    Dot,
    /// A dot alone, and CR.
    DotReturn,
    /// CR within a line.
    Return,
    /// Anything else.
    Within,
}

/// A mail that comes in.
#[derive(Debug)]
pub(super) struct Data {
    kept: Vec<u8>,
    seen: Seen,
    bytes_max: usize,
    /// Bytes after the point at which it was given up.
    surplus: usize,
    given_up: Option<GivenUp>,
}

/// Why what comes is no longer kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum GivenUp {
    /// It is larger than we take.
    TooLarge,
    /// There is no memory for it now.
    NoRoom,
}

impl Data {
    pub(super) const fn new(bytes_max: usize) -> Self {
        Self { kept: Vec::new(), seen: Seen::Line, bytes_max, surplus: 0, given_up: None }
    }

    /// Takes bytes up to the end of the mail. Gives how many, and whether the end is among them.
    pub(super) fn take(&mut self, input: &[u8]) -> (usize, bool) {
        let mut at = 0;
        while let Some(byte) = input.get(at) {
            if self.seen == Seen::Within {
                let plain = input[at..].iter().position(|byte| *byte == b'\r').unwrap_or(input.len() - at);
                self.keep(&input[at..at + plain]);
                at += plain;
                if at < input.len() {
                    self.keep(b"\r");
                    self.seen = Seen::Return;
                    at += 1;
                }
                continue;
            }
            at += 1;
            self.seen = match (self.seen, byte) {
                (Seen::Line, b'.') => Seen::Dot,
                (Seen::Dot, b'\r') => Seen::DotReturn,
                (Seen::DotReturn, b'\n') => return (at, true),
                (Seen::DotReturn, _) => {
                    // The CR after the dot did not end the mail, so it belongs to it; the byte is looked at once more.
                    self.keep(b"\r");
                    at -= 1;
                    Seen::Return
                }
                (Seen::Return, b'\n') => {
                    self.keep(b"\n");
                    Seen::Line
                }
                (_, b'\r') => {
                    self.keep(b"\r");
                    Seen::Return
                }
                (_, byte) => {
                    self.keep(&[*byte]);
                    Seen::Within
                }
            };
        }
        (at, false)
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.given_up.is_none() && self.bytes_max < self.kept.len() + bytes.len() {
            self.give_up(GivenUp::TooLarge);
        }
        match self.given_up {
            None => {
                self.grow(bytes.len());
                self.kept.extend_from_slice(bytes);
            }
            Some(_) => self.surplus = self.surplus.saturating_add(bytes.len()),
        }
    }

    /// Doubles as a vector does by itself, but never beyond the largest mail: what is held is what is counted.
    fn grow(&mut self, more: usize) {
        let needed = self.kept.len() + more;
        if self.kept.capacity() < needed {
            let wanted = (self.kept.capacity() * 2).max(needed).min(self.bytes_max);
            self.kept.reserve_exact(wanted - self.kept.len());
        }
    }

    /// Keeps nothing of it; its end is waited for all the same.
    pub(super) fn give_up(&mut self, why: GivenUp) {
        self.given_up.get_or_insert(why);
        self.kept = Vec::new();
    }

    pub(super) const fn given_up(&self) -> Option<GivenUp> {
        self.given_up
    }

    /// True when so much was sent for nothing that waiting for the end makes no sense. Not soon: a server whose connection
    /// breaks before it hears 552 sends the mail again for days.
    pub(super) const fn is_endless(&self) -> bool {
        self.bytes_max.saturating_mul(8) < self.surplus
    }

    /// Bytes in memory.
    pub(super) fn held(&self) -> usize {
        self.kept.capacity()
    }

    pub(super) fn into_mail(self) -> Vec<u8> {
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mail and what is left after it; `None` where it does not end.
    fn whole(input: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut data = Data::new(1000);
        let (taken, ended) = data.take(input);
        ended.then(|| (data.into_mail(), input[taken..].to_vec()))
    }

    fn split(input: &[u8], at: usize) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut data = Data::new(1000);
        let (taken, ended) = data.take(&input[..at]);
        if ended {
            return Some((data.into_mail(), input[taken..].to_vec()));
        }
        assert_eq!(taken, at);
        let (more, ended) = data.take(&input[at..]);
        ended.then(|| (data.into_mail(), input[at + more..].to_vec()))
    }

    #[test]
    fn only_the_true_end_ends_a_mail() {
        for (input, expected) in [
            (&b".\r\n"[..], Some((&b""[..], &b""[..]))),
            (b"a\r\n.\r\nQUIT\r\n", Some((b"a\r\n", b"QUIT\r\n"))),
            (b"..\r\n.a\r\n.\r\n", Some((b".\r\na\r\n", b""))),
            (b".\r\r\n.\r\n", Some((b"\r\r\n", b""))),
            (b".\rx\r\n.\r\n", Some((b"\rx\r\n", b""))),
            // What others take for the end.
            (b"a\n.\nMAIL", None),
            (b"a\r\n.\nMAIL", None),
            (b"a\n.\r\nMAIL", None),
            (b"a\r.\rMAIL", None),
            (b"a\r\n.\rMAIL", None),
            (b"a\r.\r\nMAIL", None),
            (b"a\r\r\n.\r\r\nMAIL", None),
            (b"a\r\n\0.\r\nMAIL", None),
        ] {
            let expected = expected.map(|(mail, rest)| (mail.to_vec(), rest.to_vec()));
            assert_eq!(whole(input), expected, "{:?}", String::from_utf8_lossy(input));
            for at in 0..=input.len() {
                assert_eq!(split(input, at), expected, "{:?} split at {at}", String::from_utf8_lossy(input));
            }
        }
    }

    #[test]
    fn what_is_too_large_is_not_kept() {
        let mut data = Data::new(4);
        assert_eq!(data.take(b"abcd"), (4, false));
        assert_eq!((data.given_up(), data.held()), (None, 4));
        assert_eq!(data.take(b"e"), (1, false));
        assert_eq!((data.given_up(), data.held(), data.is_endless()), (Some(GivenUp::TooLarge), 0, false));
        assert_eq!(data.take(&[b'x'; 31]), (31, false));
        assert!(!data.is_endless());
        assert_eq!(data.take(b"fg"), (2, false));
        assert!(data.is_endless());
        assert_eq!(data.take(b"\r\n.\r\n"), (5, true));
    }
}
