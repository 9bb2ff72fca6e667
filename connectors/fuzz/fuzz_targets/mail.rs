//! A whole mail: its event, its HTML as shown, and the bytes of every file in it.
#![no_main]

use blendline_connectors::{by_name, email};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let events = by_name("email_raw").expect("the channel of whole mails").normalise(data).unwrap_or_default();
    let _ = email::shown_html(data);
    for event in &events {
        for attachment in &event.attachments {
            let _ = email::attachment(data, attachment.r#ref.as_deref().unwrap_or_default());
        }
    }
    let _ = email::attachment(data, "1.2.1");
});
