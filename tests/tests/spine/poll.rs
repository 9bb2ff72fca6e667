//! Workers that are no Rust: the examples of `worker-sdk/http` do real work.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use blendline_tests::config::{WORKER_KEY, Worker};

use crate::world::World;

/// A worker of another language, ended when the test is.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Three customers are answered, the router is killed in between, and nobody is answered twice.
async fn answers(mut command: Command, what: &str) {
    let mut world = World::start(what, |it| it.workers = vec![Worker::new("echo", &["care"], 2)]).await;
    command
        .env("BLENDLINE_URL", format!("http://{}", world.router.addr))
        .env("BLENDLINE_KEY", WORKER_KEY)
        .env("BLENDLINE_WORKER", "echo")
        .stderr(Stdio::null());
    let _program = Program(command.spawn().expect("the worker's language is installed"));
    world.say(1, "שלום").await;
    world.graph.until("the first reply", |calls| !calls.is_empty()).await;
    world.router.kill().await;
    world.router.start_again().await;
    world.say(2, "second").await;
    world.say(3, "third").await;
    let calls = world.graph.until("three replies", |calls| calls.len() >= 3).await;
    let mut texts: Vec<&str> = calls.iter().map(|call| call.text()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["You said: second", "You said: third", "You said: שלום"]);
    world.until_events("task_solved", 3).await;
}

#[tokio::test]
async fn the_python_worker_works() {
    if Command::new("python3").arg("--version").output().is_err() {
        return println!("SKIPPED: python3 is not installed");
    }
    let mut command = Command::new("python3");
    command.arg(repository().join("worker-sdk/http/worker.py"));
    answers(command, "poll-python").await;
}

#[tokio::test]
async fn the_typescript_worker_works() {
    let compiler = repository().join("tests/browser/node_modules/.bin/tsc");
    if !compiler.exists() {
        return println!("SKIPPED: no TypeScript compiler: run `npm ci` in tests/browser");
    }
    let out = std::env::temp_dir().join(format!("blendline-ts-{}", std::process::id()));
    let compiled = Command::new(compiler)
        .args([
            "--target",
            "es2022",
            "--module",
            "esnext",
            "--moduleResolution",
            "bundler",
            "--strict",
            "--lib",
            "es2022,dom",
        ])
        .arg("--outDir")
        .arg(&out)
        .arg(repository().join("worker-sdk/http/worker.ts"))
        .output()
        .expect("the compiler runs");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stdout));
    // Node takes a file for a module by its ending.
    let module = out.join("worker.mjs");
    std::fs::rename(out.join("worker.js"), &module).expect("what was compiled");
    let mut command = Command::new("node");
    command.arg(&module);
    answers(command, "poll-typescript").await;
    let _ = std::fs::remove_dir_all(out);
}
