//! `blendline connect check` and `blendline send-test`: walk an integrator through the set-up of one account.

mod check;
pub(super) mod health;
mod send_test;

use std::path::Path;

use anyhow::{Context as _, bail};
use blendline_connectors::{Account, Connector};
use blendline_wire::{AccountId, Pii};

use crate::config::Config;

/// An account of the configuration, with the channel that speaks for it.
struct Found {
    account: Account,
    connector: &'static dyn Connector,
}

/// Looks at one account, at `url` too where a server runs.
pub(super) fn check(config: &Path, name: &str, url: Option<&str>) -> anyhow::Result<()> {
    let found = find(config, name)?;
    let findings = runtime()?.block_on(check::examine(&found, url, &http()?));
    let wrong = findings.iter().filter(|finding| finding.mark == check::Mark::Wrong).count();
    super::print(|out| {
        for finding in &findings {
            writeln!(out, "{finding}")?;
        }
        Ok::<_, anyhow::Error>(())
    })?;
    anyhow::ensure!(wrong == 0, "{wrong} to be mended");
    Ok(())
}

/// Sends one message by the account, after asking.
pub(super) fn send_test(config: &Path, name: &str, to: &str, text: &str, yes: bool) -> anyhow::Result<()> {
    let found = find(config, name)?;
    if !yes && !send_test::agreed(&found, to)? {
        bail!("nothing was sent");
    }
    let to = Pii::new(to.to_owned());
    let outcome = runtime()?.block_on(send_test::send(&found, to, text, &http()?));
    let said = send_test::told(&outcome)?;
    super::print(|out| Ok(writeln!(out, "{said}")?))
}

pub(super) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("the runtime")
}

pub(super) fn http() -> anyhow::Result<reqwest::Client> {
    // An error means that somebody chose one before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    blendline_connectors::http_client_rules().build().context("the HTTP client")
}

/// The account called `NAME`, `CHANNEL/NAME` or `TENANT/CHANNEL/NAME`.
fn find(config: &Path, name: &str) -> anyhow::Result<Found> {
    let config = Config::load(Some(config))?;
    let all = || {
        config.tenants.iter().flat_map(|tenant| {
            tenant
                .accounts
                .iter()
                .map(move |account| (format!("{}/{}/{}", tenant.name, account.channel, account.name), account))
        })
    };
    let is_meant = |full: &str| full == name || full.ends_with(&format!("/{name}"));
    let meant: Vec<_> = all().filter(|(full, _)| is_meant(full)).collect();
    let known = || all().map(|(full, _)| full).collect::<Vec<_>>().join(", ");
    let [(_, account)] = meant.as_slice() else {
        if meant.is_empty() {
            bail!("no account is called `{name}`; there are: {}", known());
        }
        let names: Vec<_> = meant.into_iter().map(|(full, _)| full).collect();
        bail!("`{name}` is more than one account: give one of {}", names.join(", "));
    };
    let connector = blendline_connectors::by_name(&account.channel);
    let connector = connector.with_context(|| format!("this program does not speak {}", account.channel))?;
    let account = Account {
        id: AccountId(0),
        name: account.name.clone(),
        external_id: account.external_id.clone(),
        settings: account.settings.clone(),
    };
    Ok(Found { account, connector })
}
