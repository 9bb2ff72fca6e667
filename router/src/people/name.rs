//! Names of users: shown as they were written, compared in one form, so that no two people look alike to the program.

use unicode_normalization::UnicodeNormalization as _;

/// The most bytes of a name.
const NAME_BYTES_MAX: usize = 64;

/// The form in which names are compared: compatibility forms are made one (NFKC) and case is folded.
///
/// Upper, then lower, each character by itself: so `ẞ`, `ß` and `ss` are one, and a final sigma is a sigma.
pub fn folded(text: &str) -> String {
    let mut once: String = fold(text);
    // What folding makes may compose anew; the second pass is the fixed point (a test asks every character).
    once = fold(&once);
    once
}

fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect()
}

/// Why a text is no name for a user; `None` when it is one.
pub fn fault(text: &str) -> Option<&'static str> {
    let compared = folded(text);
    if compared.is_empty() || text.len() > NAME_BYTES_MAX || compared.len() > NAME_BYTES_MAX {
        return Some("a name has 1 to 64 bytes");
    }
    let good = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    // Checked in both forms: what looks like a letter may stand for signs.
    if !text.chars().all(good) || !compared.chars().all(good) {
        return Some("a name has letters, digits, `-`, `_`, `.` and `@`");
    }
    None
}
