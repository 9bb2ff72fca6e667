//! Which of them may say the same: of one queue and topic, with words in common. A person joins them.

use std::collections::BTreeSet;

use crate::improvement::Improvement;

/// The shortest word that counts, in letters: shorter ones are in every sentence.
const WORD_CHARS_MIN: usize = 3;
/// So many hundredths of the words of the shorter are in the longer.
const COMMON_PERCENT: usize = 50;

/// True where two may say the same.
pub fn alike(one: &Improvement, other: &Improvement) -> bool {
    if one.id == other.id || (one.queue, &one.topic) != (other.queue, &other.topic) {
        return false;
    }
    let (one, other) = (words(one), words(other));
    let shorter = one.len().min(other.len());
    shorter != 0 && COMMON_PERCENT * shorter <= 100 * one.intersection(&other).count()
}

fn words(of: &Improvement) -> BTreeSet<String> {
    let text = of.text.as_ref().map_or("", |text| text.expose());
    let parts = of.title.expose().split(|letter: char| !letter.is_alphanumeric());
    let parts = parts.chain(text.split(|letter: char| !letter.is_alphanumeric()));
    parts.filter(|word| WORD_CHARS_MIN <= word.chars().count()).map(str::to_lowercase).collect()
}
