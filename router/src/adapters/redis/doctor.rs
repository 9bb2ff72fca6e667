//! Is Redis set as it should be? Nothing on it is worth keeping, so little can be wrong.

use redis::{Client, InfoDict, RedisError};
use tokio::time::timeout;

use super::link::{find, words};
use super::options::{Node, Place};
use super::{ALLOW, RedisOptions};
use crate::adapters::finding::Finding;

/// The oldest version that this program was tried on.
const OLDEST: (u32, u32) = (7, 0);
/// Fewer Sentinels cannot agree when one is gone.
const SENTINELS_MIN: usize = 3;

/// Looks at the server, and at the Sentinels where there are some.
pub async fn examine(options: &RedisOptions) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Place::Sentinels { sentinels, .. } = &options.place
        && sentinels.len() < SENTINELS_MIN
    {
        let cure = "name at least three in live.url: fewer cannot agree on a new master when one of them is gone";
        found.push(Finding::warning("sentinels", sentinels.len().to_string(), SENTINELS_MIN.to_string(), cure));
    }
    let info = match find(options).await {
        Ok(info) => info,
        Err(cause) => {
            found.push(Finding::warning("master", cause, "an answer", "check the Sentinels in live.url"));
            return found;
        }
    };
    let node = Node::of(&info);
    let asked = async {
        let mut connection = Client::open(info)?.get_multiplexed_async_connection().await?;
        let info: InfoDict = redis::cmd("INFO").query_async(&mut connection).await?;
        let probe = options.key("allow:doctor");
        let _: u64 = ALLOW.key(probe).arg(1_000_u64).arg(1_000_u32).invoke_async(&mut connection).await?;
        Ok::<_, RedisError>(info)
    };
    match timeout(options.connect_within * 2, asked).await {
        Ok(Ok(info)) => found.extend(settings(&info, &node, matches!(options.place, Place::Sentinels { .. }))),
        // Blendline runs without it, less fresh.
        Ok(Err(error)) => found.push(no_answer(&node, words(&error))),
        Err(_) => found.push(no_answer(&node, "no answer".to_owned())),
    }
    found
}

fn no_answer(node: &Node, cause: String) -> Finding {
    let cure = "start Redis, and check host, port, user and password in live.url; the user needs +@all on its own keys, \
                +publish, +subscribe and +eval";
    Finding::warning("connection", format!("{cause} ({node})"), "an answer", cure)
}

fn settings(info: &InfoDict, node: &Node, sentinels: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    let text = |key: &str| info.get::<String>(key).unwrap_or_default();
    let version = text("redis_version");
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let version_found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version_found < OLDEST {
        let cure = "upgrade Redis: this program was not tried on older versions";
        found.push(Finding::warning("version", format!("{version} ({node})"), "7.0 or later", cure));
    }
    if text("role") != "master" {
        let cure = "name the master in live.url, or the Sentinels that know it: a replica takes no writes";
        found.push(Finding::warning("role", format!("{} ({node})", text("role")), "master", cure));
    }
    if sentinels && info.get::<u64>("connected_slaves").unwrap_or(0) == 0 {
        let cure = "give the master a replica: without one the Sentinels have nobody to promote";
        found.push(Finding::warning("replicas", format!("0 ({node})"), "1 or more", cure));
    }
    let (memory_max, policy) = (info.get::<u64>("maxmemory").unwrap_or(0), text("maxmemory_policy"));
    if memory_max > 0 && policy == "noeviction" {
        let cure = "set maxmemory-policy to volatile-ttl: what Blendline keeps there may all be forgotten";
        found.push(Finding::warning("maxmemory-policy", policy, "volatile-ttl", cure));
    }
    found
}
