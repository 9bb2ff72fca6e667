//! The audit log's chain: each entry holds the hash of the one before, so that none can be changed, taken out or
//! moved without a trace.
//!
//! A chain alone cannot tell that its end was cut off, or that all of it was written anew. The first is found by the
//! head that is noted beside the log; the second by a head that somebody else keeps, which is why the API shows it.

use blendline_wire::TenantId;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::ports::people::{AuditEntry, AuditHead, Deed};

/// What stands where the first entry has no entry before it.
pub fn beginning() -> String {
    hex::encode([0_u8; 32])
}

/// The entry that follows `head`.
pub fn next(
    head: Option<&AuditHead>,
    tenant: TenantId,
    deed: &Deed,
    subject: &str,
    (before, after): (Value, Value),
) -> AuditEntry {
    let mut entry = AuditEntry {
        seq: head.map_or(0, |head| head.seq) + 1,
        at: deed.at,
        tenant,
        actor: deed.actor.clone(),
        what: deed.what.to_owned(),
        subject: subject.to_owned(),
        before,
        after,
        prev: head.map_or_else(beginning, |head| head.hash.clone()),
        hash: String::new(),
    };
    entry.hash = digest(&entry);
    entry
}

/// The hash over everything else in an entry; each part is preceded by its length, so no two entries read alike.
fn digest(entry: &AuditEntry) -> String {
    let mut hash = Sha256::new();
    for part in [
        entry.tenant.0.to_string(),
        entry.seq.to_string(),
        entry.at.0.to_string(),
        entry.actor.clone(),
        entry.what.clone(),
        entry.subject.clone(),
        entry.before.to_string(),
        entry.after.to_string(),
        entry.prev.clone(),
    ] {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(hash.finalize())
}

/// Where a log is not whole.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Broken {
    /// An entry says something else than what was sealed.
    #[error("entry {0} was changed")]
    Changed(u64),
    /// An entry does not follow the one before it.
    #[error("entry {0} does not follow the one before it: entries were taken out, put in or moved")]
    Torn(u64),
    /// The log ends before its noted end, or goes on after it.
    #[error("the log does not end with the noted entry {0}: its end was cut off or added to")]
    Cut(u64),
}

/// Checks a log from one entry to the next.
#[derive(Clone, Debug)]
pub struct Check {
    seq: u64,
    hash: String,
}

impl Default for Check {
    fn default() -> Self {
        Self { seq: 0, hash: beginning() }
    }
}

impl Check {
    /// Takes the next entries.
    ///
    /// # Errors
    /// At the first that is not what it should be.
    pub fn entries(&mut self, entries: &[AuditEntry]) -> Result<(), Broken> {
        for entry in entries {
            if entry.seq != self.seq + 1 || entry.prev != self.hash {
                return Err(Broken::Torn(entry.seq));
            }
            if digest(entry) != entry.hash {
                return Err(Broken::Changed(entry.seq));
            }
            self.seq = entry.seq;
            self.hash.clone_from(&entry.hash);
        }
        Ok(())
    }

    /// Compares what was taken with the noted end.
    ///
    /// # Errors
    /// When they differ.
    pub fn end(&self, head: Option<&AuditHead>) -> Result<u64, Broken> {
        let (seq, hash) = head.map_or_else(|| (0, beginning()), |head| (head.seq, head.hash.clone()));
        if (seq, &hash) == (self.seq, &self.hash) { Ok(seq) } else { Err(Broken::Cut(seq)) }
    }
}
