//! Fills a record with what was said over a year, through the program's own adapters: rows, transcripts, index of words.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use blendline_core::rows::{Closed, Conversation, ConversationState, Task, TaskState};
use blendline_core::{MessageRow, PayloadId, Write};
use blendline_router::payload::MessageBody;
use blendline_router::ports::search::{Doc, Search};
use blendline_router::ports::store::{Archive, Commit, Store, StoreError, Tenure};
use blendline_router::search;
use blendline_tests::seed::Seed;
use blendline_wire::task::{Side, TaskKind};
use blendline_wire::worker::Author;
use blendline_wire::{
    AccountId, ContactKey, ConversationId, Lease, MatterId, Millis, Pii, QueueId, TaskId, TenantId, WorkerId,
};

use super::words::Words;
use crate::bench::progress;

/// Lines of each conversation.
pub(super) const LINES: usize = 8;
/// Conversations of one commit.
const BATCH: usize = 250;
/// Lines that are put into the index at once.
const CHUNK: usize = 500;
/// Everything was said within a year.
const YEAR_MS: u64 = 365 * 86_400_000;
const LEASE_MS: u64 = 60_000;
const TAKEN_WITHIN: Duration = Duration::from_secs(30);

/// Whose everything is: handles that the record gave out when the program started.
struct Names {
    tenant: TenantId,
    queue: QueueId,
    account: AccountId,
    workers: Vec<WorkerId>,
}

/// What is in a record.
pub(super) trait Record: Store + Archive + Search {}
impl<T: Store + Archive + Search> Record for T {}

/// Puts `count` lines into the record of an installation that has run once and stands still. The conversation of each of
/// the first `few` is the last worker's, all others are shared by those before him.
pub(super) async fn fill(record: &impl Record, count: usize, few: usize) {
    let names = names(record).await;
    let shard = record.shards(&[names.tenant], 1).await.expect("the tenant has a shard")[0];
    let tenure = take(record, shard).await;
    let mut meta = record.load(shard).await.expect("the record is read").meta;
    let (words, mut seed) = (Words::new(), Seed::new(7));
    let now =
        Millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64).max(tenure.now);
    let conversations = count.div_ceil(LINES);
    let (begin, mut told) = (Instant::now(), Instant::now());
    for (number, from) in (1..).zip((0..conversations).step_by(BATCH)) {
        let mut commit = Commit {
            shard,
            epoch: tenure.epoch,
            batch: tenure.batch + number,
            now,
            lease_ms: LEASE_MS,
            ..Commit::default()
        };
        let mut docs = Vec::new();
        for place in from..conversations.min(from + BATCH) {
            let age = YEAR_MS - YEAR_MS * place as u64 / conversations as u64;
            let at = Millis(now.0.saturating_sub(age));
            let worker =
                names.workers[if place < few { names.workers.len() - 1 } else { place % (names.workers.len() - 1) }];
            let talk = Talk { names: &names, worker, at, first_id: meta.last_id + 1 };
            talk.put(place, &words, &mut seed, &mut commit, &mut docs);
            meta.last_id += 3;
        }
        meta.now = now;
        commit.writes.push(Write::Meta(meta));
        record.commit(&commit).await.expect("the record takes a batch");
        for some in docs.chunks(CHUNK) {
            record.add_lines(names.tenant, some).await.expect("the index takes lines");
        }
        if told.elapsed() > Duration::from_secs(10) {
            told = Instant::now();
            progress(&format!("{} of {count} lines in {:?}", (from + BATCH) * LINES, begin.elapsed()));
        }
    }
    record.give_up(shard, tenure.epoch).await.expect("the shard is given up");
}

async fn names(record: &impl Record) -> Names {
    let handles = async |kind: &str| -> Vec<u64> {
        let all = record.names(kind).await.expect("the record knows names");
        all.into_iter().map(|(_, handle)| handle).collect()
    };
    Names {
        tenant: TenantId(handles("tenant").await[0]),
        queue: QueueId(handles("queue").await[0]),
        account: AccountId(handles("account").await[0]),
        workers: handles("worker").await.into_iter().map(WorkerId).collect(),
    }
}

/// Whoever had the shard has just ended.
async fn take(record: &impl Record, shard: u16) -> Tenure {
    let begin = Instant::now();
    loop {
        match record.take(shard, "load search", LEASE_MS).await {
            Ok(tenure) => return tenure,
            Err(StoreError::Held { .. }) if begin.elapsed() < TAKEN_WITHIN => {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Err(error) => panic!("the shard is not to be had: {error}"),
        }
    }
}

/// A conversation that is over, with its task and its lines.
struct Talk<'a> {
    names: &'a Names,
    worker: WorkerId,
    at: Millis,
    first_id: u64,
}

impl Talk<'_> {
    fn put(&self, place: usize, words: &Words, seed: &mut Seed, commit: &mut Commit, docs: &mut Vec<Doc>) {
        commit.writes.push(Write::Conversation(Box::new(self.conversation(place))));
        commit.writes.push(Write::Task(Box::new(self.task())));
        let hebrew = seed.chance(50);
        for seq in 1..=LINES as u64 {
            let mut text = words.line(seed, hebrew);
            if seq == 1 {
                text = format!("{text} {}", order(place));
            }
            let (author, worker) =
                if seq % 2 == 1 { (Author::Customer, None) } else { (Author::Worker, Some(self.worker)) };
            let payload = PayloadId(self.first_id * 16 + seq);
            let at = self.at.plus(seq * 30_000);
            commit.writes.push(Write::Message(MessageRow {
                tenant: self.names.tenant,
                conversation: Some(ConversationId(self.first_id + 1)),
                task: Some(TaskId(self.first_id + 2)),
                seq,
                at,
                author,
                worker,
                outbound: None,
                payload,
            }));
            let body = MessageBody { text: Some(Pii::new(text)), ..MessageBody::default() };
            docs.push(Doc {
                transcript: self.first_id + 1,
                seq,
                at,
                task: Some(TaskId(self.first_id + 2)),
                words: search::words(&body, &[]),
            });
            commit.payloads.insert(payload, body);
        }
    }

    fn conversation(&self, place: usize) -> Conversation {
        Conversation {
            id: ConversationId(self.first_id + 1),
            tenant: self.names.tenant,
            account: self.names.account,
            contact: ContactKey(place as u128 + 1),
            matter: MatterId(self.first_id),
            state: ConversationState::Confirmed { at: self.at },
            seq: LINES as u64,
            opened_at: self.at,
            heard_at: Some(self.at),
            last_worker: Some((self.worker, self.at)),
        }
    }

    fn task(&self) -> Task {
        Task {
            id: TaskId(self.first_id + 2),
            tenant: self.names.tenant,
            kind: TaskKind::Conversation,
            queue: self.names.queue,
            side: Side::Front,
            state: TaskState::Closed { at: self.at, how: Closed::Solved, worker: Some(self.worker) },
            lease: Lease(1),
            matter: MatterId(self.first_id),
            conversation: Some(ConversationId(self.first_id + 1)),
            account: Some(self.names.account),
            channel: Default::default(),
            needs: Default::default(),
            created_at: self.at,
            earned_at: self.at,
            target_ms: 600_000,
            due_at: self.at.plus(600_000),
            missed: false,
            unanswered: false,
            asked: None,
            seq: 0,
            rule_set: 0,
            worked_ms: 0,
            more: Default::default(),
        }
    }
}

/// The number that a customer names: his alone.
pub(super) fn order(place: usize) -> String {
    format!("{}", 100_000_000 + place)
}
