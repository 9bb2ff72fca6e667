//! Ports in memory for tests, with faults on demand. They promise what the contract suites ask of every adapter.

mod archive;
mod broker;
mod external;
mod files;
mod happenings;
pub(crate) mod improvements;
pub(crate) mod judgements;
pub(crate) mod ledger;
mod store;

pub(crate) use broker::FakeBroker;
pub(crate) use files::FakeFiles;
pub(crate) use store::{FakeStore, Fault, Record};
