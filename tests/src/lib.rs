//! What the tests share: contract suites, fakes, load.

pub mod contract;
