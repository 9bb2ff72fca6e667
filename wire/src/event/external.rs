//! What other systems tell: each of their events is applied, waits for those before it, or is put aside where a person sees it.
//!
//! What such an event says of a customer in its fields is in none of these; the references of other systems are.

use serde::{Deserialize, Serialize};

use crate::ids::{CaseId, ExternalId};
use crate::time::Millis;

/// What became of an event of another system.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExternalTold {
    /// The event.
    pub external: ExternalId,
    /// The system, as the rules name it.
    pub system: String,
    /// What the system calls the event.
    pub given_id: String,
    /// Its kind, in the system's words: `delivered`, `credit_issued`.
    pub external_kind: String,
    /// What it is about, as the system calls it: an order, a delivery, a credit note.
    pub reference: String,
    /// Its place among those about the same, where the system counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// When it happened, as the system says.
    pub happened_at: Millis,
    /// The cases that it concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<CaseId>,
    /// A stable word. Put aside: `unknown_system`, `unknown_kind`, `unknown_reference`, `case_closed`, `no_value`, `id_reused`,
    /// `sequence_reused`, `too_late`, `too_many`, or why the case refused it: `no_move`, `missing`, `wrong_value`, ….
    /// Applied: `after_gap` where one before it never came. Dropped: `dropped`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// Another system told a newer version of a record of its own.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordSynced {
    /// The system.
    pub system: String,
    /// `customers` or `orders`.
    pub records: String,
    /// What the system calls it.
    pub reference: String,
    /// Its version there.
    pub version: u64,
    /// The version that was known before; left out where none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
}
