//! The web chat from the outside: the real program, and visitors by hand.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod away;
mod bounds;
mod memory;
mod office;
mod resume;
mod seen;
mod talk;
