//! The driver with the real core over ports in memory; time is paused and runs by itself while all wait.

mod calls;
mod consent;
mod faults;
mod intake;
mod mail;
mod moments;
mod notices;
mod people;
mod replay;
mod same;
mod satisfaction;
mod sending;
mod solved;
mod take;
mod takeover;
pub(crate) mod world;
