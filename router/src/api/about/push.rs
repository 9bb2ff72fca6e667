//! Devices that are told what happens at a desk.

use serde_json::{Value, json};

use crate::api::push::{Addition, DeviceInfo, KeyInfo};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{BAD_REQUEST, PUSH_OFF, UNKNOWN_PUSH_DEVICE};

const PUBLIC: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";

fn device() -> Value {
    json!({
        "id": "6d1f0c5e2b9a47838f10c2d3e4f5a6b7", "service": "updates.push.example", "lang": "he",
        "added_at": "2026-11-25T09:30:00Z", "taken_at": null
    })
}

pub(in crate::api) fn key() -> About {
    About::new("get_push_key", Tag::Work, "Read the key with which a browser subscribes to notices")
        .text("For sessions of people; null where the installation sends no notices.")
        .gives::<KeyInfo>(200, "The key.")
        .such_as(json!({ "key": PUBLIC }))
        .fails(&[BAD_REQUEST])
}

pub(in crate::api) fn list() -> About {
    About::new("list_push_devices", Tag::Work, "List one's own devices that are told what happens at one's desk")
        .gives_page::<DeviceInfo>("Devices, the oldest first; `next` is null.")
        .such_as(json!({ "items": [device()], "next": null }))
        .fails(&[BAD_REQUEST])
}

pub(in crate::api) fn add() -> About {
    About::new("add_push_device", Tag::Work, "Have a device told what happens at one's desk")
        .text("`endpoint` and `keys` are those of the browser's subscription (Push API). Said again, it is the same device. A user has at most ten; the oldest go first.")
        .takes::<Addition>(json!({
            "endpoint": "https://updates.push.example/wpush/v2/abc",
            "keys": { "p256dh": PUBLIC, "auth": "BTBZMqHH6r4Tts7J_aSIgg" }, "lang": "he"
        }))
        .gives::<DeviceInfo>(201, "It is told from now on.")
        .such_as(device())
        .gives::<DeviceInfo>(200, "It was known already.")
        .such_as(device())
        .fails(&[PUSH_OFF])
}

pub(in crate::api) fn remove() -> About {
    About::new("remove_push_device", Tag::Work, "Have a device told nothing any more")
        .place::<String>("device", "The device's id.")
        .gives_nothing("It is told nothing from now on.")
        .fails(&[BAD_REQUEST, UNKNOWN_PUSH_DEVICE])
}
