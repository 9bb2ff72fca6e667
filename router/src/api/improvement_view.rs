//! Improvements as callers see them: what belongs to one is added up, and stands where that one stands.

use std::collections::BTreeMap;

use blendline_improvements::{Costs, Evidence, Improvement};
use blendline_wire::event::improvement::{Figure, ImprovementSource, ImprovementStatus, Measured};
use blendline_wire::time::Instant;
use blendline_wire::{CaseId, ConversationId, ImprovementId, Pii, TaskId, money};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::{queue_name, worker_name};
use crate::directory::Directory;

/// Something that should change.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImprovementInfo {
    /// Its name.
    pub(super) id: ImprovementId,
    /// When it was written down.
    pub(super) opened_at: Instant,
    /// From where it is known.
    pub(super) source: ImprovementSource,
    /// What should change.
    #[schema(value_type = String)]
    pub(super) title: Pii<String>,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(super) text: Option<Pii<String>>,
    /// The queue that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) queue: Option<String>,
    /// What the rules say of the contacts behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) topic: Option<String>,
    /// The unit that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unit: Option<String>,
    /// The manager who is to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<String>,
    /// Until when he is to answer.
    pub(super) due_at: Instant,
    /// How often it went up the tree of units.
    pub(super) climbs: u32,
    /// Where it stands; of one that belongs to another, where that one stands.
    pub(super) status: ImprovementStatus,
    /// What the manager answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<ImprovementAnswerInfo>,
    /// The one that says the same, to which it belongs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<ImprovementId>,
    /// How many belong to it.
    pub(super) members: usize,
    /// Which these are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) joined: Vec<JoinedInfo>,
    /// The contacts behind it and behind those that belong to it.
    pub(super) contacts: u64,
    /// These by channel.
    pub(super) channels: BTreeMap<String, u64>,
    /// What these contacts cost, where the rules say what one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) price: Option<PriceInfo>,
    /// Who wrote it.
    pub(super) writers: Vec<String>,
    /// What speaks for it, the first of it.
    pub(super) evidence: Vec<EvidenceInfo>,
    /// What was measured before the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<MeasuredInfo>,
    /// What was measured after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<MeasuredInfo>,
}

/// What a manager answered.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ImprovementAnswer)]
pub struct ImprovementAnswerInfo {
    /// Who.
    by: String,
    /// When.
    at: Instant,
    /// Until when it will be done; left out where it will not.
    #[serde(skip_serializing_if = "Option::is_none")]
    do_by: Option<Instant>,
    /// What will be done, or why not.
    #[schema(value_type = String)]
    words: Pii<String>,
}

/// One that belongs to another.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ImprovementMember)]
pub struct JoinedInfo {
    /// Its name.
    id: ImprovementId,
    /// What should change, in its writer's words.
    #[schema(value_type = String)]
    title: Pii<String>,
}

/// What contacts cost.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ImprovementPrice)]
pub struct PriceInfo {
    /// In minor units.
    minor: i64,
    /// The currency.
    currency: String,
    /// As people read it.
    amount: String,
}

/// What speaks for a change.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ImprovementEvidenceInfo)]
pub struct EvidenceInfo {
    /// When it was added.
    at: Instant,
    /// The task it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<TaskId>,
    /// The case it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<CaseId>,
    /// The conversation it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<ConversationId>,
    /// The contacts that it stands for, by channel.
    channels: BTreeMap<String, u64>,
    /// In somebody's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    words: Option<Pii<String>>,
}

/// What was measured.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ImprovementMeasuredInfo)]
pub struct MeasuredInfo {
    /// The figure.
    pub(super) figure: Figure,
    /// Of contacts in this queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<String>,
    /// Of contacts of which the rules say this.
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<String>,
    /// Of contacts of this type of case.
    #[serde(skip_serializing_if = "Option::is_none")]
    case_type: Option<String>,
    /// From then on.
    since: Instant,
    /// Before then.
    until: Instant,
    /// How many it counts.
    count: u64,
    /// Of how many.
    of: u64,
    /// The figure in thousandths: a part of all, or how many in a week.
    pub(super) milli: u64,
}

fn measured(of: &Measured, directory: &Directory) -> MeasuredInfo {
    MeasuredInfo {
        figure: of.measure.figure,
        queue: of.measure.in_queue.map(|queue| queue_name(queue, directory)),
        topic: of.measure.topic.clone(),
        case_type: of.measure.case_type.clone(),
        since: Instant(of.since),
        until: Instant(of.until),
        count: of.count,
        of: of.of,
        milli: of.milli,
    }
}

fn evidence(of: Evidence) -> EvidenceInfo {
    let Evidence { at, task, case, conversation, contacts, words, .. } = of;
    EvidenceInfo { at: Instant(at), task, case, conversation, channels: contacts, words }
}

/// One as it is shown. `around` holds those that belong to it, and the one that it belongs to.
pub(super) fn info(of: Improvement, around: &[Improvement], directory: &Directory) -> ImprovementInfo {
    let costs = directory.rules.get(&of.tenant).and_then(|routing| routing.improvements.costs.as_ref());
    let first = of.group.and_then(|group| around.iter().find(|other| other.id == group)).unwrap_or(&of);
    let members: Vec<&Improvement> = around.iter().filter(|other| other.group == Some(of.id)).collect();
    let mut channels = of.contacts.clone();
    members.iter().for_each(|member| blendline_improvements::improvement::add(&mut channels, &member.contacts));
    let price = |costs: &Costs| {
        let minor = costs.price(&channels);
        let amount = money::shown(minor, &costs.currency);
        PriceInfo { minor, currency: costs.currency.clone(), amount }
    };
    let writers = [&of].into_iter().chain(members.iter().copied()).flat_map(|it| &it.writers);
    let answer = first.answer.as_ref().map(|answer| ImprovementAnswerInfo {
        by: worker_name(answer.by, directory),
        at: Instant(answer.at),
        do_by: answer.do_by.map(Instant),
        words: answer.words.clone(),
    });
    ImprovementInfo {
        id: of.id,
        opened_at: Instant(of.opened_at),
        source: of.source,
        queue: of.queue.map(|queue| queue_name(queue, directory)),
        owner: first.owner.map(|owner| worker_name(owner, directory)),
        due_at: Instant(first.due_at),
        climbs: first.climbs,
        status: first.status,
        answer,
        group: of.group,
        members: members.len(),
        joined: members.iter().map(|member| JoinedInfo { id: member.id, title: member.title.clone() }).collect(),
        contacts: channels.values().fold(0, |sum, count| sum.saturating_add(*count)),
        price: costs.map(price),
        writers: writers.map(|writer| worker_name(writer.worker, directory)).collect(),
        before: first.before.as_ref().map(|it| measured(it, directory)),
        after: first.after.as_ref().map(|it| measured(it, directory)),
        channels,
        title: of.title,
        text: of.text,
        topic: of.topic,
        unit: of.unit,
        evidence: of.evidence.into_iter().map(evidence).collect(),
    }
}
