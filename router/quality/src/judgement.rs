//! What is said of somebody's work, as the record keeps it.

use blendline_wire::event::EventKind;
use blendline_wire::event::quality::{AnswerTold, ReviewTold, SentBackTold};
use blendline_wire::{ConversationId, JudgementId, MatterId, Millis, Pii, TaskId, TenantId, WorkerId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// One judgement.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// A review of a piece of work.
    Review(Box<Review>),
    /// The rating of an answer.
    Answer(Box<Answer>),
    /// Work that came back.
    SentBack(Box<SentBack>),
}

/// Of which sort a judgement is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// A review.
    Review,
    /// The rating of an answer.
    Answer,
    /// Work that came back.
    SentBack,
}

impl Kind {
    /// Its name in the record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Answer => "answer",
            Self::SentBack => "sent_back",
        }
    }
}

/// A piece of work that was drawn, and what came of it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Review {
    /// Whose.
    pub tenant: TenantId,
    /// When it was drawn.
    pub at: Millis,
    /// What its events say.
    pub told: ReviewTold,
    /// The conversation in which the work was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// The matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matter: Option<MatterId>,
    /// Where it stands.
    pub state: ReviewState,
    /// When it was scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scored_at: Option<Millis>,
    /// What the reviewer says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Pii<String>>,
    /// What whoever did the work answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Pii<String>>,
}

/// Where a review stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// Nobody has reviewed it yet.
    Waiting,
    /// It was reviewed.
    Scored,
    /// Whoever did the work has answered.
    Disputed,
    /// Nobody will review it.
    Lapsed,
}

impl ReviewState {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Scored => "scored",
            Self::Disputed => "disputed",
            Self::Lapsed => "lapsed",
        }
    }
}

/// An answer to a request, which whoever asked rates.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Answer {
    /// Whose.
    pub tenant: TenantId,
    /// When it was answered.
    pub at: Millis,
    /// What its events say.
    pub told: AnswerTold,
    /// The matter.
    pub matter: MatterId,
    /// The conversation in which it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// When it was rated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rated_at: Option<Millis>,
    /// What was said besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Pii<String>>,
}

/// Work that came back.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SentBack {
    /// Whose.
    pub tenant: TenantId,
    /// When.
    pub at: Millis,
    /// What its event says.
    pub told: SentBackTold,
}

impl Judgement {
    /// Its name.
    pub const fn id(&self) -> JudgementId {
        match self {
            Self::Review(review) => review.told.review,
            Self::Answer(answer) => answer.told.answer,
            Self::SentBack(sent_back) => sent_back.told.sent_back,
        }
    }

    /// Whose it is.
    pub const fn tenant(&self) -> TenantId {
        match self {
            Self::Review(review) => review.tenant,
            Self::Answer(answer) => answer.tenant,
            Self::SentBack(sent_back) => sent_back.tenant,
        }
    }

    /// When it began: this never changes.
    pub const fn at(&self) -> Millis {
        match self {
            Self::Review(review) => review.at,
            Self::Answer(answer) => answer.at,
            Self::SentBack(sent_back) => sent_back.at,
        }
    }

    /// Of which sort.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Review(_) => Kind::Review,
            Self::Answer(_) => Kind::Answer,
            Self::SentBack(_) => Kind::SentBack,
        }
    }

    /// Whose work it is about.
    pub const fn worker(&self) -> Option<WorkerId> {
        match self {
            Self::Review(review) => Some(review.told.of_worker),
            Self::Answer(answer) => Some(answer.told.of_worker),
            Self::SentBack(sent_back) => sent_back.told.of_worker,
        }
    }

    /// Who judges, where that is known.
    pub const fn by(&self) -> Option<WorkerId> {
        match self {
            Self::Review(review) => review.told.reviewer,
            Self::Answer(answer) => Some(answer.told.asker),
            Self::SentBack(sent_back) => sent_back.told.by,
        }
    }

    /// The task by which it is found: that of whoever reviews, that which waited for the answer, that which came back.
    pub const fn task(&self) -> Option<TaskId> {
        match self {
            Self::Review(review) => review.told.by_task,
            Self::Answer(answer) => Some(answer.told.for_task),
            Self::SentBack(sent_back) => sent_back.told.of_task,
        }
    }

    /// True while somebody is to say something.
    pub const fn is_open(&self) -> bool {
        match self {
            Self::Review(review) => matches!(review.state, ReviewState::Waiting),
            Self::Answer(answer) => answer.told.rating.is_none(),
            Self::SentBack(_) => false,
        }
    }
}

impl Review {
    /// The event of what it has become.
    pub fn event(&self) -> EventKind {
        let told = Box::new(self.told.clone());
        match self.state {
            ReviewState::Waiting if self.told.reason.is_empty() => EventKind::ReviewDrawn(told),
            ReviewState::Waiting => EventKind::ReviewHeld(told),
            ReviewState::Scored => EventKind::Reviewed(told),
            ReviewState::Disputed => EventKind::ReviewDisputed(told),
            ReviewState::Lapsed => EventKind::ReviewLapsed(told),
        }
    }

    /// The score, where there is one.
    pub fn score(&self) -> Option<u16> {
        self.told.score_milli.filter(|_| matches!(self.state, ReviewState::Scored | ReviewState::Disputed))
    }

    /// The name of the other review of the same piece, where two persons review it.
    pub fn other_seat(&self) -> JudgementId {
        let seat = if self.told.seat == 1 { "2" } else { "1" };
        id(self.tenant, &["review", &self.piece(), seat])
    }

    /// The piece of work, as text: the same for both of its reviews.
    pub fn piece(&self) -> String {
        match (self.told.of_decision, self.told.of_task) {
            (Some(decision), _) => decision.to_string(),
            (None, Some(task)) => task.to_string(),
            (None, None) => String::new(),
        }
    }
}

/// A name made of these parts, each preceded by its length.
pub fn id(tenant: TenantId, parts: &[&str]) -> JudgementId {
    let mut whole = [0; 16];
    whole.copy_from_slice(&digest(tenant, parts)[..16]);
    JudgementId(u128::from_be_bytes(whole))
}

pub(crate) fn digest(tenant: TenantId, parts: &[&str]) -> [u8; 32] {
    let mut sha = Sha256::new();
    let tenant = tenant.0.to_string();
    for part in ["quality", tenant.as_str()].iter().chain(parts) {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    }
    sha.finalize().into()
}
