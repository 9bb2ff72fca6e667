//! Looks at a database's settings from the outside, for `blendline doctor`.

use blendline_wire::Millis;
use tokio::time::timeout;
use tokio_postgres::{Client, NoTls, Row};

use super::error::words;
use super::options::PostgresOptions;
use crate::adapters::finding::Finding;

/// How far the database's clock may be from ours. Leases are by its clock alone; this is for whoever reads times.
const SKEW_MAX_MS: u64 = 2_000;
/// Connections that a database must have for others beside one process of ours.
const CONNECTIONS_SPARE: i32 = 10;

/// Everything that is asked of it, in one row.
const SETTINGS: &str = "SELECT current_setting('server_version_num')::integer AS version,
    current_setting('server_version') AS version_name,
    current_setting('server_encoding') AS encoding,
    current_setting('synchronous_commit') AS synchronous_commit,
    current_setting('synchronous_standby_names') AS standbys,
    current_setting('fsync') AS fsync,
    current_setting('full_page_writes') AS full_page_writes,
    current_setting('autovacuum') AS autovacuum,
    current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer AS places,
    pg_is_in_recovery() AS standby,
    coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now";

/// What is not as it must be with the database at `options`; empty when all is well. `now` is our own clock.
pub async fn examine(options: &PostgresOptions, now: impl Fn() -> Millis) -> Vec<Finding> {
    let unreachable = |cause: String| {
        let cure = "start PostgreSQL, and check host, port, user and password of [store] url, and pg_hba.conf";
        vec![Finding::fatal("connection", cause, "an answer", cure)]
    };
    let (client, connection) = match timeout(options.deadline, options.config.connect(NoTls)).await {
        Ok(Ok(connected)) => connected,
        Ok(Err(error)) => return unreachable(words(&error)),
        Err(_) => return unreachable("silent".to_owned()),
    };
    let driving = tokio::spawn(connection);
    let asked = now();
    let answer = timeout(options.deadline, ask(&client)).await;
    driving.abort();
    match answer {
        Ok(Ok(row)) => Settings::read(&row).map_or_else(unreachable, |settings| settings.judge(options, asked)),
        Ok(Err(cause)) => unreachable(cause),
        Err(_) => unreachable("silent".to_owned()),
    }
}

async fn ask(client: &Client) -> Result<Row, String> {
    client.query_one(SETTINGS, &[]).await.map_err(|error| words(&error))
}

/// What a database says of itself.
#[derive(Clone, Debug)]
struct Settings {
    version: i32,
    version_name: String,
    encoding: String,
    synchronous_commit: String,
    standbys: String,
    fsync: String,
    full_page_writes: String,
    autovacuum: String,
    places: i32,
    standby: bool,
    may_create: bool,
    now: i64,
}

impl Settings {
    fn read(row: &Row) -> Result<Self, String> {
        let read = || -> Result<Self, tokio_postgres::Error> {
            Ok(Self {
                version: row.try_get("version")?,
                version_name: row.try_get("version_name")?,
                encoding: row.try_get("encoding")?,
                synchronous_commit: row.try_get("synchronous_commit")?,
                standbys: row.try_get("standbys")?,
                fsync: row.try_get("fsync")?,
                full_page_writes: row.try_get("full_page_writes")?,
                autovacuum: row.try_get("autovacuum")?,
                places: row.try_get("places")?,
                standby: row.try_get("standby")?,
                may_create: row.try_get("may_create")?,
                now: row.try_get("now")?,
            })
        };
        read().map_err(|error| words(&error))
    }

    fn judge(&self, options: &PostgresOptions, asked: Millis) -> Vec<Finding> {
        let mut found = self.refused();
        for (key, value) in [("fsync", &self.fsync), ("full_page_writes", &self.full_page_writes)] {
            if value == "off" {
                let cure = format!("ALTER SYSTEM SET {key} = on, and reload: a power loss can destroy the record");
                found.push(Finding::warning(key, "off", "on", cure));
            }
        }
        if self.autovacuum == "off" {
            let cure = "ALTER SYSTEM SET autovacuum = on: rows that change often would fill the disk";
            found.push(Finding::warning("autovacuum", "off", "on", cure));
        }
        if self.synchronous_commit == "local" && !self.standbys.is_empty() {
            let cure = "ALTER SYSTEM SET synchronous_commit = on: a failover may lose what was committed";
            found.push(Finding::warning("synchronous_commit", "local", "on, for there are standbys", cure));
        }
        let needed = i32::try_from(options.writers + options.readers).unwrap_or(i32::MAX);
        if self.places < needed + CONNECTIONS_SPARE {
            let wanted =
                format!("at least {} for one process, {needed} more for each other", needed + CONNECTIONS_SPARE);
            let cure = "raise max_connections, and restart PostgreSQL";
            found.push(Finding::warning("max_connections", self.places.to_string(), wanted, cure));
        }
        let skew = u64::try_from(self.now).unwrap_or_default().abs_diff(asked.0);
        if skew > SKEW_MAX_MS {
            let (found_ms, needed) = (format!("{skew} ms from ours"), format!("at most {SKEW_MAX_MS} ms"));
            found.push(Finding::warning("clock", found_ms, needed, "run NTP on both machines"));
        }
        found
    }

    /// What Blendline does not run on.
    fn refused(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        if self.version < super::migrate::OLDEST_VERSION {
            let version = self.version_name.clone();
            found.push(Finding::fatal("server_version", version, "14 or later", "upgrade PostgreSQL"));
        }
        if self.encoding != "UTF8" {
            let cure = "make the database anew: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0";
            found.push(Finding::fatal("server_encoding", self.encoding.clone(), "UTF8", cure));
        }
        if self.synchronous_commit == "off" {
            let cure =
                "ALTER SYSTEM SET synchronous_commit = on, and look at ALTER ROLE and ALTER DATABASE settings too";
            found.push(Finding::fatal("synchronous_commit", "off", "on", cure));
        }
        if self.standby {
            let cure = "name the primary in [store] url, or all hosts: the one that takes writes is used";
            found.push(Finding::fatal("pg_is_in_recovery", "true", "false", cure));
        }
        if !self.may_create {
            let cure = "GRANT CREATE ON SCHEMA public TO the user, or make him the database's owner";
            found.push(Finding::fatal("CREATE on the schema", "denied", "granted", cure));
        }
        found
    }
}
