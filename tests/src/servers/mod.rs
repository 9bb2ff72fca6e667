//! Real servers, started privately and ended with the test, however that ends.

pub mod postgres;
pub mod rabbit;
