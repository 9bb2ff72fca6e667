//! Writes the configuration of a test installation, as an integrator would.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::whatsapp::Number;

/// The key that may do everything in the tests' tenant.
pub const ADMIN_KEY: &str = "bl_test_admin_0123456789abcdef0123456789abcdef";
/// The key with which any worker of the tests' tenant connects.
pub const WORKER_KEY: &str = "bl_test_worker_0123456789abcdef0123456789abcdef";

/// The word of the webhook's verification.
pub const VERIFY_TOKEN: &str = "verify-me-0123456789";
/// The token with which we may send at the platform.
pub const GRAPH_TOKEN: &str = "graph-token-0123456789";

/// The file of a rule set, beside the configuration.
pub const RULES_FILE: &str = "rules.yaml";

/// A test installation with one tenant.
#[derive(Clone, Debug)]
pub struct Installation {
    /// Where the fake platform is.
    pub graph_url: String,
    /// The numbers of ours.
    pub numbers: Vec<Number>,
    /// The web chats of ours.
    pub sites: Vec<Site>,
    /// Further accounts, as lines of the tenant.
    pub account_lines: String,
    /// Accounts of other channels.
    pub accounts: Vec<OtherAccount>,
    /// The limits of web chats, as lines of `[chat]`: one address makes all the load here.
    pub chat: String,
    /// The queues; messages go to the first.
    pub queues: Vec<Queue>,
    /// The workers.
    pub workers: Vec<Worker>,
    /// How often a worker says that he is there, in milliseconds.
    pub heartbeat_ms: u64,
    /// How long a worker who is gone may take to come back, in milliseconds.
    pub grace_ms: u64,
    /// How long a solved conversation can be reopened by a new message, in milliseconds.
    pub reopen_window_ms: u64,
    /// The log filter of the router.
    pub log: String,
    /// A rule set, put into a file beside the configuration, which names it.
    pub rules: Option<String>,
    /// How many webhooks of a tenant are taken in a second, 20 at once; 0: all; none: what the program's defaults say.
    pub webhooks_per_second: Option<u32>,
    /// Further tenants, each with a queue `care` and a number.
    pub others: Vec<(String, Number)>,
    /// Lines of the tenant's units, put behind its workers; a worker's unit is `Worker::unit`.
    pub unit_lines: String,
    /// Further lines of `[server]`.
    pub server: String,
    /// Lines put before everything else: faults to be planted.
    pub extra: String,
}

/// A web chat of a test installation.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its account's name.
    pub account: String,
    /// The page that carries its widget.
    pub origin: String,
    /// What the company signs its users' ids with.
    pub identity_secret: String,
    /// Further settings, as lines.
    pub settings: String,
}

impl Site {
    /// A chat on a page of its own.
    pub fn new(account: &str) -> Self {
        Self {
            account: account.to_owned(),
            origin: format!("https://{account}.example"),
            identity_secret: format!("identity-of-{account}-0123456789"),
            settings: String::new(),
        }
    }
}

/// An account of any channel.
#[derive(Clone, Debug)]
pub struct OtherAccount {
    /// Its name in the webhook's address.
    pub name: String,
    /// Its channel.
    pub channel: String,
    /// The platform's id of it.
    pub external_id: String,
    /// Its settings.
    pub settings: Vec<(String, String)>,
}

/// A queue of a test installation.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// `front` or `back`.
    pub side: String,
    /// Queues that are no more, whose tasks are this one's.
    pub heir_of: Vec<String>,
}

/// A worker of a test installation.
#[derive(Clone, Debug)]
pub struct Worker {
    /// His name.
    pub name: String,
    /// The queues he serves.
    pub queues: Vec<String>,
    /// Ordinary tasks at once.
    pub tasks_at_once: u32,
    /// The unit he belongs to.
    pub unit: Option<String>,
}

impl Worker {
    /// A worker of `queues` who takes up to `tasks_at_once`.
    pub fn new(name: &str, queues: &[&str], tasks_at_once: u32) -> Self {
        let queues = queues.iter().map(|queue| (*queue).to_owned()).collect();
        Self { name: name.to_owned(), queues, tasks_at_once, unit: None }
    }
}

impl Queue {
    /// A queue of this side.
    pub fn new(name: &str, side: &str) -> Self {
        Self { name: name.to_owned(), side: side.to_owned(), heir_of: Vec::new() }
    }
}

impl Installation {
    /// One number, one front queue `care`, no worker; short waits.
    pub fn new(graph_url: &str) -> Self {
        Self {
            graph_url: graph_url.to_owned(),
            numbers: vec![Number::test(1)],
            sites: Vec::new(),
            account_lines: String::new(),
            accounts: Vec::new(),
            chat: "sockets_max = 20000\nsockets_per_ip_max = 20000\nsessions_per_minute = 100000\n\
                   messages_per_minute = 6000\nmessages_burst = 100"
                .to_owned(),
            queues: vec![Queue::new("care", "front")],
            workers: Vec::new(),
            heartbeat_ms: 500,
            grace_ms: 1_000,
            reopen_window_ms: 86_400_000,
            log: "warn".to_owned(),
            rules: None,
            webhooks_per_second: Some(0),
            others: Vec::new(),
            unit_lines: String::new(),
            server: String::new(),
            extra: String::new(),
        }
    }

    /// The whole file.
    pub fn toml(&self, listen: SocketAddr, data_dir: &Path) -> String {
        let mut text = String::new();
        self.write(&mut text, listen, data_dir).expect("writing to memory does not fail");
        text
    }

    fn write(&self, out: &mut String, listen: SocketAddr, data_dir: &Path) -> std::fmt::Result {
        writeln!(out, "data_dir = {:?}\n{}", data_dir.display().to_string(), self.extra)?;
        // One address and one key make all the load here: the limits per address and key are not what is tested.
        writeln!(out, "[server]\nlisten = \"{listen}\"\nconnections_max = 20000\nconnections_per_ip_max = 20000")?;
        writeln!(out, "requests_per_second = 100000\nrequests_burst = 100000")?;
        if let Some(allowed) = self.webhooks_per_second {
            writeln!(out, "webhooks_per_second = {allowed}\nwebhooks_burst = 20")?;
        }
        writeln!(out, "{}\n", self.server)?;
        writeln!(out, "[workers]\nheartbeat_ms = {}\ngrace_ms = {}\n", self.heartbeat_ms, self.grace_ms)?;
        writeln!(out, "[chat]\n{}\n", self.chat)?;
        writeln!(out, "[log]\nfilter = {:?}\n", self.log)?;
        writeln!(out, "[[tenant]]\nname = \"acme\"\nreopen_window_ms = {}", self.reopen_window_ms)?;
        writeln!(out, "open_tasks_max = 2000000")?;
        if self.rules.is_some() {
            writeln!(out, "rules = {RULES_FILE:?}")?;
        }
        writeln!(out)?;
        for queue in &self.queues {
            writeln!(out, "[[tenant.queue]]\nname = {:?}\nside = {:?}", queue.name, queue.side)?;
            writeln!(out, "heir_of = {:?}", queue.heir_of)?;
            writeln!(out, "target_ms = 600000\nwrap_up_ms = 0\ntasks_max = 2000000\n")?;
        }
        for number in &self.numbers {
            self.write_number(out, number, &self.queues[0].name)?;
        }
        for site in &self.sites {
            writeln!(out, "[[tenant.account]]\nname = {:?}\nchannel = \"webchat\"", site.account)?;
            writeln!(out, "external_id = {:?}\nqueue = {:?}", site.account, self.queues[0].name)?;
            writeln!(out, "[tenant.account.settings]\nallowed_origins = [{:?}]", site.origin)?;
            writeln!(out, "identity_secret = {:?}\n{}\n", site.identity_secret, site.settings)?;
        }
        writeln!(out, "{}", self.account_lines)?;
        for account in &self.accounts {
            writeln!(out, "[[tenant.account]]\nname = {:?}\nchannel = {:?}", account.name, account.channel)?;
            writeln!(out, "external_id = {:?}\nqueue = {:?}", account.external_id, self.queues[0].name)?;
            writeln!(out, "[tenant.account.settings]")?;
            for (key, value) in &account.settings {
                writeln!(out, "{key} = {value:?}")?;
            }
            writeln!(out)?;
        }
        for worker in &self.workers {
            writeln!(out, "[[tenant.worker]]\nname = {:?}\nqueues = {:?}", worker.name, worker.queues)?;
            // Capacity is counted in hundredths of an ordinary task (`WEIGHT_UNIT`).
            writeln!(out, "capacity = {}", worker.tasks_at_once * 100)?;
            if let Some(unit) = &worker.unit {
                writeln!(out, "unit = {unit:?}")?;
            }
            writeln!(out)?;
        }
        writeln!(out, "{}", self.unit_lines)?;
        for (name, role, key) in [("tests", "admin", ADMIN_KEY), ("workers", "worker", WORKER_KEY)] {
            let hash = hex::encode(Sha256::digest(key.as_bytes()));
            writeln!(out, "[[tenant.key]]\nname = {name:?}\nrole = {role:?}\nsha256 = {hash:?}\n")?;
        }
        for (tenant, number) in &self.others {
            writeln!(out, "[[tenant]]\nname = {tenant:?}\n[[tenant.queue]]\nname = \"care\"\nside = \"front\"\n")?;
            self.write_number(out, number, "care")?;
        }
        Ok(())
    }

    fn write_number(&self, out: &mut String, number: &Number, queue: &str) -> std::fmt::Result {
        writeln!(out, "[[tenant.account]]\nname = {:?}\nchannel = \"whatsapp_cloud\"", number.account)?;
        writeln!(out, "external_id = {:?}\nqueue = {queue:?}", number.phone_number_id)?;
        writeln!(out, "[tenant.account.settings]\napp_secret = {:?}", number.app_secret)?;
        writeln!(out, "verify_token = {VERIFY_TOKEN:?}\naccess_token = {GRAPH_TOKEN:?}")?;
        writeln!(out, "base_url = {:?}", self.graph_url)?;
        writeln!(out, "account_rate_per_second = 5000\nrecipient_burst = 1000\n")
    }
}
