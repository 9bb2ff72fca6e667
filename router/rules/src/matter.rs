//! When a customer is asked whether it is solved, and how it is known that he comes again with the same matter.

use std::collections::BTreeSet;

use blendline_cases::types::Words;
use regex::Regex;

use crate::fault::Placed;

/// References of one text that count; who writes more wrote a list.
pub const REFERENCES_MAX: usize = 8;

/// When a customer is asked whether what he wanted is solved, where no case asks him.
#[derive(Clone, Debug, Default)]
pub struct Solved {
    /// The dispositions after which he is asked.
    pub after: BTreeSet<String>,
    /// After tasks of which queues; empty: all.
    pub queues: Vec<Placed<String>>,
    /// The question; empty: ours.
    pub text: Words,
    /// What the button says by which he confirms; empty: ours.
    pub yes: Words,
    /// What the button says by which he denies; empty: ours.
    pub no: Words,
    /// So many of a thousand good answers to the question of satisfaction open a task as low ones do.
    pub sample_milli: u32,
}

/// How it is known that a customer comes again with the same matter.
#[derive(Clone, Debug)]
pub struct SameMatter {
    /// So long after it was closed it is the same one, in milliseconds.
    pub within_ms: u64,
    /// What references look like in a text.
    pub references: Vec<Regex>,
    /// Whether what the rules say of a message is enough: its type of case, a tag of it.
    pub topics: bool,
}

impl SameMatter {
    /// The references that a text names, each once, as they are compared: in capitals.
    pub fn references(&self, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        for reference in self.references.iter().flat_map(|pattern| pattern.find_iter(text)) {
            let reference = reference.as_str().to_uppercase();
            if REFERENCES_MAX <= found.len() {
                break;
            }
            if !reference.is_empty() && !found.contains(&reference) {
                found.push(reference);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_each_once_and_not_without_end() {
        let same = SameMatter {
            within_ms: 1,
            references: vec![Regex::new(r"(?i)\bSO-\d+\b").unwrap(), Regex::new(r"\b\d{9}\b").unwrap()],
            topics: true,
        };
        assert_eq!(same.references("so-17, SO-17 and 123456789!"), ["SO-17", "123456789"]);
        assert!(same.references("ASO-17 SO- 12").is_empty());
        let many: String = (0..99).map(|number| format!("SO-{number} ")).collect();
        assert_eq!(same.references(&many).len(), REFERENCES_MAX);
    }
}
