//! Splitting an answer from what it quotes: never empty where there were words, and our own addresses are not to be guessed.
#![no_main]

use blendline_connectors::{Account, Secret, email};
use blendline_wire::AccountId;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let (answer, _) = email::split_reply(&text);
    assert!(text.trim().is_empty() || !answer.is_empty(), "words became none");
    let account = Account {
        id: AccountId(1),
        name: "mail".into(),
        external_id: "care@shop.example".into(),
        settings: [(email::reply_address::SECRET_SETTING.to_owned(), Secret::from("secret"))].into(),
    };
    assert_eq!(email::reply_address::verify(&account, &text, "noa@example.org"), None, "nobody guesses an address");
});
