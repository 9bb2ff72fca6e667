//! Authority: what a worker may decide alone, who decides above that, and the ledger of what was decided. No clock, no IO,
//! no randomness; time is an argument.
//!
//! A [`Authority`] is what the company wrote: who may give what, how much at once, in a day, to one customer. [`decide()`] says
//! what becomes of one wish, and [`apply()`] is the one function that adds lines to the ledger:
//!
//! ```text
//! (authority, company, ledger, wish, now) ─► decide ─► granted at once, for approval by these in order, or refused
//! (…, the decision's lines, command, now) ─► apply  ─► the next line ─► its event
//!                                             └─► effect: ask somebody who may, ask another, ask nobody any more
//! ```
//!
//! **Architecture Invariant:** a decision is what its lines make of it; a line is never changed, and what was given is taken
//! back by another line.
//!
//! **Architecture Invariant:** nothing is granted but by [`decide::grounds`], which counts what was granted before; so no path
//! and no order leads above a limit.
//!
//! **Architecture Invariant:** a line and its event are one value, so their sums are alike.
//!
//! Suggested reading order: [`grants`], [`company`], [`line`](mod@line), [`used`], [`decide`](mod@decide),
//! [`apply`](mod@apply), [`check`](mod@check), [`propose`](mod@propose).

pub mod apply;
pub mod check;
pub mod company;
pub mod decide;
pub mod grants;
pub mod limits;
pub mod line;
pub mod propose;
pub mod used;

pub use apply::{Change, Command, Effect, Refusal, apply};
pub use company::Company;
pub use decide::{Outcome, Shortfall, Terms, Wish, decide};
pub use grants::Authority;
pub use line::{Decision, Kind, Line, State};
