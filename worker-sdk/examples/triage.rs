//! A bot that greets, asks until it knows what the customer wants, and hands over to the right queue.
//!
//! `cargo run -p blendline-worker --example triage -- --url http://127.0.0.1:8080 --key KEY --worker triage-1`
//! (or `BLENDLINE_URL`, `BLENDLINE_KEY`, `BLENDLINE_WORKER`). The queues are those of the demo tenant's company.

use blendline_worker::{AcceptMode, BoxError, Runtime, Task, Verdict, Worker, async_trait, shutdown_signal};

/// Words, in any language customers write, and where they lead. The first that is found decides.
const ROUTES: [(&str, &[&str]); 3] = [
    ("refunds", &["refund", "money back", "החזר", "זיכוי", "возврат"]),
    ("deliveries", &["delivery", "parcel", "משלוח", "חבילה", "доставка"]),
    ("support", &["help", "agent", "person", "עזרה", "נציג", "помощь"]),
];
/// So often the bot asks before a person takes over.
const QUESTIONS_MAX: usize = 2;

struct Triage;

#[async_trait]
impl Worker for Triage {
    async fn work(&self, task: &Task) -> Result<Verdict, BoxError> {
        for question in 0..QUESTIONS_MAX {
            if let Some(queue) = queue_for(task.text().expose()) {
                return Ok(Verdict::transfer_to_queue(queue).with_note("Sorted by keyword."));
            }
            // Two sentences at most: the customer wants an answer, not a conversation with a bot.
            task.reply(if question == 0 {
                "שלום! במה אפשר לעזור? How can we help?"
            } else {
                "משלוח, החזר או נציג?"
            })
            .await?;
            if task.next_message().await.is_none() {
                // Cancelled: this verdict is dropped.
                return Ok(Verdict::refuse("cancelled"));
            }
        }
        let queue = queue_for(task.text().expose()).unwrap_or("support");
        Ok(Verdict::transfer_to_queue(queue).with_note("The bot could not tell what it is about."))
    }
}

fn queue_for(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    let found = ROUTES.iter().find(|(_, words)| words.iter().any(|word| text.contains(word)));
    found.map(|(queue, _)| *queue)
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let url = setting("url", "BLENDLINE_URL")?;
    let (key, name) = (setting("key", "BLENDLINE_KEY")?, setting("worker", "BLENDLINE_WORKER")?);
    let runtime = Runtime::builder(url, key).name(name).accept(AcceptMode::Auto).build();
    runtime.run(Triage, shutdown_signal()).await?;
    Ok(())
}

fn setting(flag: &str, variable: &str) -> Result<String, BoxError> {
    let mut arguments = std::env::args().skip_while(|argument| *argument != format!("--{flag}")).skip(1);
    let given = arguments.next().or_else(|| std::env::var(variable).ok());
    given.ok_or_else(|| format!("pass --{flag} VALUE or set {variable}").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use blendline_worker::testing::TestTask;

    #[tokio::test]
    async fn it_asks_and_hands_over() {
        let outcome = TestTask::new().text("hi").then_text("איפה המשלוח שלי").run(&Triage).await;
        assert_eq!(outcome.replies.len(), 1);
        assert_eq!(
            &outcome.verdict,
            Verdict::transfer_to_queue("deliveries").with_note("Sorted by keyword.").outcome()
        );
    }
}
