//! The newcomer's first minute: what `./run` starts, with the real program.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "test code: a broken expectation must stop the run and say where"
)]

mod start;
mod traffic;

/// The demo's published keys, as its file has them.
const ADMIN_KEY: &str = "blk_de300001_093530820f5c0b3151e9f5db8e40f9348a7752281302a57da354a0f379923c91";
const WORKERS_KEY: &str = "blk_de300004_ce62acf034170c08254a74a25e6668a97a597381ec99213583a63a42697f76cb";
