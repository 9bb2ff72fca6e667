//! What a database says of itself, judged once for the start and for `blendline doctor`.

use blendline_wire::Millis;
use tokio_postgres::{Client, Error, Row};

use super::options::PostgresOptions;
use crate::adapters::finding::Finding;

/// The oldest version whose settings and statements are all there.
const OLDEST_VERSION: i32 = 14_00_00;
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

/// What a database says of itself.
#[derive(Clone, Debug)]
pub(super) struct Settings {
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
    /// Asks the database.
    pub(super) async fn of(client: &Client) -> Result<Self, Error> {
        Self::read(&client.query_one(SETTINGS, &[]).await?)
    }

    fn read(row: &Row) -> Result<Self, Error> {
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
    }

    /// What may cost something one day.
    pub(super) fn risky(&self, options: &PostgresOptions) -> Vec<Finding> {
        let mut found = Vec::new();
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
        found
    }

    /// How far its clock is from ours, which showed `asked` when it was asked; `None` while that is near enough.
    pub(super) fn skewed(&self, asked: Millis) -> Option<Finding> {
        let skew = u64::try_from(self.now).unwrap_or_default().abs_diff(asked.0);
        let (found, needed) = (format!("{skew} ms from ours"), format!("at most {SKEW_MAX_MS} ms"));
        (skew > SKEW_MAX_MS).then(|| Finding::warning("clock", found, needed, "run NTP on both machines"))
    }

    /// What Blendline does not run on.
    pub(super) fn refused(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        if self.version < OLDEST_VERSION {
            let version = self.version_name.clone();
            found.push(Finding::fatal("server_version", version, "14 or later", "upgrade PostgreSQL"));
        }
        if self.encoding != "UTF8" {
            let cure = "make the database anew: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0";
            found.push(Finding::fatal("server_encoding", self.encoding.clone(), "UTF8", cure));
        }
        if self.synchronous_commit == "off" {
            let cure = "ALTER SYSTEM SET synchronous_commit = on, and look at ALTER ROLE and ALTER DATABASE settings too; \
                        where there are standbys, `on` or `remote_apply` with synchronous_standby_names";
            found.push(Finding::fatal("synchronous_commit", "off", "on, remote_write, remote_apply or local", cure));
        }
        if self.standby {
            let cure = "name the primary in [store] url, or all hosts: the one that takes writes is used";
            found.push(Finding::fatal("pg_is_in_recovery", "true", "false", cure));
        }
        if !self.may_create {
            let cure = "ALTER DATABASE … OWNER TO the user of the url, or GRANT CREATE ON SCHEMA public TO him";
            found.push(Finding::fatal("CREATE on the schema", "permission denied", "granted", cure));
        }
        found
    }
}
