//! The store's workers: programs on the SDK, as anybody could write them, that do what [`super::deeds`] says.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use blendline_worker::{Author, BoxError, MessageView, ParkReason, Runtime, Task, TaskView, Verdict, Worker};

use super::deeds::{Deed, Profile, Sight};
use super::town::Town;

/// The key with which they connect, as the demo's file has its hash.
const WORKERS_KEY: &str = "blk_de300004_ce62acf034170c08254a74a25e6668a97a597381ec99213583a63a42697f76cb";
/// How long a worker waits for the answer to his question, and then leaves the task aside, in milliseconds.
const ANSWER_WITHIN_MS: u64 = 12_000;
const ASIDE_MS: u64 = 10_000;
/// How long a worker may take to come back to a router that is away.
const RECONNECT: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// Works until it is dropped: then everything ends at once, and the router gives what he has to others.
pub(super) async fn work(town: Arc<Town>, profile: &'static Profile) {
    let (first, longest) = RECONNECT;
    let runtime = Runtime::builder(&town.base, WORKERS_KEY).name(profile.name).reconnect(first, longest).build();
    if let Err(error) = runtime.run(Hand { town, profile }, std::future::pending()).await {
        tracing::warn!(worker = profile.name, %error, "a worker of the store ended");
    }
}

struct Hand {
    town: Arc<Town>,
    profile: &'static Profile,
}

#[async_trait]
impl Worker for Hand {
    async fn work(&self, task: &Task) -> Result<Verdict, BoxError> {
        let (seed, view) = (self.town.plan.seed, task.view());
        let thinks_ms = self.profile.thinks_ms(seed, &sight(view, &[]));
        self.town.clock.pause(thinks_ms).await;
        // What came while he was thinking counts too.
        let messages = task.messages();
        match self.profile.deed(seed, &sight(view, &messages)) {
            Deed::Solve { reply, disposition } => {
                let solved = Verdict::done().with_disposition(disposition);
                Ok(match reply {
                    Some(words) => solved.with_reply(words),
                    None => solved,
                })
            }
            Deed::Ask { question, then } => self.ask(task, question, then, thinks_ms).await,
            Deed::Inquire { reply, queue, note } => Ok(Verdict::request_to_queue(queue, note).with_reply(reply)),
            Deed::PassOn { queue, note } => Ok(Verdict::transfer_to_queue(queue).with_note(note)),
            Deed::Park { for_ms } => Ok(Verdict::snooze(self.town.clock.real(for_ms))),
            Deed::Answer { note } => Ok(Verdict::answer(note)),
        }
    }

    fn declines(&self, offer: &TaskView) -> Option<String> {
        let declines = self.profile.declines(self.town.plan.seed, offer.id.0, offer.lease.0);
        declines.then(|| "not now".to_owned())
    }
}

impl Hand {
    /// Asks the customer and waits for his answer; who does not answer is left aside for a while.
    async fn ask(&self, task: &Task, question: String, then: String, thinks_ms: u64) -> Result<Verdict, BoxError> {
        let clock = &self.town.clock;
        task.reply(question).await?;
        match tokio::time::timeout(clock.real(ANSWER_WITHIN_MS), task.next_message()).await {
            Ok(Some(_)) => {
                clock.pause(thinks_ms).await;
                Ok(Verdict::done().with_reply(then).with_disposition("answered"))
            }
            // It is somebody else's: this verdict is dropped.
            Ok(None) => Ok(Verdict::refuse("withdrawn")),
            Err(_) => Ok(Verdict::snooze(clock.real(ASIDE_MS)).waiting_for(ParkReason::Customer)),
        }
    }
}

/// What a worker sees.
fn sight<'a>(view: &'a TaskView, messages: &'a [MessageView]) -> Sight<'a> {
    let text = |message: &'a MessageView| message.text.as_ref().map(|text| text.expose().as_str());
    let of = |author: Author| move |message: &&MessageView| message.from == author;
    let noted = messages.last().filter(of(Author::Note));
    let spoken = messages.iter().rfind(|message| message.from != Author::Note);
    Sight {
        task: view.id.0,
        lease: view.lease.0,
        kind: view.kind,
        side: view.side,
        queue: &view.queue,
        said: messages.iter().filter(of(Author::Customer)).filter_map(text).collect(),
        is_asked: spoken.is_some_and(|message| message.from == Author::Customer),
        note: noted.and_then(text),
    }
}

#[cfg(test)]
mod tests {
    use blendline_worker::testing::{Outcome, TestTask};

    use super::*;
    use crate::cli::traffic::deeds::PROFILES;
    use crate::cli::traffic::{Traffic, town};

    const QUESTION: &str = "Hi, where is my order 410077?";

    fn hand(seed: u64) -> Hand {
        // An error means that another test was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let town = town(Traffic { seed, rate: 2.0 }, ([127, 0, 0, 1], 1).into(), Arc::default()).unwrap();
        Hand { town: Arc::new(town), profile: &PROFILES[1] }
    }

    /// What comes of a task under the first seed under which the worker asks the customer.
    async fn asked(task: impl Fn() -> TestTask) -> Outcome {
        for seed in 0..100 {
            let outcome = task().run(&hand(seed)).await;
            if outcome.texts().first().is_some_and(|said| said.ends_with('?')) {
                return outcome;
            }
        }
        panic!("under no seed the worker asked")
    }

    #[tokio::test(start_paused = true)]
    async fn a_note_leads_to_the_answer_and_a_request_to_a_note() {
        let task = TestTask::new().text(QUESTION).note("on van 12");
        let answered = task.run(&hand(7)).await;
        assert!(answered.texts()[0].contains("410077"), "{:?}", answered.texts());
        assert_eq!(&answered.verdict, Verdict::done().with_disposition("answered").outcome());
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_is_waited_for_and_no_longer_than_it_may() {
        let outcome = asked(|| TestTask::new().text(QUESTION).then_text("14 Herzl St., Haifa")).await;
        assert_eq!(outcome.replies.len(), 2);
        assert_eq!(&outcome.verdict, Verdict::done().with_disposition("answered").outcome());
        let outcome = asked(|| TestTask::new().text(QUESTION)).await;
        let aside = Verdict::snooze(Duration::from_millis(ASIDE_MS)).waiting_for(ParkReason::Customer);
        assert_eq!((outcome.replies.len(), &outcome.verdict), (1, aside.outcome()));
    }
}
