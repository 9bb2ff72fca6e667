//! Real servers, started privately and ended with the test, however that ends.

pub mod glewlwyd;
pub mod mail;
pub mod postgres;
pub mod program;
pub mod rabbit;
pub mod redis;
