//! Serves the pages without a router, for the browser tests' mock server and for whoever works on the pages:
//! `cargo run -p blendline-router --example pages -- 127.0.0.1:8099`, then `/desk?lang=he`.

use axum::Router;
use axum::routing::get;
use blendline_router::pages::{self, Page, Spoken};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let desk = |spoken: Spoken| async move { pages::desk(&Page { spoken, user: "dana", csrf: "mock" }) };
    let app: Router = pages::router().route("/desk", get(desk));
    let listener = tokio::net::TcpListener::bind(address).await?;
    #[expect(clippy::print_stdout, reason = "whoever started it reads the address")]
    {
        println!("http://{}", listener.local_addr()?);
    }
    axum::serve(listener, app).await?;
    Ok(())
}
