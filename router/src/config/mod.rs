//! The configuration: a TOML file, a few environment variables, and the compiled-in defaults below them.
//!
//! Reading ([`Config::parse`]) checks everything that can be checked without the record: every fault is one
//! [`ConfigError`] that names file, line, key and cure. [`resolve()`] then gives each name its handle.

mod asks;
mod authority;
mod blend;
mod calendar;
mod check;
mod checked;
mod cluster;
mod company;
mod error;
mod events;
mod file;
mod handover;
mod heirs;
mod mail;
mod media;
mod ranges;
mod resolve;
mod rules;
mod secret;
#[cfg(test)]
mod tests;
mod traces;
mod tuned;
mod users;

use std::path::{Path, PathBuf};

use toml::Spanned;

pub use checked::{CheckedAccount, CheckedTenant};
pub use cluster::{Cluster, SharedLive};
pub use company::{CompanySignIn, Users};
pub use error::ConfigError;
pub use events::Events;
pub use file::{Chat, Log, LogFormat, Server, Workers};
pub use heirs::{NoHeir, all_have_heirs};
pub use mail::Mail;
pub use media::Media;
pub use resolve::{calendars, resolve, resolve_alone, resolve_as_recorded, resolve_some};
pub use rules::{RulesFile, joined};
pub use secret::DEMO_PREFIX;
pub use traces::Traces;
pub use users::CheckedUser;

pub(crate) use company::is_safe;
use error::Source;
pub(crate) use error::did_you_mean;
use file::File;

/// The defaults, as the file that documents them.
const DEFAULTS: &str = include_str!("../../config.default.toml");
/// What the defaults are called in errors.
const DEFAULTS_NAME: &str = "config.default.toml";

/// A checked configuration.
#[derive(Debug)]
pub struct Config {
    /// Where the data lies.
    pub data_dir: PathBuf,
    /// The HTTP server and its limits.
    pub server: Server,
    /// How workers are kept.
    pub workers: Workers,
    /// The web chat's limits.
    pub chat: Chat,
    /// Our own SMTP listener.
    pub mail: Mail,
    /// Where files of customers are kept.
    pub media: Media,
    /// Events for other systems.
    pub events: Events,
    /// What is logged.
    pub log: Log,
    /// Where traces go.
    pub traces: Traces,
    /// On what it stands, and what this process does.
    pub cluster: Cluster,
    /// The organisation, checked; names are not handles yet.
    pub tenants: Vec<CheckedTenant>,
}

impl Config {
    /// Reads the file at `path`, or only the defaults, and the process's environment.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        let env = |name: &str| std::env::var(name).ok();
        let Some(path) = path else {
            return Self::parse("(no file)", "", &env);
        };
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError {
            file: name.clone(),
            line: 0,
            column: 0,
            key: String::new(),
            message: format!("cannot be read: {error}"),
            hint: "check the path and who may read it".into(),
        })?;
        Self::parse(&name, &text, &env)
    }

    /// Reads `text`, which is called `name` in errors.
    pub fn parse(name: &str, text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let source = Source { file: name, text };
        let mut file: File = toml::from_str(text).map_err(|error| source.unreadable(&error))?;
        override_by_environment(&mut file, env)?;
        let below: File = toml::from_str(DEFAULTS)
            .map_err(|error| Source { file: DEFAULTS_NAME, text: DEFAULTS }.unreadable(&error))?;

        let listen_at = file.server.listen.as_ref().map_or(0..0, Spanned::span);
        let whole = |section: &str| {
            let section = section.to_owned();
            move |key| ConfigError {
                file: DEFAULTS_NAME.into(),
                line: 0,
                column: 0,
                key: format!("{section}.{key}"),
                message: "has no default".into(),
                hint: "set it in your file".into(),
            }
        };
        ranges::check(&source, &file)?;
        let server = file.server.clone().or(&below.server).finish().map_err(whole("server"))?;
        let workers = file.workers.clone().or(&below.workers).finish().map_err(whole("workers"))?;
        let chat = file.chat.clone().or(&below.chat).finish().map_err(whole("chat"))?;
        let log = file.log.clone().or(&below.log).finish().map_err(whole("log"))?;
        let stands_on = (
            file.store.clone().or(&below.store).finish().map_err(whole("store"))?,
            file.broker.clone().or(&below.broker).finish().map_err(whole("broker"))?,
            file.live.clone().or(&below.live).finish().map_err(whole("live"))?,
            file.cluster.clone().or(&below.cluster).finish().map_err(whole("cluster"))?,
        );
        let cluster = cluster::check(&source, &file, stands_on, server.listen, env)?;
        let data_dir = file.data_dir.clone().or(below.data_dir.clone()).ok_or("data_dir").map_err(whole("(top)"))?;
        let tenants = check::organisation(&source, &file, &below.defaults, env)?;
        let mail = file.mail.clone().or(&below.mail).finish().map_err(whole("mail"))?;
        let mail = mail::check(&source, &file.mail, mail, &tenants)?;
        let media = file.media.clone().or(&below.media).finish().map_err(whole("media"))?;
        let media = media::check(&source, &file.media, media, &data_dir, env)?;
        let events = file.events.clone().or(&below.events).finish().map_err(whole("events"))?;
        let events = events::check(&source, &file.events, events, cluster.broker.is_some())?;
        let traces = file.traces.clone().or(&below.traces).finish().map_err(whole("traces"))?;
        let traces = traces::check(&source, &file.traces, traces)?;
        if tenants.iter().any(|tenant| tenant.demo) && !server.listen.ip().is_loopback() {
            return Err(source.error(
                listen_at,
                format!("a demo tenant has published secrets and may not listen on {}", server.listen),
                "listen on 127.0.0.1, or remove `demo = true` and use secrets of your own",
            ));
        }
        Ok(Self { data_dir, server, workers, chat, mail, media, events, log, traces, cluster, tenants })
    }
}

/// The environment wins over the file. A short list on purpose: what is not here is in the file.
fn override_by_environment(file: &mut File, env: &dyn Fn(&str) -> Option<String>) -> Result<(), ConfigError> {
    if let Some(value) = env("BLENDLINE_DATA_DIR") {
        file.data_dir = Some(value.into());
    }
    set(&mut file.server.listen, env, "BLENDLINE_LISTEN", "an address such as 127.0.0.1:8080")?;
    set(&mut file.workers.heartbeat_ms, env, "BLENDLINE_HEARTBEAT_MS", "milliseconds, such as 5000")?;
    set(&mut file.workers.grace_ms, env, "BLENDLINE_GRACE_MS", "milliseconds, such as 30000")?;
    for (slot, name) in [
        (&mut file.store.url, "BLENDLINE_STORE_URL"),
        (&mut file.broker.url, "BLENDLINE_BROKER_URL"),
        (&mut file.live.url, "BLENDLINE_LIVE_URL"),
        (&mut file.cluster.url, "BLENDLINE_URL"),
        (&mut file.cluster.secret, "BLENDLINE_CLUSTER_SECRET"),
    ] {
        if let Some(value) = env(name) {
            *slot = Some(Spanned::new(0..0, value));
        }
    }
    set(&mut file.log.filter, env, "BLENDLINE_LOG", "a filter such as info")?;
    if let Some(value) = env("BLENDLINE_LOG_FORMAT") {
        let format = match value.as_str() {
            "text" => LogFormat::Text,
            "json" => LogFormat::Json,
            _ => return Err(bad_variable("BLENDLINE_LOG_FORMAT", "text or json")),
        };
        file.log.format = Some(Spanned::new(0..0, format));
    }
    Ok(())
}

fn set<T: std::str::FromStr>(
    slot: &mut Option<Spanned<T>>,
    env: &dyn Fn(&str) -> Option<String>,
    name: &str,
    expected: &str,
) -> Result<(), ConfigError> {
    if let Some(value) = env(name) {
        let value = value.trim().parse().map_err(|_| bad_variable(name, expected))?;
        *slot = Some(Spanned::new(0..0, value));
    }
    Ok(())
}

fn bad_variable(name: &str, expected: &str) -> ConfigError {
    ConfigError {
        file: format!("environment variable {name}"),
        line: 0,
        column: 0,
        key: String::new(),
        message: "has a value that cannot be used".into(),
        hint: format!("expected {expected}"),
    }
}
