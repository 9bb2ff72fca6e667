//! `blendline serve --demo --traffic`: simulated customers, other systems and workers, so that a newcomer sees it move.
//!
//! All of them are outsiders: customers write through the signed webhook of WhatsApp and the sessions of the web chat,
//! items are pushed by HTTP, workers use the SDK. What they do is a function of the seed and of what they see; only how
//! their deeds fall together is left to the machine. They end at once when they are dropped.
//!
//! Suggested reading order: [`plan`], [`talk`], [`deeds`], [`visit`], [`hands`], [`tally`].

mod chat;
mod day;
mod deeds;
mod dice;
mod hands;
mod plan;
mod talk;
mod tally;
mod texts;
mod town;
mod visit;
pub(in crate::cli) mod whatsapp;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use blendline_wire::TenantId;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::day::Clock;
use self::deeds::PROFILES;
use self::plan::{Plan, SLOT_MS};
use self::town::{Counts, Town};
use self::whatsapp::Phones;
use super::demo::TENANT;
use crate::api::now;
use crate::directory::Directory;
use crate::handle::Handle;
use crate::ports::store::Archive;

/// The store's queues, as the demo's file has them.
const SERVICE: &str = "service";
const SALES: &str = "sales";
const ORDERS: &str = "orders";
const REFUNDS: &str = "refunds";

/// How many messages and items come in a second of the store's time, and so where nobody asks for another number.
const RATE: f64 = 2.0;
/// The numbers that can be asked for.
const RATES: std::ops::RangeInclusive<f64> = 0.1..=50.0;
/// How many visits and pushes may go on at once; a web chat takes a connection.
const VISITS_MAX: usize = 150;
/// How many tasks of a side may wait before nobody new comes.
const WAITING_MAX: usize = 60;
/// How far the plan may be behind the clock before it is skipped, in slots.
const BEHIND_MAX: u64 = 50;
/// After this the traffic rests: a demo that was forgotten must not fill the disk.
const TRAFFIC_MAX: Duration = Duration::from_secs(8 * 60 * 60);

/// What was asked for.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Options {
    /// With --demo: simulated customers and workers, so that something moves.
    #[arg(long, requires = "demo")]
    traffic: bool,
    /// With --traffic: what the simulated customers and workers do. The same number, the same deeds.
    #[arg(long, requires = "traffic")]
    seed: Option<u64>,
    /// With --traffic: about how many messages and work items come in a second; everything else keeps step.
    #[arg(long, requires = "traffic", default_value_t = RATE, value_parser = rate)]
    rate: f64,
}

impl Options {
    /// The traffic, where it was asked for.
    pub(super) fn traffic(self) -> Option<Traffic> {
        let seed = self.seed.unwrap_or_else(|| now().0 % 1_000_000);
        self.traffic.then_some(Traffic { seed, rate: self.rate })
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate| RATES.contains(rate));
    rate.ok_or_else(|| format!("give {} to {} messages a second", RATES.start(), RATES.end()))
}

/// What the traffic is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traffic {
    pub(super) seed: u64,
    pub(super) rate: f64,
}

/// What only the program itself can see, for the line that tells what moves.
pub(super) struct Inside {
    pub(super) handle: Handle,
    pub(super) archive: Arc<dyn Archive>,
    pub(super) tenant: TenantId,
}

impl Inside {
    /// The insides of a running demo; `None` where there is no tenant of the demo's.
    pub(super) fn new(
        directory: &Directory,
        shards: &BTreeMap<TenantId, u16>,
        mut handles: BTreeMap<u16, Handle>,
        archive: Arc<dyn Archive>,
    ) -> Option<Self> {
        let tenant = *directory.tenants.iter().find(|(_, name)| *name == TENANT)?.0;
        let handle = handles.remove(shards.get(&tenant)?)?;
        Some(Self { handle, archive, tenant })
    }
}

/// Runs the traffic until `stop`.
pub(super) async fn run(
    traffic: Traffic,
    address: SocketAddr,
    phones: Arc<Phones>,
    inside: Inside,
    stop: CancellationToken,
) {
    let town = match town(traffic, address, phones) {
        Ok(town) => Arc::new(town),
        Err(error) => return tracing::error!(%error, "there is no traffic"),
    };
    let mut all = JoinSet::new();
    for profile in &PROFILES {
        all.spawn(hands::work(town.clone(), profile));
    }
    all.spawn(tally::watch(town.clone(), inside));
    tokio::select! {
        () = stop.cancelled() => {}
        () = come(town) => {}
        () = tokio::time::sleep(TRAFFIC_MAX) => {
            tracing::warn!(hours = TRAFFIC_MAX.as_secs() / 3600, "the traffic rests; start again for more");
        }
    }
    // Whoever is in the middle of something is dropped with the set.
}

fn town(traffic: Traffic, address: SocketAddr, phones: Arc<Phones>) -> anyhow::Result<Town> {
    let rules = blendline_connectors::http_client_rules();
    // A server closes a connection that is silent for long; whoever uses it just then gets no answer.
    let rules = rules.no_proxy().pool_idle_timeout(Duration::from_secs(2)).timeout(Duration::from_secs(40));
    Ok(Town {
        plan: Plan { seed: traffic.seed },
        clock: Clock::begin(traffic.rate / RATE),
        run: now().0,
        phones,
        sessions: Default::default(),
        counts: Counts::default(),
        http: rules.build().context("the HTTP client")?,
        base: format!("http://{address}"),
    })
}

/// Lets customers and items come as the plan says, until it is dropped.
async fn come(town: Arc<Town>) {
    let mut going_on = JoinSet::new();
    let mut slot = 0;
    loop {
        town.clock.until(slot * SLOT_MS).await;
        while going_on.try_join_next().is_some() {}
        let counts = &town.counts;
        let is_full = |waiting: usize| WAITING_MAX <= waiting || VISITS_MAX <= going_on.len();
        let front_full = is_full(counts.front_waiting.load(Ordering::Relaxed));
        let back_full = is_full(counts.back_waiting.load(Ordering::Relaxed));
        match town.plan.visit(slot) {
            Some(_) if front_full => counts.hold_back(),
            Some(visit) => drop(going_on.spawn(visit::visit(town.clone(), visit))),
            None => {}
        }
        match town.plan.has_item(slot) {
            true if back_full => counts.hold_back(),
            true => drop(going_on.spawn(visit::push(town.clone(), slot))),
            false => {}
        }
        // A machine that was too busy, or asleep, does not make up for all of it at once.
        slot = (slot + 1).max((town.clock.now_ms() / SLOT_MS).saturating_sub(BEHIND_MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_has_everybody_and_every_queue() {
        let config = crate::cli::demo::config().unwrap();
        let demo = &config.tenants[0];
        for profile in &PROFILES {
            assert!(demo.has_worker(profile.name), "{} is not in the demo's file", profile.name);
        }
        for queue in [SERVICE, SALES, ORDERS, REFUNDS] {
            let written = format!("[[tenant.queue]]\nname = \"{queue}\"");
            assert!(crate::cli::demo::TEXT.contains(&written), "{queue} is not in the demo's file");
        }
    }

    #[test]
    fn only_a_sensible_rate_is_taken() {
        assert_eq!(rate("0.5"), Ok(0.5));
        for wrong in ["0", "-1", "51", "NaN", "inf", "many"] {
            assert!(rate(wrong).unwrap_err().contains("0.1 to 50"), "{wrong}");
        }
    }
}
