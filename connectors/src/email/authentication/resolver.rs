//! The port to the DNS.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;

/// What is asked for.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// Addresses of IPv4.
    A,
    /// Addresses of IPv6.
    Aaaa,
    /// Mail servers.
    Mx,
    /// Texts.
    Txt,
}

/// What is found.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Record {
    /// An address.
    Address(IpAddr),
    /// A mail server: its preference, the lowest first, and its name.
    Exchange(u16, String),
    /// A text, its strings joined.
    Text(Vec<u8>),
}

/// All records of one kind and name.
pub type Records = Arc<[Record]>;

/// No name server gave a usable answer in time.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no name server answered")]
pub struct Unanswered;

/// Finds records.
#[async_trait]
pub trait Resolver: Send + Sync {
    /// The records of that kind; empty where there is no such name, or none of them.
    ///
    /// `name` is in small letters, without the dot at its end.
    async fn find(&self, name: &str, kind: Kind) -> Result<Records, Unanswered>;
}

/// The texts at `name` that are meant for whoever asks.
pub(super) async fn texts(
    resolver: &dyn Resolver,
    name: &str,
    is_meant: impl Fn(&str) -> bool,
) -> Result<Vec<String>, Unanswered> {
    let found = resolver.find(name, Kind::Txt).await?;
    let texts = found.iter().filter_map(|record| match record {
        Record::Text(bytes) => Some(String::from_utf8_lossy(bytes)),
        _ => None,
    });
    Ok(texts.filter(|text| is_meant(text)).map(|text| text.into_owned()).collect())
}
