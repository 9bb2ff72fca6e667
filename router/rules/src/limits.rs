//! Bounds of a rule set. Each is refused out loud, and before it costs anything.

/// The size of a file, in bytes: as JSON it fits into a request of the API.
pub const FILE_BYTES_MAX: usize = 200 * 1024;
/// Nodes of the YAML: keys, values, list entries.
pub const NODES_MAX: usize = 60_000;
/// How deep YAML may nest. The deepest thing there is to say needs seven.
pub const DEPTH_MAX: usize = 12;
/// Rules of a set.
pub const RULES_MAX: usize = 2_000;
/// Queues, skills, groups, calendars and keyword lists, of each.
pub const NAMES_MAX: usize = 1_000;
/// Workers of all groups together.
pub const WORKERS_MAX: usize = 10_000;
/// Words and phrases of all keyword lists together.
pub const WORDS_MAX: usize = 10_000;
/// Characters of a word or phrase.
pub const WORD_CHARS_MAX: usize = 100;
/// Characters of a name.
pub const NAME_CHARS_MAX: usize = 64;
/// Notices of a set.
pub const NOTICES_MAX: usize = 50;
/// Characters of a notice.
pub const NOTICE_CHARS_MAX: usize = 1_000;
/// Bytes of a condition.
pub const CONDITION_BYTES_MAX: usize = 1_000;
/// Brackets within brackets in a condition: its parser recurses.
pub const CONDITION_DEPTH_MAX: usize = 12;
/// Steps that a condition may take at worst; a comparison is one.
pub const CONDITION_COST_MAX: u64 = 5_000;
/// Bytes that a compiled pattern of `matches` may take.
pub const PATTERN_BYTES_MAX: usize = 64 * 1024;
/// Characters of a message that rules look at; what follows is not looked at.
pub const TEXT_CHARS_MAX: usize = 4_096;
/// Entries of a list in a message's facts, such as its files.
pub const ENTRIES_MAX: u64 = 32;
/// Faults that are told; beyond that only their number is.
pub const FAULTS_MAX: usize = 100;
