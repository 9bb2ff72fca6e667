//! A connection that stays open and brings what happens in parts.

use std::collections::VecDeque;

use reqwest::Response;
use tokio::time::{Duration, timeout};

/// Servers say at least every quarter of a minute that they are there.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// An open stream of server-sent events.
pub(super) struct Stream {
    response: Response,
    parts: Parts,
    bytes_max: usize,
}

impl Stream {
    pub(super) fn new(response: Response, bytes_max: usize) -> Self {
        Self { response, parts: Parts::default(), bytes_max }
    }

    /// The next event as text; `None` when the stream ended, was silent for too long or sent too much at once.
    ///
    /// May be dropped while it waits: nothing that came is lost.
    pub(super) async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(event) = self.parts.pop() {
                return Some(event);
            }
            let chunk = timeout(SILENCE_MAX, self.response.chunk()).await.ok()?.ok()??;
            if self.bytes_max < self.parts.begun.len() + chunk.len() {
                return None;
            }
            self.parts.push(&chunk);
        }
    }
}

/// What came, cut into events.
#[derive(Default)]
struct Parts {
    whole: VecDeque<Vec<u8>>,
    /// What has no end yet.
    begun: Vec<u8>,
}

impl Parts {
    /// Takes in what came: an event ends with an empty line.
    fn push(&mut self, chunk: &[u8]) {
        for byte in chunk.iter().filter(|byte| **byte != b'\r') {
            let ends = *byte == b'\n' && self.begun.last() == Some(&b'\n');
            self.begun.push(*byte);
            if ends {
                self.whole.push_back(std::mem::take(&mut self.begun));
            }
        }
    }

    /// The next event. Comments only say that the server is there.
    fn pop(&mut self) -> Option<Vec<u8>> {
        let says = |event: &[u8]| event.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"data"));
        std::iter::from_fn(|| self.whole.pop_front()).find(|event| says(event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_whole_however_they_come() {
        let text = ":)\n:thump\n\nevent: delete\r\ndata: 107\r\n\r\n\nevent: update\ndata: {}\n:thump\n\nevent: cut";
        for size in 1..text.len() {
            let mut parts = Parts::default();
            let mut found = Vec::new();
            for chunk in text.as_bytes().chunks(size) {
                parts.push(chunk);
                found.extend(std::iter::from_fn(|| parts.pop()).map(|event| String::from_utf8(event).unwrap()));
            }
            let expected = ["event: delete\ndata: 107\n\n", "\nevent: update\ndata: {}\n:thump\n\n"];
            assert_eq!(found, expected, "in parts of {size}");
            assert_eq!(parts.begun, b"event: cut");
        }
    }
}
