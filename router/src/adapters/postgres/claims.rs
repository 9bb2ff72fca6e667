//! Claims (P13), as many as wait in one transaction: each for itself would cost a disk write.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use blendline_wire::{Millis, OutboundId};
use tokio::sync::{Mutex as Turns, oneshot};
use tokio::try_join;

use super::connections::{Connections, Lent, told};
use crate::adapters::columns::{sql, unsql};
use crate::ports::store::{Claim, StoreError};

/// How many claims share a transaction.
const AT_ONCE: usize = 256;

/// Whoever asks at the same time waits for the other's commit; in the order of the keys, so that no two wait in a circle.
const CLAIM: &str = "INSERT INTO claims (outbound, attempt, sender, at)
    SELECT * FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::bigint[])
    ON CONFLICT (outbound, attempt) DO NOTHING RETURNING outbound, attempt";
const TAKEN: &str = "SELECT outbound, attempt, sender, at FROM claims
    JOIN unnest($1::bigint[], $2::integer[]) AS asked (outbound, attempt) USING (outbound, attempt)";

/// A message of ours and the number of the attempt.
type Key = (i64, i32);

struct Ask {
    key: Key,
    sender: String,
    at: i64,
    reply: oneshot::Sender<Result<Claim, StoreError>>,
}

/// The claims that wait. Whoever has the turn carries out all of them.
#[derive(Default)]
pub(super) struct Claims {
    waiting: Mutex<Vec<Ask>>,
    turn: Turns<()>,
}

impl Claims {
    /// Claims an attempt.
    pub(super) async fn claim(
        &self,
        connections: &Connections,
        outbound: OutboundId,
        attempt: u32,
        sender: &str,
        now: Millis,
    ) -> Result<Claim, StoreError> {
        let (reply, mut answer) = oneshot::channel();
        let key = (sql(outbound.0), i32::try_from(attempt).unwrap_or(i32::MAX));
        self.waiting().push(Ask { key, sender: sender.to_owned(), at: sql(now.0), reply });
        loop {
            let _turn = self.turn.lock().await;
            match answer.try_recv() {
                Ok(claim) => return claim,
                Err(oneshot::error::TryRecvError::Empty) => self.carry_out(connections).await,
                // Whoever had the turn went away in the middle; asking again tells whether he was granted it.
                Err(oneshot::error::TryRecvError::Closed) => {
                    return Err(StoreError::Unavailable("the claim was given up half-way".into()));
                }
            }
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Ask>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out what waits, in the order of asking.
    async fn carry_out(&self, connections: &Connections) {
        let asks: Vec<Ask> = {
            let mut waiting = self.waiting();
            let next = waiting.len().min(AT_ONCE);
            waiting.drain(..next).collect()
        };
        // The first to ask for an attempt is the one who may be granted it.
        let mut firsts: BTreeMap<Key, (&str, i64)> = BTreeMap::new();
        for ask in &asks {
            firsts.entry(ask.key).or_insert((&ask.sender, ask.at));
        }
        let mut owners = match connections.lend().await {
            Ok(lent) => {
                let owners = lent.within(owners(&lent, &firsts)).await;
                lent.back(owners)
            }
            Err(error) => Err(error),
        };
        for ask in asks {
            let claim = owners.as_mut().map_err(|error| error.clone()).map(|owners| owners.answer(ask.key));
            // Nobody waiting any more is no fault.
            let _ = ask.reply.send(claim);
        }
    }
}

/// Who has each attempt that was asked for, and whether he was granted it just now.
struct Owners(BTreeMap<Key, Owner>);

struct Owner {
    sender: String,
    at: i64,
    fresh: bool,
}

impl Owners {
    /// The answer to the next one who asks: the first hears that he was granted it, the others by whom it is taken.
    fn answer(&mut self, key: Key) -> Claim {
        // Neither inserted nor found cannot be: nothing deletes claims. Then nobody is granted it.
        let Some(owner) = self.0.get_mut(&key) else { return Claim::Taken { sender: String::new(), at: Millis(0) } };
        if std::mem::take(&mut owner.fresh) {
            return Claim::Granted;
        }
        Claim::Taken { sender: owner.sender.clone(), at: Millis(unsql(owner.at)) }
    }
}

async fn owners(lent: &Lent<'_>, firsts: &BTreeMap<Key, (&str, i64)>) -> Result<Owners, StoreError> {
    let (outbound, attempts): (Vec<i64>, Vec<i32>) = firsts.keys().copied().unzip();
    let (senders, times): (Vec<&str>, Vec<i64>) = firsts.values().copied().unzip();
    let (claim, taken) = told(try_join!(lent.prepare_cached(CLAIM), lent.prepare_cached(TAKEN)))?;
    let mut owners = BTreeMap::new();
    for row in told(lent.query(&claim, &[&outbound, &attempts, &senders, &times]).await)? {
        let key = (told(row.try_get(0))?, told(row.try_get(1))?);
        if let Some((sender, at)) = firsts.get(&key) {
            owners.insert(key, Owner { sender: (*sender).to_owned(), at: *at, fresh: true });
        }
    }
    if owners.len() < firsts.len() {
        let (outbound, attempts): (Vec<i64>, Vec<i32>) =
            firsts.keys().filter(|key| !owners.contains_key(key)).copied().unzip();
        for row in told(lent.query(&taken, &[&outbound, &attempts]).await)? {
            let key = (told(row.try_get(0))?, told(row.try_get(1))?);
            owners.insert(key, Owner { sender: told(row.try_get(2))?, at: told(row.try_get(3))?, fresh: false });
        }
    }
    Ok(Owners(owners))
}
