//! Which page a request comes from, and from which address.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::{HeaderMap, HeaderValue, header};

/// The page that made a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Page {
    /// It may: one of the account's, or ours.
    Allowed(HeaderValue),
    /// The browser names no page, or this is no browser.
    Unnamed,
    /// It may not.
    Foreign,
}

/// The page of a request; compared as text, as browsers spell it. `null` (a sandbox, a file) is nobody's page.
pub(super) fn page(headers: &HeaderMap, allowed: &[String], own: &[String]) -> Page {
    let mut values = headers.get_all(header::ORIGIN).iter();
    let Some(value) = values.next() else { return Page::Unnamed };
    let known = |text: &str| allowed.iter().chain(own).any(|known| known == text);
    if values.next().is_none() && value.to_str().is_ok_and(known) {
        return Page::Allowed(value.clone());
    }
    Page::Foreign
}

/// The origins of the pages served at `listen`, beside those configured: who listens on loopback has a name there too.
pub(crate) fn own_origins(listen: SocketAddr, configured: &[String]) -> Vec<String> {
    let mut own = vec![format!("http://{listen}")];
    if listen.ip().is_loopback() {
        own.push(format!("http://localhost:{}", listen.port()));
    }
    own.extend_from_slice(configured);
    own
}

/// The visitor's address: the connection's, or what a proxy of ours says it passed on, which is the last it wrote.
pub(super) fn client(headers: &HeaderMap, peer: IpAddr, trusted: &[IpAddr]) -> IpAddr {
    let mut client = peer;
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let named: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    for name in named.iter().rev() {
        if !trusted.contains(&client) {
            break;
        }
        match name.parse() {
            Ok(address) => client = address,
            Err(_) => break,
        }
    }
    network(client)
}

/// What one subscriber has: an address, or the whole /64 of a version 6 address.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => four.into(),
            None => Ipv6Addr::from_bits(six.to_bits() & !u128::from(u64::MAX)).into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_known_pages_may() {
        let allowed = ["https://shop.example".to_owned()];
        let own = own_origins("127.0.0.1:8080".parse().unwrap(), &["https://chat.example".to_owned()]);
        for good in ["https://shop.example", "http://127.0.0.1:8080", "http://localhost:8080", "https://chat.example"] {
            assert!(matches!(page(&headers("origin", &[good]), &allowed, &own), Page::Allowed(_)), "{good}");
        }
        for bad in ["null", "", "http://shop.example", "https://shop.example:8443", "https://shop.example.evil.com"] {
            assert_eq!(page(&headers("origin", &[bad]), &allowed, &own), Page::Foreign, "{bad}");
        }
        let twice = headers("origin", &["https://shop.example", "https://evil.com"]);
        assert_eq!(page(&twice, &allowed, &own), Page::Foreign);
        assert_eq!(page(&HeaderMap::new(), &allowed, &own), Page::Unnamed);
    }

    #[test]
    fn who_is_forwarded_is_believed_from_our_proxies_only() {
        let (proxy, visitor): (IpAddr, IpAddr) = ([10, 0, 0, 1].into(), [203, 0, 113, 9].into());
        let forwarded = headers("x-forwarded-for", &["1.2.3.4, 203.0.113.9"]);
        assert_eq!(client(&forwarded, proxy, &[proxy]), visitor, "the visitor's own claim comes before ours");
        assert_eq!(client(&forwarded, proxy, &[]), proxy);
        assert_eq!(client(&headers("x-forwarded-for", &["nonsense"]), proxy, &[proxy]), proxy);
        let inner = headers("x-forwarded-for", &["203.0.113.9, 10.0.0.1"]);
        assert_eq!(client(&inner, [127, 0, 0, 1].into(), &[proxy, [127, 0, 0, 1].into()]), visitor);
    }

    #[test]
    fn one_subscriber_is_one_network() {
        let of = |text: &str| client(&HeaderMap::new(), text.parse().unwrap(), &[]);
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::9"));
        assert_ne!(of("2001:db8:1:2::9"), of("2001:db8:1:3::9"));
        assert_eq!(of("::ffff:203.0.113.9"), of("203.0.113.9"));
    }
}
