//! `blendline doctor`: are the servers that a configuration stands on set as they must be, and how are its accounts?

use std::path::Path;

use anyhow::Context as _;
use blendline_connectors::Account;
use blendline_wire::AccountId;
use futures_util::StreamExt as _;

use super::connect;
use crate::accounts::AccountState;
use crate::adapters::files;
use crate::adapters::finding::Finding;
use crate::adapters::postgres::{self, PostgresOptions};
use crate::adapters::rabbit::{self, RabbitOptions};
use crate::adapters::redis;
use crate::api::now;
use crate::config::{Config, Media};
use crate::mail::name_servers_answer;
use crate::ports::broker::{inbound_queue, outbound_queue};

/// Platforms that are asked at a time.
const ASKED_AT_ONCE: usize = 8;

/// Looks at each server and prints what is wrong with it: key, what was found, what is needed, and the cure.
///
/// Then each account, in a state and a sentence: by a call to its platform that changes nothing where there is one, and
/// by what a router that runs has heard where `router` names one.
///
/// An error when Blendline would not run on what was found; warnings and accounts alone are none.
pub(super) fn run(config: &Path, router: Option<&Router>) -> anyhow::Result<()> {
    let config = Config::load(Some(config))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("the runtime")?;
    let found = runtime.block_on(examine(&config))?;
    let accounts = runtime.block_on(accounts(&config, router))?;
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
        for line in &accounts {
            writeln!(out, "account {line}")?;
        }
        Ok::<_, anyhow::Error>(())
    })?;
    anyhow::ensure!(fatal == 0, "Blendline does not run on this: {fatal} to be mended first");
    Ok(())
}

/// A router that runs, and a key to ask it with.
pub(super) struct Router {
    /// Its base URL.
    pub(super) url: String,
    /// A key of a supervisor, auditor, operations or an admin.
    pub(super) key: String,
}

/// A line for each account.
async fn accounts(config: &Config, router: Option<&Router>) -> anyhow::Result<Vec<String>> {
    let http = connect::http()?;
    let heard = match router {
        Some(router) => heard(router, &http).await?,
        None => Vec::new(),
    };
    let all = config.tenants.iter().flat_map(|tenant| tenant.accounts.iter().map(move |account| (tenant, account)));
    let asking = all.filter_map(|(tenant, account)| {
        let connector = blendline_connectors::by_name(&account.channel)?;
        let (http, heard) = (&http, &heard);
        Some(async move {
            let (external_id, settings) = (account.external_id.clone(), account.settings.clone());
            let known = Account { id: AccountId(0), name: account.name.clone(), external_id, settings };
            let (mut state, mut detail) = connect::health::ask(&known, connector, http).await;
            let is_it = |one: &&Heard| (&one.channel, &one.account) == (&account.channel, &account.name);
            // What real messages met with tells more than a question.
            if let Some(one) = heard.iter().find(is_it).filter(|one| one.state != AccountState::Unknown)
                && matches!(state, AccountState::Unknown | AccountState::Fine)
            {
                (state, detail) = (one.state, one.detail.clone());
            }
            let detail = detail.map_or_else(String::new, |detail| format!(" {detail}"));
            let name = format!("{}/{}/{}", tenant.name, account.channel, account.name);
            format!("{name}: {}.{detail} {}", state.as_str(), state.says())
        })
    });
    Ok(futures_util::stream::iter(asking).buffered(ASKED_AT_ONCE).collect().await)
}

/// What a router has heard of an account.
#[derive(serde::Deserialize)]
struct Heard {
    channel: String,
    account: String,
    state: AccountState,
    #[serde(default)]
    detail: Option<String>,
}

async fn heard(router: &Router, http: &reqwest::Client) -> anyhow::Result<Vec<Heard>> {
    #[derive(serde::Deserialize)]
    struct Page {
        items: Vec<Heard>,
    }
    let url = format!("{}/v1/accounts", router.url.trim_end_matches('/'));
    let answer = http.get(url).bearer_auth(&router.key).send().await.context("the router")?;
    let status = answer.status();
    anyhow::ensure!(status.is_success(), "the router answers {status} for /v1/accounts: see --url and --key");
    Ok(answer.json::<Page>().await.context("the router's answer")?.items)
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
    if config.mail.listen.is_some() {
        found.push(("name servers", name_servers(config).await));
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

/// Whether those answer that are asked about the senders of mail which comes straight to us.
async fn name_servers(config: &Config) -> Vec<Finding> {
    let terms = &config.mail.terms;
    let answered = name_servers_answer(&terms.resolvers, &terms.hostname).await;
    let silent = answered.into_iter().filter(|(_, answers)| !answers);
    let cure = "set mail.resolvers to name servers that answer; until then SPF, DKIM and DMARC of mail that comes straight \
                to the listener are `temperror`";
    silent
        .map(|(server, _)| {
            Finding::warning("mail.resolvers", format!("no answer from {server}"), "one that answers", cure)
        })
        .collect()
}

/// Several machines, each with a directory of its own, would each show only the files that it put there itself.
fn own_directory(config: &Config) -> Option<Finding> {
    let is_own = config.cluster.store.is_some() && matches!(config.media, Media::Directory { named: false, .. });
    let cure = "set media.url to a directory that all machines share, or to a bucket";
    is_own.then(|| Finding::warning("media.url", "a directory of this machine's own", "a place that all share", cure))
}
