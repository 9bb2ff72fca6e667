//! What the router needs of the world, as small objects; every adapter passes the contract suite of its port.

pub mod broker;
pub mod desks;
pub mod devices;
pub mod external;
pub mod files;
mod filter;
mod found;
pub mod happenings;
pub mod held;
pub mod improvements;
pub mod judgements;
pub mod ledger;
pub mod live;
pub mod outlets;
pub mod people;
pub mod register;
pub mod rules;
pub mod search;
pub mod store;
pub mod systems;
