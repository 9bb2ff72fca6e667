//! Routing rules as text: read, checked like a program, and evaluated. No IO.
//!
//! A rule set is one YAML file. [`check()`] reads it and names every fault with its place and its cure; what is without
//! faults is a [`RuleSet`]. A [`Classifier`] made of it says of each message where it goes, and why.
//!
//! ```text
//! text ─► yaml (tree with places) ─► read (typed sections) ─► sense (do they make sense together) ─► RuleSet
//!                                     └► cel (conditions: types, cost)                                   │
//! facts of a message ─────────────────────────────────────────────────────────────► Classifier ─► Decision
//! ```
//!
//! Conditions are CEL: the `cel` crate parses them, we check their types and evaluate them ourselves. So an unknown field is
//! a fault of the file and no surprise of the night, every condition's cost is known before it runs, and none can panic.
//!
//! [`replay`] runs a recorded day through the scheduler itself under a set, to compare sets before one becomes live.
//!
//! **Architecture Invariant:** nothing here reads a clock, a file or the network; time zones are used only to compile hours.
//!
//! Suggested reading order: [`model`], [`yaml`], [`read`], [`cel`], [`sense`], [`classify`].

pub mod calendar;
pub mod cel;
pub mod classify;
mod counted;
pub mod facts;
pub mod fault;
mod feasts;
pub mod fields;
mod hebrew;
pub mod hebrew_faults;
pub mod help;
mod ladder;
pub mod limits;
pub mod matter;
pub mod model;
pub mod normal;
pub mod notice;
mod read;
pub mod record;
pub mod replay;
mod sense;
pub mod shipped;
mod spell;
mod yaml;

pub use calendar::{Calendar, minutes_of_interval};
pub use classify::{Classifier, Decision, Outcome, Step};
pub use facts::{Facts, ItemFacts};
pub use fault::{Fault, Faults, Severity};
pub use fields::World;
pub use ladder::Rung;
pub use model::RuleSet;
pub use spell::did_you_mean;

/// Memory is taken only as it is used. A build without optimisation needs 160 KB for each bracket within a bracket.
const STACK_BYTES: usize = 32 * 1024 * 1024;

/// A rule set as far as it could be read, and what is wrong with it.
#[derive(Debug)]
pub struct Checked {
    /// The rule set; `None` where there are errors.
    pub set: Option<RuleSet>,
    /// Errors and warnings, in the order of the file.
    pub faults: Faults,
}

/// Reads and checks the text of a rule set; `file` is what it is called in messages.
///
/// A text beyond a limit of [`limits`] is refused before it costs anything.
///
/// It works on a thread of its own: the parser of conditions recurses, and wants more of a stack than callers may have. So a
/// fault of that parser cannot end the caller either.
pub fn check(file: &str, text: &str, world: &World) -> Checked {
    let read = || {
        let mut faults = Faults::new(file, text);
        let set = yaml::read(text, &mut faults).and_then(|root| read::rule_set(&root, world, &mut faults));
        if let Some(set) = &set {
            sense::check(set, world, &mut faults);
        }
        faults.sort();
        let set = set.filter(|_| !faults.any_error());
        Checked { set, faults }
    };
    let joined = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("rules-check".into()).stack_size(STACK_BYTES);
        thread.spawn_scoped(scope, read).ok()?.join().ok()
    });
    joined.unwrap_or_else(|| {
        let mut faults = Faults::new(file, text);
        faults.error(
            "unreadable",
            &(0..1),
            "the check broke off",
            "this is a fault of Blendline: please report the file",
        );
        Checked { set: None, faults }
    })
}
