//! People from the outside: the real program, cookies, pages' headers, and what ends a session.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "test code: a broken expectation must stop the run and say where"
)]

mod command;
mod company;
mod doors;
mod glewlwyd;
mod office;
mod sessions;
mod users;
