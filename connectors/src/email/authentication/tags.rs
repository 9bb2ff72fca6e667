//! Lists of tags (RFC 6376, 3.2): `v=1; a=rsa-sha256; …`. DKIM's field, its keys and DMARC's records are written so.

use std::ops::Range;

/// More tags than this are not looked at.
const TAGS_MAX: usize = 100;

/// The tags of one list.
#[derive(Debug)]
pub(super) struct Tags<'a> {
    text: &'a str,
    all: Vec<(&'a str, &'a str)>,
}

impl<'a> Tags<'a> {
    /// None where it is no such list, or a tag is there twice, which voids the whole of it.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let mut all: Vec<(&str, &str)> = Vec::new();
        for piece in text.split(';') {
            if trim(piece).is_empty() {
                continue;
            }
            let (name, value) = piece.split_once('=')?;
            let name = trim(name);
            let mut letters = name.bytes();
            let is_name = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
                && letters.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !is_name || all.iter().any(|(known, _)| *known == name) || TAGS_MAX <= all.len() {
                return None;
            }
            all.push((name, trim(value)));
        }
        Some(Self { text, all })
    }

    /// The value of a tag, without blanks around it. Names of tags are told apart by small and capital letters.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.all.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// The same without the blanks and line ends within it.
    pub(super) fn squeezed(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| value.chars().filter(|c| !is_blank(*c)).collect())
    }

    /// The first tag and its value.
    pub(super) fn first(&self) -> Option<(&'a str, &'a str)> {
        self.all.first().copied()
    }

    /// Where in the text the value of a tag stands, all blanks around it included.
    pub(super) fn place(&self, name: &str) -> Option<Range<usize>> {
        let mut at = 0;
        for piece in self.text.split(';') {
            if let Some((known, value)) = piece.split_once('=')
                && trim(known) == name
            {
                let begin = at + known.len() + 1;
                return Some(begin..begin + value.len());
            }
            at += piece.len() + 1;
        }
        None
    }
}

const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn trim(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// The pieces of a list within a value, such as `from : to : subject`.
pub(super) fn pieces(value: &str) -> impl Iterator<Item = &str> {
    value.split(':').map(trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_with_their_blanks() {
        let tags = Tags::read(" v = 1;a=rsa-sha256 ;\r\n\tb= QUJD\r\n REVG ;").unwrap();
        assert_eq!((tags.first(), tags.get("a")), (Some(("v", "1")), Some("rsa-sha256")));
        assert_eq!(tags.squeezed("b").as_deref(), Some("QUJDREVG"));
        assert_eq!(tags.place("b").map(|place| &tags.text[place]), Some(" QUJD\r\n REVG "));
        assert_eq!((tags.get("B"), tags.place("x")), (None, None));
    }

    #[test]
    fn what_is_no_list_is_none() {
        for odd in ["v=1; v=1", "v", "=1", "1v=1", "v=1; é=2", &"a=1;".repeat(3)] {
            assert!(Tags::read(odd).is_none(), "{odd}");
        }
        assert!(Tags::read("").is_some_and(|tags| tags.first().is_none()));
        let many: String = (0..200).map(|n| format!("t{n}=x;")).collect();
        assert!(Tags::read(&many).is_none());
    }
}
