//! Clients that were made from the OpenAPI document do a day of work with the real program. `./test openapi` makes them.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "test code: a broken expectation must stop the run and say where"
)]

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use blendline_tests::config::{ADMIN_KEY, Installation, WORKER_KEY, Worker};
use blendline_tests::process::Router;
use tokio::process::Command;
use tokio::time::timeout;

/// The longest a day of work takes.
const DAY: Duration = Duration::from_secs(120);

/// Where the clients are; `None` when nobody made them.
fn clients() -> Option<PathBuf> {
    std::env::var_os("BLENDLINE_CLIENTS").map(PathBuf::from)
}

async fn works(language: &str, mut command: Command) {
    let mut installation = Installation::new("http://127.0.0.1:1");
    installation.workers = vec![Worker::new("echo", &["care"], 2)];
    let router = Router::start(&format!("client-{language}"), &installation).await;
    command
        .env("BLENDLINE_URL", format!("http://{}", router.addr))
        .env("BLENDLINE_KEY", ADMIN_KEY)
        .env("BLENDLINE_WORKER_KEY", WORKER_KEY)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = timeout(DAY, command.output()).await.expect("the client ends").expect("the language is installed");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.starts_with(language) && said.ends_with(" is solved\n"), "{said}");
}

#[tokio::test]
async fn the_python_client_works() {
    let Some(clients) = clients() else { return println!("SKIPPED: ./test openapi makes the clients") };
    let mut command = Command::new(clients.join("venv/bin/python"));
    command.arg("client.py").current_dir(clients.join("python"));
    works("python", command).await;
}

#[tokio::test]
async fn the_typescript_client_works() {
    let Some(clients) = clients() else { return println!("SKIPPED: ./test openapi makes the clients") };
    let mut command = Command::new("node");
    command.arg(clients.join("typescript/client.mjs"));
    works("typescript", command).await;
}
