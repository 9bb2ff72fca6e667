//! `blendline serve --demo`: a tenant, a worker who echoes, and a platform of our own that shows what it was sent; with
//! `--traffic`, a store full of simulated people beside them.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use blendline_connectors::Secret;
use blendline_wire::task::TaskKind;
use blendline_worker::{BoxError, Runtime, Task, Verdict, Worker};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::people::DemoUser;
use super::traffic::whatsapp::{APP_SECRET, Number, Phones, message};
use super::traffic::{self, Inside, Traffic};
use super::{platform, sign};
use crate::api::now;
use crate::config::{Config, ConfigError};
use crate::directory::Directory;

/// The demo's configuration, and what errors call it.
pub(super) const TEXT: &str = include_str!("../../../deploy/demo.toml");
const NAME: &str = "deploy/demo.toml";
/// The demo's tenant, as the file has it.
pub(super) const TENANT: &str = "demo";
/// The echo worker's key, as the file has it.
const WORKER_KEY: &str = "blk_de300002_d39bfc0086c15c416c21f0c0bd24ad2dbb147068c97be064c35705eff7a4c430";
/// The demo's number, as the file has it.
const NUMBER: Number = Number { account: "demo", phone_number_id: "106540352242922" };
/// The demo's web chat, as the file has it.
const CHAT: &str = "demo-site";

/// The demo's configuration; the environment wins over it as over any file.
pub(super) fn config() -> Result<Config, ConfigError> {
    Config::parse(NAME, TEXT, &|name| std::env::var(name).ok())
}

/// What a demo has beside the router.
pub(super) struct Demo {
    traffic: Option<Traffic>,
    phones: Arc<Phones>,
}

impl Demo {
    /// A demo, with traffic or without.
    pub(super) fn new(traffic: Option<Traffic>) -> Self {
        Self { traffic, phones: Arc::default() }
    }

    /// Points every account that has a platform and names none at our own.
    pub(super) fn send_to(&self, directory: &mut Directory, address: SocketAddr) {
        let has_platform = |channel: &str| {
            let connector = blendline_connectors::by_name(channel);
            connector.is_some_and(|it| it.settings().iter().any(|setting| setting.name == "base_url"))
        };
        for entry in directory.accounts.values_mut().filter(|entry| has_platform(&entry.channel)) {
            let base_url = || Secret::new(format!("http://{address}/demo/graph"));
            entry.account.settings.entry("base_url".to_owned()).or_insert_with(base_url);
        }
    }

    /// The platform's routes.
    pub(super) fn platform(&self) -> Router {
        platform::router(NUMBER.phone_number_id, self.phones.clone())
    }

    /// Lets everybody come to work, and says what to try.
    pub(super) fn begin(
        &self,
        address: SocketAddr,
        users: &[DemoUser],
        inside: Option<Inside>,
        stop: &CancellationToken,
        chores: &TaskTracker,
    ) -> anyhow::Result<()> {
        chores.spawn(work(address, stop.clone()));
        explain(address, users, self.traffic)?;
        if let (Some(traffic), Some(inside)) = (self.traffic, inside) {
            chores.spawn(traffic::run(traffic, address, self.phones.clone(), inside, stop.clone()));
        }
        Ok(())
    }
}

/// The worker who echoes, over the same connection and SDK as everybody's, until `stop`.
async fn work(address: SocketAddr, stop: CancellationToken) {
    let runtime = Runtime::builder(format!("http://{address}"), WORKER_KEY).name("echo").build();
    if let Err(error) = runtime.run(Echo, async move { stop.cancelled().await }).await {
        tracing::error!(%error, "the echo worker ended");
    }
}

/// Says again what he was told.
struct Echo;

#[async_trait]
impl Worker for Echo {
    async fn work(&self, task: &Task) -> Result<Verdict, BoxError> {
        if task.view().kind == TaskKind::Request {
            let asked = task.note().unwrap_or_default();
            return Ok(Verdict::answer(format!("You asked: {}", asked.expose())));
        }
        // A pushed item has no customer to answer.
        if task.view().conversation.is_none() {
            return Ok(Verdict::done().with_disposition("done"));
        }
        let words = format!("You said: {}", task.text().expose());
        Ok(Verdict::done().with_reply(words).with_disposition("echoed"))
    }
}

/// Says which pages to open and as whom, and how to send the first message, with a right signature.
fn explain(address: SocketAddr, users: &[DemoUser], traffic: Option<Traffic>) -> anyhow::Result<()> {
    let id = format!("wamid.DEMO-IN-{}", now().0);
    let body = message(&NUMBER, &id, ("972500000001", "Test Customer"), "Hello, is anybody there?");
    let signature = sign::signature(APP_SECRET, body.as_bytes())?;
    let account = NUMBER.account;
    let program = std::env::current_exe().map_or_else(|_| "blendline".to_owned(), |path| path.display().to_string());
    let [chat, desk, console] = [format!("chat/{CHAT}"), "desk".to_owned(), "console".to_owned()]
        .map(|page| format!("http://{address}/{page}"));
    super::print(|out| {
        writeln!(out, "\nBlendline is ready on http://{address}. Open three windows:\n")?;
        writeln!(out, "  {chat}   write as a customer")?;
        writeln!(out, "  {desk:width$}   answer as a worker, dana or omer", width = chat.len())?;
        writeln!(out, "  {console:width$}   see it all as maya, who manages\n", width = chat.len())?;
        writeln!(out, "Sign in to the company {TENANT} with a name and its password:\n")?;
        for DemoUser { name, password } in users {
            writeln!(out, "  {name}   {password}")?;
        }
        writeln!(out, "\nThese passwords are for this start; the next one makes others.")?;
        writeln!(out, "\nOr let a customer's WhatsApp message come in; the echo worker's reply appears here:\n")?;
        writeln!(
            out,
            "curl -i http://{address}/v1/webhooks/whatsapp_cloud/{account} -H 'Content-Type: application/json' \
             -H 'X-Hub-Signature-256: {signature}' --data-binary '{body}'\n"
        )?;
        writeln!(out, "Sent twice, it is a recorded duplicate. Other words need another signature:")?;
        writeln!(out, "  {program} sign --secret {APP_SECRET} FILE")?;
        writeln!(out, "Everything that was sent: curl -s http://{address}/demo/graph/messages\n")?;
        match traffic {
            Some(Traffic { seed, rate }) => {
                writeln!(
                    out,
                    "The demo's store is open (--seed {seed} --rate {rate}): customers write in English and Hebrew, more of"
                )?;
                writeln!(
                    out,
                    "them in the peak of each short day. Whoever signs in at the desk gets a share of the work. By the"
                )?;
                writeln!(out, "store's clock, in the front line and in the back office:\n")?;
            }
            None => writeln!(out, "To see a whole store at work, start it with --traffic. Ctrl-C ends it.\n")?,
        }
        Ok(())
    })
}
