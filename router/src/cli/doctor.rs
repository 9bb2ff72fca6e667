//! `blendline doctor`: are the servers that a configuration stands on set as they must be?

use std::path::Path;

use anyhow::Context as _;

use crate::adapters::files;
use crate::adapters::finding::Finding;
use crate::adapters::postgres::{self, PostgresOptions};
use crate::adapters::rabbit::{self, RabbitOptions};
use crate::adapters::redis;
use crate::api::now;
use crate::config::{Config, Media};
use crate::ports::broker::{inbound_queue, outbound_queue};

/// Looks at each server and prints what is wrong with it: key, what was found, what is needed, and the cure.
///
/// An error when Blendline would not run on what was found; warnings alone are none.
pub(super) fn run(config: &Path) -> anyhow::Result<()> {
    let config = Config::load(Some(config))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("the runtime")?;
    let found = runtime.block_on(examine(&config))?;
    let fatal = found.iter().flat_map(|(_, findings)| findings).filter(|finding| finding.fatal).count();
    super::print(|out| {
        for (server, findings) in &found {
            if findings.is_empty() {
                writeln!(out, "{server}: all is well")?;
            }
            for finding in findings {
                writeln!(out, "{server}: {finding}")?;
            }
        }
        Ok::<_, anyhow::Error>(())
    })?;
    anyhow::ensure!(fatal == 0, "Blendline does not run on this: {fatal} to be mended first");
    Ok(())
}

async fn examine(config: &Config) -> anyhow::Result<Vec<(&'static str, Vec<Finding>)>> {
    let mut found = Vec::new();
    if let Some(url) = &config.cluster.store {
        let options = PostgresOptions::from_url(url.expose())?;
        found.push(("PostgreSQL", postgres::examine(&options, now).await));
    }
    if let Some(url) = &config.cluster.broker {
        let mut options = RabbitOptions::new(url.expose())?;
        options.length_max = config.cluster.queue_length_max;
        let both = |shard| [inbound_queue(shard), outbound_queue(shard)];
        let queues: Vec<String> = (0..config.cluster.shards).flat_map(both).collect();
        found.push(("RabbitMQ", rabbit::examine(&options, &queues).await));
    }
    if let Some(options) = super::adapters::redis_options(config)? {
        found.push(("Redis", redis::examine(&options).await));
    }
    let mut findings = match &config.media {
        // Whoever looks may be another user than the service, whose directory it is to make.
        Media::Directory { path, named: false } if !path.exists() => Vec::new(),
        media => files::examine(super::adapters::files(media)?.as_ref(), "media.url").await,
    };
    findings.extend(own_directory(config));
    found.push((if matches!(config.media, Media::Bucket(_)) { "S3" } else { "files" }, findings));
    Ok(found)
}

/// Several machines, each with a directory of its own, would each show only the files that it put there itself.
fn own_directory(config: &Config) -> Option<Finding> {
    let is_own = config.cluster.store.is_some() && matches!(config.media, Media::Directory { named: false, .. });
    let cure = "set media.url to a directory that all machines share, or to a bucket";
    is_own.then(|| Finding::warning("media.url", "a directory of this machine's own", "a place that all share", cure))
}
