//! The router's own record, run through the scheduler again.
//!
//! The journal holds every input of every batch. Fed to a core that began alike, it gives the recorded day again, event
//! for event: that is how a [`Recorder`] reads it, and learns what everybody did. [`play`] then runs the day under other
//! rules or with other people: what came from outside comes when it came; what workers did follows from what they are
//! given, each task taking the time, the words and the turns that it took.
//!
//! ```text
//! journal ─► Recorder (the core, verbatim) ─► Record: arrivals, comings and goings, a script of each task
//!                                                │
//!            settings and classes of a set ──────┴─► play (the same core) ─► events ─► Figures
//! ```
//!
//! Under the rules of the time every input has its time and its place again, so the figures are the recorded ones,
//! exactly: both are counted from events, by the same [`Tally`].
//!
//! What it cannot know, and how it is modelled: whoever has a task takes the time that was taken; a task that comes more
//! often, or longer, to a worker than it did takes its queue's mean; a customer who wrote again writes again at that time,
//! whether he was answered by then or not; sending succeeds at once.

mod hands;
mod player;
mod script;
mod tally;
mod turns;

pub use player::{Stage, play};
pub use script::{Arrival, Came, Record, Recorder, Unreadable};
pub use tally::{Figures, QueueFigures, Tally, WorkerFigures};

/// What a journal's line begins with that holds all rows of the core as they were before the batch.
pub const SNAPSHOT: &str = "{\"snapshot\":";
