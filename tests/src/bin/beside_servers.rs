//! `beside-servers postgres -- COMMAND …`: runs a command beside private servers, which end with it.
//!
//! The command finds their addresses in its environment; tests that share a server look there first.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a broken expectation must stop the run and say where"
)]

use std::process::{Command, ExitCode};

use blendline_tests::servers::postgres::{self, Postgres};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut parts = arguments.splitn(2, |argument| argument == "--");
    let (names, command) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let (program, rest) = command.split_first().expect("usage: beside-servers postgres … -- COMMAND …");
    let mut command = Command::new(program);
    command.args(rest);
    let mut running = Vec::new();
    for name in names {
        match name.as_str() {
            "postgres" => {
                let server = Postgres::start().await;
                command.env(postgres::BESIDE, server.url_of(""));
                running.push(server);
            }
            other => panic!("no server {other}"),
        }
    }
    let status = command.status().expect("the command can be started");
    ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1))
}
