//! Prints what normalising costs, in microseconds of CPU a body: a 1 KiB WhatsApp text and mails of 20 KiB.
//!
//! `cargo run --release -p blendline-connectors --example normalise_cost`. CPU time is the thread's own where Linux tells
//! it, so that other work on the machine disturbs little; the median of nine runs is printed with the least and the most.

#![allow(clippy::print_stdout, reason = "printing is its purpose")]

use std::fmt::Write;
use std::hint::black_box;
use std::time::Instant;

use blendline_connectors::by_name;

const RUNS: usize = 9;
/// Enough that the kernel's accounting, which is a few milliseconds coarse, does not matter.
const BODIES_PER_RUN: usize = 4000;

fn main() {
    for (name, channel, body) in [
        ("whatsapp text", "whatsapp_cloud", whatsapp()),
        ("mail, text and HTML, base64", "email_raw", mail()),
        ("mail, HTML only", "email_raw", html_only()),
        ("mail, windows-1255 and quotes", "email_raw", quoted()),
    ] {
        let Some(connector) = by_name(channel) else { continue };
        let mut costs: Vec<f64> = (0..RUNS)
            .map(|_| {
                let start = cpu_ns();
                for _ in 0..BODIES_PER_RUN {
                    let _ = black_box(connector.normalise(black_box(&body)));
                }
                (cpu_ns() - start) / 1000.0 / BODIES_PER_RUN as f64
            })
            .collect();
        costs.sort_by(f64::total_cmp);
        let (least, median, most) = (costs[0], costs[RUNS / 2], costs[RUNS - 1]);
        println!("{name}: {} bytes, {median:.1} us ({least:.1} to {most:.1})", body.len());
    }
}

/// Nanoseconds that this thread has had of a processor; elsewhere than on Linux, of the clock.
fn cpu_ns() -> f64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let start = START.get_or_init(Instant::now);
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat");
    let spent = spent.ok().and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    spent.unwrap_or_else(|| start.elapsed().as_nanos() as f64)
}

fn whatsapp() -> Vec<u8> {
    let text = "Where is my order? ".repeat(27);
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"100","changes":[{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"972500000000","phone_number_id":"1122334455667"}},"contacts":[{{"profile":{{"name":"Dana"}},"wa_id":"972987654321"}}],"messages":[{{"from":"972987654321","id":"wamid.X","timestamp":"1717571553","type":"text","text":{{"body":"{text}"}}}}]}}}}]}}]}}"#
    )
    .into_bytes()
}

/// A text and the same in HTML, as programs for the desk send them, and twenty fields of a header.
fn mail() -> Vec<u8> {
    let mut text = String::from("שלום, ההזמנה שלי מספר 1042 לא הגיעה. תודה מראש, דנה\r\n").repeat(56);
    text.push_str("\r\nOn Wed, Jun 5, 2024 at 9:00 AM Support <support@example.com> wrote:\r\n> האם הגיע?\r\n");
    let html = text.lines().fold(String::from("<html><body dir=\"rtl\">"), |mut html, line| {
        let _ = write!(html, "<p class=\"MsoNormal\"><span style=\"font-size:11pt\">{line}</span></p>");
        html
    });
    let mut out = String::from(
        "From: =?utf-8?B?15PXoNeUINec15XXmQ==?= <dana@example.org>\r\nTo: support@example.com\r\n\
         Subject: =?utf-8?B?15TXlteU16DXlCAxMDQy?=\r\nDate: Wed, 05 Jun 2024 10:12:33 +0300\r\n\
         Message-ID: <cost@example.org>\r\nReferences: <a@example.org> <b@example.com>\r\nMIME-Version: 1.0\r\n",
    );
    for i in 0..20 {
        let _ =
            write!(out, "Received: from mx{i}.example.org by mx.example.com with ESMTPS id {i}; Wed, 5 Jun 2024\r\n");
    }
    out.push_str("Content-Type: multipart/alternative; boundary=\"=_x\"\r\n\r\n");
    for (kind, body) in [("plain", &text), ("html", &html)] {
        let _ = write!(
            out,
            "--=_x\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        );
        out.push_str(&base64(body.as_bytes()));
    }
    out.push_str("--=_x--\r\n");
    out.into_bytes()
}

/// HTML without a text beside it.
fn html_only() -> Vec<u8> {
    let mut out = String::from(
        "From: dana@example.org\r\nSubject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body>",
    );
    while out.len() < 20 * 1024 {
        out.push_str(
            "<p class=\"MsoNormal\"><span style=\"font-size:11pt\">Where is order 1042, please?</span></p>\r\n",
        );
    }
    out.push_str("</body></html>");
    out.into_bytes()
}

/// Undeclared Hebrew with a long quoted mail below.
fn quoted() -> Vec<u8> {
    let mut out =
        b"From: dana@example.org\r\nSubject: x\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n".to_vec();
    let hebrew = b"\xf9\xec\xe5\xed, \xe4\xe4\xe6\xee\xf0\xe4 \xf9\xec\xe9 \xec\xe0 \xe4\xe2\xe9\xf2\xe4 1042\r\n";
    out.extend(hebrew.repeat(100));
    out.extend_from_slice(b"\r\nOn Wed, Jun 5, 2024 at 9:00 AM Support <support@example.com> wrote:\r\n");
    while out.len() < 20 * 1024 {
        out.extend_from_slice(b"> ");
        out.extend_from_slice(hebrew);
    }
    out
}

/// Base64 in lines of 76 characters.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for line in bytes.chunks(57) {
        for chunk in line.chunks(3) {
            let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            for i in 0..4 {
                out.push(if chunk.len() < i { '=' } else { char::from(DIGITS[(bits >> (18 - 6 * i) & 63) as usize]) });
            }
        }
        out.push_str("\r\n");
    }
    out
}
