//! What a case type and a case may hold at most.

/// Case types of a company.
pub const TYPES_MAX: usize = 100;
/// Stages of a type.
pub const STAGES_MAX: usize = 50;
/// Fields of a type.
pub const FIELDS_MAX: usize = 100;
/// Moves of a type.
pub const MOVES_MAX: usize = 500;
/// Measures of a type.
pub const MEASURES_MAX: usize = 50;
/// Words of a choice.
pub const CHOICES_MAX: usize = 100;
/// Buttons below what is told: no channel shows more than three as buttons.
pub const BUTTONS_MAX: usize = 3;
/// Characters of what is told.
pub const TOLD_CHARS_MAX: usize = 1_000;
/// Characters of a stage's procedure.
pub const PROCEDURE_CHARS_MAX: usize = 4_000;
/// Characters of what a button says: WhatsApp takes no more.
pub const BUTTON_CHARS_MAX: usize = 20;
/// Bytes of the name of a stage that a button leads to.
pub const BUTTON_NAME_MAX: usize = 16;
/// Characters of a field of text or a reference.
pub const VALUE_CHARS_MAX: usize = 4_000;
/// Moves of one case: a case that goes round and round belongs before somebody.
pub const CASE_MOVES_MAX: u32 = 1_000;
/// Promises of one case, kept, broken and withdrawn ones among them.
pub const PROMISES_MAX: usize = 100;
/// Characters of what is promised.
pub const PROMISE_CHARS_MAX: usize = 500;
/// How far ahead a promise may be due, in milliseconds: two years.
pub const PROMISE_MS_MAX: u64 = 2 * 366 * 86_400_000;

/// Times at which a customer was written to that a case keeps: no cap is higher.
pub const TELLS_KEPT: usize = 20;
