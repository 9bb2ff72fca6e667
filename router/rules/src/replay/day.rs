//! A recorded day: JSON lines, in any order.

use std::io::{self, BufRead, Write};

use blendline_wire::Millis;
use blendline_wire::inbound::{Attachment, InboundEvent};
use blendline_wire::time::Instant;
use serde::{Deserialize, Serialize};

/// Messages of a day at most.
const ARRIVALS_MAX: usize = 2_000_000;

/// What came in, and who was there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Day {
    /// Messages by time.
    pub arrivals: Vec<Arrival>,
    /// Comings and goings by time. A worker without any is there all day.
    pub shifts: Vec<Shift>,
}

/// A message that came in.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Arrival {
    /// When.
    pub at: Instant,
    /// The channel that it came by.
    pub channel: String,
    /// The account that it came by.
    #[serde(default)]
    pub account: String,
    /// What it says.
    #[serde(default)]
    pub text: String,
    /// Kinds of what came along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// Days since the sender last wrote, where he did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u16>,
    /// How long the work on it took, in milliseconds.
    pub work_ms: u64,
    /// After how long without an answer the sender left, where he did, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_after_ms: Option<u64>,
}

/// A worker comes or goes.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// When.
    pub at: Instant,
    /// Who.
    pub worker: String,
    /// Whether he is there from then on.
    pub present: bool,
}

/// A line that is no part of a day.
#[derive(Debug)]
pub struct UnreadableDay {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: String,
}

impl std::fmt::Display for UnreadableDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.fault)
    }
}

impl std::error::Error for UnreadableDay {}

#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Line {
    Arrival(Arrival),
    Shift(Shift),
}

impl Arrival {
    /// As a platform would have told it.
    pub(super) fn event(&self) -> InboundEvent {
        let file = |kind: &String| Attachment { kind: kind.clone(), ..Attachment::default() };
        InboundEvent {
            text: Some(self.text.as_str().into()),
            attachments: self.files.iter().map(file).collect(),
            ..InboundEvent::default()
        }
    }
}

impl Day {
    /// Reads lines. A line with `worker` is a shift, every other a message.
    pub fn read(lines: impl BufRead) -> std::result::Result<Self, UnreadableDay> {
        let mut day = Self::default();
        for (at, line) in lines.lines().enumerate() {
            let unreadable = |fault: String| UnreadableDay { line: at + 1, fault };
            let line = line.map_err(|error| unreadable(error.to_string()))?;
            if line.trim().is_empty() {
                continue;
            }
            if line.contains("\"worker\"") {
                day.shifts.push(serde_json::from_str(&line).map_err(|error| unreadable(error.to_string()))?);
            } else {
                day.arrivals.push(serde_json::from_str(&line).map_err(|error| unreadable(error.to_string()))?);
            }
            if ARRIVALS_MAX < day.arrivals.len() {
                return Err(unreadable(format!("a day has at most {ARRIVALS_MAX} messages")));
            }
        }
        // Stable: what came at once stays in the order of the file.
        day.arrivals.sort_by_key(|arrival| arrival.at.0);
        day.shifts.sort_by_key(|shift| shift.at.0);
        Ok(day)
    }

    /// Writes it as [`Day::read`] reads it.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        for shift in &self.shifts {
            writeln!(out, "{}", serde_json::to_string(&Line::Shift(shift.clone()))?)?;
        }
        for arrival in &self.arrivals {
            writeln!(out, "{}", serde_json::to_string(&Line::Arrival(arrival.clone()))?)?;
        }
        Ok(())
    }

    /// When it begins and ends, by its messages.
    pub fn span(&self) -> Option<(Millis, Millis)> {
        Some((self.arrivals.first()?.at.0, self.arrivals.last()?.at.0))
    }
}
