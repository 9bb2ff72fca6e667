//! What errors of the database mean.

use deadpool_postgres::PoolError;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

use crate::adapters::finding::Finding;
use crate::ports::store::StoreError;

/// Why the record on PostgreSQL could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// What was written is no address of a database.
    #[error("the store's url cannot be used: {0}; write postgres://user:password@host:5432/database")]
    Url(String),
    /// The address asks for an encrypted connection.
    #[error(
        "the store's url asks for sslmode=require, and this version speaks no TLS to PostgreSQL: \
         write sslmode=disable where the network between the two is trusted, or lead it through a TLS tunnel"
    )]
    Tls,
    /// Nobody answers, or not as a database does.
    #[error("{place} does not answer: {cause}; check that it runs, host, port, and what pg_hba.conf lets in")]
    Unreachable {
        /// Where it should be.
        place: String,
        /// What was heard.
        cause: String,
    },
    /// It answers, and refuses.
    #[error("{place} refuses: {cause}")]
    Refused {
        /// Where it is.
        place: String,
        /// What it says.
        cause: String,
    },
    /// It works in a way in which the record would not be one.
    #[error("{place}: {finding}")]
    Setting {
        /// Where it is.
        place: String,
        /// What is wrong, and the cure.
        finding: Box<Finding>,
    },
    /// A newer program made the schema.
    #[error("{place} was written by a newer version (schema {found}, this program knows {known}): use that version")]
    Newer {
        /// Where it is.
        place: String,
        /// The schema in the database.
        found: usize,
        /// The schema this program knows.
        known: usize,
    },
}

/// An error in words: code and message, without the values that details and hints may repeat.
pub(super) fn words(error: &Error) -> String {
    match error.as_db_error() {
        Some(db) => match db.constraint() {
            Some(constraint) => format!("{} ({}, {constraint})", db.message(), db.code().code()),
            None => format!("{} ({})", db.message(), db.code().code()),
        },
        None => {
            let source = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
            format!("{error}{source}")
        }
    }
}

/// An error of a pool in words.
pub(super) fn pool_words(error: &PoolError) -> String {
    match error {
        PoolError::Backend(error) => words(error),
        PoolError::Timeout(deadpool_postgres::TimeoutType::Wait) => "all connections are in use".into(),
        PoolError::Timeout(_) => "no answer in time".into(),
        other => other.to_string(),
    }
}

/// What an error means to a caller.
pub(super) fn fault(error: &Error) -> StoreError {
    match error.as_db_error() {
        Some(db) if contradicts(db) => StoreError::Corrupt(words(error)),
        _ => StoreError::Unavailable(words(error)),
    }
}

/// True when trying again would not help: the rows contradict each other or the schema.
fn contradicts(db: &DbError) -> bool {
    // Classes 22 and 23: data that cannot be, constraints that do not hold; XX001 and XX002: broken pages and indexes.
    let code = db.code();
    matches!(code.code().get(..2), Some("22" | "23"))
        || *code == SqlState::DATA_CORRUPTED
        || *code == SqlState::INDEX_CORRUPTED
}
