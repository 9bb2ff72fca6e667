//! A fake Graph server for the shell: point a WhatsApp account's base address at it and watch what would be sent.
#![allow(clippy::print_stdout, reason = "its output is what it is for")]

use std::net::SocketAddr;

use blendline_tests::graph::{FakeGraph, Options, Statuses};
use blendline_tests::whatsapp::Number;
use clap::Parser;

/// Answers `POST /{version}/{phone_number_id}/messages` as the platform would; `GET /_calls` tells what it saw.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// The bearer token it wants.
    #[arg(long, env = "FAKE_GRAPH_TOKEN", default_value = "demo-token")]
    token: String,
    /// Counts calls and keeps no bodies: for load runs.
    #[arg(long)]
    quiet: bool,
    /// Reports `sent`, `delivered` and `read` to the router at this address.
    #[arg(long)]
    router: Option<SocketAddr>,
    /// The name of the account at the router, for status webhooks.
    #[arg(long, default_value = "demo-whatsapp")]
    account: String,
    /// The platform's id of the account, for status webhooks.
    #[arg(long, default_value = "106540352242922")]
    phone_number_id: String,
    /// The app's secret, for status webhooks.
    #[arg(long, env = "FAKE_GRAPH_APP_SECRET", default_value = "demo-app-secret")]
    app_secret: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let number = Number {
        account: arguments.account,
        phone_number_id: arguments.phone_number_id,
        app_secret: arguments.app_secret,
    };
    let statuses = arguments.router.map(|router| Statuses {
        router,
        numbers: vec![number],
        percent: 100,
        shuffled: false,
        seed: 1,
    });
    let (token, listen, keep_bodies) = (arguments.token, arguments.listen, !arguments.quiet);
    let options = Options { token, listen, statuses, keep_bodies, told: None };
    let graph = FakeGraph::start(options).await?;
    println!("fake Graph server on {}", graph.url());
    if arguments.quiet {
        tokio::signal::ctrl_c().await?;
        return Ok(());
    }
    let mut shown = 0;
    loop {
        let calls = graph.until_more(shown).await;
        for call in &calls[shown..] {
            println!("{} → {}: {}", call.phone_number_id, call.to, call.body);
        }
        shown = calls.len();
    }
}
