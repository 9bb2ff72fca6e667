//! The HTTP API: controllers by noun, one table of routes and roles, problem documents for everything that is wrong.

mod about;
pub mod accounts;
pub mod answers;
pub mod audit;
pub mod auth;
pub mod body;
pub mod canned;
pub mod case_acts;
pub mod case_alike;
pub mod case_events;
pub mod case_list;
pub mod case_types;
pub mod case_view;
pub mod cases;
pub mod causes;
pub mod company;
pub mod connect;
pub mod consents;
pub mod conversations;
pub mod customer;
pub mod decision_allowance;
pub mod decision_links;
pub mod decision_list;
pub mod decision_view;
pub mod decisions;
pub mod drafts;
pub mod endpoints;
pub mod explanation;
pub mod externals;
pub mod floor;
pub mod forward;
pub mod frames;
pub mod health;
pub mod held;
pub mod hooks;
pub mod improvement_acts;
pub mod improvement_figures;
pub mod improvement_view;
pub mod improvements;
pub mod items;
pub mod journeys;
pub mod json;
pub mod keys;
pub mod ledger;
pub mod macros;
pub mod matters;
pub mod media;
pub mod notes;
pub mod operations;
pub mod page;
pub mod pages;
pub mod people;
pub mod poll;
pub mod private;
pub mod problem;
pub mod promises;
pub mod push;
pub mod quality;
pub mod queues;
pub mod review_list;
pub mod review_view;
pub mod reviews;
pub mod routes;
pub mod rule_day;
pub mod rule_help;
pub mod rule_info;
pub mod rule_replay;
pub mod rule_trial;
pub mod rules;
pub mod search;
pub mod server;
pub mod sessions;
pub mod status;
pub mod synced;
pub mod system_keys;
pub mod tasks;
#[cfg(test)]
pub(crate) mod tests;
pub mod transcripts;
pub mod users;
pub mod view;
mod watch;
pub mod webhooks;
pub mod work;
pub mod workers;
pub mod worklist;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use blendline_wire::{Millis, SessionId, TenantId};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{CheckedTenant, Server};
use crate::decision_link::DecisionLinks;
use crate::directory::{Directories, Directory};
use crate::doors::Doors;
use crate::driver::Status;
use crate::floor::Floors;
use crate::handle::Handle;
use crate::intake::Intake;
use crate::outlets::post::Reach;
use crate::people::Gate;
use crate::people::company::Companies;
use crate::people::session::Cookie;
use crate::ports::broker::Broker;
use crate::ports::desks::Desks;
use crate::ports::files::Files;
use crate::ports::live::Live;
use crate::ports::outlets::Outlets;
use crate::ports::rules::RuleSets;
use crate::ports::search::Search;
use crate::ports::store::Archive;
use crate::ports::systems::Systems;
use crate::push::attention::Attentions;
use crate::status::Links;

pub use routes::app;

/// What every handler shares. Cheap to clone.
pub type Shared = Arc<App>;

/// What the API stands on.
pub struct Parts {
    /// What is configured.
    pub directory: Directories,
    /// The record of rule sets.
    pub rules: Arc<dyn RuleSets>,
    /// The record of what goes out to other systems.
    pub outlets: Arc<dyn Outlets>,
    /// The record of desks.
    pub desks: Arc<dyn Desks>,
    /// The index of words.
    pub search: Arc<dyn Search>,
    /// What other systems sign with.
    pub systems: Arc<dyn Systems>,
    /// What makes links for customers.
    pub status: Links,
    /// What makes links to decisions.
    pub decisions: DecisionLinks,
    /// Who may be posted to.
    pub reach: Reach,
    /// The key with which browsers subscribe to notices; `None`: nobody is told.
    pub push_key: Option<String>,
    /// Who looks at his desk.
    pub attentions: Attentions,
    /// The tenants as the configuration has them, without the rules that are live.
    pub configured: Vec<CheckedTenant>,
    /// The shards, and the doors to their owners.
    pub doors: Doors,
    /// What the owners behind the doors are doing.
    pub owners: BTreeMap<u16, tokio::sync::watch::Receiver<Status>>,
    /// What was committed.
    pub archive: Arc<dyn Archive>,
    /// Where webhooks go.
    pub broker: Arc<dyn Broker>,
    /// Files that customers sent.
    pub files: Arc<dyn Files>,
    /// Gets mails that webhooks only point to; connects to no private network.
    pub http: reqwest::Client,
    /// The limits.
    pub server: Server,
    /// Where people sign in.
    pub people: Arc<Gate>,
    /// What other processes share with this one.
    pub live: Arc<dyn Live>,
    /// The metrics to show.
    pub metrics: Option<PrometheusHandle>,
    /// Cancelled when the process is to end: workers are told to connect elsewhere.
    pub stopping: CancellationToken,
}

/// The API's state.
pub struct App {
    parts: Parts,
    intake: Intake,
    limits: Limits,
    key_limits: auth::KeyLimits,
    companies: Companies,
    floors: Floors,
    origins: worklist::Origins,
    /// Held while a macro is done on several tasks: it is done once, and not taken back meanwhile.
    doing: tokio::sync::Mutex<()>,
    last_session: AtomicU64,
    polls: poll::Polls,
    lines: TaskTracker,
    /// For what other routers serve, and for asking providers of identity.
    peers: reqwest::Client,
}

/// The limits of one request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest body of the API.
    pub body_bytes_max: usize,
    /// How long a body may take.
    pub body_timeout: Duration,
}

impl App {
    /// The API over these parts. `peers` calls other routers: see [`forward::client`].
    pub fn new(parts: Parts, peers: reqwest::Client) -> Shared {
        let intake = Intake::new(parts.directory.now(), parts.broker.clone(), parts.files.clone(), &parts.doors)
            .fetching(parts.http.clone())
            .allowing(parts.server.webhooks_per_second, parts.server.webhooks_burst);
        let limits = Limits {
            body_bytes_max: parts.server.body_bytes_max,
            body_timeout: Duration::from_millis(parts.server.body_timeout_ms),
        };
        let key_limits = auth::KeyLimits::new(parts.server.requests_per_second, parts.server.requests_burst);
        let companies = Companies::new(&parts.configured, &parts.directory.now(), &peers);
        // Numbers of an earlier run must not come again: a late loss of an old connection would end a new one.
        let last_session = AtomicU64::new(now().0 << 16);
        let polls = poll::Polls::default();
        let (floors, origins, lines) = (Floors::default(), worklist::Origins::default(), TaskTracker::new());
        Arc::new(Self {
            parts,
            intake,
            limits,
            key_limits,
            companies,
            floors,
            origins,
            doing: tokio::sync::Mutex::default(),
            last_session,
            polls,
            lines,
            peers,
        })
    }

    /// Waits until every worker's connection has ended; they end when `stopping` is cancelled.
    pub async fn lines_ended(&self) {
        self.lines.close();
        self.lines.wait().await;
    }

    fn directory(&self) -> Arc<Directory> {
        self.parts.directory.now()
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn key_limits(&self) -> &auth::KeyLimits {
        &self.key_limits
    }

    fn archive(&self) -> &dyn Archive {
        self.parts.archive.as_ref()
    }

    fn origins(&self) -> &worklist::Origins {
        &self.origins
    }

    fn doing(&self) -> &tokio::sync::Mutex<()> {
        &self.doing
    }

    fn rules(&self) -> &dyn RuleSets {
        self.parts.rules.as_ref()
    }

    fn outlets(&self) -> &dyn Outlets {
        self.parts.outlets.as_ref()
    }

    fn systems(&self) -> &dyn Systems {
        self.parts.systems.as_ref()
    }

    fn desks(&self) -> &dyn Desks {
        self.parts.desks.as_ref()
    }

    fn search(&self) -> &dyn Search {
        self.parts.search.as_ref()
    }

    fn reach(&self) -> Reach {
        self.parts.reach
    }

    fn push_key(&self) -> Option<&str> {
        self.parts.push_key.as_deref()
    }

    fn attentions(&self) -> &Attentions {
        &self.parts.attentions
    }

    fn configured(&self) -> &[CheckedTenant] {
        &self.parts.configured
    }

    fn files(&self) -> &dyn Files {
        self.parts.files.as_ref()
    }

    fn people(&self) -> &Gate {
        &self.parts.people
    }

    fn companies(&self) -> &Companies {
        &self.companies
    }

    fn cookie(&self) -> Cookie {
        Cookie { secure: self.parts.server.cookie_secure }
    }

    /// The door to the owner of a tenant's shard.
    fn door(&self, tenant: TenantId) -> &Handle {
        self.parts.doors.of(tenant)
    }

    fn next_session(&self) -> SessionId {
        SessionId(self.last_session.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// The wall clock, read at the edge only; everything inside takes time as an argument.
pub fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
