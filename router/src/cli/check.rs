//! `blendline config check`.

use std::path::Path;

use blendline_connectors::email;

use crate::config::{CheckedAccount, Config};

/// Prints what the configuration holds, or fails with what is wrong with it.
pub(super) fn run(file: &Path) -> anyhow::Result<()> {
    let config = Config::load(Some(file))?;
    super::print(|out| {
        writeln!(out, "{}: good", file.display())?;
        if let Some(address) = config.mail.listen {
            let terms = &config.mail.terms;
            let secrecy = if terms.tls.is_some() { "with STARTTLS" } else { "in clear" };
            writeln!(out, "mail on {address} as {}, {secrecy}", terms.hostname)?;
        }
        for tenant in &config.tenants {
            writeln!(out, "tenant {}", tenant.name)?;
            for account in &tenant.accounts {
                match account.channel.as_str() {
                    email::RAW_NAME => writeln!(out, "  {}", ways_of(account, config.mail.listen.is_some()))?,
                    channel => writeln!(out, "  webhook /v1/webhooks/{channel}/{}", account.name)?,
                }
            }
            let [units, calendars, queues, workers, keys] = tenant.counts();
            writeln!(
                out,
                "  {queues} queues, {workers} workers, {keys} keys, {units} units, {calendars} calendars, {} skills",
                tenant.skills.len()
            )?;
        }
        Ok(())
    })
}

/// How mails of an account come and go.
fn ways_of(account: &CheckedAccount, listens: bool) -> String {
    let setting = |name: &str| account.settings.get(name).map(|value| value.expose().trim());
    let mut ways = Vec::new();
    if listens {
        ways.push("comes by SMTP".to_owned());
    }
    if let Some(server) = setting("imap_server") {
        ways.push(format!("comes from {server} by IMAP"));
    }
    if ways.is_empty() {
        ways.push("cannot come: set mail.listen, or imap_server".to_owned());
    }
    ways.push(match setting("smtp_server") {
        Some(server) => format!("leaves by {server}"),
        None => "cannot leave: set smtp_server".to_owned(),
    });
    format!("mail {} ({}): {}", account.external_id, account.name, ways.join(", "))
}
