//! Macros of SPF (RFC 7208, 7): names that depend on who sends.

use std::net::IpAddr;

use super::super::Envelope;

/// A macro may repeat the sender's address again and again; names are not longer than this.
const EXPANDED_BYTES_MAX: usize = 2000;
const NAME_BYTES_MAX: usize = 253;

/// What a name is expanded with.
pub(super) struct Subject<'a> {
    pub(super) envelope: Envelope<'a>,
    /// The sender whose domain is asked: `local@domain`.
    pub(super) sender: &'a str,
    /// The domain whose record is read.
    pub(super) domain: &'a str,
}

/// The name; none where it is not written as it must be.
///
/// Of one that is too long the labels at its beginning are left out, as 7.3 says.
pub(super) fn expand(text: &str, subject: &Subject<'_>) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once('%') {
        out.push_str(plain);
        let (letter, after) = after.split_at_checked(1)?;
        rest = after;
        match letter {
            "%" => out.push('%'),
            "_" => out.push(' '),
            "-" => out.push_str("%20"),
            "{" => {
                let (inner, after) = rest.split_once('}')?;
                rest = after;
                out.push_str(&one(inner, subject)?);
            }
            _ => return None,
        }
        if EXPANDED_BYTES_MAX < out.len() {
            return None;
        }
    }
    out.push_str(rest);
    let mut name = out.strip_suffix('.').unwrap_or(&out);
    while NAME_BYTES_MAX < name.len() {
        (_, name) = name.split_once('.')?;
    }
    Some(name.to_ascii_lowercase())
}

/// What stands between the braces: a letter, how many parts from the right, whether they are turned round, and what parts them.
fn one(inner: &str, subject: &Subject<'_>) -> Option<String> {
    let (letter, rest) = inner.split_at_checked(1)?;
    let value = value(letter.to_ascii_lowercase().as_str(), subject)?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = rest.split_at(digits);
    let (is_reversed, delimiters) = match rest.strip_prefix(['r', 'R']) {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    if !delimiters.chars().all(|c| matches!(c, '.' | '-' | '+' | ',' | '/' | '_' | '=')) {
        return None;
    }
    let count = match digits {
        "" => usize::MAX,
        digits => digits.parse::<usize>().unwrap_or(usize::MAX),
    };
    if count == 0 {
        return None;
    }
    let is_delimiter = |c: char| if delimiters.is_empty() { c == '.' } else { delimiters.contains(c) };
    let mut parts: Vec<&str> = value.split(is_delimiter).collect();
    if is_reversed {
        parts.reverse();
    }
    let text = parts[parts.len().saturating_sub(count)..].join(".");
    let is_escaped = letter.bytes().all(|byte| byte.is_ascii_uppercase());
    Some(if is_escaped { escaped(&text) } else { text })
}

fn value(letter: &str, subject: &Subject<'_>) -> Option<String> {
    let (local, domain) = subject.sender.rsplit_once('@').unwrap_or(("postmaster", subject.sender));
    Some(match letter {
        "s" => subject.sender.to_owned(),
        "l" => local.to_owned(),
        "o" => domain.to_owned(),
        "d" => subject.domain.to_owned(),
        "i" => dotted(subject.envelope.client),
        // Who asks for it is told that nobody knows: 7.3 allows that, and looking would cost as `ptr` does.
        "p" => "unknown".to_owned(),
        "v" if subject.envelope.client.is_ipv4() => "in-addr".to_owned(),
        "v" => "ip6".to_owned(),
        "h" => subject.envelope.hello.to_owned(),
        // The others are for explanations.
        _ => return None,
    })
}

/// An address as the DNS writes it: IPv6 by its half octets.
fn dotted(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let digits = format!("{:032x}", address.to_bits());
            let digits: Vec<&str> = (0..32).map(|at| &digits[at..=at]).collect();
            digits.join(".")
        }
    }
}

/// As URLs have it.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str, client: &str) -> Option<String> {
        let envelope = Envelope { client: client.parse().unwrap(), hello: "mx.example.org", from: "" };
        expand(text, &Subject { envelope, sender: "strong-bad@email.example.com", domain: "email.example.com" })
    }

    /// RFC 7208, 7.4.
    #[test]
    fn the_published_examples_come_out() {
        for (text, expected) in [
            ("%{s}", "strong-bad@email.example.com"),
            ("%{o}", "email.example.com"),
            ("%{d}", "email.example.com"),
            ("%{d4}", "email.example.com"),
            ("%{d3}", "email.example.com"),
            ("%{d2}", "example.com"),
            ("%{d1}", "com"),
            ("%{dr}", "com.example.email"),
            ("%{d2r}", "example.email"),
            ("%{l}", "strong-bad"),
            ("%{l-}", "strong.bad"),
            ("%{lr}", "strong-bad"),
            ("%{lr-}", "bad.strong"),
            ("%{l1r-}", "strong"),
            ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
            ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
            ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
            ("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
            ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
        ] {
            assert_eq!(expanded(text, "192.0.2.3").as_deref(), Some(expected), "{text}");
        }
        let expected = "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com";
        assert_eq!(expanded("%{ir}.%{v}._spf.%{d2}", "2001:db8::cb01").as_deref(), Some(expected));
    }

    #[test]
    fn what_is_no_macro_is_refused() {
        for odd in ["%", "%x", "%{", "%{}", "%{z}", "%{c}", "%{d0}", "%{d2x}", "%{dé}", "%é"] {
            assert_eq!(expanded(odd, "192.0.2.3"), None, "{odd}");
        }
        assert_eq!(expanded("%%%_%-%{S}", "192.0.2.3").as_deref(), Some("% %20strong-bad%40email.example.com"));
    }

    #[test]
    fn long_names_lose_their_beginning() {
        let name = expanded(&format!("{}example", "abcdefghi.".repeat(40)), "192.0.2.3").unwrap();
        assert!(name.len() <= NAME_BYTES_MAX && name.starts_with("abcdefghi.") && name.ends_with(".example"));
        assert_eq!(expanded(&"%{s}".repeat(1000), "192.0.2.3"), None);
    }
}
