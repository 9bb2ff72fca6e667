//! What is not as it must be with a server that we stand on.

use std::fmt;

/// A setting of a server that would hurt.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// The setting, as the server calls it.
    pub key: String,
    /// What it is.
    pub found: String,
    /// What it must be.
    pub needed: String,
    /// What to do about it.
    pub cure: String,
    /// True when Blendline refuses to run on it; false when it runs, and something may be lost or slow.
    pub fatal: bool,
}

impl Finding {
    /// A setting on which Blendline refuses to run.
    pub fn fatal(
        key: impl Into<String>,
        found: impl Into<String>,
        needed: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        Self { key: key.into(), found: found.into(), needed: needed.into(), cure: cure.into(), fatal: true }
    }

    /// A setting that may cost something one day.
    pub fn warning(
        key: impl Into<String>,
        found: impl Into<String>,
        needed: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        Self { fatal: false, ..Self::fatal(key, found, needed, cure) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, found, needed, cure, fatal } = self;
        let word = if *fatal { "wrong" } else { "warning" };
        write!(f, "{word}: {key} = {found}, needed is {needed}\n  cure: {cure}")
    }
}
