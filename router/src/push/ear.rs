//! Hears of commits, and passes on what somebody may have to be told. Never waits.

use blendline_core::Write;
use tokio::sync::mpsc;

use super::notice::{Notice, of_event};
use super::telemetry;

/// How many notices wait to be looked at; what is more is dropped, and counted.
const NOTICES_MAX: usize = 4_096;

/// Where commits are told. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ear(mpsc::Sender<Notice>);

impl Ear {
    /// An ear, and where what it heard comes out.
    pub fn new() -> (Self, mpsc::Receiver<Notice>) {
        let (sender, heard) = mpsc::channel(NOTICES_MAX);
        (Self(sender), heard)
    }

    /// Hears what was committed.
    pub fn hear(&self, writes: &[Write]) {
        for write in writes {
            if let Write::Event(event) = write {
                for notice in of_event(event) {
                    if let Err(mpsc::error::TrySendError::Full(_)) = self.0.try_send(notice) {
                        telemetry::dropped();
                    }
                }
            }
        }
    }
}
