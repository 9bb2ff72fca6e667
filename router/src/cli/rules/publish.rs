//! `blendline rules publish` and `rollback`: the calls of the API, for scripts and for who keeps sets in version control.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

/// A running router, and who calls.
#[derive(Debug, Args)]
pub(in crate::cli) struct Door {
    /// Where it is reached, such as https://blendline.example.
    #[arg(long, env = "BLENDLINE_URL")]
    pub(super) url: String,
    /// An access key of role operations or admin; supervisors and auditors may look.
    #[arg(long, env = "BLENDLINE_KEY", hide_env_values = true)]
    pub(super) key: String,
}

/// The same, and why something is changed.
#[derive(Debug, Args)]
pub(in crate::cli) struct Server {
    #[command(flatten)]
    pub(super) door: Door,
    /// Why: the audit log keeps it.
    #[arg(long)]
    pub(super) reason: String,
}

/// Keeps a set as the draft, shows what is wrong with it and how it differs, and makes it live.
pub(super) fn publish(file: &Path, draft_only: bool, server: &Server) -> anyhow::Result<ExitCode> {
    run(async {
        let Some(sha256) = keep_draft(file, server).await? else { return Ok(ExitCode::FAILURE) };
        if draft_only {
            return Ok(ExitCode::SUCCESS);
        }
        let publication = json!({ "sha256": sha256, "reason": server.reason });
        live(&server.door.call(Method::POST, "/v1/rules/publish", publication).await?)
    })
}

/// Keeps a set as the draft and shows what is wrong with it and how it differs; what names it, where nothing is wrong.
pub(super) async fn keep_draft(file: &Path, server: &Server) -> anyhow::Result<Option<Value>> {
    let text = String::from_utf8_lossy(&super::super::read_input(file)?).into_owned();
    let checked = server.door.call(Method::PUT, "/v1/rules/draft", json!({ "text": text })).await?;
    told(&checked)?;
    Ok((checked["good"] == json!(true)).then(|| checked["sha256"].clone()))
}

/// Makes an earlier version live again.
pub(super) fn rollback(version: u32, server: &Server) -> anyhow::Result<ExitCode> {
    let body = json!({ "version": version, "reason": server.reason });
    run(async { live(&server.door.call(Method::POST, "/v1/rules/rollback", body).await?) })
}

pub(super) fn run(calls: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    // An error means that somebody chose one before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("the runtime")?.block_on(calls)
}

fn told(checked: &Value) -> anyhow::Result<()> {
    super::super::print(|out| -> anyhow::Result<()> {
        for fault in checked["faults"].as_array().into_iter().flatten() {
            let word = |key: &str| fault[key].as_str().unwrap_or_default().to_owned();
            writeln!(out, "{}:{}: {}: {}", fault["line"], fault["column"], word("severity"), word("message"))?;
            if !word("hint").is_empty() {
                writeln!(out, "  hint: {}", word("hint"))?;
            }
        }
        write!(out, "{}", checked["diff"].as_str().unwrap_or_default())?;
        Ok(())
    })
}

fn live(version: &Value) -> anyhow::Result<ExitCode> {
    super::super::print(|out| writeln!(out, "version {} is live", version["version"]))?;
    Ok(ExitCode::SUCCESS)
}

impl Door {
    /// One call; what the router says against it is the error.
    pub(super) async fn call(&self, method: Method, path: &str, body: Value) -> anyhow::Result<Value> {
        let url = format!("{}{path}", self.url.trim_end_matches('/'));
        let mut request = Client::new().request(method, &url).bearer_auth(&self.key);
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.with_context(|| url.clone())?;
        let status = response.status();
        let answer: Value = response.json().await.with_context(|| format!("{url} answered {status}, and no JSON"))?;
        if status != StatusCode::OK {
            bail!("{status}: {}", answer["detail"].as_str().unwrap_or("no detail"));
        }
        Ok(answer)
    }
}
