//! No file is fetched from a private network, whatever a name is said to be.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Finds addresses as usual, and none of a private network: for the client that fetches.
#[derive(Clone, Copy, Debug)]
pub struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("the host has no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// True for an address of the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, third, _] = v4.octets();
            let shared = first == 100 && (64..128).contains(&second);
            let protocol = (first, second, third) == (192, 0, 0);
            let benchmark = first == 198 && (18..20).contains(&second);
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_documentation()
                || shared
                || protocol
                || benchmark
                || first == 0
                || 224 <= first)
        }
        IpAddr::V6(v6) => match embedded(v6) {
            Some(v4) => is_public(v4),
            None => {
                let [first, second, ..] = v6.segments();
                // 2000::/3 is all that is given out; 2001:db8::/32 is for examples.
                (first & 0xe000) == 0x2000 && (first, second) != (0x2001, 0x0db8)
            }
        },
    }
}

/// The IPv4 address inside one of IPv6 (mapped, NAT64, 6to4).
fn embedded(v6: Ipv6Addr) -> Option<IpAddr> {
    let mapped = v6.to_ipv4_mapped();
    let bytes = v6.octets();
    let at = |from: usize| std::array::from_fn::<u8, 4, _>(|index| bytes[from + index]);
    let nat64 = bytes.starts_with(&[0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]).then(|| at(12).into());
    let six_to_four = bytes.starts_with(&[0x20, 0x02]).then(|| at(2).into());
    mapped.or(nat64).or(six_to_four).map(IpAddr::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_networks_are_not_public_however_they_are_written() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in ["8.8.8.8", "157.240.0.1", "2a03:2880::1", "::ffff:8.8.8.8"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }
}
