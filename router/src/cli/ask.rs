//! Commands that ask a router that runs.

use anyhow::{Context as _, bail};
use reqwest::Method;
use serde_json::Value;

/// Which router, and with which key.
#[derive(Debug, clap::Args)]
pub(super) struct Where {
    /// The base URL of any router.
    #[arg(long, env = "BLENDLINE_URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// A key with the role operations or admin.
    #[arg(long, env = "BLENDLINE_KEY", hide_env_values = true)]
    key: String,
}

/// Asks the router; a problem is told in its own words. An answer without a body is null.
pub(super) fn ask(at: &Where, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
    let http = super::connect::http()?;
    super::connect::runtime()?.block_on(async {
        let mut request = http.request(method, format!("{}{path}", at.url.trim_end_matches('/')));
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.bearer_auth(&at.key).send().await.context("the router")?;
        let status = answer.status();
        let text = answer.text().await.context("the router's answer")?;
        let said: Value = match text.as_str() {
            "" => Value::Null,
            text => serde_json::from_str(text).context("the router's answer")?,
        };
        if status.is_success() {
            return Ok(said);
        }
        bail!("{}: {}", status.as_u16(), said["detail"].as_str().unwrap_or("no detail"))
    })
}
