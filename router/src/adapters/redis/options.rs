//! Where Redis is, and how long it may take.

use std::fmt;
use std::time::Duration;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};

/// The scheme of a server that Sentinels look after.
const SENTINEL: &str = "redis+sentinel://";
/// Where Sentinels listen where an address names no port.
const SENTINEL_PORT: u16 = 26_379;

/// How Redis is reached.
#[derive(Clone)]
pub struct RedisOptions {
    /// One server, or those who know which one it is now.
    pub(super) place: Place,
    /// What every key and channel begins with: installations may share a server.
    pub prefix: String,
    /// How long connecting may take.
    pub connect_within: Duration,
    /// How long an answer may take; after that the question is answered in this process.
    pub answer_within: Duration,
}

#[derive(Clone)]
pub(super) enum Place {
    Server(ConnectionInfo),
    Sentinels { sentinels: Vec<(String, u16)>, master: String, like: ConnectionInfo },
}

/// What is wrong with a URL. The URL itself, with its password, is not told.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadUrl(String);

impl RedisOptions {
    /// The server at `redis://[USER:PASSWORD@]HOST[:PORT][/DB]`, or the one that Sentinels name:
    /// `redis+sentinel://[USER:PASSWORD@]HOST[:PORT],HOST[:PORT],…/MASTER[/DB]`.
    ///
    /// # Errors
    /// When the URL is neither.
    pub fn new(url: &str) -> Result<Self, BadUrl> {
        let place = match url.strip_prefix(SENTINEL) {
            Some(rest) => sentinels(rest)?,
            None => Place::Server(server(url)?),
        };
        Ok(Self {
            place,
            prefix: "blendline".to_owned(),
            connect_within: Duration::from_secs(2),
            answer_within: Duration::from_millis(250),
        })
    }

    pub(super) fn key(&self, rest: &str) -> String {
        format!("{}:{rest}", self.prefix)
    }
}

fn server(url: &str) -> Result<ConnectionInfo, BadUrl> {
    url.into_connection_info().map_err(|error| BadUrl(format!("this is no URL of Redis ({error})")))
}

fn sentinels(rest: &str) -> Result<Place, BadUrl> {
    let (login, rest) = rest.rsplit_once('@').map_or((None, rest), |(login, rest)| (Some(login), rest));
    let missing = || BadUrl("name the master that the Sentinels look after: …/MASTER".to_owned());
    let (hosts, path) = rest.split_once('/').ok_or_else(missing)?;
    let (master, db) = path.split_once('/').unwrap_or((path, "0"));
    if master.is_empty() {
        return Err(missing());
    }
    let login = login.map_or(String::new(), |login| format!("{login}@"));
    // The host stands for the one that the Sentinels will name.
    let like = server(&format!("redis://{login}master/{db}"))?;
    let sentinels = hosts.split(',').map(address).collect::<Result<_, _>>()?;
    Ok(Place::Sentinels { sentinels, master: master.to_owned(), like })
}

fn address(text: &str) -> Result<(String, u16), BadUrl> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().map_err(|_| BadUrl(format!("`{port}` is no port")))?),
        None => (text, SENTINEL_PORT),
    };
    if host.is_empty() {
        return Err(BadUrl("a Sentinel without a host".to_owned()));
    }
    Ok((host.to_owned(), port))
}

/// A server by address, for logs: without user and password.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Node(pub(super) String);

impl Node {
    pub(super) fn of(info: &ConnectionInfo) -> Self {
        Self(match info.addr() {
            ConnectionAddr::Tcp(host, port) => format!("{host}:{port}"),
            other => other.to_string(),
        })
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_kinds_of_url() {
        let RedisOptions { place: Place::Server(info), .. } = RedisOptions::new("redis://:pw@h:7/3").unwrap() else {
            panic!("one server");
        };
        assert_eq!((Node::of(&info).0.as_str(), info.redis_settings().db()), ("h:7", 3));

        let url = "redis+sentinel://u:p@a:1,b/mm/2";
        let RedisOptions { place: Place::Sentinels { sentinels, master, like }, .. } = RedisOptions::new(url).unwrap()
        else {
            panic!("Sentinels");
        };
        assert_eq!(sentinels, [("a".to_owned(), 1), ("b".to_owned(), 26_379)]);
        assert_eq!((master.as_str(), like.redis_settings().db()), ("mm", 2));
        assert_eq!(like.redis_settings().password(), Some("p"));
    }

    #[test]
    fn says_what_is_wrong_without_the_password() {
        for url in ["http://x", "redis+sentinel://a:1", "redis+sentinel://a:1/", "redis+sentinel://a:secret/mm", ""] {
            let told = RedisOptions::new(url).err().expect(url).to_string();
            assert!(!told.is_empty(), "{url}");
        }
    }
}
