//! A whole mail: its event, its HTML as shown, and the bytes of every file in it.
#![no_main]

use blendline_connectors::{by_name, email};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let connector = by_name("email_raw").expect("the channel of whole mails");
    let events = connector.normalise(data).unwrap_or_default();
    let _ = email::shown_html(data);
    for event in &events {
        let carried = connector.carried(data, &event.attachments);
        assert!(carried.iter().all(Option::is_some), "a file that the event names is not in the mail");
    }
});
