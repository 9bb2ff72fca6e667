//! A robot of the back office: works off items, and asks a colleague when something is missing.
//!
//! `cargo run -p blendline-worker --example back_office_robot -- --url http://127.0.0.1:8080 --key KEY --worker robot-1`
//! (or `BLENDLINE_URL`, `BLENDLINE_KEY`, `BLENDLINE_WORKER`)

use blendline_worker::{
    AcceptMode, BoxError, FieldValue, Runtime, Task, Verdict, Worker, async_trait, shutdown_signal,
};

/// Whoever knows the orders.
const COLLEAGUES: &str = "orders";

struct Robot;

#[async_trait]
impl Worker for Robot {
    async fn work(&self, task: &Task) -> Result<Verdict, BoxError> {
        let field = match task.view().fields.get("order_number") {
            Some(FieldValue::Text(number)) => Some(number.expose().clone()),
            Some(FieldValue::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        // The answer to our own request comes back as a note on the same task.
        let answer = task.note().map(|note| note.into_inner().trim().to_owned());
        let Some(number) = field.or(answer).filter(|number| !number.is_empty()) else {
            // The task waits here, its clock runs on, and it comes back to this worker with the answer.
            return Ok(Verdict::request_to_queue(COLLEAGUES, "Which order number is this about?"));
        };
        book(&number).await?;
        Ok(Verdict::done().with_disposition("booked").with_note(format!("Order {number} is booked.")))
    }
}

/// Where a real robot calls another system. A task may run again after a crash, so the call must bear repeating:
/// here, the order's number is the key under which the other system books once.
async fn book(number: &str) -> Result<(), BoxError> {
    if number.chars().all(|character| character.is_ascii_alphanumeric() || character == '-') {
        return Ok(());
    }
    // The reason is read by people and written to logs, so it does not repeat what a customer may have written.
    Err("the order number has characters that no order has".into())
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let url = setting("url", "BLENDLINE_URL")?;
    let (key, name) = (setting("key", "BLENDLINE_KEY")?, setting("worker", "BLENDLINE_WORKER")?);
    let runtime = Runtime::builder(url, key).name(name).accept(AcceptMode::Auto).capacity(4).build();
    runtime.run(Robot, shutdown_signal()).await?;
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
    async fn it_asks_for_what_is_missing_and_takes_the_answer() {
        let asked = TestTask::item("bookings").run(&Robot).await;
        let request = Verdict::request_to_queue(COLLEAGUES, "Which order number is this about?");
        assert_eq!(&asked.verdict, request.outcome());
        let done = TestTask::item("bookings").note("A-17").run(&Robot).await;
        assert!(
            matches!(done.verdict, blendline_wire::worker::Verdict::Done { disposition, .. } if disposition == "booked")
        );
    }
}
