//! Records of SPF (RFC 7208, 4.6 and 5): terms, and what they say.

use std::net::IpAddr;

use super::super::Outcome;

/// Terms of a record; the DNS carries hardly more.
const TERMS_MAX: usize = 200;

/// A record.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Policy<'a> {
    pub(super) directives: Vec<(Outcome, Mechanism<'a>)>,
    /// Where it goes on when nothing matched.
    pub(super) redirect: Option<&'a str>,
}

/// What a client may match. Names are still to be expanded; without one it is the domain itself.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Mechanism<'a> {
    All,
    Include(&'a str),
    A(Option<&'a str>, Prefixes),
    Mx(Option<&'a str>, Prefixes),
    /// Costs what it costs and matches nobody: RFC 7208, 5.5 asks that it be not used.
    Ptr,
    Exists(&'a str),
    Network(IpAddr, u8),
}

/// How many bits of an address have to be the same, for IPv4 and for IPv6.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Prefixes(pub(super) u8, pub(super) u8);

impl Prefixes {
    /// True where the addresses are of one network.
    pub(super) fn match_up(self, one: IpAddr, other: IpAddr) -> bool {
        match one {
            IpAddr::V4(_) => is_in(one, other, self.0),
            IpAddr::V6(_) => is_in(one, other, self.1),
        }
    }
}

/// True where both are of one family and begin with the same bits.
pub(super) fn is_in(one: IpAddr, network: IpAddr, bits: u8) -> bool {
    let bits = u32::from(bits);
    match (one, network) {
        (IpAddr::V4(one), IpAddr::V4(network)) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits)).unwrap_or(0);
            (one.to_bits() ^ network.to_bits()) & mask == 0
        }
        (IpAddr::V6(one), IpAddr::V6(network)) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(bits)).unwrap_or(0);
            (one.to_bits() ^ network.to_bits()) & mask == 0
        }
        _ => false,
    }
}

/// True for a text that is a record of this version.
pub(super) fn is_one(text: &str) -> bool {
    let version = text.get(..6).filter(|version| version.eq_ignore_ascii_case("v=spf1"));
    version.is_some() && matches!(text.as_bytes().get(6), None | Some(b' '))
}

impl<'a> Policy<'a> {
    /// None where any of it is not as it must be: then none of it counts.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let mut policy = Self::default();
        let mut explained = false;
        for term in text.get(6..)?.split(' ').filter(|term| !term.is_empty()) {
            if TERMS_MAX <= policy.directives.len() {
                return None;
            }
            if let Some((name, value)) = modifier(term) {
                let known = match name.to_ascii_lowercase().as_str() {
                    "redirect" => policy.redirect.replace(value).is_some() || value.is_empty(),
                    "exp" => std::mem::replace(&mut explained, true) || value.is_empty(),
                    _ => false,
                };
                if known {
                    return None;
                }
                continue;
            }
            policy.directives.push(directive(term)?);
        }
        Some(policy)
    }
}

/// `name=value`; the name ends before anything that only mechanisms have.
fn modifier(term: &str) -> Option<(&str, &str)> {
    let (name, value) = term.split_once('=')?;
    let mut letters = name.bytes();
    let is_name = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    is_name.then_some((name, value))
}

fn directive(term: &str) -> Option<(Outcome, Mechanism<'_>)> {
    let (outcome, term) = match term.as_bytes().first()? {
        b'+' => (Outcome::Pass, &term[1..]),
        b'-' => (Outcome::Fail, &term[1..]),
        b'~' => (Outcome::SoftFail, &term[1..]),
        b'?' => (Outcome::Neutral, &term[1..]),
        _ => (Outcome::Pass, term),
    };
    let end = term.find([':', '/']).unwrap_or(term.len());
    let (name, rest) = term.split_at(end);
    let value = rest.strip_prefix(':');
    let mechanism = match name.to_ascii_lowercase().as_str() {
        "all" if rest.is_empty() => Mechanism::All,
        "include" => Mechanism::Include(value.filter(|value| !value.is_empty())?),
        "exists" => Mechanism::Exists(value.filter(|value| !value.is_empty())?),
        "ptr" if rest.is_empty() || value.is_some_and(|value| !value.is_empty()) => Mechanism::Ptr,
        "a" => {
            let (name, prefixes) = with_prefixes(rest)?;
            Mechanism::A(name, prefixes)
        }
        "mx" => {
            let (name, prefixes) = with_prefixes(rest)?;
            Mechanism::Mx(name, prefixes)
        }
        "ip4" => network(value?, 32).filter(|(address, _)| address.is_ipv4()).map(of_network)?,
        "ip6" => network(value?, 128).filter(|(address, _)| address.is_ipv6()).map(of_network)?,
        _ => return None,
    };
    Some((outcome, mechanism))
}

const fn of_network((address, bits): (IpAddr, u8)) -> Mechanism<'static> {
    Mechanism::Network(address, bits)
}

/// `:name/24//64`, all of it optional.
fn with_prefixes(rest: &str) -> Option<(Option<&str>, Prefixes)> {
    let (rest, six) = match rest.rsplit_once("//") {
        Some((rest, bits)) => (rest, prefix(bits, 128)?),
        None => (rest, 128),
    };
    // A slash may also stand within a macro, as a delimiter.
    let (name, four) = match rest.rsplit_once('/').filter(|(_, bits)| !bits.contains('}')) {
        Some((name, bits)) => (name, prefix(bits, 32)?),
        None => (rest, 32),
    };
    let name = match name {
        "" => None,
        name => Some(name.strip_prefix(':').filter(|name| !name.is_empty())?),
    };
    Some((name, Prefixes(four, six)))
}

fn network(text: &str, widest: u8) -> Option<(IpAddr, u8)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, prefix(bits, widest)?),
        None => (text, widest),
    };
    Some((address.parse().ok()?, bits))
}

fn prefix(text: &str, widest: u8) -> Option<u8> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|bits| is_plain && *bits <= widest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read() {
        let policy = Policy::read(
            "v=spf1 a mx:x.example/24//64 -ip4:192.0.2.0/24 ?ip6:2001:db8::/32 ~A/30 redirect=y.example unknown=1",
        )
        .unwrap();
        let network = |text: &str| text.parse().unwrap();
        assert_eq!(policy.redirect, Some("y.example"));
        assert_eq!(
            policy.directives,
            [
                (Outcome::Pass, Mechanism::A(None, Prefixes(32, 128))),
                (Outcome::Pass, Mechanism::Mx(Some("x.example"), Prefixes(24, 64))),
                (Outcome::Fail, Mechanism::Network(network("192.0.2.0"), 24)),
                (Outcome::Neutral, Mechanism::Network(network("2001:db8::"), 32)),
                (Outcome::SoftFail, Mechanism::A(None, Prefixes(30, 128))),
            ]
        );
        assert!(Policy::read("v=spf1").is_some_and(|policy| policy.directives.is_empty()));
        assert!(Policy::read("v=spf1 exists:%{l1r/}.x.example").is_some());
    }

    #[test]
    fn one_wrong_term_voids_all() {
        for odd in [
            "all:x",
            "a:",
            "a/33",
            "a//129",
            "a/-1",
            "a/ 3",
            "a/08",
            "ip4:192.0.2.0/33",
            "ip4:2001:db8::",
            "ip4",
            "ip6:x",
            "include",
            "include:",
            "exists",
            "ptr:",
            "foo",
            "-",
            "redirect=",
            "redirect=a.b redirect=c.d",
            "exp=a.b exp=c.d",
        ] {
            assert_eq!(Policy::read(&format!("v=spf1 {odd} -all")), None, "{odd}");
        }
    }

    #[test]
    fn versions_are_told_apart() {
        assert!(is_one("v=spf1") && is_one("V=SPF1 -all"));
        assert!(!is_one("v=spf10 -all") && !is_one("v=spf2.0/pra") && !is_one("ñññ") && !is_one(""));
    }

    #[test]
    fn networks_hold_their_addresses() {
        let is = |one: &str, network: &str, bits| is_in(one.parse().unwrap(), network.parse().unwrap(), bits);
        assert!(is("192.0.2.129", "192.0.2.128", 28) && !is("192.0.2.65", "192.0.2.128", 28));
        assert!(is("1.2.3.4", "9.9.9.9", 0) && is("::1", "ff::", 0) && !is("::1", "0.0.0.1", 0));
        assert!(is("2001:db8::1", "2001:db8::", 64) && !is("2001:db8::1", "2001:db8::2", 128));
    }
}
