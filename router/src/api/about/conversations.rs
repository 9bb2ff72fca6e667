//! Conversations.

use blendline_wire::ConversationId;
use blendline_wire::worker::MessageView;
use serde_json::{Value, json};

use crate::api::conversations::{Log, Logged, Start, Started, Wanted};
use crate::api::tasks::Latest;
use crate::api::view::ConversationInfo;
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{
    ALREADY_OPEN, KEY_REUSED, NO_CONSENT, NOT_CONNECTED, OUT_OF_RANGE, SERVED_ELSEWHERE, TOO_MANY, UNKNOWN_ACCOUNT,
    UNKNOWN_CONVERSATION, UNKNOWN_QUEUE, UNKNOWN_WORKER,
};

fn conversation() -> Value {
    json!({
        "id": "cnv_9", "channel": "whatsapp_cloud", "account": "support", "state": "open", "task": "tsk_7",
        "contact": "000000000000000000000000000000ab", "matter": "mat_8", "messages": 3, "opened_at": "2026-11-25T09:30:00Z", "heard_at": "2026-11-25T09:31:00Z"
    })
}

pub(in crate::api) fn list() -> About {
    About::new("list_conversations", Tag::Conversations, "List conversations, oldest first")
        .asks::<Wanted>()
        .gives_page::<ConversationInfo>("Conversations.")
        .such_as(json!({ "items": [conversation()], "next": null }))
}

pub(in crate::api) fn start() -> About {
    About::new("start_conversation", Tag::Conversations, "Begin a conversation")
        .text("The worker, who must be connected, has its task at once. The same `key` for the same address again gives the same conversation. Nobody is written to who has not agreed to `purpose`: see `/v1/consents`.")
        .takes::<Start>(json!({
            "worker": "dana", "channel": "whatsapp_cloud", "account": "support", "to": "972500000001",
            "queue": "care", "key": "k1",
            "content": { "type": "template", "name": "order_ready", "language": "he", "parameters": ["12"] }
        }))
        .gives::<Started>(201, "It is begun.")
        .such_as(json!({ "conversation": "cnv_9", "task": "tsk_7" }))
        .fails(&[UNKNOWN_WORKER, UNKNOWN_ACCOUNT, UNKNOWN_QUEUE, NOT_CONNECTED, ALREADY_OPEN, KEY_REUSED, TOO_MANY])
        .fails(&[NO_CONSENT, SERVED_ELSEWHERE])
}

pub(in crate::api) fn one() -> About {
    About::new("get_conversation", Tag::Conversations, "Look at a conversation")
        .place::<ConversationId>("id", "The conversation.")
        .gives::<ConversationInfo>(200, "The conversation.")
        .such_as(conversation())
        .fails(&[UNKNOWN_CONVERSATION])
}

pub(in crate::api) fn messages() -> About {
    About::new("list_conversation_messages", Tag::Conversations, "Read a conversation")
        .place::<ConversationId>("id", "The conversation.")
        .asks::<Latest>()
        .gives_page::<MessageView>("The latest lines, oldest first; `next` is null.")
        .such_as(json!({ "items": [super::message()], "next": null }))
        .fails(&[UNKNOWN_CONVERSATION])
}

pub(in crate::api) fn log() -> About {
    About::new("log_contact", Tag::Conversations, "Log a call, a visit, a walk-in that is over")
        .takes::<Log>(json!({
            "worker": "dana", "queue": "care", "medium": "call", "duration_ms": 240_000, "note": "Asked for a copy."
        }))
        .gives::<Logged>(201, "It is logged, as a closed task.")
        .such_as(json!({ "task": "tsk_7" }))
        .gives::<Logged>(200, "It was logged before under this key: the task of that time.")
        .such_as(json!({ "task": "tsk_7" }))
        .fails(&[UNKNOWN_WORKER, UNKNOWN_QUEUE, OUT_OF_RANGE, SERVED_ELSEWHERE])
}
