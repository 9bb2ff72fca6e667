//! Mail: answers find their conversation, and nobody finds a way into another's.

use blendline_connectors::email::reply_address;
use blendline_core::input::DeliveryStatus;
use blendline_core::rows::{Conversation, ConversationState, OutboundState};
use blendline_wire::Pii;
use blendline_wire::broker::BrokerMessage;
use blendline_wire::event::EventKind;
use blendline_wire::inbound::{ConversationKey, InboundEvent, InboundKind};
use blendline_wire::mail::{Bounce, BouncedRecipient, Mail};
use blendline_wire::outbound::{Outbound, SendOutcome, SendResult};
use blendline_wire::worker::ServerFrame;

use super::world::*;
use crate::ports::broker::outbound_queue;

const DANIEL: &str = "daniel@example.org";
const MALLORY: &str = "mallory@example.net";

/// A mail as the normaliser gives it; `references` also names what it answers.
fn mail(id: &str, from: &str, references: &[&str]) -> InboundEvent {
    let references: Vec<String> = references.iter().map(|id| (*id).to_owned()).collect();
    let mail = Mail {
        subject: Some("invoice".into()),
        from_address: Some(from.into()),
        message_id: Some(id.into()),
        in_reply_to: references.last().cloned(),
        references: references.clone(),
        ..Mail::default()
    };
    let thread = references.first().map_or(id, String::as_str).to_owned();
    InboundEvent {
        conversation_key: ConversationKey {
            account: "care@example.com".into(),
            peer: Some(from.into()),
            thread: Some(thread),
        },
        mail: Some(Box::new(mail)),
        ..said(id, from)
    }
}

fn with(event: InboundEvent, change: impl FnOnce(&mut Mail)) -> InboundEvent {
    let mut event = event;
    change(event.mail.as_mut().unwrap());
    event
}

async fn world() -> World {
    let mut directory = directory();
    let entry = directory.accounts.get_mut(&ACCOUNT).unwrap();
    entry.channel = "email_raw".into();
    entry.account.external_id = "care@example.com".into();
    entry.account.settings.insert("reply_secret".into(), "s3cret".into());
    World::of(directory, 0).await
}

impl World {
    async fn mail(&self, event: InboundEvent) {
        self.webhook(vec![event]).await;
        self.taken_in().await;
    }

    fn conversations(&self) -> Vec<Conversation> {
        self.store.record().conversations.values().cloned().collect()
    }

    /// What was said last in this conversation did not join for this reason.
    fn not_joined(&self) -> Option<String> {
        let record = self.store.record();
        let (_, body) = record.lines.last().unwrap();
        body.mail.as_ref().unwrap().not_joined.clone()
    }

    /// The last mail of ours on its way.
    async fn letter(&self) -> Outbound {
        let body = loop {
            if let Some(body) = self.broker.waiting(&outbound_queue(0)).pop() {
                break body;
            }
            tokio::task::yield_now().await;
        };
        match BrokerMessage::decode(&body).unwrap().0 {
            BrokerMessage::OutboundV1(outbound) => outbound,
            other => panic!("{other:?}"),
        }
    }

    /// The server took it under its own Message-ID.
    async fn sent(&self, letter: &Outbound) {
        let outcome = SendOutcome::Sent { external_id: letter.message_id.clone().unwrap() };
        let result = SendResult { id: letter.id, attempt: letter.attempt, outcome, to: None, private: None };
        self.inbound(BrokerMessage::SendResultV1(result).encode(&[])).await;
        self.taken_in().await;
    }
}

/// A conversation in which we answered; what we sent.
async fn answered(world: &World) -> (Connection, Outbound) {
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    world.mail(mail("<m1@x>", DANIEL, &[])).await;
    let task = dana.assigned().await;
    dana.reply(&task, "k", "hello").await.unwrap();
    let letter = world.letter().await;
    world.sent(&letter).await;
    (dana, letter)
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_a_mail_of_ours_joins_even_if_it_names_nothing_else() {
    let world = world().await;
    let (mut dana, letter) = answered(&world).await;
    assert_eq!(letter.in_reply_to.as_deref(), Some("<m1@x>"));
    assert_eq!(letter.subject, Some("Re: invoice".into()));
    world.mail(mail("<m2@x>", DANIEL, &[letter.message_id.as_deref().unwrap()])).await;
    assert_eq!(world.conversations().len(), 1);
    assert!(matches!(dana.frame().await, ServerFrame::Message { message, .. } if message.seq == 3));
    // What answers that mail of his belongs there as well.
    world.mail(mail("<m3@x>", DANIEL, &["<m2@x>"])).await;
    assert_eq!((world.conversations().len(), world.conversations()[0].seq), (1, 4));
}

#[tokio::test(start_paused = true)]
async fn nobody_else_gets_in_by_naming_a_mail() {
    let world = world().await;
    let (_dana, letter) = answered(&world).await;
    let ours = letter.message_id.as_deref().unwrap();
    world.mail(mail("<evil1@y>", MALLORY, &["<m1@x>", ours])).await;
    assert_eq!(world.conversations().len(), 2);
    assert_eq!(world.not_joined().as_deref(), Some("thread_of_another"));
    world.mail(mail("<evil2@y>", MALLORY, &["<m1@x>"])).await;
    assert_eq!(world.conversations()[0].seq, 2, "the first conversation has what the two said");
    let refused =
        |kind: &EventKind| matches!(kind, EventKind::ThreadRefused { reason } if reason == "thread_of_another");
    assert_eq!(world.events(refused), 1);
}

#[tokio::test(start_paused = true)]
async fn our_reply_address_opens_only_to_whom_it_was_given() {
    let world = world().await;
    let (dana, letter) = answered(&world).await;
    let address = letter.reply_address.clone().unwrap();
    let task = world.store.record().tasks.values().next().unwrap().clone();
    let view = blendline_wire::worker::TaskView { lease: task.lease, ..view_of(&dana, &task) };
    dana.done(&view, vec![]).await.unwrap();
    let through = |event| with(event, |mail| mail.reply_token = Some(address.clone()));
    world.mail(through(mail("<evil@y>", MALLORY, &[]))).await;
    assert_eq!(world.conversations().len(), 2);
    assert_eq!(world.not_joined().as_deref(), Some("reply_address_of_another"));
    assert!(matches!(world.conversations()[0].state, ConversationState::Solved { .. }));
    world.mail(through(mail("<m2@x>", DANIEL, &[]))).await;
    assert_eq!(world.conversations().len(), 2);
    assert!(matches!(world.conversations()[0].state, ConversationState::Open { .. }), "it came back");
    assert_eq!(world.events(|kind| matches!(kind, EventKind::ConversationReopened { .. })), 1);
}

/// A task as its worker sees it, as far as a test needs.
fn view_of(_: &Connection, task: &blendline_core::rows::Task) -> blendline_wire::worker::TaskView {
    blendline_wire::worker::TaskView {
        id: task.id,
        lease: task.lease,
        offered: false,
        until: None,
        why: None,
        kind: task.kind,
        side: task.side,
        queue: String::new(),
        matter: task.matter,
        conversation: task.conversation,
        parent: None,
        earned_at: task.earned_at,
        due_at: task.due_at,
        title: None,
        fields: Default::default(),
        messages: Vec::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_subject_alone_is_another_conversation() {
    let world = world().await;
    world.mail(mail("<m1@x>", DANIEL, &[])).await;
    world.mail(mail("<m2@x>", DANIEL, &[])).await;
    assert_eq!(world.conversations().len(), 2);
    world.mail(mail("<m3@x>", DANIEL, &["<m1@x>"])).await;
    assert_eq!(world.conversations()[0].seq, 2);
}

#[tokio::test(start_paused = true)]
async fn what_programs_write_is_kept_and_nobody_waits() {
    let world = world().await;
    let (_dana, letter) = answered(&world).await;
    let tasks = world.events(|kind| matches!(kind, EventKind::TaskCreated { .. }));
    let ours = letter.message_id.as_deref().unwrap();
    world.mail(with(mail("<away@x>", DANIEL, &[ours]), |mail| mail.is_auto_reply = true)).await;
    assert_eq!(world.conversations().len(), 1);
    assert!(!world.store.record().tasks.values().next().unwrap().unanswered);
    world.mail(with(mail("<news@y>", "news@example.net", &[]), |mail| mail.is_bulk = true)).await;
    world.mail(with(mail("<news2@y>", "news@example.net", &["<news@y>"]), |mail| mail.is_bulk = true)).await;
    let conversations = world.conversations();
    assert_eq!((conversations.len(), conversations[1].seq), (2, 2));
    assert!(matches!(conversations[1].state, ConversationState::Unconfirmed { .. }));
    assert_eq!(world.events(|kind| matches!(kind, EventKind::TaskCreated { .. })), tasks);
    let automatic =
        |kind: &EventKind| matches!(kind, EventKind::MessageReceived { kind, .. } if *kind == InboundKind::Automatic);
    assert_eq!(world.events(automatic), 3);
    let marks: Vec<_> =
        world.store.record().lines.iter().map(|(_, body)| body.mail.as_ref()?.automatic.clone()).collect();
    assert_eq!(marks, [None, None, Some("auto_reply".into()), Some("bulk".into()), Some("bulk".into())]);
}

fn report(status: &str, code: &str, about: &str) -> InboundEvent {
    let one = BouncedRecipient { action: Some(status.into()), status: Some(code.into()), ..Default::default() };
    let bounce = Bounce { report: "delivery".into(), recipients: vec![one], ..Bounce::default() };
    let event = with(mail(&format!("<{status}@mx>"), "mailer-daemon@mx", &[]), |mail| {
        (mail.is_bounce, mail.bounce) = (true, Some(bounce));
    });
    InboundEvent {
        kind: InboundKind::Status,
        is_status_or_echo: true,
        status: Some(status.into()),
        target_message_id: Some(about.into()),
        ..event
    }
}

#[tokio::test(start_paused = true)]
async fn a_bounce_settles_the_mail_that_bounced_and_its_author_is_told() {
    let world = world().await;
    let (mut dana, letter) = answered(&world).await;
    let ours = letter.message_id.as_deref().unwrap();
    world.mail(report("delayed", "4.2.2", ours)).await;
    let told = |frame| match frame {
        ServerFrame::ReplyStatus { outbound, status, detail, .. } if outbound == letter.id => (status, detail.unwrap()),
        other => panic!("{other:?}"),
    };
    let (status, detail) = told(dana.frame().await);
    assert!(status == "delayed" && detail.contains("full"), "{detail}");
    let state = || world.store.record().outbound[&letter.id].state.clone();
    assert_eq!(state(), OutboundState::Sent { status: DeliveryStatus::Delayed });
    world.mail(report("failed", "5.1.1", ours)).await;
    let (status, detail) = told(dana.frame().await);
    assert!(status == "failed" && detail.contains("no such mailbox"), "{detail}");
    assert!(matches!(state(), OutboundState::Failed { .. }));
    world.mail(report("failed", "5.1.1", "<unknown@y>")).await;
    assert_eq!(world.conversations().len(), 1);
}

/// A report that brings back nothing of our mail finds it by the address that it came to, if that is the mail's own.
#[tokio::test(start_paused = true)]
async fn a_report_finds_its_mail_by_the_address_it_came_to() {
    let world = world().await;
    let (mut dana, letter) = answered(&world).await;
    let account = world.directory.accounts[&ACCOUNT].account.clone();
    let to = |peer: &str| reply_address::mint(&account, "care@example.com", &letter.id.to_string(), peer);
    let bare = |address: Option<String>, n: u32| {
        let event = with(report("failed", "5.1.1", "<nothing@y>"), |mail| mail.reply_token = address.map(Pii::new));
        InboundEvent { target_message_id: None, external_message_id: Some(format!("<bounce{n}@mx>")), ..event }
    };
    // Signed for a person, or for nobody: it proves nothing.
    world.mail(bare(to("dana@example.org"), 1)).await;
    assert!(!matches!(world.store.record().outbound[&letter.id].state, OutboundState::Failed { .. }));
    world.mail(bare(to(reply_address::REPORTS), 2)).await;
    match dana.frame().await {
        ServerFrame::ReplyStatus { outbound, status, .. } => assert_eq!((outbound, &*status), (letter.id, "failed")),
        other => panic!("{other:?}"),
    }
    assert!(matches!(world.store.record().outbound[&letter.id].state, OutboundState::Failed { .. }));
}
