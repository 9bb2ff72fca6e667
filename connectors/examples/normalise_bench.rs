//! How long it takes to read a webhook: `cargo run --release -p blendline-connectors --example normalise_bench`.
//!
//! Prints a line per body with the median and the slowest of the rounds, in microseconds of one core. The WhatsApp body
//! of 1 KiB is a text with an emoji, names and ids of the usual length.

#![allow(clippy::print_stdout, reason = "the figures are the output")]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

const ROUNDS: usize = 51;
const CALLS: u32 = 2_000;

fn main() -> ExitCode {
    let whatsapp = whatsapp_body();
    let cases: [(&str, &str, &[u8]); 4] = [
        ("whatsapp_cloud", "1 KiB text", whatsapp.as_bytes()),
        ("messenger", "text", include_bytes!("../fixtures/messenger/text.json")),
        ("telegram", "text", include_bytes!("../fixtures/telegram/text.json")),
        ("sms_twilio", "text", include_bytes!("../fixtures/sms_twilio/text.form")),
    ];
    for (channel, what, body) in cases {
        let Some(connector) = blendline_connectors::by_name(channel) else {
            eprintln!("no channel is called {channel}");
            return ExitCode::FAILURE;
        };
        let mut rounds: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let start = Instant::now();
                for _ in 0..CALLS {
                    let _ = black_box(connector.normalise(black_box(body)));
                }
                start.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS)
            })
            .collect();
        rounds.sort_by(f64::total_cmp);
        let (median, slowest) = (rounds[ROUNDS / 2], rounds[ROUNDS - 1]);
        println!("{channel} {what}: {} bytes, median {median:.1} us, slowest {slowest:.1} us", body.len());
    }
    ExitCode::SUCCESS
}

/// A webhook of exactly 1,024 bytes.
fn whatsapp_body() -> String {
    let start = r#"{"object":"whatsapp_business_account","entry":[{"id":"100200300400500","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"972550000001","phone_number_id":"700100200300400"},"contacts":[{"profile":{"name":"Dana Test"},"wa_id":"972500000017"}],"messages":[{"from":"972500000017","id":"wamid.HBgMOTcyNTAwMDAwMDE3FQIAEhgUM0E5RjBDNkE1QjhEN0UxRjIzNDUA","timestamp":"1767225600","text":{"body":""#;
    let end = r#""},"type":"text"}]},"field":"messages"}]}]}"#;
    let mut text = String::from("Where is my order? 😀 ");
    while start.len() + text.len() + end.len() < 1024 {
        text.push('x');
    }
    format!("{start}{text}{end}")
}
