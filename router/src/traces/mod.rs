//! Traces for OpenTelemetry: from a platform's webhook to the answer at the platform, as spans of one trace.
//!
//! One recorder for the process, as with log and figures; nothing is recorded before [`start`] was given a collector. Where
//! a trace stands travels with what it is about: in the head of the broker's message, with the message in the record, and
//! with the answer to the sender. So it goes on after a restart, and on another router.
//!
//! Spans hold ids and outcomes, never texts, addresses or names of people.

mod otlp;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::HeaderMap;
use blendline_wire::Millis;
use blendline_wire::trace::TraceContext;
use tokio::sync::mpsc;
use uuid::Uuid;

pub use otlp::start;

/// The header of W3C Trace Context.
const TRACEPARENT: &str = "traceparent";
/// Spans that may wait for the collector; what is more is dropped and counted.
const WAITING_MAX: usize = 4_096;
const NS_PER_MS: u64 = 1_000_000;

static RECORDER: OnceLock<Recorder> = OnceLock::new();

struct Recorder {
    spans: mpsc::Sender<Span>,
    one_in: u64,
    came: AtomicU64,
}

/// What part a span has, by OpenTelemetry's numbers (`SpanKind` of opentelemetry-proto).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Work within the program.
    Internal = 1,
    /// A call from outside.
    Server = 2,
    /// A call of ours.
    Client = 3,
    /// What a queue brought.
    Consumer = 5,
}

/// A part of a trace that has begun. Dropped without [`Span::end`] it was never there.
#[derive(Debug)]
#[must_use = "a span is recorded when it ends"]
pub(crate) struct Span {
    context: TraceContext,
    parent: Option<u64>,
    name: &'static str,
    kind: Kind,
    begin_ns: u64,
    end_ns: u64,
    attributes: Vec<(&'static str, String)>,
    failure: Option<String>,
}

/// Whether anything is recorded.
pub(crate) fn are_on() -> bool {
    RECORDER.get().is_some()
}

/// The first span here of what came from outside: of the caller's trace, where he names one, or of a new one. `None`
/// where it is not recorded: of traces that begin here one in so many is, of others what their beginner records.
pub(crate) fn incoming(name: &'static str, headers: &HeaderMap) -> Option<Span> {
    let recorder = RECORDER.get()?;
    let named = headers.get(TRACEPARENT).and_then(|value| value.to_str().ok()?.parse::<TraceContext>().ok());
    match named {
        Some(caller) => caller.sampled.then(|| Span::new(name, Kind::Server, caller.trace, Some(caller.span))),
        None => {
            let chosen = recorder.came.fetch_add(1, Ordering::Relaxed).is_multiple_of(recorder.one_in);
            chosen.then(|| Span::new(name, Kind::Server, Uuid::now_v7().as_u128(), None))
        }
    }
}

/// A span that follows what `parent` names; `None` where nothing is recorded.
pub(crate) fn follow(name: &'static str, kind: Kind, parent: Option<TraceContext>) -> Option<Span> {
    let parent = parent.filter(|parent| parent.sampled && are_on())?;
    Some(Span::new(name, kind, parent.trace, Some(parent.span)))
}

impl Span {
    fn new(name: &'static str, kind: Kind, trace: u128, parent: Option<u64>) -> Self {
        let context = TraceContext { trace, span: Uuid::now_v7().as_u64_pair().1, sampled: true };
        let begin_ns = now_ns();
        Self { context, parent, name, kind, begin_ns, end_ns: begin_ns, attributes: Vec::new(), failure: None }
    }

    /// What is told to whatever follows.
    pub(crate) fn context(&self) -> TraceContext {
        self.context
    }

    /// The same, which began at an earlier time: at the end of that millisecond, so never before what it follows.
    pub(crate) fn since(self, at: Millis) -> Self {
        let end_of = at.0.saturating_mul(NS_PER_MS).saturating_add(NS_PER_MS - 1);
        Self { begin_ns: end_of.min(self.begin_ns), ..self }
    }

    /// The same, which says this too.
    pub(crate) fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.attributes.push((key, value.to_string()));
        self
    }

    /// It is over; `failure` says what went wrong.
    pub(crate) fn end(self, failure: Option<String>) {
        let Some(recorder) = RECORDER.get() else { return };
        let ended = Self { end_ns: now_ns().max(self.begin_ns), failure, ..self };
        if recorder.spans.try_send(ended).is_err() {
            otlp::count("dropped", 1);
        }
    }
}

fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
