//! What is said, beside the decisions: texts never enter the core.

use blendline_rules::ItemFacts;
use blendline_wire::inbound::{Attachment, InboundEvent, InboundKind};
use blendline_wire::mail::{Mail, MailLine};
use blendline_wire::org::Fields;
use blendline_wire::outbound::{Answered, Content};
use blendline_wire::time::Instant;
use blendline_wire::trace::TraceContext;
use blendline_wire::worker::{Author, MessageView};
use blendline_wire::{Millis, OutboundId, Pii, Reach, WorkerId};
use serde::{Deserialize, Serialize};

/// Where files of customers are read, before the name of each.
const MEDIA_PATH: &str = "/v1/media/";

/// The text of one line of a transcript, as the store keeps it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct MessageBody {
    /// What kind of message the customer sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<InboundKind>,
    /// The platform's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The platform's time, for display.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Instant>,
    /// The author's display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Pii<String>>,
    /// What was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Pii<String>>,
    /// The payload of a pressed button, or the emoji of a reaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Pii<String>>,
    /// The platform's id of the message it answers or changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Who can see it, as the platform says: our answer must not be seen by more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<String>,
    /// The platform's user name of the author, where an answer has to name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<Pii<String>>,
    /// Where the public can read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permalink: Option<String>,
    /// How far it got, as the platform counted when it told us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<Reach>,
    /// Where the customer said it, on channels where he may speak in public and in private.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// True for a message of ours that only the customer may read although he wrote in public.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub privately: bool,
    /// What a message of ours serves, where that is more than an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// What came with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// For each of those that is fetched, the name under which it is read here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Option<String>>,
    /// What was sent, for messages of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    /// What a mail shows beside its words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<Box<MailLine>>,
    /// What an item is about, in one line; for a mail that begins a conversation of ours, its subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Pii<String>>,
    /// What an item holds.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub fields: Fields,
    /// What kind of item it is, and where it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Box<ItemOrigin>>,
    /// The words that the rules gave to the task that it made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The trace that it is a part of, where one is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceContext>,
}

/// What kind a work item is, and where it came from: rules ask for it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ItemOrigin {
    /// What its sender calls it; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// The system that pushed it.
    pub source: String,
}

/// Where something was said, by the platform's ids.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Place {
    /// The other side, where the platform names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<Pii<String>>,
    /// The thread, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
}

impl MessageBody {
    /// The line of a transcript that an event of a channel makes.
    pub fn inbound(event: InboundEvent) -> Self {
        let (mail, text) = match event.mail {
            Some(mail) => {
                let (line, text) = mail.into_line(event.text);
                (Some(Box::new(line)), text)
            }
            None => (None, event.text),
        };
        Self {
            kind: Some(event.kind),
            external_id: event.external_message_id,
            timestamp: event.timestamp,
            name: event.sender_name,
            text,
            mail,
            payload: event.payload.or(event.reaction.and_then(|reaction| reaction.emoji).map(Pii::new)),
            target: event.target_message_id.or(event.reply_to),
            visibility: event.visibility,
            username: event.sender_username,
            permalink: event.permalink,
            reach: event.reach,
            attachments: event.attachments,
            ..Self::default()
        }
    }

    /// What an answer of ours has to know of the customer's message it follows.
    pub fn answered(self) -> Answered {
        Answered {
            external_id: self.external_id,
            visibility: self.visibility,
            username: self.username,
            thread: self.place.and_then(|place| place.thread),
        }
    }

    /// What rules can ask of an item.
    pub fn item_facts(&self) -> ItemFacts<'_> {
        let origin = self.item.as_deref();
        ItemFacts {
            kind: origin.map_or("", |origin| origin.kind.as_str()),
            source: origin.map_or("", |origin| origin.source.as_str()),
            title: self.title.as_ref().map_or("", |title| title.expose().as_str()),
            text: self.text.as_ref().map_or("", |text| text.expose().as_str()),
            fields: &self.fields,
        }
    }

    /// The line that a note for a colleague makes.
    pub fn note(text: Pii<String>) -> Self {
        Self { text: Some(text), ..Self::default() }
    }

    /// The line that a message of ours makes.
    pub fn reply(content: Content) -> Self {
        let text = match &content {
            Content::Text { text } | Content::Buttons { text, .. } => Some(text.clone()),
            Content::Media { caption, .. } => caption.clone(),
            Content::Template { .. } => None,
        };
        Self { text, content: Some(content), ..Self::default() }
    }
}

/// A line of a transcript as the store has it.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredMessage {
    /// Its place.
    pub seq: u64,
    /// When it was committed.
    pub at: Millis,
    /// Who said it.
    pub author: Author,
    /// The worker who said it.
    pub worker: Option<WorkerId>,
    /// The message of ours it is.
    pub outbound: Option<OutboundId>,
    /// What was said.
    pub body: MessageBody,
}

impl MessageBody {
    /// What of a customer's message rules can ask for, as it came.
    pub fn heard(self) -> InboundEvent {
        let mail = self.mail.map(|mail| {
            Box::new(Mail { subject: mail.subject, authentication: mail.authentication, ..Mail::default() })
        });
        InboundEvent {
            kind: self.kind.unwrap_or_default(),
            sender_name: self.name,
            text: self.text,
            payload: self.payload,
            attachments: self.attachments,
            reach: self.reach,
            mail,
            ..InboundEvent::default()
        }
    }
}

impl StoredMessage {
    /// What a worker sees of it.
    pub fn view(self) -> MessageView {
        let mut attachments = self.body.attachments;
        for (attachment, name) in attachments.iter_mut().zip(self.body.media) {
            if let Some(name) = name {
                attachment.r#ref = Some(format!("{MEDIA_PATH}{name}"));
            }
        }
        MessageView {
            seq: self.seq,
            at: self.at,
            from: self.author,
            name: self.body.name,
            text: self.body.text,
            payload: self.body.payload,
            attachments,
            mail: self.body.mail,
            kind: self.body.kind.filter(|kind| *kind != InboundKind::Message),
            id: self.body.external_id,
            target: self.body.target,
            visibility: self.body.visibility,
            permalink: self.body.permalink,
            status: None,
            reach: self.body.reach,
        }
    }
}

/// Everything that can be said, as words, for where text is shown and nothing else.
pub(crate) fn words(content: Content) -> Pii<String> {
    match content {
        Content::Text { text } => text,
        Content::Buttons { text, buttons } => {
            let labels: String = buttons.iter().map(|(_, label)| format!("\n• {label}")).collect();
            Pii::new(text.into_inner() + &labels)
        }
        Content::Media { link, caption, .. } => {
            Pii::new(caption.map_or(String::new(), |caption| caption.into_inner() + "\n") + &link)
        }
        Content::Template { parameters, .. } => {
            let all: Vec<String> = parameters.into_iter().map(Pii::into_inner).collect();
            Pii::new(all.join(" "))
        }
    }
}
