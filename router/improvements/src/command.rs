//! What may be asked of one, and what comes of it.

use blendline_wire::event::EventKind;
use blendline_wire::event::improvement::{ImprovementSource, ImprovementStatus, Measured, Phase};
use blendline_wire::{ImprovementId, Millis, Pii, QueueId, TenantId, WorkerId};

use crate::improvement::{Evidence, Improvement, Writer};

/// What is asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// It is written down.
    Open(Box<Opening>),
    /// More speaks for it, perhaps by another writer.
    Add {
        /// What.
        evidence: Box<Evidence>,
        /// Who wrote it.
        writer: Option<Writer>,
    },
    /// It says the same as another, and belongs to that from now on.
    Join {
        /// The other.
        into: ImprovementId,
    },
    /// It says something else after all.
    Part,
    /// Another manager is to answer.
    Assign {
        /// Who.
        owner: WorkerId,
    },
    /// A manager answers.
    Answer {
        /// Who.
        by: WorkerId,
        /// Until when it will be done; `None`: it will not.
        do_by: Option<Millis>,
        /// What will be done, or why not.
        words: Pii<String>,
    },
    /// It is being done.
    Begin,
    /// It is done, and was measured after.
    Finish,
    /// It is open again.
    Reopen,
    /// It was measured.
    Measure {
        /// Before the change, or after it.
        phase: Phase,
        /// What was measured.
        measured: Box<Measured>,
    },
    /// Its time may have come.
    Look,
}

/// What should change, as it is written down.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Opening {
    /// Its name.
    pub id: ImprovementId,
    /// Whose.
    pub tenant: TenantId,
    /// From where it is known.
    pub source: ImprovementSource,
    /// What should change, in one line.
    pub title: Pii<String>,
    /// More about it.
    pub text: Option<Pii<String>>,
    /// The queue that it is about.
    pub queue: Option<QueueId>,
    /// What the rules say of the contacts behind it.
    pub topic: Option<String>,
    /// The unit that it is about.
    pub unit: Option<String>,
    /// What speaks for it.
    pub evidence: Evidence,
    /// Who wrote it.
    pub writer: Option<Writer>,
}

/// One that was changed, with what happened and what is to be done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// As it is now.
    pub improvement: Improvement,
    /// What happened.
    pub events: Vec<EventKind>,
    /// What is to be done.
    pub effects: Vec<Effect>,
}

/// What is to be done after a change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// Whoever wrote it, and whatever belongs to it, hears what became of it.
    TellWriters,
    /// The manager who is to answer hears that it waits for him.
    TellOwner,
}

/// Why nothing was changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// It is there already.
    Exists,
    /// It is not there.
    Unknown,
    /// It belongs to another: that is asked instead.
    Joined {
        /// The other.
        into: ImprovementId,
    },
    /// It belongs to none.
    NotJoined,
    /// What others belong to belongs to none itself, and nothing belongs to itself.
    NoGroup,
    /// As many belong to it as may.
    TooMany,
    /// Where it stands this cannot be done.
    WrongState {
        /// Where it stands.
        status: ImprovementStatus,
    },
    /// Only a manager of its unit or of one above answers.
    NotYours {
        /// Who may.
        managers: Vec<WorkerId>,
    },
    /// What will be done is done by a day to come.
    NoDay,
    /// It is said what will be done, or why not.
    NoWords,
    /// What is done is measured before and after, by the same measure.
    NotMeasured,
}
