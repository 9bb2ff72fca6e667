//! Live state on a real Redis: what live state must do, and what becomes of it when the server forgets or fails.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by failing")]

mod contract;
mod doctor;
mod faults;

/// Ends the test where Redis is not installed.
macro_rules! installed {
    () => {
        if !blendline_tests::servers::redis::is_installed() {
            eprintln!("SKIPPED: Redis is not installed (./test contract installs it)");
            return;
        }
    };
}
pub(crate) use installed;
