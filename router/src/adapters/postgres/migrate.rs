//! Looks whether this database can be the record, and brings its schema up to date.

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

use super::OpenError;
use super::error::words;

/// The schema, oldest step first.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/postgres/0001_record.sql"),
    include_str!("../../../migrations/postgres/0002_people.sql"),
    include_str!("../../../migrations/postgres/0003_shards.sql"),
];
/// The oldest version whose settings and statements are all there.
pub(super) const OLDEST_VERSION: i32 = 14_00_00;
/// The advisory lock of whoever changes the schema: "blendline" as a number.
pub(super) const SCHEMA_LOCK: i64 = 0x626c_656e_646c_696e;

/// Refuses a database that would not keep what it acknowledged, or not hold every text.
pub(super) async fn check(client: &Client, place: &str) -> Result<(), OpenError> {
    let row = client
        .query_one(
            "SELECT current_setting('server_version_num')::integer, current_setting('server_version'),
                 current_setting('server_encoding'), current_setting('synchronous_commit'),
                 current_setting('fsync'), current_setting('full_page_writes')",
            &[],
        )
        .await
        .map_err(|error| refused(&error, place))?;
    let text = |column: usize| row.try_get::<_, String>(column).map_err(|error| refused(&error, place));
    let version: i32 = row.try_get(0).map_err(|error| refused(&error, place))?;
    let wrong =
        |setting, found, needed, cure| OpenError::Setting { place: place.to_owned(), setting, found, needed, cure };
    if version < OLDEST_VERSION {
        return Err(wrong("server_version", text(1)?, "14 or later", "upgrade PostgreSQL"));
    }
    if text(2)? != "UTF8" {
        let cure = "make the database anew: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0";
        return Err(wrong("server_encoding", text(2)?, "UTF8", cure));
    }
    if text(3)? == "off" {
        let cure = "ALTER SYSTEM SET synchronous_commit = on, and look at ALTER ROLE and ALTER DATABASE settings too; \
                    where there are standbys, `on` or `remote_apply` with synchronous_standby_names";
        return Err(wrong("synchronous_commit", text(3)?, "on, remote_write, remote_apply or local", cure));
    }
    for (setting, column) in [("fsync", 4), ("full_page_writes", 5)] {
        if text(column)? == "off" {
            tracing::warn!(
                setting,
                "This setting of the database is off: a power loss can destroy the record. Set it on."
            );
        }
    }
    Ok(())
}

/// Applies the steps that are missing, all or none. Programs that start at once wait for each other.
pub(super) async fn migrate(client: &mut Client, place: &str) -> Result<(), OpenError> {
    let failed = |error: Error| refused(&error, place);
    let transaction = client.transaction().await.map_err(failed)?;
    transaction.query("SELECT pg_advisory_xact_lock($1)", &[&SCHEMA_LOCK]).await.map_err(failed)?;
    let known = transaction.query_one("SELECT to_regclass('schema_version') IS NOT NULL", &[]).await.map_err(failed)?;
    if !known.try_get::<_, bool>(0).map_err(failed)? {
        let table = "CREATE TABLE schema_version (version integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())";
        transaction.batch_execute(table).await.map_err(failed)?;
    }
    let seen =
        transaction.query_one("SELECT coalesce(max(version), 0) FROM schema_version", &[]).await.map_err(failed)?;
    let found = usize::try_from(seen.try_get::<_, i32>(0).map_err(failed)?).unwrap_or(usize::MAX);
    if found > MIGRATIONS.len() {
        return Err(OpenError::Newer { place: place.to_owned(), found, known: MIGRATIONS.len() });
    }
    for (version, migration) in (1_i32..).zip(MIGRATIONS).skip(found) {
        transaction.batch_execute(migration).await.map_err(failed)?;
        transaction.execute("INSERT INTO schema_version (version) VALUES ($1)", &[&version]).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

/// What it says, with the cure where we know it.
pub(super) fn refused(error: &Error, place: &str) -> OpenError {
    let place = place.to_owned();
    let Some(code) = error.code() else { return OpenError::Unreachable { place, cause: words(error) } };
    let cure = if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        "; the user must own the database or its schema: ALTER DATABASE … OWNER TO …, or GRANT CREATE ON SCHEMA public TO …"
    } else if *code == SqlState::INVALID_CATALOG_NAME {
        "; make it: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
    } else if *code == SqlState::INVALID_PASSWORD || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
        "; check user and password of the url, and pg_hba.conf"
    } else {
        ""
    };
    OpenError::Refused { place, cause: format!("{}{cure}", words(error)) }
}
