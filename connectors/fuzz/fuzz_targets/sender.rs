//! Who sent a mail: its signatures, and what its sender's domains have in the DNS.
//!
//! What begins with `Z:` has, up to an empty line, a text for every name that is asked for; the rest, or everything, is the
//! mail. The same bytes are read as a packet of the DNS.
#![no_main]

use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};

use blendline_connectors::email::authentication::{Envelope, Kind, Record, Records, Resolver, Unanswered, check, message};
use blendline_connectors::email::authentication_by;
use blendline_wire::Millis;
use libfuzzer_sys::fuzz_target;

/// The key of RFC 8463, so that signatures get as far as they can.
const KEY: &[u8] = b"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

/// Texts are said in turn, a line each; every tenth question has no answer.
struct Lines<'a> {
    lines: Vec<&'a [u8]>,
    asked: AtomicU32,
}

#[async_trait::async_trait]
impl Resolver for Lines<'_> {
    async fn find(&self, name: &str, kind: Kind) -> Result<Records, Unanswered> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        assert!(asked < 500, "one mail has a bounded number of questions");
        assert!(name.len() <= 253 && message::question(1, name, kind).is_some(), "{name} cannot be asked for");
        if asked % 10 == 9 {
            return Err(Unanswered);
        }
        let line = self.lines.get(asked as usize % self.lines.len().max(1)).copied().unwrap_or(KEY);
        Ok(match kind {
            Kind::Txt => [Record::Text(line.to_vec())].into(),
            Kind::Mx => [Record::Exchange(1, format!("mx.{name}"))].into(),
            Kind::A => [Record::Address([192, 0, 2, 1].into())].into(),
            Kind::Aaaa => [Record::Address([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into())].into(),
        })
    }
}

fuzz_target!(|data: &[u8]| {
    for kind in [Kind::A, Kind::Aaaa, Kind::Mx, Kind::Txt] {
        let id = data.first_chunk().map_or(0, |id| u16::from_be_bytes(*id));
        if let Some(message::Answer::Records(records, _)) = message::answer(data, id, "a.example", kind) {
            assert!(records.len() <= 500, "a packet has a bounded number of records");
        }
    }
    let end = data.windows(2).position(|two| two == b"\n\n").filter(|_| data.starts_with(b"Z:"));
    let (zone, mail) = end.map_or((&b""[..], data), |end| (&data[2..end], &data[end + 2..]));
    let lines = Lines {
        lines: zone.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect(),
        asked: AtomicU32::new(0),
    };
    let local = String::from_utf8_lossy(lines.lines.first().copied().unwrap_or(b"a"));
    let from = format!("{}@b.example", local.chars().take(64).collect::<String>());
    let client = if data.len() % 2 == 0 { "203.0.113.9" } else { "2001:db8::9" };
    let envelope = Envelope { client: client.parse().expect("an address"), hello: &local, from: &from };
    let found = pin!(check(mail, envelope, &lines, Millis(1_767_225_600_000))).poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(found) = found else { panic!("it waits for nothing") };
    let field = found.field("mx.shop.example").to_string();
    let read = authentication_by(&[field.as_bytes(), mail].concat(), "mx.shop.example").expect("our own field");
    assert_eq!(read.spf.as_deref(), Some(found.spf().as_str()), "{field}");
    assert_eq!(read.dmarc.as_deref(), Some(found.dmarc().as_str()), "{field}");
    let passes = read.dkim.as_deref() == Some("pass");
    assert_eq!(passes, found.dkim().as_str() == "pass", "{field}");
});
