//! What stands behind the ports. The embedded adapters need nothing installed.

pub mod live;
pub mod rabbit;
pub mod sqlite;
mod waiting;
