//! Work that comes in, and where the rules send it.

use blendline_wire::inbound::InboundKind;
use blendline_wire::task::{Label, SkillNeed};
use blendline_wire::{AccountId, ChannelKey, ContactKey, ConversationId, MatterId, Millis, QueueId, TenantId};
use serde::{Deserialize, Serialize};

use crate::input::PayloadId;
use crate::rows::Conversation;

/// What becomes of a task once it has waited for so long: optional skills are dropped, and levels lowered, step by step;
/// it may go over to another queue, count for more, and be told to a supervisor.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Relaxation {
    /// How long after it earned its place, in milliseconds.
    pub after_ms: u64,
    /// What it takes from then on.
    pub needs: Vec<SkillNeed>,
    /// Where it is from then on, where that is another queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overflow: Option<Overflow>,
    /// How many times its urgency counts from then on, in thousandths. When it is due stays as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lift_milli: Option<u32>,
    /// True where a supervisor is told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tell: bool,
}

/// A queue that helps another out.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Overflow {
    /// The queue.
    pub to: QueueId,
    /// True where work goes there at once while nobody is there who serves its own queue.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub when_nobody: bool,
}

/// Where the rules send a piece of work.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Class {
    /// The queue.
    pub queue: QueueId,
    /// What it takes, sorted by skill.
    pub needs: Vec<SkillNeed>,
    /// What will do instead when nobody had it for a while, in order of time; at most [`crate::limits::RELAXATIONS_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relax: Vec<Relaxation>,
    /// The target, where it is not the queue's, in milliseconds.
    pub target_ms: Option<u64>,
    /// The channel, where some worker's capacity is reckoned by it.
    #[serde(default, skip_serializing_if = "no_channel")]
    pub channel: ChannelKey,
    /// How hard it is on whoever does it, 0 to 10: hostile people, sad matters.
    #[serde(default)]
    pub strain: u8,
    /// How long whoever knows the customer is preferred, where that is not the tenant's, in milliseconds; 0: he is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky_ms: Option<u64>,
    /// What the rules say of it besides, for events alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Box<Label>>,
    /// The version of the rule set that decided.
    pub rule_set: u32,
}

fn no_channel(channel: &ChannelKey) -> bool {
    *channel == ChannelKey::NONE
}

/// A customer said something.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct InboundMessage {
    /// Whose.
    pub tenant: TenantId,
    /// The account it came through.
    pub account: AccountId,
    /// Who said it.
    pub contact: ContactKey,
    /// What kind it is. Only kinds that [`InboundKind::wants_answer`] make or wake a task; others join the transcript.
    pub kind: InboundKind,
    /// What was said.
    pub payload: PayloadId,
    /// When the webhook came, by our clock: the place in line counts from here. Never later than `now`.
    pub received_at: Millis,
    /// Where the rules send it.
    pub class: Class,
    /// The contact's latest conversation, when it is not open, as the store has it.
    pub prior: Option<Box<Conversation>>,
}

/// A work item, pushed in by another system.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct NewItem {
    /// Whose.
    pub tenant: TenantId,
    /// Where the rules send it.
    pub class: Class,
    /// What it holds.
    pub payload: PayloadId,
    /// The open conversation it belongs to, where there is one: its matter is the item's.
    pub conversation: Option<ConversationId>,
    /// The matter it belongs to where no open conversation says so; none where it begins one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matter: Option<MatterId>,
}
