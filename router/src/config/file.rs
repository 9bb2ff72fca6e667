//! The configuration as it is written: every key optional, so that three layers can be laid over one another.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use blendline_wire::task::{AcceptMode, Side};
use serde::Deserialize;
use toml::Spanned;

use super::asks::{SatisfactionFile, StatusWordFile};
use super::company::CompanyFile;
use super::events::EventsFile;
use super::mail::MailFile;
use super::media::MediaFile;
use super::traces::TracesFile;
use super::users::UserFile;
use crate::directory::Role;

/// A whole file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) data_dir: Option<PathBuf>,
    pub(super) server: ServerFile,
    pub(super) workers: WorkersFile,
    pub(super) chat: ChatFile,
    pub(super) mail: MailFile,
    pub(super) media: MediaFile,
    pub(super) events: EventsFile,
    pub(super) log: LogFile,
    pub(super) traces: TracesFile,
    pub(super) store: StoreFile,
    pub(super) broker: BrokerFile,
    pub(super) live: LiveFile,
    pub(super) cluster: ClusterFile,
    pub(super) defaults: Defaults,
    pub(super) tenant: Vec<TenantFile>,
}

/// What tenants, queues and workers have where they do not say otherwise.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Defaults {
    pub(super) tenant: TenantTuning,
    pub(super) queue: QueueTuning,
    pub(super) worker: WorkerTuning,
}

/// Declares a section twice: as it is written (all optional) and as it is used.
macro_rules! section {
    ($(#[$doc:meta])* $name:ident as $file:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        #[allow(unreachable_pub, reason = "some sections are checked into something else and never leave the module")]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)+
        }

        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(super) struct $file {
            $(pub(super) $field: Option<Spanned<$type>>,)+
        }

        impl $file {
            /// This layer where it says something, else the one below.
            pub(super) fn or(self, below: &Self) -> Self {
                Self { $($field: self.$field.or_else(|| below.$field.clone()),)+ }
            }

            /// The section in full, or the first key that no layer names.
            pub(super) fn finish(self) -> Result<$name, &'static str> {
                Ok($name { $($field: self.$field.ok_or(stringify!($field))?.into_inner(),)+ })
            }
        }
    };
}

pub(super) use section;

section! {
    /// The HTTP server and its limits.
    Server as ServerFile {
        /// The address to listen on.
        listen: SocketAddr,
        /// Connections at once.
        connections_max: usize,
        /// Connections at once from one address.
        connections_per_ip_max: usize,
        /// How long a head may take, also between two requests, in milliseconds.
        head_timeout_ms: u64,
        /// How long a body may take, in milliseconds.
        body_timeout_ms: u64,
        /// The largest body of the API.
        body_bytes_max: usize,
        /// The largest head of a request.
        head_bytes_max: usize,
        /// The most headers of a request.
        headers_max: usize,
        /// Requests that one key may make per second.
        requests_per_second: u32,
        /// Requests that one key may make at once.
        requests_burst: u32,
        /// Webhooks of one tenant that this process takes in, steadily; 0: all.
        webhooks_per_second: u32,
        /// Webhooks of one tenant that it takes in at once.
        webhooks_burst: u32,
        /// Pages that may open a worker's WebSocket.
        origins: Vec<String>,
        /// Whether the cookie of sessions is for TLS and loopback only.
        cookie_secure: bool,
        /// Proxies whose `X-Forwarded-For` tells from where a connection comes.
        trusted_proxies: Vec<IpAddr>,
        /// Whom push services turn to; empty: nobody is told on his devices.
        push_contact: String,
        /// How long requests may take to end after SIGTERM, in milliseconds.
        stop_grace_ms: u64,
    }
}

section! {
    /// How workers are kept.
    Workers as WorkersFile {
        /// How often a worker says that he is still here, in milliseconds.
        heartbeat_ms: u64,
        /// How long a worker who is gone may take to come back, in milliseconds.
        grace_ms: u64,
    }
}

section! {
    /// The web chat's limits.
    Chat as ChatFile {
        /// Sockets and long polls at once.
        sockets_max: usize,
        /// The same from one address.
        sockets_per_ip_max: usize,
        /// Sessions that one address may open per minute.
        sessions_per_minute: u32,
        /// Messages that one visitor may send per minute, steadily.
        messages_per_minute: u32,
        /// Messages that one visitor may send at once.
        messages_burst: u32,
        /// How often a silent visitor is asked whether he is there, in milliseconds.
        ping_ms: u64,
        /// How long a visitor may take to read what is sent to him, in milliseconds.
        write_timeout_ms: u64,
        /// Proxies of ours, whose `X-Forwarded-For` names the visitor's address.
        trusted_proxies: Vec<IpAddr>,
    }
}

section! {
    /// The record, as it is written.
    StoreSection as StoreFile {
        /// Empty: SQLite in the data directory.
        url: String,
    }
}

section! {
    /// What carries messages, as it is written.
    BrokerSection as BrokerFile {
        /// Empty: SQLite in the data directory.
        url: String,
        /// How many messages one queue holds at most.
        queue_length_max: u32,
    }
}

section! {
    /// Live state that several processes share, as it is written.
    LiveSection as LiveFile {
        /// Empty: each process has its own.
        url: String,
        /// What every key and channel begins with.
        prefix: String,
    }
}

section! {
    /// This process among others, as it is written.
    ClusterSection as ClusterFile {
        /// What this process runs.
        runs: Vec<Part>,
        /// How many shards tenants are spread over; 0 leaves it to the store.
        shards: u16,
        /// Where this process is reached; empty: where it listens.
        url: String,
        /// What all processes share.
        secret: String,
    }
}

/// What a process of an installation may do.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Part {
    /// Takes webhooks and web chat in.
    Connector,
    /// Owns shards, serves workers and the API, sends.
    Router,
}

section! {
    /// What is logged.
    Log as LogFile {
        /// The filter.
        filter: String,
        /// The form.
        format: LogFormat,
    }
}

/// The form of the log.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one object a line.
    Json,
}

/// Declares the keys that a thing shares with its defaults; `flatten` would lose the places and the strictness.
macro_rules! tuned {
    ($tuning:ident { $($key:ident: $type:ty,)+ } $file:ident { $($(#[$attr:meta])* $own:ident: $own_type:ty,)+ }) => {
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(super) struct $tuning {
            $(pub(super) $key: Option<$type>,)+
        }

        impl $tuning {
            /// This layer where it says something, else the one below.
            pub(super) fn or(&self, below: &Self) -> Self {
                Self { $($key: self.$key.or(below.$key),)+ }
            }
        }

        #[derive(Clone, Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $file {
            $($(#[$attr])* pub(super) $own: $own_type,)+
            $(#[serde(default)] pub(super) $key: Option<$type>,)+
        }

        impl $file {
            pub(super) fn tuning(&self) -> $tuning {
                $tuning { $($key: self.$key,)+ }
            }
        }
    };
}

tuned! {
    TenantTuning {
        reopen_window_ms: u64,
        confirm_window_ms: u64,
        stickiness_ms: u64,
        reserve_milli: u64,
        reserve_max_milli: u64,
        open_tasks_max: u64,
    }
    TenantFile {
        name: Spanned<String>,
        #[serde(default)] demo: bool,
        #[serde(default)] status_owner: bool,
        #[serde(default)] satisfaction: Option<SatisfactionFile>,
        #[serde(default)] status_word: Option<StatusWordFile>,
        #[serde(default)] rules: Option<Spanned<PathBuf>>,
        #[serde(default)] oidc: Option<CompanyFile>,
        #[serde(default)] skills: Vec<Spanned<String>>,
        #[serde(default)] unit: Vec<UnitFile>,
        #[serde(default)] calendar: Vec<CalendarFile>,
        #[serde(default)] queue: Vec<QueueFile>,
        #[serde(default)] account: Vec<AccountFile>,
        #[serde(default)] worker: Vec<WorkerFile>,
        #[serde(default)] key: Vec<KeyFile>,
        #[serde(default)] user: Vec<UserFile>,
    }
}

tuned! {
    QueueTuning {
        target_ms: u64,
        goal_percent: u32,
        protected_percent: u32,
        protected_window_ms: u64,
        weight_milli: u32,
        task_weight: u32,
        waiting_weight_percent: u32,
        offer_ms: u64,
        wrap_up_ms: u64,
        remind_ms: u64,
        take_back_ms: u64,
        supervisor_ms: u64,
        interruptible: bool,
        tasks_max: u32,
    }
    QueueFile {
        name: Spanned<String>,
        side: Side,
        #[serde(default)] unit: Option<Spanned<String>>,
        #[serde(default)] calendar: Option<Spanned<String>>,
        #[serde(default)] heir_of: Vec<Spanned<String>>,
    }
}

tuned! {
    WorkerTuning {
        capacity: u32,
        accept: AcceptMode,
        run_max: u16,
        breath_ms: u64,
        abuse_pause_ms: u64,
        cost: u32,
    }
    WorkerFile {
        name: Spanned<String>,
        queues: Vec<Spanned<String>>,
        #[serde(default)] skills: BTreeMap<Spanned<String>, Spanned<u8>>,
        #[serde(default)] unit: Option<Spanned<String>>,
        #[serde(default)] stand_in: Option<Spanned<String>>,
    }
}

/// A node of the organisation's tree.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UnitFile {
    pub(super) name: Spanned<String>,
    pub(super) parent: Option<Spanned<String>>,
    pub(super) manager: Option<Spanned<String>>,
    pub(super) location: Option<String>,
}

/// Working hours.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CalendarFile {
    pub(super) name: Spanned<String>,
    pub(super) zone: Spanned<String>,
    pub(super) hours: Hours,
    #[serde(default)]
    pub(super) holidays: Vec<Spanned<String>>,
}

/// The open hours of each day of the week, as `08:30-17:00`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Hours {
    pub(super) mon: Vec<Spanned<String>>,
    pub(super) tue: Vec<Spanned<String>>,
    pub(super) wed: Vec<Spanned<String>>,
    pub(super) thu: Vec<Spanned<String>>,
    pub(super) fri: Vec<Spanned<String>>,
    pub(super) sat: Vec<Spanned<String>>,
    pub(super) sun: Vec<Spanned<String>>,
}

/// One endpoint of a channel.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountFile {
    pub(super) name: Spanned<String>,
    pub(super) channel: Spanned<String>,
    pub(super) external_id: Spanned<String>,
    pub(super) queue: Spanned<String>,
    #[serde(default)]
    pub(super) needs: BTreeMap<Spanned<String>, Spanned<u8>>,
    pub(super) target_ms: Option<u64>,
    pub(super) unit: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) settings: BTreeMap<String, Spanned<SettingValue>>,
}

/// A channel's setting: text, or what the channel reads as such.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum SettingValue {
    Flag(bool),
    Number(i64),
    Text(String),
    List(Vec<String>),
}

/// An access key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyFile {
    pub(super) name: Spanned<String>,
    pub(super) role: Role,
    pub(super) worker: Option<Spanned<String>>,
    pub(super) sha256: Spanned<String>,
}
