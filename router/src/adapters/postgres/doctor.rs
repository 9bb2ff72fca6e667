//! Looks at a database from the outside, for `blendline doctor`.

use blendline_wire::Millis;
use tokio::time::timeout;
use tokio_postgres::NoTls;

use super::error::words;
use super::options::PostgresOptions;
use super::settings::Settings;
use crate::adapters::finding::Finding;

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
    let answer = timeout(options.deadline, Settings::of(&client)).await;
    driving.abort();
    match answer {
        Ok(Ok(settings)) => {
            let mut found = [settings.refused(), settings.risky(options)].concat();
            found.extend(settings.skewed(asked));
            found
        }
        Ok(Err(error)) => unreachable(words(&error)),
        Err(_) => unreachable("silent".to_owned()),
    }
}
