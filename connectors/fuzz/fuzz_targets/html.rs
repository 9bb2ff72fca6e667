//! HTML as a mail brings it: what is shown of it acts on nothing and loads nothing, and its words are read.
#![no_main]

use blendline_connectors::{by_name, email};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut mail = b"From: a@b.example\r\nContent-Type: text/html; charset=utf-8\r\n\r\n".to_vec();
    mail.extend_from_slice(data);
    let _ = by_name("email_raw").expect("the channel of whole mails").normalise(&mail);
    let shown = email::shown_html(&mail).unwrap_or_default().to_ascii_lowercase();
    for acting in ["<script", "<iframe", "<object", "<embed", "<form", "<meta", "<base", "<link"] {
        assert!(!shown.contains(acting), "{acting} is shown");
    }
});
