//! Bounds. Each is refused out loud.

/// Grants of a set.
pub const GRANTS_MAX: usize = 500;
/// Delegations of a set.
pub const DELEGATIONS_MAX: usize = 500;
/// Actions that a company names itself.
pub const ACTIONS_MAX: usize = 100;
/// The largest amount, in minor units: sums of as many as a ledger may hold still fit into 64 bits.
pub const MINOR_MAX: i64 = 1_000_000_000_000;
/// How long the window of a customer's limit may be, in milliseconds: a year.
pub const WINDOW_MS_MAX: u64 = 366 * 86_400_000;
/// Lines of the ledger that are looked at for one decision; where there are more, it is refused.
pub const LINES_MAX: usize = 10_000;
/// Approvers who are named for one decision.
pub const APPROVERS_MAX: usize = 50;
