//! The smallest worker: says what the customer said.
//!
//! `cargo run -p blendline-worker --example echo -- --url http://127.0.0.1:8080 --key KEY --worker echo-1`
//! (or `BLENDLINE_URL`, `BLENDLINE_KEY`, `BLENDLINE_WORKER`)

use blendline_worker::{AcceptMode, BoxError, Runtime, Task, Verdict, Worker, async_trait, shutdown_signal};

struct Echo;

#[async_trait]
impl Worker for Echo {
    async fn work(&self, task: &Task) -> Result<Verdict, BoxError> {
        // The reply and the verdict are one step: both happen, once, or neither.
        Ok(Verdict::done().with_reply(task.text()))
    }
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let url = setting("url", "BLENDLINE_URL", Some("http://127.0.0.1:8080"))?;
    let key = setting("key", "BLENDLINE_KEY", None)?;
    let name = setting("worker", "BLENDLINE_WORKER", Some("echo-1"))?;
    let runtime = Runtime::builder(url, key).name(name).accept(AcceptMode::Auto).build();
    let summary = runtime.run(Echo, shutdown_signal()).await?;
    tracing::info!(?summary, "Stopped in order.");
    Ok(())
}

/// `--flag VALUE`, else the environment, else the default.
fn setting(flag: &str, variable: &str, default: Option<&str>) -> Result<String, BoxError> {
    let mut arguments = std::env::args().skip_while(|argument| *argument != format!("--{flag}")).skip(1);
    let given = arguments.next().or_else(|| std::env::var(variable).ok()).or_else(|| default.map(str::to_owned));
    given.ok_or_else(|| format!("pass --{flag} VALUE or set {variable}").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use blendline_worker::testing::TestTask;

    #[tokio::test]
    async fn it_says_what_was_said() {
        assert_eq!(TestTask::new().text("שלום").run(&Echo).await.texts(), ["שלום"]);
    }
}
