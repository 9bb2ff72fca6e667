//! What can be set about a driver.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::adapters::live::InProcessLive;
use crate::outlets::bell::Bell;
use crate::ports::live::Live;
use crate::ports::register::Key;
use crate::push::ear::Ear;
use crate::status::Links;

/// How a driver runs its shard. All times in milliseconds.
#[derive(Clone)]
pub struct DriverConfig {
    /// The shard.
    pub shard: u16,
    /// Who we are to other owners: shown to those who find the shard held.
    pub owner: String,
    /// How long an ownership lives without a commit or renewal (P2).
    pub lease_ms: u64,
    /// How often an ownership is renewed.
    pub renew_ms: u64,
    /// How often a worker says that he is there. Silent for three of these, he is lost.
    pub heartbeat_ms: u64,
    /// How long a worker whose connection is gone may take to come back before his tasks go to others.
    pub grace_ms: u64,
    /// The same after a takeover, for every worker who was connected to the owner before (P14).
    pub takeover_grace_ms: u64,
    /// How many tasks may be open before intake stops (P15).
    pub open_tasks_max: usize,
    /// How many inputs one commit holds at most; a webhook is never split (P3).
    pub batch_inputs_max: usize,
    /// How long the first input of a batch waits for others, while no commit is on its way, in milliseconds (P3).
    ///
    /// Zero commits at once. Where a commit is a transaction elsewhere, it costs little more for many inputs than for one: at
    /// five hundred messages a second 5 ms save 40 per cent of all processor time, at a hundred next to nothing.
    pub gather_ms: u64,
    /// How many requests may wait at the door.
    pub requests_max: usize,
    /// How many broker deliveries may be with us and not acked.
    pub prefetch: usize,
    /// How long a commit or look-up is repeated before the core is dropped and loaded again (P4).
    pub give_up_after_ms: u64,
    /// Where random choices of a new shard begin.
    pub seed: u64,
    /// Where the names of files go that came with messages and are to be fetched.
    pub media: Option<mpsc::Sender<Key>>,
    /// Who is told that a conversation should be looked at again.
    pub live: Arc<dyn Live>,
    /// Who is told that there are new events.
    pub bell: Bell,
    /// Who hears what people may have to be told on their devices.
    pub ear: Option<Ear>,
    /// What makes links to status pages; without it, no answer has one.
    pub links: Option<Links>,
}

impl Default for DriverConfig {
    fn default() -> Self {
        Self {
            shard: 0,
            owner: String::new(),
            lease_ms: 10_000,
            renew_ms: 2_000,
            heartbeat_ms: 5_000,
            grace_ms: 15_000,
            takeover_grace_ms: 30_000,
            open_tasks_max: 3_000_000,
            batch_inputs_max: 256,
            gather_ms: 0,
            requests_max: 1_024,
            prefetch: 1_024,
            give_up_after_ms: 10_000,
            seed: 1,
            media: None,
            live: Arc::new(InProcessLive::default()),
            bell: Bell::default(),
            ear: None,
            links: None,
        }
    }
}
