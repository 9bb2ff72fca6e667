//! What stands behind the ports. The embedded adapters need nothing installed.

mod columns;
mod desks;
mod devices;
pub mod dump;
pub mod files;
pub mod finding;
pub mod live;
mod outlets;
mod people;
pub mod postgres;
pub mod rabbit;
pub mod redis;
mod rules;
pub mod sqlite;
mod systems;
mod waiting;
