//! Where platforms post.

use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{
    BUSY, NO_HANDSHAKE, NO_SECRET, NO_SIGNATURE, NO_TOKEN, NOT_SUPPORTED, UNKNOWN_URL, WRONG_SIGNATURE, WRONG_TOKEN,
};

fn about(id: &'static str, summary: &'static str) -> About {
    About::new(id, Tag::Webhooks, summary)
        .place::<String>("channel", "The channel, such as `whatsapp_cloud`.")
        .place::<String>("account", "The account's configured name.")
        .fails(&[UNKNOWN_URL])
}

pub(in crate::api) fn handshake() -> About {
    about("answer_handshake", "Answer a platform's handshake")
        .text("The query is the platform's own, for WhatsApp `hub.mode`, `hub.verify_token` and `hub.challenge`.")
        .gives_text("text/plain", "What the platform wants to hear back; as `application/json` where it wants JSON.")
        .fails(&[NO_HANDSHAKE, WRONG_TOKEN, NO_TOKEN, NOT_SUPPORTED])
}

pub(in crate::api) fn receive() -> About {
    about("receive_webhook", "Take a platform's events")
        .text(
            "Signed in the platform's own way over the raw bytes, for WhatsApp in `X-Hub-Signature-256`. What is \
             signed and cannot be read is kept and answered 200, so that no platform repeats it for days.",
        )
        .takes_anything("As the platform sends it; how large it may be is the channel's.")
        .gives_bare(200, "What it held is durable.")
        .fails(&[NO_SIGNATURE, WRONG_SIGNATURE, NO_SECRET, BUSY])
}
