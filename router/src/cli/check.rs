//! `blendline config check`.

use std::path::Path;

use crate::config::Config;

/// Prints what the configuration holds, or fails with what is wrong with it.
pub(super) fn run(file: &Path) -> anyhow::Result<()> {
    let config = Config::load(Some(file))?;
    super::print(|out| {
        writeln!(out, "{}: good", file.display())?;
        for tenant in &config.tenants {
            writeln!(out, "tenant {}", tenant.name)?;
            for account in &tenant.accounts {
                writeln!(out, "  webhook /v1/webhooks/{}/{}", account.channel, account.name)?;
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
