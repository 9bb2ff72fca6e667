//! The one thread that writes the record. What waits shares one transaction and so one disk write.

use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::sync::mpsc::Receiver;

use blendline_wire::{Millis, OutboundId, TenantId};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::{Days, fault, shards, write};
use crate::adapters::columns::Batch;
use crate::adapters::sqlite::checkpoint::Checkpointer;
use crate::adapters::sqlite::desks::{self, DesksOrder};
use crate::adapters::sqlite::outlets::{self, OutletsOrder};
use crate::adapters::sqlite::people::{self, PeopleAnswer, PeopleOrder};
use crate::adapters::sqlite::rules::{self, RulesOrder};
use crate::adapters::sqlite::search::{self, SearchOrder};
use crate::adapters::sqlite::systems::{self, SystemsOrder};
use crate::adapters::sqlite::{OpenError, connection};
use crate::ports::store::{Claim, StoreError, Tenure};

/// The schema, oldest step first.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../../migrations/sqlite/0001_record.sql"),
    include_str!("../../../../migrations/sqlite/0003_people.sql"),
    include_str!("../../../../migrations/sqlite/0004_shards.sql"),
    include_str!("../../../../migrations/sqlite/0005_register.sql"),
    include_str!("../../../../migrations/sqlite/0006_register_index.sql"),
    include_str!("../../../../migrations/sqlite/0007_rules.sql"),
    include_str!("../../../../migrations/sqlite/0008_outlets.sql"),
    include_str!("../../../../migrations/sqlite/0012_desks.sql"),
    include_str!("../../../../migrations/sqlite/0013_search.sql"),
    include_str!("../../../../migrations/sqlite/0015_work_views.sql"),
    include_str!("../../../../migrations/sqlite/0016_held_macros.sql"),
    include_str!("../../../../migrations/sqlite/0017_cases.sql"),
    include_str!("../../../../migrations/sqlite/0018_push.sql"),
    include_str!("../../../../migrations/sqlite/0019_decisions.sql"),
    include_str!("../../../../migrations/sqlite/0020_promises.sql"),
    include_str!("../../../../migrations/sqlite/0021_systems.sql"),
    include_str!("../../../../migrations/sqlite/0022_journeys.sql"),
    include_str!("../../../../migrations/sqlite/0023_judgements.sql"),
    include_str!("../../../../migrations/sqlite/0024_improvements.sql"),
    include_str!("../../../../migrations/sqlite/0025_system_keys.sql"),
    include_str!("../../../../migrations/sqlite/0026_search_of_task.sql"),
    include_str!("../../../../migrations/sqlite/0027_active_timers.sql"),
];
/// The page cache: the tails of the tables and the upper pages of the indexes.
const CACHE_KIB: u32 = 32 * 1024;
/// How many orders share one disk write.
const GROUP_MAX: usize = 512;

/// What comes over the channel.
pub(super) enum Job {
    /// Something to write.
    Order(Order, Reply),
    /// Finish what waits, and end.
    Stop,
}

/// Where an answer goes. That nobody waits any more is no fault.
type Reply = oneshot::Sender<Result<Answer, StoreError>>;

/// What callers ask to have written.
pub(super) enum Order {
    Take { shard: u16, owner: String, lease_ms: u64 },
    Renew { shard: u16, epoch: u64, lease_ms: u64 },
    GiveUp { shard: u16, epoch: u64 },
    Commit(Box<Batch>),
    Claim { outbound: OutboundId, attempt: u32, sender: String, now: Millis },
    Handles(Vec<(String, String)>),
    Shards { tenants: Vec<TenantId>, among: u16 },
    Sweep { before: u64 },
    People(Box<PeopleOrder>),
    Rules(Box<RulesOrder>),
    Outlets(Box<OutletsOrder>),
    Desks(Box<DesksOrder>),
    Search(Box<SearchOrder>),
    Systems(Box<SystemsOrder>),
}

impl Order {
    /// True of upkeep, on which no decision and nobody's answer hangs.
    const fn can_wait(&self) -> bool {
        matches!(self, Self::Search(_) | Self::Sweep { .. })
    }
}

/// What it brought.
pub(super) enum Answer {
    Done,
    /// A batch is in, with keys of this day.
    Committed {
        day: i64,
    },
    Tenure(Tenure),
    Claim(Claim),
    Handles(Vec<u64>),
    Shards(Vec<u16>),
    /// Old days have no keys any more, unless there is more to drop.
    Swept {
        more: bool,
    },
    People(PeopleAnswer),
    /// Whether it was done.
    Rules(bool),
    /// Whether it was done, or there is more to do.
    Outlets(bool),
    /// Whether it was done.
    Desks(bool),
    /// Whether it was done.
    Systems(bool),
}

impl Answer {
    /// The error for an answer to another question: a mistake in this program, told instead of a panic.
    pub(super) fn unexpected(&self) -> StoreError {
        StoreError::Unavailable("the store answered another question".into())
    }
}

/// Opens the file for the writer.
pub(in crate::adapters::sqlite) fn open(path: &Path) -> Result<Connection, OpenError> {
    connection::open_writer(path, CACHE_KIB, MIGRATIONS)
}

/// The writer's state.
pub(super) struct Writer {
    path: PathBuf,
    /// `None` after a disk error, until it can be opened again.
    connection: Option<Connection>,
    jobs: Receiver<Job>,
    checkpointer: Checkpointer,
    days: Days,
}

impl Writer {
    /// A writer over an open file.
    pub(super) const fn new(
        path: PathBuf,
        connection: Connection,
        jobs: Receiver<Job>,
        checkpointer: Checkpointer,
        days: Days,
    ) -> Self {
        Self { path, connection: Some(connection), jobs, checkpointer, days }
    }

    /// Works until it is told to stop or nobody can ask any more.
    pub(super) fn run(mut self) {
        let mut running = true;
        while running {
            let Ok(mut job) = self.jobs.recv() else { break };
            let (mut group, mut later) = (Vec::new(), Vec::new());
            loop {
                match job {
                    Job::Order(order, reply) if order.can_wait() => later.push((order, reply)),
                    Job::Order(order, reply) => group.push((order, reply)),
                    Job::Stop => running = false,
                }
                if !running || group.len() + later.len() >= GROUP_MAX {
                    break;
                }
                let Ok(next) = self.jobs.try_recv() else { break };
                job = next;
            }
            // What people wait for is not kept up, in a transaction that it shares, by what nobody waits for.
            for group in [group, later].into_iter().filter(|group| !group.is_empty()) {
                self.carry_out(group);
            }
        }
    }

    /// Carries out a group in one transaction; nobody is answered before it is durable.
    fn carry_out(&mut self, group: Vec<(Order, Reply)>) {
        let (orders, replies): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        match self.transact(&orders) {
            Ok(answers) => {
                for (reply, answer) in replies.into_iter().zip(answers) {
                    let _ = reply.send(answer);
                }
            }
            Err(error) => {
                tracing::error!(%error, orders = replies.len(), "the record could not be written");
                for reply in replies {
                    let _ = reply.send(Err(error.clone()));
                }
            }
        }
    }

    fn transact(&mut self, orders: &[Order]) -> Result<Vec<Result<Answer, StoreError>>, StoreError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => open(&self.path).map_err(|error| StoreError::Unavailable(error.to_string()))?,
        };
        // On an error the connection is dropped: the next try opens the file anew and sees what is really there.
        let answers = write_group(&mut connection, orders).map_err(|error| fault(&error))?;
        self.note_days(orders, &answers);
        self.checkpointer.committed(&connection);
        self.connection = Some(connection);
        Ok(answers)
    }

    /// Tells the readers which days have keys, before any caller hears that they are in.
    fn note_days(&self, orders: &[Order], answers: &[Result<Answer, StoreError>]) {
        let mut days = self.days.write().unwrap_or_else(PoisonError::into_inner);
        for (order, answer) in orders.iter().zip(answers) {
            match (order, answer) {
                (_, Ok(Answer::Committed { day })) if !days.contains(day) => {
                    days.push(*day);
                    days.sort_unstable_by(|one, other| other.cmp(one));
                }
                (Order::Sweep { before }, Ok(Answer::Swept { more: false })) => {
                    days.retain(|day| u64::try_from(*day).is_ok_and(|day| day >= *before));
                }
                _ => {}
            }
        }
    }
}

/// One transaction for all. A refused order leaves no trace; an error of the disk fails the whole group.
fn write_group(connection: &mut Connection, orders: &[Order]) -> rusqlite::Result<Vec<Result<Answer, StoreError>>> {
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let answers = orders.iter().map(|order| carry_out(&mut transaction, order)).collect::<rusqlite::Result<_>>()?;
    transaction.commit()?;
    Ok(answers)
}

fn carry_out(transaction: &mut Transaction<'_>, order: &Order) -> rusqlite::Result<Result<Answer, StoreError>> {
    match order {
        Order::Take { shard, owner, lease_ms } => shards::take(transaction, *shard, owner, *lease_ms),
        Order::Renew { shard, epoch, lease_ms } => shards::renew(transaction, *shard, *epoch, *lease_ms),
        Order::GiveUp { shard, epoch } => shards::give_up(transaction, *shard, *epoch),
        Order::Claim { outbound, attempt, sender, now } => {
            write::claim(transaction, *outbound, *attempt, sender, *now).map(|claim| Ok(Answer::Claim(claim)))
        }
        Order::Handles(names) => write::handles(transaction, names).map(|handles| Ok(Answer::Handles(handles))),
        Order::Shards { tenants, among } => {
            write::shards(transaction, tenants, *among).map(|shards| Ok(Answer::Shards(shards)))
        }
        Order::People(order) => people::carry_out(transaction, order).map(|answer| answer.map(Answer::People)),
        Order::Rules(order) => rules::carry_out(transaction, order).map(|done| Ok(Answer::Rules(done))),
        Order::Outlets(order) => outlets::carry_out(transaction, order).map(|done| Ok(Answer::Outlets(done))),
        Order::Desks(order) => desks::carry_out(transaction, order).map(|done| Ok(Answer::Desks(done))),
        Order::Search(order) => search::carry_out(transaction, order).map(|()| Ok(Answer::Done)),
        Order::Systems(order) => systems::carry_out(transaction, order).map(|done| Ok(Answer::Systems(done))),
        Order::Sweep { before } => write::sweep(transaction, *before).map(|more| Ok(Answer::Swept { more })),
        Order::Commit(batch) => {
            // A part of its own, so that rows which contradict each other do not fail the others' orders.
            let part = transaction.savepoint()?;
            match write::batch(&part, batch) {
                Ok(answer) => part.commit().map(|()| answer),
                Err(error) if matches!(fault(&error), StoreError::Corrupt(_)) => {
                    // Dropping the part takes it back.
                    drop(part);
                    Ok(Err(fault(&error)))
                }
                Err(error) => Err(error),
            }
        }
    }
}
