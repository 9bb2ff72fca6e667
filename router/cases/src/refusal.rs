//! Why nothing comes of a command.

use blendline_wire::CaseId;
use serde::{Deserialize, Serialize};

/// Why nothing came of a command.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    /// There is no such case.
    NoCase,
    /// There is one already.
    Exists,
    /// It is over.
    Closed,
    /// It is not over.
    NotClosed,
    /// The customer has said that it is solved: he opens it again by writing.
    Confirmed,
    /// It has been over for too long.
    TooLate,
    /// No move leads there.
    NoMove {
        /// From where.
        from: String,
        /// Where moves lead from there.
        allowed: Vec<String>,
    },
    /// The move is another's to make.
    NotYours {
        /// Where it leads.
        to: String,
    },
    /// The task's disposition moves it nowhere.
    NoDisposition {
        /// Those that do.
        known: Vec<String>,
    },
    /// Something has to be known first.
    Missing {
        /// The fields.
        fields: Vec<String>,
    },
    /// The type has no such field.
    UnknownField {
        /// The name.
        field: String,
    },
    /// The field cannot hold this.
    WrongValue {
        /// The field.
        field: String,
        /// What it holds.
        expected: String,
    },
    /// The field says what was decided: only a decision sets it.
    NeedsDecision {
        /// The field.
        field: String,
        /// What is to be decided.
        action: String,
    },
    /// It waits already.
    Paused,
    /// It does not wait.
    NotPaused,
    /// It is about this unit, which cannot do that alone: somebody of another unit has to agree first.
    NeedsAgreement {
        /// The unit.
        unit: String,
    },
    /// Whoever is to agree is of the unit that it is about, or of none; or it is about none.
    OwnUnit,
    /// It stands still because of this other case of its customer.
    Held {
        /// The other.
        by: CaseId,
    },
    /// Another case speaks with this customer already: one voice.
    OneVoice {
        /// The other.
        case: CaseId,
    },
    /// A case is no part of itself.
    Circle,
    /// It was moved too often.
    TooManyMoves,
    /// The live rules have no such type any more.
    NoType,
    /// It has no promise of this number that could be kept or withdrawn.
    NoPromise,
    /// A promise is made for later, and not for too much later, in some words, and by something that can still keep it.
    WrongPromise {
        /// What is wrong: `due_at`, `words`, `kept_by`.
        what: String,
    },
    /// It was promised too much.
    TooManyPromises,
}
