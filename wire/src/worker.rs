//! The protocol between a worker and any router, over one WebSocket. Every frame is one JSON text message.
//!
//! A worker says [`ClientFrame::Hello`] first and gets [`ServerFrame::Welcome`] with everything he owns, so that
//! a reconnect neither loses nor doubles a task: what is in the list is his, what is not is somebody else's.
//! Calls carry a number that comes back in [`ServerFrame::Answer`]; a call may be repeated under the same task,
//! lease and key without a second effect.

use serde::{Deserialize, Serialize};

use crate::event::Because;
use crate::ids::{CaseId, ConversationId, Lease, MatterId, OutboundId, SessionId, TaskId};
use crate::org::Fields;
use crate::pii::Pii;
use crate::problem::Problem;
use crate::task::{AcceptMode, ClockRule, ParkReason, Presence, Side, TaskKind, WithdrawReason};
use crate::time::Millis;

pub use crate::said::{Author, MESSAGES_SHOWN_MAX, MessageView, Reply};

/// The version of this protocol.
pub const PROTOCOL_VERSION: u32 = 1;

/// A header of the request that opens a connection: this program goes to the owner itself when it is told where that is
/// (a goodbye `elsewhere`). Everybody else is connected to him through the router that he came to.
pub const FOLLOWS_HEADER: &str = "blendline-follows";

/// What a worker says.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// The first frame of a connection.
    Hello {
        /// The version of the protocol: 1.
        version: u32,
        /// The worker's configured name.
        worker: String,
        /// How he wants to receive work; left out, his settings count.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accept: Option<AcceptMode>,
        /// How many ordinary tasks he takes at once; left out, his settings count. Never above them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        capacity: Option<u32>,
        /// The presence to begin with; left out, it is ready.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        presence: Option<Presence>,
    },
    /// Still here.
    Heartbeat {
        /// Whether the page is out of sight: then what comes is told by a notice too, where he has asked for that. Left out,
        /// it is as it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hidden: Option<bool>,
    },
    /// A change of presence.
    Presence {
        /// The call's number.
        call: u64,
        /// To what.
        presence: Presence,
        /// Why.
        #[serde(default)]
        reason: String,
    },
    /// Takes an offer.
    Accept {
        /// The call's number.
        call: u64,
        /// Which task.
        task: TaskId,
        /// Under which lease.
        lease: Lease,
    },
    /// Does not take an offer.
    Decline {
        /// The call's number.
        call: u64,
        /// Which task.
        task: TaskId,
        /// Under which lease.
        lease: Lease,
        /// Why.
        reason: String,
    },
    /// Says something to the customer.
    Reply {
        /// The call's number.
        call: u64,
        /// In which task.
        task: TaskId,
        /// Under which lease.
        lease: Lease,
        /// What.
        reply: Reply,
    },
    /// Says what becomes of a task.
    Settle {
        /// The call's number.
        call: u64,
        /// Which task.
        task: TaskId,
        /// Under which lease.
        lease: Lease,
        /// What becomes of it.
        verdict: Verdict,
        /// What is said to the customer in the same step, committed together with the verdict.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        replies: Vec<Reply>,
        /// The place of the latest line of the transcript that the worker had seen. When the customer has written after
        /// it, `done` and `snooze` bring the task back to the worker instead; left out, nobody looks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seen: Option<u64>,
        /// What should change, in 1 to 200 characters: written down in the register of improvements in the same step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        improve: Option<Pii<String>>,
    },
    /// Decides something for the customer of a task within the worker's authority; above it somebody who may is asked.
    /// Answered without a problem where it is granted, and with the problem `waiting` where somebody is asked: the task
    /// waits then, and comes back with the answer.
    Decide {
        /// The call's number.
        call: u64,
        /// In which task.
        task: TaskId,
        /// What.
        wish: DecisionWish,
    },
    /// Ends noting down before its time is over.
    Ready {
        /// The call's number.
        call: u64,
        /// Which task.
        task: TaskId,
    },
    /// Still working on it: the silence timer begins anew.
    Touch {
        /// Which task.
        task: TaskId,
        /// Under which lease.
        lease: Lease,
    },
    /// Leaves in order; what is still owned goes back at once.
    Bye,
}

/// What becomes of a task, as a value.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It is solved. For a request: this is the answer.
    Done {
        /// How, from a list of the tenant's.
        #[serde(default)]
        disposition: String,
        /// What the next person should know; for a request, the answer itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Pii<String>>,
    },
    /// Not now.
    Snooze {
        /// For how long, in milliseconds.
        for_ms: u64,
        /// Waiting for what.
        reason: ParkReason,
        /// What the target does meanwhile.
        clock: ClockRule,
    },
    /// Somebody else's.
    Transfer {
        /// To whom.
        to: TargetName,
        /// What the next person should know.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Pii<String>>,
        /// Why, where it goes back to where it came from: `incomplete`, `wrong`, `misrouted`, `other`, or a cause of the
        /// tenant's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<String>,
    },
    /// A piece of work is needed first; the task waits here and comes back with the answer.
    Request {
        /// Of whom.
        to: TargetName,
        /// What is needed.
        note: Pii<String>,
        /// What the target does meanwhile.
        clock: ClockRule,
    },
    /// It should not or cannot be done by this worker; it goes back to its queue without him.
    Refuse {
        /// Why.
        reason: String,
    },
}

/// What a worker wishes to give.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecisionWish {
    /// The worker's own key of it, unique within the company: the same key twice is one decision.
    pub key: String,
    /// What: `credit`, `refund`, …
    pub action: String,
    /// How much, in whole minor units of the currency; how many, where the action is counted.
    pub minor: i64,
    /// The currency, as `ILS`; left out where the action is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Why, for whoever is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Pii<String>>,
}

/// To whom, by configured name.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TargetName {
    /// A queue.
    Queue(String),
    /// A worker.
    Worker(String),
}

/// What a router says.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The answer to a hello.
    Welcome {
        /// This connection's number.
        session: SessionId,
        /// How often to say that one is still here, in milliseconds.
        heartbeat_ms: u64,
        /// Everything this worker owns now: offered and assigned tasks.
        tasks: Vec<TaskView>,
    },
    /// A task to accept or decline.
    Offer {
        /// The task; `until` says how long.
        task: TaskView,
    },
    /// A task is his.
    Assigned {
        /// The task.
        task: TaskView,
    },
    /// The customer wrote in a task he has.
    Message {
        /// Which task.
        task: TaskId,
        /// Under which lease.
        lease: Lease,
        /// What was said.
        message: MessageView,
    },
    /// A task is not his any more.
    Withdrawn {
        /// Which task.
        task: TaskId,
        /// The lease that ended.
        lease: Lease,
        /// Why.
        reason: WithdrawReason,
    },
    /// He is silent on a task.
    Remind {
        /// Which task.
        task: TaskId,
        /// Under which lease.
        lease: Lease,
    },
    /// A supervisor says something to whoever is there. Only connections of people are told.
    Told {
        /// Who says it.
        from: String,
        /// What.
        text: Pii<String>,
    },
    /// A colleague wrote a note about the matter of a task. Only connections of people are told.
    Noted {
        /// The note.
        note: String,
        /// The task at which it was written.
        task: TaskId,
        /// Who wrote it.
        from: String,
        /// What.
        text: Pii<String>,
        /// True when it mentions this worker.
        mentioned: bool,
    },
    /// A case that concerns this worker has changed. Only connections of people are told.
    CaseChanged {
        /// Which case.
        case: CaseId,
        /// The matter it belongs to, where it belongs to one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        matter: Option<MatterId>,
    },
    /// What became of a reply.
    ReplyStatus {
        /// Which task.
        task: TaskId,
        /// Which message.
        outbound: OutboundId,
        /// `sent`, `delayed`, `delivered`, `read`, `played`, `failed`, `unknown`.
        status: String,
        /// Its place in the conversation, where it is told what became of one that arrived.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seq: Option<u64>,
        /// A sentence for the worker, where something is wrong.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// The answer to a call.
    Answer {
        /// The call's number.
        call: u64,
        /// What went wrong; left out, nothing did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        problem: Option<Problem>,
        /// The place of a reply in its conversation: the order everyone sees.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seq: Option<u64>,
    },
    /// This connection ends: `replaced` (a newer one took over), `drain` (connect again), `elsewhere` (another router
    /// serves this worker), `refused`, `unread` (what was said in a task could not be read: connect again).
    Goodbye {
        /// A stable word.
        reason: String,
        /// With `elsewhere`: the base URL of the router that serves this worker now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<String>,
    },
}

/// A task as a worker sees it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TaskView {
    /// The task.
    pub id: TaskId,
    /// The number of this ownership; every call about the task names it.
    pub lease: Lease,
    /// True when it is only offered.
    pub offered: bool,
    /// Until when an offer can be accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Millis>,
    /// Why an offer comes to this worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Because>,
    /// What it is made of.
    pub kind: TaskKind,
    /// Which office.
    pub side: Side,
    /// The queue's name.
    pub queue: String,
    /// What the customer wants done.
    pub matter: MatterId,
    /// The conversation, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// The task that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<TaskId>,
    /// When the first unanswered message, or the item, came.
    pub earned_at: Millis,
    /// When a response is due.
    pub due_at: Millis,
    /// What it is about, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Pii<String>>,
    /// What the tenant records about it.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, crate::org::FieldValue>))]
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub fields: Fields,
    /// The latest messages, notes and answers, oldest first, at most 20.
    pub messages: Vec<MessageView>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::Content;

    #[test]
    fn the_bytes_of_frames_are_pinned() {
        let settle = ClientFrame::Settle {
            call: 7,
            task: TaskId(1),
            lease: Lease(2),
            verdict: Verdict::Done { disposition: "answered".into(), note: None },
            replies: vec![Reply::new("r1", Content::Text { text: "שלום".into() })],
            seen: None,
            improve: None,
        };
        let text = concat!(
            r#"{"type":"settle","call":7,"task":"tsk_1","lease":2,"#,
            r#""verdict":{"verdict":"done","disposition":"answered"},"#,
            r#""replies":[{"key":"r1","content":{"type":"text","text":"שלום"}}]}"#,
        );
        assert_eq!(serde_json::to_string(&settle).unwrap(), text);
        assert_eq!(serde_json::from_str::<ClientFrame>(text).unwrap(), settle);
        assert_eq!(
            serde_json::to_string(&ServerFrame::Answer { call: 7, problem: None, seq: None }).unwrap(),
            r#"{"type":"answer","call":7}"#
        );
        let request = r#"{"verdict":"request","to":{"queue":"refunds"},"note":"n","clock":"runs"}"#;
        let beat = ClientFrame::Heartbeat { hidden: None };
        assert_eq!(serde_json::to_string(&beat).unwrap(), r#"{"type":"heartbeat"}"#);
        assert_eq!(serde_json::from_str::<ClientFrame>(r#"{"type":"heartbeat"}"#).unwrap(), beat);
        assert!(serde_json::from_str::<Verdict>(request).is_ok());
    }
}
