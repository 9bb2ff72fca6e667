//! Names of things. Integer handles come from counters in the scheduler's state; outside they are opaque text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! handle {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        ///
        #[doc = concat!("Outside it is the opaque text `", $prefix, "_…`: compare it, never take it apart.")]
        #[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = UnknownId;

            fn from_str(text: &str) -> Result<Self, UnknownId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
                    .and_then(|digits| digits.parse().ok())
                    .map(Self)
                    .ok_or(UnknownId { expected: concat!($prefix, "_…") })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                handle_schema($prefix)
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}
    };
}

/// A handle in an OpenAPI document: text that begins with its kind.
#[cfg(feature = "openapi")]
fn handle_schema(prefix: &str) -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::Type::String)
        .pattern(Some(format!("^{prefix}_[0-9]+$")))
        .examples([format!("{prefix}_7")])
        .into()
}

/// Text that is not the id that was asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnknownId {
    /// The form that was expected.
    pub expected: &'static str,
}

impl fmt::Display for UnknownId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected an id of the form {}", self.expected)
    }
}

impl std::error::Error for UnknownId {}

/// A channel's name as a number, by which what came by it is told from the rest where that is all that matters.
///
/// FNV-1a of the name's bytes, so that it is the same in every process and version.
/// Nothing is found by it and nothing kept under it: who compares keys has made sure that his names differ in them.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct ChannelKey(pub u32);

impl ChannelKey {
    /// Of what came by no channel, or where the channel does not matter.
    pub const NONE: Self = Self(0);

    /// The key of a name.
    pub fn of(name: &str) -> Self {
        Self(name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)))
    }
}

handle!(
    /// A company on this installation.
    TenantId, "ten"
);
handle!(
    /// A node of the organisation's tree.
    UnitId, "unt"
);
handle!(
    /// Workers with one time plan.
    GroupId, "grp"
);
handle!(
    /// One configured endpoint of a channel.
    AccountId, "acc"
);
handle!(
    /// A named line of tasks.
    QueueId, "que"
);
handle!(
    /// A skill that workers have and tasks require.
    SkillId, "skl"
);
handle!(
    /// Whoever takes tasks.
    WorkerId, "wrk"
);
handle!(
    /// Working hours, compiled to open intervals by the driver.
    CalendarId, "cal"
);
handle!(
    /// A person on a channel.
    ContactId, "con"
);
handle!(
    /// Whom we serve: a person or an organisation with several contacts.
    CustomerId, "cus"
);
handle!(
    /// What the customer wants done, across channels, conversations, tasks and time.
    MatterId, "mat"
);
handle!(
    /// Messages of one contact on one account, until closed.
    ConversationId, "cnv"
);
handle!(
    /// A unit of routable work.
    TaskId, "tsk"
);
handle!(
    /// A message that we send.
    OutboundId, "out"
);
handle!(
    /// One happening in the log.
    EventId, "evt"
);
handle!(
    /// One connection of a worker; a newer one replaces it.
    SessionId, "ses"
);

/// The number of a task's ownership: it grows with every offer and assignment.
///
/// A call that names an older lease is refused as fenced, so a late worker can never overwrite its successor.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Lease(pub u32);

/// The key of a contact: a hash of (tenant, channel account, peer address) or of the first of its aliases seen.
///
/// The core compares it and never takes it apart; addresses stay outside the core.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ContactKey(pub u128);

impl Serialize for ContactKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:032x}", self.0))
    }
}

impl<'de> Deserialize<'de> for ContactKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        u128::from_str_radix(&text, 16).map(Self).map_err(serde::de::Error::custom)
    }
}

macro_rules! hashed {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        ///
        #[doc = concat!("Outside it is the opaque text `", $prefix, "_…`: compare it, never take it apart.")]
        #[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(pub u128);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{:032x}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = UnknownId;

            fn from_str(text: &str) -> Result<Self, UnknownId> {
                let digits = text.strip_prefix(concat!($prefix, "_"));
                let is_ours = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
                digits
                    .filter(|digits| digits.len() == 32 && digits.bytes().all(is_ours))
                    .and_then(|digits| u128::from_str_radix(digits, 16).ok())
                    .map(Self)
                    .ok_or(UnknownId { expected: concat!($prefix, "_…") })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::Type::String)
                    .pattern(Some(concat!("^", $prefix, "_[0-9a-f]{32}$")))
                    .examples([concat!($prefix, "_0123456789abcdef0123456789abcdef")])
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}
    };
}

hashed!(
    /// A case: a matter with a typed process. A hash of its tenant and of the key under which it was opened, so that whoever
    /// opened it finds it again by that key, and opening it twice is opening it once.
    CaseId, "cas"
);
hashed!(
    /// A decision within somebody's authority, or above it. A hash of its tenant and of the key under which it was asked for,
    /// so that asking twice is asking once.
    DecisionId, "dec"
);
hashed!(
    /// What somebody says of somebody's work: a review of it, the rating of an answer, or that it was sent back. A hash of its
    /// tenant and of what it is about, so that the same piece is judged once.
    JudgementId, "jdg"
);
hashed!(
    /// An event of another system. A hash of its tenant, its system, the system's own id of it, and what it says: the same
    /// event twice is one event, and another one under the same id is another.
    ExternalId, "ext"
);
hashed!(
    /// Something that should change. A hash of its tenant and of the key under which it was opened, so that opening it twice is
    /// opening it once.
    ImprovementId, "imp"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_opaque_text_outside() {
        let case = CaseId(0xab);
        assert_eq!(case.to_string(), "cas_000000000000000000000000000000ab");
        assert_eq!(case.to_string().parse(), Ok(case));
        for text in ["cas_ab", "cas_0000000000000000000000000000000G", "tsk_1", "cas_+00000000000000000000000000000ab"]
        {
            assert!(text.parse::<CaseId>().is_err(), "{text} was taken for a case");
        }
    }

    #[test]
    fn a_handle_is_opaque_text_outside() {
        let task = TaskId(42);
        assert_eq!(serde_json::to_string(&task).unwrap(), "\"tsk_42\"");
        assert_eq!(serde_json::from_str::<TaskId>("\"tsk_42\"").unwrap(), task);
    }

    #[test]
    fn another_kind_of_id_is_refused() {
        for text in ["cnv_42", "tsk_", "tsk_-1", "tsk_+1", "42", "tsk_99999999999999999999"] {
            assert!(text.parse::<TaskId>().is_err(), "{text} was taken for a task");
        }
    }
}
