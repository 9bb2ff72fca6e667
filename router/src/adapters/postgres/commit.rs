//! One batch, one transaction, one round trip.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Statement};

use super::connections::{Connections, Lent, told};
use super::error::fault;
use super::statements::statements;
use super::tables::Tables;
use super::{shards, values};
use crate::adapters::columns::{Batch, sql};
use crate::ports::store::StoreError;

const FENCE: &str = "SELECT fence($1, $2, $3, $4, $5)";

/// Why a batch is not in.
#[derive(Debug)]
pub(super) enum Failed {
    /// A partition it needs is not there (any more).
    NoPartition,
    /// Anything else.
    Store(StoreError),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Failed> for StoreError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::NoPartition => Self::Unavailable("a partition is not there and could not be made".into()),
            Failed::Store(error) => error,
        }
    }
}

/// What the database made of a batch that reached it whole.
enum Verdict {
    Committed,
    /// It was in already.
    Passed,
    NoPartition,
}

/// Commits a batch, if the fence lets it (P2). `Unavailable` leaves the outcome unknown: the same batch may come again.
pub(super) async fn commit(connections: &Connections, batch: &Batch) -> Result<(), Failed> {
    let lent = connections.lend().await?;
    let verdict = lent.within(send(&lent, batch)).await;
    let verdict = lent.back(verdict)?;
    match verdict {
        Verdict::Committed => Ok(()),
        Verdict::NoPartition => Err(Failed::NoPartition),
        Verdict::Passed => {
            // The try before us is committed, but perhaps not on the standby yet that it waited for when we lost it.
            // A commit of our own waits for all that came before it.
            let lent = connections.lend().await?;
            let settled = lent.within(shards::settle(&lent, batch)).await;
            Ok(lent.back(settled)?)
        }
    }
}

async fn send(lent: &Lent<'_>, batch: &Batch) -> Result<Verdict, StoreError> {
    let tables = Tables::new(batch);
    let (shard, lease_ms) = (i32::from(batch.shard), sql(batch.lease_ms));
    let (epoch, number, now) = (sql(batch.epoch), sql(batch.batch), sql(batch.now.0));
    let mut steps = vec![("BEGIN", Vec::new())];
    steps.push((FENCE, values::params(&[&shard, &epoch, &number, &now, &lease_ms])));
    steps.extend(statements(&tables));
    steps.push(("COMMIT", Vec::new()));
    let prepared = prepare(lent, steps.iter().map(|(query, _)| *query)).await?;
    verdict(flight(lent, &prepared, &steps).await)
}

/// The statements of these queries; those that this connection has not seen yet cost one round trip together.
async fn prepare(lent: &Lent<'_>, queries: impl Iterator<Item = &'static str>) -> Result<Vec<Statement>, StoreError> {
    told(futures_util::future::try_join_all(queries.map(|query| lent.prepare_cached(query))).await)
}

type Step<'a> = Pin<Box<dyn Future<Output = Result<u64, Error>> + Send + 'a>>;

/// Sends all steps without waiting for any answer, in this order, and gathers the answers.
///
/// A step that could not be sent ends it: what comes after it, COMMIT above all, is not sent.
async fn flight(
    lent: &Lent<'_>,
    prepared: &[Statement],
    steps: &[(&'static str, Vec<&(dyn ToSql + Sync)>)],
) -> Vec<Result<u64, Error>> {
    let mut waiting: Vec<Step<'_>> = prepared
        .iter()
        .zip(steps)
        .map(|(statement, (_, params))| Box::pin(lent.execute(statement, params)) as Step<'_>)
        .collect();
    let mut answers: Vec<Option<Result<u64, Error>>> = waiting.iter().map(|_| None).collect();
    let mut first = true;
    poll_fn(move |context| {
        let mut pending = false;
        for (step, answer) in waiting.iter_mut().zip(&mut answers) {
            if answer.is_some() {
                continue;
            }
            match step.as_mut().poll(context) {
                // Not what the database says of an earlier step: while a large one is written, answers come already.
                Poll::Ready(Err(error)) if first && error.as_db_error().is_none() => {
                    return Poll::Ready(vec![Err(error)]);
                }
                Poll::Ready(outcome) => *answer = Some(outcome),
                Poll::Pending => pending = true,
            }
        }
        first = false;
        if pending { Poll::Pending } else { Poll::Ready(answers.iter_mut().filter_map(Option::take).collect()) }
    })
    .await
}

/// The first error tells; the steps after it were not carried out, and COMMIT was a rollback.
fn verdict(answers: Vec<Result<u64, Error>>) -> Result<Verdict, StoreError> {
    let Some(error) = answers.into_iter().find_map(Result::err) else { return Ok(Verdict::Committed) };
    match error.code().map(SqlState::code) {
        Some("BL001") => Err(StoreError::Fenced),
        Some("BL002") => Ok(Verdict::Passed),
        // The only check that there is: no partition takes the row.
        Some("23514") => Ok(Verdict::NoPartition),
        _ => Err(fault(&error)),
    }
}
