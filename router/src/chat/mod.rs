//! Web chat, the server's side (CHANNELS.md section 11): sessions, sockets and long polls of visitors.
//!
//! What a visitor says takes the path of every channel: an event on the broker, acknowledged when it is durable. What he
//! reads is the record itself, from his cursor; [`Live`](crate::ports::live::Live) only tells that there is more, so a
//! lost hint costs time and never a word.
//!
//! Suggested reading order: [`token`], `session`, `gate`, `reader`, `say`, `socket`, `poll`.

mod about;
mod frames;
mod gate;
mod origin;
mod poll;
mod reader;
mod routes;
mod say;
mod secret;
mod seen;
mod session;
mod site;
mod socket;
mod telemetry;
#[cfg(test)]
pub(crate) mod tests;
mod token;

use std::collections::HashMap;
use std::sync::Arc;

use blendline_connectors::Connector;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use origin::own_origins;
pub use routes::{router, routes};
pub use secret::ServerSecret;

use crate::api::server::Places;
use crate::config;
use crate::directory::Directory;
use crate::doors::Doors;
use crate::ports::broker::Broker;
use crate::ports::live::Live;
use crate::ports::store::Archive;
use site::Site;

/// The channel whose accounts have a chat.
const CHANNEL: &str = "webchat";

/// What every handler shares. Cheap to clone.
pub type Shared = Arc<Chat>;

/// What the chat stands on.
pub struct Parts {
    /// What is configured.
    pub directory: Arc<Directory>,
    /// What was committed.
    pub archive: Arc<dyn Archive>,
    /// Where visitors' words go.
    pub broker: Arc<dyn Broker>,
    /// Who tells that there is more to read.
    pub live: Arc<dyn Live>,
    /// The shards of the tenants.
    pub doors: Doors,
    /// The limits.
    pub limits: config::Chat,
    /// What visitors' tokens are signed with, where an account has no secret of its own for it.
    pub secret: ServerSecret,
    /// The origins of our own pages.
    pub origins: Vec<String>,
    /// Cancelled when the process is to end: visitors are told to connect elsewhere.
    pub stopping: CancellationToken,
    /// How long the process goes on after that, in milliseconds: nobody is told to come back later than its end.
    pub stop_grace_ms: u64,
}

/// The chat's state.
pub struct Chat {
    directory: Arc<Directory>,
    archive: Arc<dyn Archive>,
    broker: Arc<dyn Broker>,
    live: Arc<dyn Live>,
    doors: Doors,
    connector: &'static dyn Connector,
    limits: config::Chat,
    own_origins: Vec<String>,
    sites: HashMap<String, Arc<Site>>,
    /// Places of sockets and long polls.
    places: Places,
    lines: TaskTracker,
    stopping: CancellationToken,
    stop_grace_ms: u64,
}

impl Chat {
    /// The chat of every account that has one; `None` when this program knows no such channel.
    pub fn new(parts: Parts) -> Option<Shared> {
        let Parts { directory, archive, broker, live, limits, secret, origins, .. } = parts;
        let entries = directory.accounts.iter().filter(|(_, entry)| entry.channel == CHANNEL);
        let sites = entries
            .map(|(_, entry)| (entry.account.name.clone(), Arc::new(Site::new(entry, &directory, &secret))))
            .collect();
        Some(Arc::new(Self {
            connector: blendline_connectors::by_name(CHANNEL)?,
            doors: parts.doors,
            own_origins: origins,
            sites,
            places: Places::new(limits.sockets_max, limits.sockets_per_ip_max),
            lines: TaskTracker::new(),
            stopping: parts.stopping,
            stop_grace_ms: parts.stop_grace_ms,
            directory,
            archive,
            broker,
            live,
            limits,
        }))
    }

    /// Waits until every visitor's socket has ended; they end when `stopping` is cancelled.
    pub async fn lines_ended(&self) {
        self.lines.close();
        self.lines.wait().await;
    }
}
