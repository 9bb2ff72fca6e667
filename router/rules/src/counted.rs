//! What others say and count of a message, as conditions see it.

use blendline_wire::inbound::InboundEvent;

/// A count as conditions see it.
pub(crate) fn whole(count: Option<u64>) -> i64 {
    i64::try_from(count.unwrap_or(0)).unwrap_or(i64::MAX)
}

/// Words of a standard, so short ones: what is longer was not written by a server that is trusted.
pub(crate) fn authentication(event: &InboundEvent) -> [String; 3] {
    let said = event.mail.as_ref().and_then(|mail| mail.authentication.as_ref());
    let word = |word: Option<&String>| {
        word.filter(|word| word.len() <= 20).map(|word| word.to_ascii_lowercase()).unwrap_or_default()
    };
    said.map_or_else(Default::default, |said| {
        [word(said.spf.as_ref()), word(said.dkim.as_ref()), word(said.dmarc.as_ref())]
    })
}
