//! What was answered, for as long as it holds.

use std::collections::HashMap;
use std::time::Duration;

use blendline_connectors::email::authentication::{Kind, Record, Records};
use tokio::time::Instant;

/// Answers that are kept.
const ANSWERS_MAX: usize = 2000;
/// Larger ones are not: nobody's mail needs them twice in a row, and strangers choose what we ask for.
const ANSWER_BYTES_MAX: usize = 8 * 1024;
/// However short an answer says that it holds, one mail meets it several times.
const SECONDS_MIN: u32 = 5;
const SECONDS_MAX: u32 = 60 * 60;
/// How long it holds that there is nothing.
const NOTHING_SECONDS: u32 = 60;

#[derive(Default)]
pub(super) struct Cache(HashMap<(String, Kind), (Records, Instant)>);

impl Cache {
    pub(super) fn get(&self, name: &str, kind: Kind, now: Instant) -> Option<Records> {
        let (records, until) = self.0.get(&(name.to_owned(), kind))?;
        (now < *until).then(|| records.clone())
    }

    pub(super) fn put(&mut self, name: &str, kind: Kind, (records, seconds): (Records, u32), now: Instant) {
        if ANSWER_BYTES_MAX < records.iter().map(size).sum() {
            return;
        }
        if ANSWERS_MAX <= self.0.len() {
            self.0.retain(|_, (_, until)| now < *until);
            // All of them hold still: whoever asks for so much at once begins anew.
            if ANSWERS_MAX <= self.0.len() {
                self.0.clear();
            }
        }
        let seconds = if records.is_empty() { NOTHING_SECONDS } else { seconds.clamp(SECONDS_MIN, SECONDS_MAX) };
        self.0.insert((name.to_owned(), kind), (records, now + Duration::from_secs(u64::from(seconds))));
    }
}

const fn size(record: &Record) -> usize {
    match record {
        Record::Address(_) => 16,
        Record::Exchange(_, name) => name.len(),
        Record::Text(text) => text.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(bytes: usize) -> Records {
        [Record::Text(vec![b'x'; bytes])].into()
    }

    #[test]
    fn answers_hold_for_their_time() {
        let (mut cache, now) = (Cache::default(), Instant::now());
        let has = |cache: &Cache, name: &str, after: u64| {
            cache.get(name, Kind::Txt, now + Duration::from_secs(after)).is_some()
        };
        cache.put("a.example", Kind::Txt, (records(3), 60), now);
        assert!(has(&cache, "a.example", 59) && !has(&cache, "a.example", 60));
        assert!(cache.get("a.example", Kind::A, now).is_none());
        cache.put("b.example", Kind::Txt, (records(3), 0), now);
        cache.put("c.example", Kind::Txt, (records(3), u32::MAX), now);
        cache.put("d.example", Kind::Txt, ([].into(), u32::MAX), now);
        assert!(has(&cache, "b.example", 4) && !has(&cache, "b.example", 5));
        assert!(has(&cache, "c.example", 3599) && !has(&cache, "c.example", 3600));
        assert!(has(&cache, "d.example", 59) && !has(&cache, "d.example", 60));
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let (mut cache, now) = (Cache::default(), Instant::now());
        cache.put("large.example", Kind::Txt, (records(ANSWER_BYTES_MAX + 1), 60), now);
        assert!(cache.0.is_empty());
        for n in 0..3 * ANSWERS_MAX {
            cache.put(&format!("{n}.example"), Kind::Txt, (records(3), 60), now);
            assert!(cache.0.len() <= ANSWERS_MAX);
        }
        assert!(cache.get(&format!("{}.example", 3 * ANSWERS_MAX - 1), Kind::Txt, now).is_some());
    }
}
