//! Where a set sends what was recorded, and what of it goes elsewhere than under another.

use std::collections::{BTreeMap, HashMap};

use blendline_core::input::Class;
use blendline_rules::Facts;
use blendline_rules::facts::{History, NEVER_DAYS};
use blendline_rules::record::{Arrival, Came, Record};
use blendline_wire::{ConversationId, Millis, QueueId, TaskId, TenantId};

use super::Routing;
use super::record::{Asked, ReplayError, Side};
use crate::payload::MessageBody;
use crate::ports::store::{Archive, Transcript};

/// How many transcripts are read at once, and how many of the latest lines of each.
const TRANSCRIPTS: usize = 200;
const LINES: usize = 200;
const DAY_MS: u64 = 86_400_000;

/// The texts of arrivals, by their place among them.
pub(super) async fn texts(archive: &dyn Archive, record: &Record) -> Result<HashMap<usize, MessageBody>, ReplayError> {
    let mut wanted: BTreeMap<(bool, u64), Vec<(usize, u64)>> = BTreeMap::new();
    for (place, arrival) in record.arrivals.iter().enumerate().filter(|(_, one)| one.tenant() == record.tenant) {
        let transcript = match arrival.text {
            Some((Some(conversation), _, seq)) => ((false, conversation.0), seq),
            Some((None, Some(task), seq)) => ((true, task.0), seq),
            _ => continue,
        };
        wanted.entry(transcript.0).or_default().push((place, transcript.1));
    }
    let of = |(is_task, id): &(bool, u64)| match is_task {
        true => Transcript::Task(TaskId(*id)),
        false => Transcript::Conversation(ConversationId(*id)),
    };
    let all: Vec<_> = wanted.into_iter().collect();
    let mut texts = HashMap::new();
    for some in all.chunks(TRANSCRIPTS) {
        let asked: Vec<_> = some.iter().map(|(transcript, _)| of(transcript)).collect();
        let found = archive.transcripts(&asked, LINES).await?;
        for ((_, places), lines) in some.iter().zip(found) {
            let mut lines: HashMap<u64, MessageBody> = lines.into_iter().map(|line| (line.seq, line.body)).collect();
            texts.extend(places.iter().filter_map(|(place, seq)| Some((*place, lines.remove(seq)?))));
        }
    }
    Ok(texts)
}

/// What decided of each arrival: the rule's name, and whether its text was at hand.
pub(super) type Ruled = (Option<String>, bool);

/// Where a set sends each arrival, and by which rule. What was decided by this version is as it was decided then.
pub(super) fn classes(
    record: &Record,
    texts: &HashMap<usize, MessageBody>,
    side: &Side,
    tenant: TenantId,
    live: u32,
) -> (Vec<Class>, Vec<Ruled>) {
    let each = record.arrivals.iter().enumerate().map(|(place, arrival)| {
        let recorded = arrival.class();
        let rule = |class: &Class| class.label.as_ref().map(|label| label.rule.clone());
        let Some(routing) = side.routing(tenant) else { return (recorded.clone(), (rule(recorded), true)) };
        if arrival.tenant() != tenant || (routing.version == live && recorded.rule_set == live) {
            return (recorded.clone(), (rule(recorded), true));
        }
        let Some(facts) = texts.get(&place).and_then(|body| facts(arrival, body, side, routing)) else {
            return (heir(recorded, side), (rule(recorded), false));
        };
        let decision = routing.decide(&facts);
        let otherwise = match &arrival.came {
            Came::Message(message) => side.directory.accounts.get(&message.account).map(|entry| entry.class.clone()),
            // Whoever named a queue named it, whatever the rules are.
            Came::Item(_) if recorded.label.is_none() => return (heir(recorded, side), (None, true)),
            Came::Item(_) => None,
        };
        let class = routing.class(&facts, &decision, &otherwise.unwrap_or_else(|| heir(recorded, side)));
        let rule = rule(&class);
        (class, (rule, true))
    });
    each.unzip()
}

/// A class whose queue is no more is its heir's.
fn heir(class: &Class, side: &Side) -> Class {
    let queue = side.directory.heirs.get(&class.queue).copied().unwrap_or(class.queue);
    Class { queue, ..class.clone() }
}

fn facts(arrival: &Arrival, body: &MessageBody, side: &Side, routing: &Routing) -> Option<Facts> {
    match &arrival.came {
        Came::Item(_) => Some(Facts::of_item(body.item_facts(), arrival.at, &routing.zone)),
        Came::Message(message) => {
            let entry = side.directory.accounts.get(&message.account)?;
            let prior = message.prior.as_deref();
            let history = match prior {
                None => History::default(),
                Some(prior) => {
                    let heard = prior.heard_at.unwrap_or(prior.opened_at);
                    let days = i64::try_from(arrival.at.since(heard) / DAY_MS).unwrap_or(NEVER_DAYS).min(NEVER_DAYS);
                    let back = |at: Millis| arrival.at < at.plus(routing.reopen_window_ms);
                    let reopened = prior.state.ended_at().is_some_and(back);
                    History { known: true, reopened, days, messages: i64::try_from(prior.seq).unwrap_or(i64::MAX) }
                }
            };
            let event = body.clone().heard();
            let account = (entry.channel.as_str(), entry.account.name.as_str());
            Some(Facts::of(&event, account, history, arrival.at, &routing.zone))
        }
    }
}

/// Arrivals that one pair of rules sends to another queue.
#[derive(Debug)]
pub(super) struct Move {
    pub(super) live: (Option<String>, QueueId),
    pub(super) draft: (Option<String>, QueueId),
    pub(super) count: u64,
    pub(super) because: String,
    pub(super) tasks: Vec<(TaskId, Millis)>,
}

/// How many tasks of a move are named.
const NAMED: usize = 20;

pub(super) fn moves(
    record: &Record,
    texts: &HashMap<usize, MessageBody>,
    (live_rules, draft_rules): (&[Ruled], &[Ruled]),
    (live, draft): (&[Class], &[Class]),
    side: &Side,
    asked: &Asked,
) -> Vec<Move> {
    let mut moves: Vec<Move> = Vec::new();
    let mut places: HashMap<_, usize> = HashMap::new();
    for (place, arrival) in record.arrivals.iter().enumerate() {
        let Some(task) = arrival.task.filter(|_| arrival.tenant() == asked.tenant && asked.from <= arrival.at) else {
            continue;
        };
        let one = (live_rules[place].0.clone(), live[place].queue);
        let other = (draft_rules[place].0.clone(), draft[place].queue);
        if one.1 == other.1 {
            continue;
        }
        let next = moves.len();
        let at = *places.entry((one.clone(), other.clone())).or_insert(next);
        if at == next {
            let because = side.routing(asked.tenant).zip(texts.get(&place)).and_then(|(routing, body)| {
                let facts = facts(arrival, body, side, routing)?;
                let last = routing.explain(&facts).tried.pop()?;
                let values: Vec<_> =
                    last.values.iter().map(|value| format!("{} = {}", value.field, value.value)).collect();
                Some(format!("{}: {} {}", last.rule, last.because, values.join(", ")).trim_end().to_owned())
            });
            let because = because.unwrap_or_default();
            moves.push(Move { live: one, draft: other, count: 0, because, tasks: Vec::new() });
        }
        moves[at].count += 1;
        if moves[at].tasks.len() < NAMED {
            moves[at].tasks.push((task, arrival.at));
        }
    }
    moves.sort_by_key(|moved| std::cmp::Reverse(moved.count));
    moves
}
