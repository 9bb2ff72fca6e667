//! `blendline user …` and `blendline audit …`: people and the log about them, in the data directory of a router that is
//! not running; and the users that the configuration and the demo make at the start.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use blendline_wire::TenantId;

use super::adapters::Record;
use super::demo::TENANT;
use crate::adapters::live::InProcessLive;
use crate::adapters::sqlite::OpenError;
use crate::api::now;
use crate::config::{CheckedTenant, Config};
use crate::directory::{Directory, Role};
use crate::people::audit::Check;
use crate::people::name::folded;
use crate::people::password::one_time;
use crate::people::{Gate, NewUser, Refused};
use crate::ports::live::Live;
use crate::ports::people::{Deed, People, UserChange};

/// Who did it, in the audit log.
const ACTOR: &str = "command line";
/// Who made the users of the configuration and of the demo, in the audit log.
const STARTED: &str = "start";
/// How many entries of the audit log are read at once.
const PAGE: usize = 1000;

/// Which user.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The configuration file.
    #[arg(long, env = "BLENDLINE_CONFIG")]
    config: std::path::PathBuf,
    /// The tenant's name.
    #[arg(long)]
    tenant: String,
    /// The user's name.
    #[arg(long)]
    name: String,
}

/// Adds a user and prints his password for the first sign-in.
pub(super) fn add(which: &Which, role: Role, worker: Option<String>) -> anyhow::Result<()> {
    let place = Place::open(&which.config, &which.tenant)?;
    if let Some(name) = &worker
        && !place.tenant.has_worker(name)
    {
        bail!("no worker of {} is called `{name}`: add him to {} first", which.tenant, which.config.display());
    }
    let password = one_time()?;
    let (id, tenant) = (place.id, place.tenant.name.clone());
    let user = NewUser { tenant: (id, tenant), name: which.name.clone(), role, worker, must_change: true };
    place.run(place.gate.add(now(), ACTOR, user, &password))?;
    tell(&which.name, &password)
}

/// Gives a user a new password for the next sign-in, and lets him in again where he was disabled.
pub(super) fn reset(which: &Which) -> anyhow::Result<()> {
    let place = Place::open(&which.config, &which.tenant)?;
    let password = one_time()?;
    let hash = place.run(place.gate.passwords().hash(&password))?;
    let change = UserChange {
        tenant: place.id,
        name: folded(&which.name),
        disabled: Some(false),
        password: Some((hash, true)),
        company: Some(None),
        ..UserChange::default()
    };
    let deed = Deed { at: now(), actor: ACTOR.to_owned(), what: "user_changed" };
    place.run(place.gate.change(&change, &deed))?;
    tell(&which.name, &password)
}

fn tell(name: &str, password: &str) -> anyhow::Result<()> {
    super::print(|out| {
        writeln!(out, "user     = {name}")?;
        writeln!(out, "password = {password}")?;
        writeln!(out, "It is for one sign-in and kept nowhere; then the user chooses a password of his own.")?;
        Ok(())
    })
}

/// Checks the audit log of a tenant from its first entry to its noted end.
pub(super) fn verify(config: &Path, tenant: &str) -> anyhow::Result<()> {
    let place = Place::open(config, tenant)?;
    let checked = place.run(async {
        let (record, mut check, mut after) = (place.gate.record(), Check::default(), 0);
        loop {
            let entries = record.audit(place.id, after, PAGE).await?;
            check.entries(&entries)?;
            match entries.last() {
                Some(last) if entries.len() == PAGE => after = last.seq,
                _ => break,
            }
        }
        let head = record.audit_head(place.id).await?;
        anyhow::Ok((check.end(head.as_ref())?, head.map(|head| head.hash)))
    })?;
    let (count, hash) = checked;
    super::print(|out| {
        writeln!(out, "{tenant}: the audit log is whole, {count} entries")?;
        writeln!(out, "head = {}", hash.as_deref().unwrap_or("-"))?;
        Ok(())
    })
}

/// A tenant in a record that is ours for the moment, or that we share.
struct Place {
    runtime: tokio::runtime::Runtime,
    gate: Gate,
    tenant: CheckedTenant,
    id: TenantId,
}

impl Place {
    fn open(config: &Path, tenant: &str) -> anyhow::Result<Self> {
        let config = Config::load(Some(config))?;
        let known: Vec<String> = config.tenants.iter().map(|tenant| tenant.name.clone()).collect();
        let place = config.tenants.iter().position(|known| known.name == tenant);
        let place = place.with_context(|| format!("there is no tenant `{tenant}`; known: {}", known.join(", ")))?;
        let mut config = config;
        let found = config.tenants.swap_remove(place);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("the runtime")?;
        let record = runtime.block_on(Record::open(&config)).map_err(while_it_runs)?;
        let named = [("tenant".to_owned(), found.name.clone())];
        let id =
            runtime.block_on(record.archive.handles(&named))?.first().copied().context("the tenant has no handle")?;
        let gate = Gate::new(record.people, Arc::new(InProcessLive::default()))?;
        Ok(Self { runtime, gate, tenant: found, id: TenantId(id) })
    }

    fn run<T, E: Into<anyhow::Error>>(&self, work: impl Future<Output = Result<T, E>>) -> anyhow::Result<T> {
        self.runtime.block_on(work).map_err(Into::into)
    }
}

/// SQLite files belong to one process: what runs on them has to be asked instead.
fn while_it_runs(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<OpenError>() {
        Some(OpenError::InUse { .. }) => anyhow::anyhow!(
            "{error}\n  hint: stop the router, or ask it while it runs: POST /v1/users, PATCH /v1/users/NAME"
        ),
        _ => error,
    }
}

/// Makes the configuration's users who are not there yet; those who are stay as they are.
pub(super) async fn first_users(config: &Config, directory: &Directory, gate: &Gate) -> anyhow::Result<()> {
    for tenant in &config.tenants {
        let found = directory.tenants.iter().find(|(_, name)| **name == tenant.name);
        let Some((id, _)) = found else { continue };
        for user in &tenant.users {
            if gate.record().user(*id, &folded(&user.name)).await?.is_some() {
                continue;
            }
            let new = NewUser {
                tenant: (*id, tenant.name.clone()),
                name: user.name.clone(),
                role: user.role,
                worker: user.worker.clone(),
                must_change: true,
            };
            match gate.add(now(), STARTED, new, user.password.expose()).await {
                Ok(_) => {
                    tracing::info!(tenant = tenant.name, role = ?user.role, "a user of the configuration was made")
                }
                // Another process of the installation started in the same moment.
                Err(Refused::Taken) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

/// A person of the demo, with the password of this start.
pub(super) struct DemoUser {
    pub(super) name: &'static str,
    pub(super) password: String,
}

/// Makes the demo's users, or gives them a new password: each start has its own.
pub(super) async fn demo_users(directory: &Directory, gate: &Gate) -> anyhow::Result<Vec<DemoUser>> {
    let found = directory.tenants.iter().find(|(_, name)| *name == TENANT);
    let (id, tenant) = found.context("the demo has no tenant of its name")?;
    // Everybody who can sign in has a page to see.
    let mut users = Vec::new();
    for (name, role) in [("dana", Role::Worker), ("omer", Role::Worker), ("maya", Role::Admin)] {
        let password = one_time()?;
        let worker = (role == Role::Worker).then(|| name.to_owned());
        let change = UserChange {
            tenant: *id,
            name: name.to_owned(),
            role: Some((role, worker.clone())),
            disabled: Some(false),
            password: Some((gate.passwords().hash(&password).await?, false)),
            ..UserChange::default()
        };
        let deed = Deed { at: now(), actor: STARTED.to_owned(), what: "user_changed" };
        match gate.change(&change, &deed).await {
            Err(Refused::Absent) => {
                let new =
                    NewUser { tenant: (*id, tenant.clone()), name: name.to_owned(), role, worker, must_change: false };
                gate.add(now(), STARTED, new, &password).await?;
            }
            changed => drop(changed?),
        }
        users.push(DemoUser { name, password });
    }
    Ok(users)
}

/// The gate of a running router.
pub(super) fn gate(record: Arc<dyn People>, live: Arc<dyn Live>) -> anyhow::Result<Arc<Gate>> {
    Ok(Arc::new(Gate::new(record, live)?))
}
