//! The event catalogue: everything that happens is one event, committed with the change that caused it.
//!
//! Reports are functions of this log alone: what is not in an event cannot be reported later.

pub mod authority;
pub mod case;
pub mod external;
pub mod improvement;
mod kind;
pub mod matter;
pub mod promise;
pub mod quality;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use kind::EventKind;

use crate::ids::{ConversationId, EventId, MatterId, TaskId, TenantId, UnitId, WorkerId};
use crate::task::Side;
use crate::time::Millis;

/// One happening.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// Its number; without gaps within a shard.
    pub id: EventId,
    /// When, by the shard's clock.
    pub at: Millis,
    /// Whose.
    pub tenant: TenantId,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
    /// Who did it.
    pub actor: Actor,
    /// What the time went into.
    pub activity: Activity,
    /// The unit that answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    /// The matter it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matter: Option<MatterId>,
    /// The conversation it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// The task it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// Which office.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// The channel it came or goes through.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Arc<str>>,
    /// The event that led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<EventId>,
    /// The version of the rule set that decided.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rule_set: u32,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Who acted.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The scheduler itself, or a clock.
    #[default]
    System,
    /// The customer.
    Customer,
    /// A worker.
    Worker(WorkerId),
    /// Another system, through the API.
    Integrator,
    /// A supervisor or operations person, through the API or console.
    Operator,
    /// A routing rule.
    Rule,
    /// The platform of a channel.
    Platform,
}

/// What the time of an event went into; reports of worker time are sums over these.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// With a customer.
    Customer,
    /// Back-office work.
    BackOffice,
    /// Noting down after a task.
    WrapUp,
    /// Asking a colleague, and being asked.
    Colleague,
    /// Keeping the system itself.
    #[default]
    Administration,
    /// Waiting for work.
    Idle,
}

/// The compact record of one routing decision; the full explanation is recomputed from the journal.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Decision {
    /// How long the task had waited, in milliseconds.
    pub waited_ms: u64,
    /// Its urgency when chosen, in parts of a thousand of its target.
    pub urgency_milli: u64,
    /// The urgency of the best task that was not chosen, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner_up_milli: Option<u64>,
    /// The other worker who could have had it, where one was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner_up: Option<WorkerId>,
    /// Why this worker.
    pub because: Because,
}

/// Why a worker was chosen.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// Able, least loaded, longest idle.
    #[default]
    LeastLoaded,
    /// He freed a place and this was the most urgent task he could do.
    MostUrgent,
    /// The customer knows him.
    Sticky,
    /// The task was meant for him.
    Directed,
    /// It came back to whoever had it.
    Returned,
    /// Its queue was owed a part of its workers' hours.
    Promised,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::OutboundId;
    use crate::inbound::InboundKind;

    #[test]
    fn no_kind_hides_a_field_of_the_event() {
        for kind in [
            EventKind::Quarantined { cause: "line 1".into() },
            EventKind::ReplyDelayed {
                outbound: OutboundId(1),
                attempt: 2,
                at: Millis(7),
                reason: "rate_limited".into(),
            },
            EventKind::SettingsChanged { what: "queue".into(), id: "que_1".into() },
            EventKind::MessageDiscarded { kind: InboundKind::Message, reason: "unknown_account".into() },
        ] {
            let event = Event {
                id: EventId(1),
                at: Millis(9),
                tenant: TenantId(1),
                kind,
                actor: Actor::System,
                activity: Activity::Administration,
                unit: Some(UnitId(2)),
                matter: Some(MatterId(3)),
                conversation: Some(ConversationId(4)),
                task: Some(TaskId(5)),
                side: Some(Side::Back),
                channel: Some("whatsapp_cloud".into()),
                cause: Some(EventId(6)),
                rule_set: 7,
            };
            let text = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event, "{text}");
        }
    }

    #[test]
    fn an_event_is_one_flat_object() {
        let event = Event {
            id: EventId(1),
            at: Millis(9),
            tenant: TenantId(1),
            kind: EventKind::TaskMerged { seq: 2 },
            actor: Actor::Worker(WorkerId(3)),
            activity: Activity::Customer,
            unit: None,
            matter: Some(MatterId(4)),
            conversation: None,
            task: Some(TaskId(5)),
            side: Some(Side::Front),
            channel: Some("whatsapp_cloud".into()),
            cause: None,
            rule_set: 0,
        };
        let text = concat!(
            r#"{"id":"evt_1","at":9,"tenant":"ten_1","event":"task_merged","seq":2,"actor":{"worker":"wrk_3"},"#,
            r#""activity":"customer","matter":"mat_4","task":"tsk_5","side":"front","channel":"whatsapp_cloud"}"#,
        );
        assert_eq!(serde_json::to_string(&event).unwrap(), text);
        assert_eq!(serde_json::from_str::<Event>(text).unwrap(), event);
    }
}
