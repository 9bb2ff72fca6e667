//! How a check fails.

/// An invariant that did not hold.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The invariant's name in the README.
    pub invariant: &'static str,
    /// What was seen.
    pub detail: String,
}

/// Held, or not.
pub type Check = Result<(), Violation>;

/// Returns a [`Violation`] of the named invariant unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $invariant:literal, $($detail:tt)+) => {
        if !$condition {
            return Err($crate::verdict::Violation { invariant: $invariant, detail: format!($($detail)+) });
        }
    };
}
pub(crate) use ensure;
