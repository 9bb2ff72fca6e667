//! Contract suites: what every adapter of a port must do, as functions that take the adapter.

pub mod archive;
pub mod broker;
pub mod cases;
pub mod desks;
pub mod devices;
pub mod external;
pub mod files;
pub mod happenings;
pub mod improvements;
pub mod judgements;
pub mod ledger;
pub mod live;
pub mod outlets;
pub mod people;
pub mod race;
pub mod rows;
pub mod rules;
pub mod search;
pub mod store;
pub mod systems;
