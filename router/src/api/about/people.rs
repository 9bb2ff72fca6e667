//! Who is who across channels.

use blendline_wire::ConversationId;
use serde_json::{Value, json};

use crate::api::people::{Pair, PersonInfo, Wanted};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{SERVED_ELSEWHERE, UNKNOWN_CONVERSATION};

fn person() -> Value {
    json!({
        "identities": [
            { "kind": "email", "value": "dana@example.org" }, { "kind": "phone", "value": "972500000001" }
        ],
        "conversations": [],
        "history": [{
            "one": { "kind": "email", "value": "dana@example.org" },
            "other": { "kind": "phone", "value": "972500000001" },
            "joined": true, "at": "2026-11-25T09:30:00Z", "by": "user noa"
        }]
    })
}

fn pair() -> Value {
    json!({
        "one": { "channel": "email_raw", "address": "dana@example.org" },
        "other": { "channel": "whatsapp_cloud", "address": "972500000001" }
    })
}

pub(in crate::api) fn one() -> About {
    About::new("get_person", Tag::Conversations, "See who has an address, over all channels")
        .text("A telephone number or an e-mail address is the same on every channel whose platform gives it. Nobody is joined by a name.")
        .asks::<Wanted>()
        .gives::<PersonInfo>(200, "The person; an address that nobody knows has no conversations.")
        .such_as(person())
}

pub(in crate::api) fn of_conversation() -> About {
    About::new("get_conversation_person", Tag::Conversations, "See with whom a conversation is, over all channels")
        .place::<ConversationId>("id", "The conversation.")
        .gives::<PersonInfo>(200, "The person.")
        .such_as(person())
        .fails(&[UNKNOWN_CONVERSATION])
}

pub(in crate::api) fn merge() -> About {
    About::new("merge_people", Tag::Conversations, "Say that two addresses are one person's")
        .text("Conversations and the order of messages stay with each contact; the person shows them together.")
        .takes::<Pair>(pair())
        .gives::<PersonInfo>(200, "The person as he is now.")
        .such_as(person())
        .fails(&[SERVED_ELSEWHERE])
}

pub(in crate::api) fn split() -> About {
    About::new("split_people", Tag::Conversations, "Say that two addresses are not one person's after all")
        .text("Only what was joined by hand is parted; the history stays.")
        .takes::<Pair>(pair())
        .gives::<PersonInfo>(200, "The person of the first address as he is now.")
        .such_as(person())
        .fails(&[SERVED_ELSEWHERE])
}
