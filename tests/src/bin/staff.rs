//! Workers in a process of their own, as a user would write them: the SDK, each task answered and done at once.
//!
//! The reply says which message it answers and when the worker got it, for whoever measures.
#![allow(clippy::print_stderr, reason = "what breaks must be seen")]

use std::time::{SystemTime, UNIX_EPOCH};

use blendline_worker::{AcceptMode, BoxError, Runtime, Task, Verdict, Worker, async_trait, shutdown_signal};
use clap::Parser;

/// Runs workers until it is told to end.
#[derive(Debug, Parser)]
struct Arguments {
    /// The routers of the installation.
    #[arg(long, required = true)]
    url: Vec<String>,
    /// The key with which workers connect.
    #[arg(long, env = "BLENDLINE_KEY")]
    key: String,
    /// The workers' names.
    #[arg(long, required = true)]
    worker: Vec<String>,
}

struct Answering;

#[async_trait]
impl Worker for Answering {
    async fn work(&self, task: &Task) -> Result<Verdict, BoxError> {
        let taken_us = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros();
        let number = task.text().expose().split(' ').next().unwrap_or_default().to_owned();
        Ok(Verdict::done().with_reply(format!("{number} {taken_us} תודה, ההזמנה בדרך")))
    }
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let arguments = Arguments::parse();
    let (first, others) = arguments.url.split_first().ok_or("a router's URL")?;
    let mut running = tokio::task::JoinSet::new();
    for name in arguments.worker {
        let mut builder = Runtime::builder(first, &arguments.key).name(name).accept(AcceptMode::Auto);
        for url in others {
            builder = builder.or_at(url);
        }
        running.spawn(async move { builder.build().run(Answering, shutdown_signal()).await.map(drop) });
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    Ok(())
}
