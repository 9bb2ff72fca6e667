//! Packets of the DNS (RFC 1035, 4), as far as a client needs them that asks for one thing.
//!
//! Written here and not taken from a crate: it is four kinds of records, and the bytes come from strangers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::resolver::{Kind, Record};

/// What we take in one packet of UDP: enough for most keys, and never in fragments (RFC 9715).
pub const PACKET_BYTES_MAX: u16 = 1232;
/// Aliases that are followed.
const ALIASES_MAX: usize = 8;
/// Records that are looked at.
const RECORDS_MAX: u16 = 500;
const NAME_BYTES_MAX: usize = 255;
const CLASS_IN: u16 = 1;
const TYPE_CNAME: u16 = 5;
const TYPE_OPT: u16 = 41;

/// What a name server answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// These, for so many seconds.
    Records(Vec<Record>, u32),
    /// There is more than fits: ask over TCP.
    Truncated,
    /// It does not know, or does not say.
    Refused,
}

const fn code(kind: Kind) -> u16 {
    match kind {
        Kind::A => 1,
        Kind::Aaaa => 28,
        Kind::Mx => 15,
        Kind::Txt => 16,
    }
}

/// The question in a packet; none where this is no name.
pub fn question(id: u16, name: &str, kind: Kind) -> Option<Vec<u8>> {
    let mut out = id.to_be_bytes().to_vec();
    // Recursion is wished; one question, and one record that says how much we take (RFC 6891).
    out.extend_from_slice(&[1, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
    for label in name.split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..=63).contains(length))?;
        out.push(length);
        out.extend_from_slice(label.as_bytes());
    }
    out.push(0);
    if NAME_BYTES_MAX < out.len() - 12 {
        return None;
    }
    for number in [code(kind), CLASS_IN] {
        out.extend_from_slice(&number.to_be_bytes());
    }
    out.push(0);
    for number in [TYPE_OPT, PACKET_BYTES_MAX, 0, 0, 0] {
        out.extend_from_slice(&number.to_be_bytes());
    }
    Some(out)
}

/// The answer to that question; none where it is no answer to it, and another may come.
pub fn answer(packet: &[u8], id: u16, name: &str, kind: Kind) -> Option<Answer> {
    let mut reader = Reader { packet, at: 0 };
    let (given, flags) = (reader.number()?, reader.number()?);
    let (questions, answers) = (reader.number()?, reader.number()?);
    reader.at += 4;
    let is_response = flags & 0x8000 != 0 && flags & 0x7800 == 0;
    if given != id || !is_response || questions != 1 {
        return None;
    }
    let asked = reader.name()?;
    if !asked.eq_ignore_ascii_case(name) || reader.number()? != code(kind) || reader.number()? != CLASS_IN {
        return None;
    }
    // A name that is not there (3) has no records; that is an answer.
    let said = flags & 0xf;
    if !matches!(said, 0 | 3) {
        return Some(Answer::Refused);
    }
    if flags & 0x0200 != 0 {
        return Some(Answer::Truncated);
    }
    Some(
        reader.records(answers, name, kind).map_or(Answer::Refused, |(found, seconds)| Answer::Records(found, seconds)),
    )
}

/// One record as it stands in the packet.
struct Raw {
    owner: String,
    code: u16,
    seconds: u32,
    data: std::ops::Range<usize>,
}

struct Reader<'a> {
    packet: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn number(&mut self) -> Option<u16> {
        let bytes = self.packet.get(self.at..self.at.checked_add(2)?)?;
        self.at += 2;
        Some(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// A name in small letters. Pointers lead backwards only, each further than the one before, so that it ends.
    fn name(&mut self) -> Option<String> {
        let mut out = String::new();
        let (mut at, mut before, mut after) = (self.at, self.at, None);
        loop {
            let length = usize::from(*self.packet.get(at)?);
            match length {
                0 => break,
                1..=63 => {
                    let label = self.packet.get(at + 1..at + 1 + length)?;
                    if !label.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'.') {
                        return None;
                    }
                    if !out.is_empty() {
                        out.push('.');
                    }
                    out.extend(label.iter().map(|byte| char::from(byte.to_ascii_lowercase())));
                    at += 1 + length;
                }
                0xc0.. => {
                    let low = usize::from(*self.packet.get(at + 1)?);
                    after = after.or(Some(at + 2));
                    at = (length & 0x3f) << 8 | low;
                    if before <= at {
                        return None;
                    }
                    before = at;
                }
                _ => return None,
            }
            if NAME_BYTES_MAX < out.len() {
                return None;
            }
        }
        self.at = after.unwrap_or(at + 1);
        Some(out)
    }

    fn raw(&mut self) -> Option<Raw> {
        let owner = self.name()?;
        let (code, class) = (self.number()?, self.number()?);
        let seconds = u32::from(self.number()?) << 16 | u32::from(self.number()?);
        let length = usize::from(self.number()?);
        let data = self.at..self.at + length;
        self.packet.get(data.clone())?;
        self.at = data.end;
        // Records of other classes are of other worlds.
        Some(Raw { owner, code: if class == CLASS_IN { code } else { 0 }, seconds, data })
    }

    /// The records of the name, or of what it is an alias of, and the shortest time that they hold.
    fn records(&mut self, count: u16, name: &str, kind: Kind) -> Option<(Vec<Record>, u32)> {
        let mut all = Vec::new();
        for _ in 0..count.min(RECORDS_MAX) {
            all.push(self.raw()?);
        }
        let (mut owner, mut seconds) = (name.to_ascii_lowercase(), u32::MAX);
        for _ in 0..ALIASES_MAX {
            let Some(alias) = all.iter().find(|raw| raw.code == TYPE_CNAME && raw.owner == owner) else { break };
            seconds = seconds.min(alias.seconds);
            owner = Reader { packet: self.packet, at: alias.data.start }.name()?;
        }
        let mut found = Vec::new();
        for raw in all.iter().filter(|raw| raw.code == code(kind) && raw.owner == owner) {
            seconds = seconds.min(raw.seconds);
            // A target that is no name leads nowhere; the other records hold.
            found.extend(self.record(kind, &raw.data));
        }
        Some((found, seconds))
    }

    fn record(&self, kind: Kind, data: &std::ops::Range<usize>) -> Option<Record> {
        let bytes = &self.packet[data.clone()];
        Some(match kind {
            Kind::A => Record::Address(IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?))),
            Kind::Aaaa => Record::Address(IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?))),
            Kind::Mx => {
                let mut reader = Reader { packet: self.packet, at: data.start };
                Record::Exchange(reader.number()?, reader.name()?)
            }
            Kind::Txt => {
                let (mut text, mut rest) = (Vec::new(), bytes);
                while let Some((length, after)) = rest.split_first() {
                    let (string, after) = after.split_at_checked(usize::from(*length))?;
                    text.extend_from_slice(string);
                    rest = after;
                }
                Record::Text(text)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer with these records behind the question: owner (as bytes), type, seconds, data.
    fn packet(kind: Kind, flags: u16, records: &[(&[u8], u16, u32, &[u8])]) -> Vec<u8> {
        let mut out = question(7, "mail.example", kind).unwrap();
        out.truncate(out.len() - 11);
        out[2..4].copy_from_slice(&flags.to_be_bytes());
        out[6..8].copy_from_slice(&u16::try_from(records.len()).unwrap().to_be_bytes());
        out[10..12].fill(0);
        for (owner, code, seconds, data) in records {
            out.extend_from_slice(owner);
            out.extend_from_slice(&code.to_be_bytes());
            out.extend_from_slice(&CLASS_IN.to_be_bytes());
            out.extend_from_slice(&seconds.to_be_bytes());
            out.extend_from_slice(&u16::try_from(data.len()).unwrap().to_be_bytes());
            out.extend_from_slice(data);
        }
        out
    }

    const ASKED: &[u8] = &[0xc0, 12];
    const GOOD: u16 = 0x8180;

    fn read(kind: Kind, flags: u16, records: &[(&[u8], u16, u32, &[u8])]) -> Option<Answer> {
        answer(&packet(kind, flags, records), 7, "MAIL.example", kind)
    }

    #[test]
    fn records_of_each_kind_are_read() {
        let address = |text: &str| Record::Address(text.parse().unwrap());
        let found = read(Kind::A, GOOD, &[(ASKED, 1, 60, &[192, 0, 2, 1]), (ASKED, 1, 30, &[192, 0, 2, 2])]);
        assert_eq!(found, Some(Answer::Records(vec![address("192.0.2.1"), address("192.0.2.2")], 30)));
        let six = [&[0x20, 1, 0xd, 0xb8][..], &[0; 11], &[1]].concat();
        assert_eq!(
            read(Kind::Aaaa, GOOD, &[(ASKED, 28, 9, &six)]),
            Some(Answer::Records(vec![address("2001:db8::1")], 9))
        );
        let exchange = [&[0, 10, 2][..], b"MX", ASKED].concat();
        let expected = vec![Record::Exchange(10, "mx.mail.example".into())];
        assert_eq!(read(Kind::Mx, GOOD, &[(ASKED, 15, 9, &exchange)]), Some(Answer::Records(expected, 9)));
        let text = vec![Record::Text(b"v=spf1 -all".to_vec())];
        assert_eq!(read(Kind::Txt, GOOD, &[(ASKED, 16, 9, b"\x07v=spf1 \x04-all")]), Some(Answer::Records(text, 9)));
    }

    #[test]
    fn aliases_are_followed_and_strangers_are_not() {
        let alias: &[u8] = b"\x01x\xc0\x11";
        let other: &[u8] = b"\x01y\xc0\x11";
        let records: &[(&[u8], u16, u32, &[u8])] =
            &[(ASKED, 5, 5, alias), (alias, 1, 60, &[192, 0, 2, 1]), (other, 1, 60, &[192, 0, 2, 9])];
        let found = read(Kind::A, GOOD, records);
        assert_eq!(found, Some(Answer::Records(vec![Record::Address("192.0.2.1".parse().unwrap())], 5)));
        // In a circle nobody gets anywhere.
        assert_eq!(read(Kind::A, GOOD, &[(ASKED, 5, 5, ASKED)]), Some(Answer::Records(Vec::new(), 5)));
    }

    #[test]
    fn only_an_answer_to_the_question_is_one() {
        let good = packet(Kind::A, GOOD, &[]);
        assert_eq!(answer(&good, 7, "mail.example", Kind::A), Some(Answer::Records(Vec::new(), u32::MAX)));
        assert_eq!(answer(&good, 8, "mail.example", Kind::A), None);
        assert_eq!(answer(&good, 7, "mail.example", Kind::Mx), None);
        assert_eq!(answer(&good, 7, "nail.example", Kind::A), None);
        assert_eq!(read(Kind::A, 0x0180, &[]), None, "a question");
        assert_eq!(read(Kind::A, 0x8183, &[]), Some(Answer::Records(Vec::new(), u32::MAX)), "no such name");
        assert_eq!(read(Kind::A, 0x8182, &[]), Some(Answer::Refused));
        assert_eq!(read(Kind::A, 0x8380, &[]), Some(Answer::Truncated));
    }

    #[test]
    fn broken_packets_are_no_answer_and_end() {
        let good = packet(Kind::Txt, GOOD, &[(ASKED, 16, 9, b"\x03abc")]);
        for end in 0..good.len() {
            assert!(!matches!(answer(&good[..end], 7, "mail.example", Kind::Txt), Some(Answer::Records(..))), "{end}");
        }
        // A pointer to itself, and one ahead.
        for owner in [&[0xc0, 30][..], &[0xc0, 0xff]] {
            assert_eq!(read(Kind::A, GOOD, &[(owner, 1, 9, &[192, 0, 2, 1])]), Some(Answer::Refused));
        }
        assert_eq!(read(Kind::Txt, GOOD, &[(ASKED, 16, 9, b"\x09abc")]), Some(Answer::Records(Vec::new(), 9)));
        assert_eq!(question(1, "a..b", Kind::A), None);
        assert_eq!(question(1, &["a"; 200].join("."), Kind::A), None);
    }
}
