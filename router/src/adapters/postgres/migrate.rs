//! Looks whether this database can be the record, and brings its schema up to date.

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

use super::error::words;
use super::settings::Settings;
use super::{OpenError, PostgresOptions};

/// The schema, oldest step first.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/postgres/0001_record.sql"),
    include_str!("../../../migrations/postgres/0002_people.sql"),
    include_str!("../../../migrations/postgres/0003_shards.sql"),
    include_str!("../../../migrations/postgres/0004_register.sql"),
    include_str!("../../../migrations/postgres/0005_register_index.sql"),
    include_str!("../../../migrations/postgres/0006_rules.sql"),
    include_str!("../../../migrations/postgres/0007_outlets.sql"),
    include_str!("../../../migrations/postgres/0011_desks.sql"),
    include_str!("../../../migrations/postgres/0012_search.sql"),
    include_str!("../../../migrations/postgres/0014_work_views.sql"),
    include_str!("../../../migrations/postgres/0015_held_macros_search.sql"),
    include_str!("../../../migrations/postgres/0016_cases.sql"),
    include_str!("../../../migrations/postgres/0017_push.sql"),
    include_str!("../../../migrations/postgres/0018_decisions.sql"),
    include_str!("../../../migrations/postgres/0019_promises.sql"),
    include_str!("../../../migrations/postgres/0020_systems.sql"),
    include_str!("../../../migrations/postgres/0021_journeys.sql"),
    include_str!("../../../migrations/postgres/0022_judgements.sql"),
    include_str!("../../../migrations/postgres/0023_improvements.sql"),
    include_str!("../../../migrations/postgres/0024_system_keys.sql"),
    include_str!("../../../migrations/postgres/0025_active_timers.sql"),
];
/// The advisory lock of whoever changes the schema: "blendline" as a number.
pub(super) const SCHEMA_LOCK: i64 = 0x626c_656e_646c_696e;

/// Refuses a database that cannot be the record, and warns of one that a power loss can destroy.
pub(super) async fn check(client: &Client, options: &PostgresOptions) -> Result<(), OpenError> {
    let place = options.place();
    let settings = Settings::of(client).await.map_err(|error| refused(&error, &place))?;
    if let Some(finding) = settings.refused().into_iter().next() {
        return Err(OpenError::Setting { place, finding: Box::new(finding) });
    }
    for finding in settings.risky(options) {
        tracing::warn!(place, %finding, "A setting of the database may cost something one day.");
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
