//! How far something public got.

use serde::{Deserialize, Serialize};

/// What a platform counted of a public post, and of its author, when it told us; nothing of it is asked for later.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reach {
    /// Who follows the author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followers: Option<u64>,
    /// Who liked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likes: Option<u64>,
    /// How often it was passed on: shares, reposts and quotes together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shares: Option<u64>,
    /// How often it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replies: Option<u64>,
    /// How often it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub views: Option<u64>,
}

impl Reach {
    /// None where nothing was counted.
    pub fn known(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}
