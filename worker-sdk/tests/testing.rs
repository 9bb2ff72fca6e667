//! The test double does what the runtime would do.

use blendline_worker::testing::TestTask;
use blendline_worker::{BoxError, CallError, FieldValue, Task, Verdict, Worker, async_trait};

/// One worker for every case, by its name.
struct Case(&'static str);

#[async_trait]
impl Worker for Case {
    async fn work(&self, task: &Task) -> Result<Verdict, BoxError> {
        match self.0 {
            "talk" => {
                task.reply("name?").await?;
                let name = task.next_message().await.and_then(|message| message.text).ok_or("nobody spoke")?;
                task.touch().await;
                Ok(Verdict::done().with_reply(format!("hello {}", name.expose())))
            }
            "late" => {
                let late = task.reply("too late").await;
                assert!(matches!(&late, Err(CallError::Fenced { detail }) if detail == "Dana has it"), "{late:?}");
                task.cancelled().await;
                Err("stopped".into())
            }
            "view" => {
                let view = task.view();
                assert_eq!(view.fields.get("vip"), Some(&FieldValue::Flag(true)));
                assert_eq!((view.queue.as_str(), task.messages().len()), ("refunds", 2));
                assert_eq!(task.note(), Some("ok by me".into()));
                Ok(Verdict::answer("yes"))
            }
            other => panic!("no case {other}"),
        }
    }
}

#[tokio::test]
async fn it_answers_replies_and_brings_the_next_message() {
    let outcome = TestTask::new().text("hi").then_text("Noa").run(&Case("talk")).await;
    assert_eq!(outcome.texts(), ["name?", "hello Noa"]);
    assert_eq!(&outcome.verdict, Verdict::done().outcome());
}

#[tokio::test]
async fn it_fences() {
    let outcome = TestTask::new().fenced("Dana has it").run(&Case("late")).await;
    assert_eq!(&outcome.verdict, Verdict::refuse("stopped").outcome());
    assert!(outcome.replies.is_empty());
}

#[tokio::test]
async fn it_shows_what_it_was_given() {
    let task = TestTask::item("refunds").field("vip", FieldValue::Flag(true)).text("please").note("ok by me");
    assert_eq!(&task.run(&Case("view")).await.verdict, Verdict::answer("yes").outcome());
}
