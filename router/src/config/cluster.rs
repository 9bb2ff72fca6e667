//! On what an installation stands, and what this process of it does.

use std::net::SocketAddr;

use blendline_connectors::Secret;
use toml::Spanned;

use super::error::{ConfigError, Source};
use super::file::{BrokerSection, ClusterSection, File, LiveSection, Part, StoreSection};
use super::secret;
use crate::adapters::redis::RedisOptions;

type Checked<T> = Result<T, ConfigError>;
type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Shards of an installation of several machines, where it does not say otherwise (P1).
const SHARDS: u16 = 16;
/// The most shards: each costs every router a question a second.
const SHARDS_MAX: u16 = 256;

/// On what an installation stands.
#[derive(Debug)]
pub struct Cluster {
    /// The record's URL; `None`: SQLite in the data directory.
    pub store: Option<Secret>,
    /// The broker's URL; `None`: SQLite in the data directory.
    pub broker: Option<Secret>,
    /// How many messages one queue holds at most.
    pub queue_length_max: u32,
    /// Where processes share live state.
    pub live: Option<SharedLive>,
    /// True when this process takes webhooks and web chat in.
    pub connector: bool,
    /// True when this process owns shards.
    pub router: bool,
    /// How many shards tenants are spread over.
    pub shards: u16,
    /// Where this process is reached, without a slash at the end.
    pub url: String,
    /// What all processes share; `None`: each data directory has its own.
    pub secret: Option<Secret>,
}

/// Where processes share live state.
#[derive(Debug)]
pub struct SharedLive {
    /// The URL of Redis, or of its Sentinels.
    pub url: Secret,
    /// What every key and channel begins with.
    pub prefix: String,
}

/// Checks the sections `store`, `broker`, `live` and `cluster`.
pub(super) fn check(
    source: &Source<'_>,
    file: &File,
    (store, broker, live, cluster): (StoreSection, BrokerSection, LiveSection, ClusterSection),
    listen: SocketAddr,
    env: Env<'_>,
) -> Checked<Cluster> {
    let store = url(source, &file.store.url, store.url, &["postgres", "postgresql"], env)?;
    let queue_length_max = broker.queue_length_max;
    let broker = url(source, &file.broker.url, broker.url, &["amqp", "amqps"], env)?;
    let live = shared_live(source, file, live, env)?;
    let (connector, router) = (cluster.runs.contains(&Part::Connector), cluster.runs.contains(&Part::Router));
    let runs_at = at(&file.cluster.runs);
    if !connector && !router {
        let hint = "name what this process does: \"connector\", \"router\", or both";
        return Err(source.error(runs_at, "this process would do nothing", hint));
    }
    if (store.is_none() || broker.is_none()) && !(connector && router) {
        let hint = "give [store] and [broker] a url, or let this process run both";
        return Err(source.error(runs_at, "SQLite files belong to one process, which then does everything", hint));
    }
    let shards = match (cluster.shards, &store) {
        (0, Some(_)) => SHARDS,
        (0, None) => 1,
        (given, _) if given <= SHARDS_MAX => given,
        (given, _) => {
            let hint = format!("give at most {SHARDS_MAX}: tenants are spread over them");
            return Err(source.error(at(&file.cluster.shards), format!("{given} shards are too many"), hint));
        }
    };
    let reached = if cluster.url.is_empty() { format!("http://{listen}") } else { cluster.url };
    if !reached.starts_with("http://") && !reached.starts_with("https://") {
        let hint = "give the base URL of this process, such as http://10.0.0.5:8080";
        return Err(source.error(at(&file.cluster.url), "workers cannot connect to this", hint));
    }
    let secret = shared(source, &file.cluster.secret, &cluster.secret, env)?;
    if store.is_some() && secret.is_none() && has_chat(file) {
        let message = "visitors of the web chat hold tokens that every process must know";
        return Err(source.error(
            at(&file.cluster.secret),
            message,
            "set [cluster] secret, the same for all processes",
        ));
    }
    let url = reached.trim_end_matches('/').to_owned();
    Ok(Cluster { store, broker, queue_length_max, live, connector, router, shards, url, secret })
}

fn shared_live(source: &Source<'_>, file: &File, section: LiveSection, env: Env<'_>) -> Checked<Option<SharedLive>> {
    let schemes = ["redis", "rediss", "redis+sentinel"];
    let Some(url) = url(source, &file.live.url, section.url, &schemes, env)? else { return Ok(None) };
    if let Err(why) = RedisOptions::new(url.expose()) {
        let hint = "redis://HOST:6379, or redis+sentinel://HOST:26379,HOST:26379,HOST:26379/MASTER";
        return Err(source.error(at(&file.live.url), why.to_string(), hint));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':');
    if section.prefix.is_empty() || !section.prefix.bytes().all(plain) {
        let hint = "letters, digits, and _ - . : between them";
        return Err(source.error(at(&file.live.prefix), "keys on Redis cannot begin with this", hint));
    }
    Ok(Some(SharedLive { url, prefix: section.prefix }))
}

/// Where a key is written; the beginning of the file where it is not.
fn at<T>(written: &Option<Spanned<T>>) -> std::ops::Range<usize> {
    written.as_ref().map_or(0..0, Spanned::span)
}

fn url(
    source: &Source<'_>,
    written: &Option<Spanned<String>>,
    value: String,
    schemes: &[&str],
    env: Env<'_>,
) -> Checked<Option<Secret>> {
    let fetched = secret::fetch(&value, env).map_err(|(message, hint)| source.error(at(written), message, hint))?;
    if fetched.is_empty() {
        return Ok(None);
    }
    let known = fetched.split_once("://").is_some_and(|(scheme, rest)| schemes.contains(&scheme) && !rest.is_empty());
    if !known {
        let hint = format!("begin it with {}://, or leave it empty to do without", schemes[0]);
        return Err(source.error(at(written), "this is no URL of a server that Blendline runs on", hint));
    }
    Ok(Some(Secret::new(fetched)))
}

fn shared(
    source: &Source<'_>,
    written: &Option<Spanned<String>>,
    value: &str,
    env: Env<'_>,
) -> Checked<Option<Secret>> {
    let fetched = secret::fetch(value, env).map_err(|(message, hint)| source.error(at(written), message, hint))?;
    if fetched.is_empty() {
        return Ok(None);
    }
    if let Some(why) = secret::weakness(&fetched, false) {
        return Err(source.error(at(written), why, "make one: openssl rand -hex 32"));
    }
    Ok(Some(Secret::new(fetched)))
}

fn has_chat(file: &File) -> bool {
    file.tenant.iter().flat_map(|tenant| &tenant.account).any(|account| account.channel.get_ref() == "webchat")
}
