//! What Outlook packs: the bytes are the packet of a mail that is otherwise well.
#![no_main]

use blendline_connectors::by_name;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let head = b"From: a@b.example\nContent-Type: application/ms-tnef\nContent-Transfer-Encoding: binary\n\n";
    let mail = [head, data].concat();
    let connector = by_name("email_raw").expect("mail is a channel");
    for event in connector.normalise(&mail).iter().flatten() {
        let carried = connector.carried(&mail, &event.attachments);
        assert!(carried.iter().all(Option::is_some), "what was named is there");
    }
});
