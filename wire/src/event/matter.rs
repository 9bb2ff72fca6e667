//! The same matter, once: what came again after it was closed, and what is open on two channels and held together.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, MatterId, WorkerId};
use crate::time::Millis;

/// By what two conversations of one customer are known to be about the same matter.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SameBy {
    /// Both name the same reference: an order, a case of another system.
    Reference,
    /// The rules say the same of both: one type of case, one tag, one rule.
    Topic,
    /// Somebody says so.
    Said,
}

/// A customer came again with a matter that was closed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MatterRepeated {
    /// The matter that was closed.
    pub earlier: MatterId,
    /// Its conversation.
    pub earlier_conversation: ConversationId,
    /// When it was closed.
    pub ended_at: Millis,
    /// Who closed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<WorkerId>,
    /// How it was closed.
    pub disposition: String,
    /// How many times he has come with it now: 2 or more.
    pub times: u32,
    /// By what it is known.
    pub same_by: SameBy,
    /// True when the two are on different addresses that are one person's.
    pub merged: bool,
}

/// Two open conversations of one customer are one matter: one worker has both from now on.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MattersJoined {
    /// The conversation that was there first; the event is the other's.
    pub first: ConversationId,
    /// Its matter.
    pub first_matter: MatterId,
    /// By what it is known.
    pub same_by: SameBy,
    /// True when the two are on different addresses that are one person's.
    pub merged: bool,
}

/// Two conversations that were held together are two matters after all.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MattersParted {
    /// The conversation that was there first; the event is the other's.
    pub first: ConversationId,
    /// Its matter.
    pub first_matter: MatterId,
}
