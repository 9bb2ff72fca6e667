//! Domain names, as the DNS takes them.

/// The longest name (RFC 1035, 3.1: 255 octets with their lengths).
const NAME_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

/// The name in small letters of ASCII, without a dot at its end; none where it is no name of a domain.
pub(super) fn ascii(name: &str) -> Option<String> {
    // Such a name is far too long in any spelling, and turning it into ASCII costs more than reading it.
    let name = Some(name.trim()).filter(|name| name.len() <= 4 * NAME_BYTES_MAX)?;
    let name = name.strip_suffix('.').unwrap_or(name);
    let name = if name.is_ascii() { name.to_ascii_lowercase() } else { idna::domain_to_ascii(name).ok()? };
    is_name(&name).then_some(name)
}

/// True for what can be asked for: labels of printable ASCII, two or more.
pub(super) fn is_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    name.len() <= NAME_BYTES_MAX && name.contains('.') && name.split('.').all(is_label)
}

/// True where both are one, or `name` lies below `domain`.
pub(super) fn is_within(name: &str, domain: &str) -> bool {
    name == domain || name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_what_is_none() {
        assert_eq!(ascii("Mail.Example.COM."), Some("mail.example.com".into()));
        assert!(ascii("דואר.example").is_some_and(|name| name.starts_with("xn--")));
        for odd in ["", ".", "example", "a..b", "-", "a b.example", "[192.0.2.1]", "a;b.example", &"a.".repeat(200)] {
            assert_eq!(ascii(odd), None, "{odd}");
        }
        assert_eq!(ascii(&format!("{}.example", "x".repeat(64))), None);
    }

    #[test]
    fn below_is_below_at_a_dot() {
        assert!(is_within("a.b.example", "b.example") && is_within("b.example", "b.example"));
        assert!(!is_within("ab.example", "b.example") && !is_within("example", "b.example"));
    }
}
