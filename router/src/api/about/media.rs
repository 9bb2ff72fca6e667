//! Files that customers sent.

use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{MEDIA_NOT_FETCHED, UNKNOWN_MEDIA};

pub(in crate::api) fn one() -> About {
    About::new("get_media", Tag::Conversations, "Get a file that a customer sent")
        .text("The `ref` of an attachment is the path. What a browser would run or draw from text comes as an attachment of no type; pictures, sound and film come as what they are. A worker sees the files of the conversations that he has.")
        .place::<String>("id", "The file.")
        .gives_text("application/octet-stream", "The file, under its own media type where that is harmless.")
        .fails(&[UNKNOWN_MEDIA, MEDIA_NOT_FETCHED])
}
