//! Where the database is and how long it may take: what was written, checked.

use std::fmt;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use super::OpenError;

/// How long a database that is well takes at most.
const DEADLINE: Duration = Duration::from_secs(5);
/// How long a connection may take to be made, and how long a lost peer is believed in.
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// Connections for commits and the look-ups before them: one commit and one look-up of each shard at a time.
const WRITERS: usize = 8;
/// Connections for what the API and the pages read.
const READERS: usize = 8;

/// What can be chosen.
#[derive(Clone)]
pub struct PostgresOptions {
    pub(super) config: Config,
    /// How long one call may take before the database counts as not answering.
    pub deadline: Duration,
    /// How many connections commits and look-ups share.
    pub writers: usize,
    /// How many connections reads of the API share.
    pub readers: usize,
}

impl PostgresOptions {
    /// Reads `postgres://user:password@host:port/database?…`, or libpq's `host=… port=…`.
    ///
    /// Several hosts may be named: the one that takes writes is used, also after a failover.
    ///
    /// # Errors
    /// When the text is no address of a database, or asks for what this build cannot do. The text is not repeated: it may
    /// hold a password.
    pub fn from_url(url: &str) -> Result<Self, OpenError> {
        if let Some(mode) = ["verify-ca", "verify-full", "allow"].into_iter().find(|mode| asks_for(url, mode)) {
            return Err(OpenError::Url(format!(
                "sslmode={mode} is not known: write sslmode=require or sslmode=disable"
            )));
        }
        let mut config: Config = url.parse().map_err(|error| OpenError::Url(reason(&error)))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(OpenError::Url("it names no host".into()));
        }
        if config.get_ssl_mode() == SslMode::Require {
            return Err(OpenError::Tls);
        }
        if config.get_application_name().is_none() {
            config.application_name("blendline");
        }
        config.connect_timeout(*config.get_connect_timeout().unwrap_or(&CONNECT_MAX));
        // A peer that is gone without a word: found by keepalives while idle, by the user timeout while sending.
        config
            .keepalives_idle(Duration::from_secs(5))
            .keepalives_interval(Duration::from_secs(2))
            .keepalives_retries(3);
        config.tcp_user_timeout(DEADLINE);
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        Ok(Self { config, deadline: DEADLINE, writers: WRITERS, readers: READERS })
    }

    /// Where the database is, without the password.
    pub fn place(&self) -> String {
        let hosts = self.config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        });
        let ports = self.config.get_ports();
        let port = |n: usize| ports.get(n).or(ports.first()).copied().unwrap_or(5432);
        let hosts: Vec<_> = hosts.enumerate().map(|(n, host)| format!("{host}:{}", port(n))).collect();
        let database = self.config.get_dbname().or(self.config.get_user()).unwrap_or_default();
        format!("postgres://{}/{database}", hosts.join(","))
    }
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresOptions").field(&self.place()).finish_non_exhaustive()
    }
}

fn asks_for(url: &str, mode: &str) -> bool {
    let wanted = format!("sslmode={mode}");
    url.split(['?', '&', ' ']).any(|part| part == wanted)
}

/// Why a text is no address: the parser names keys, never values.
fn reason(error: &tokio_postgres::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        let options = PostgresOptions::from_url("postgres://app:hunter2@db1:5433,db2/blendline").unwrap();
        assert_eq!(options.place(), "postgres://db1:5433,db2:5432/blendline");
        assert!(!format!("{options:?}").contains("hunter2"));
    }

    #[test]
    fn what_cannot_be_done_is_refused_with_the_cure() {
        let refused = |url: &str| PostgresOptions::from_url(url).unwrap_err().to_string();
        assert!(
            refused("postgres://db/b?sslmode=require").contains("sslmode"),
            "{}",
            refused("postgres://db/b?sslmode=require")
        );
        assert!(refused("postgres://db/b?sslmode=verify-full").contains("sslmode=require"));
        for url in ["postgres:///b", "nonsense", "postgres://db:port/b", "postgres://u:hunter2@db/b?colour=red"] {
            let text = refused(url);
            assert!(text.contains("postgres://user:password@host:5432/database"), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}
