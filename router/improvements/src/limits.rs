//! Bounds. Each is refused out loud, or counted.

/// The longest title, in characters.
pub const TITLE_CHARS_MAX: usize = 200;
/// The longest text, of a note or an answer, in characters.
pub const TEXT_CHARS_MAX: usize = 4_000;
/// Pieces of evidence that one keeps; more are counted and not kept.
pub const EVIDENCE_MAX: usize = 50;
/// How many of them say the same and belong to one.
pub const MEMBERS_MAX: usize = 100;
/// Writers of one.
pub const WRITERS_MAX: usize = 50;
/// Channels by which the contacts of one are counted; more are counted together.
pub const CHANNELS_MAX: usize = 32;
/// The most contacts that one piece of evidence stands for.
pub const CONTACTS_MAX: u64 = 1_000_000;
/// The largest cost of a contact, in minor units.
pub const COST_MAX: i64 = 1_000_000_000;
