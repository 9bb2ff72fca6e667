//! Bounds. Each is refused out loud where somebody asks for more.

/// How long a task may be put aside, in milliseconds: 90 days.
pub const PARK_MS_MAX: u64 = 90 * 24 * 60 * 60 * 1000;
/// How many requests may stand above one another.
pub const REQUEST_DEPTH_MAX: u8 = 4;
/// How many steps a task may have in which what it takes is relaxed; later ones are left out.
pub const RELAXATIONS_MAX: usize = 8;
/// How many requests a task may have open.
pub const CHILDREN_MAX: usize = 8;
/// How many workers a task remembers not to be offered to; the oldest is forgotten.
pub const DECLINED_MAX: usize = 8;
/// How many replies one settling may bring.
pub const REPLIES_MAX: usize = 10;
/// How many messages of ours may wait in one conversation.
pub const OUTBOUND_PER_CONVERSATION_MAX: usize = 100;
/// How many messages of ours may be with the sender per account (P13).
pub const HANDED_PER_ACCOUNT_MAX: usize = 64;
/// How often a message of ours is tried before it counts as failed.
pub const ATTEMPTS_MAX: u32 = 8;
/// How long a task waits for one worker only, in milliseconds; then any able worker may have it.
pub const DIRECTED_MS: u64 = 5 * 60 * 1000;
/// How often one task may be put aside for the front line.
pub const INTERRUPTIONS_MAX: u8 = 3;
/// How long a task that was put aside for the front line waits for its worker, in milliseconds; then it goes back in line.
pub const INTERRUPTED_MS: u64 = 30 * 60 * 1000;
/// Over how many tasks a queue's mean time is kept.
pub const TASKS_REMEMBERED: u32 = 10_000;
/// How long a task takes where nothing is known, in milliseconds.
pub const TASK_MS_GUESSED: u64 = 3 * 60 * 1000;
/// After how many declines of one task a supervisor is told.
pub const DECLINES_TOLD: u8 = 5;
/// How long to wait before an account that is down is tried again, in milliseconds.
pub const ACCOUNT_DOWN_MS: u64 = 60 * 1000;
/// After how many expired offers in a row a worker is taken out of the pool.
pub const MISSED_OFFERS_MAX: u8 = 3;
