//! What a message is like, as conditions see it.

use std::collections::BTreeMap;

use blendline_wire::event::case::CaseValue;
use blendline_wire::inbound::InboundEvent;
use blendline_wire::org::{FieldValue, Fields};
use blendline_wire::{Millis, Reach};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::counted::{authentication, whole};
use crate::fields::{Field, WEEKDAYS};
use crate::limits::{ENTRIES_MAX, TEXT_CHARS_MAX};
use crate::normal;

/// Days where a contact never wrote.
pub const NEVER_DAYS: i64 = 9_999;

/// What a message is like, as conditions see it. `Debug` hides what is personal.
#[derive(Clone, Default)]
pub struct Facts {
    /// By our clock, for `open(…)`.
    pub now: Millis,
    /// The channel's name.
    pub channel: String,
    /// The account's name.
    pub account: String,
    /// The language, by script.
    pub language: &'static str,
    /// The kind of happening.
    pub kind: &'static str,
    /// What was said, cut.
    pub text: String,
    /// Subject and text in normal form, for keywords.
    pub normal: String,
    /// A mail's subject.
    pub subject: String,
    /// A button's payload.
    pub payload: String,
    /// Kinds of attachments.
    pub files: Vec<String>,
    /// Stars.
    pub rating: i64,
    /// What was said of a mail's sender by SPF, DKIM and DMARC.
    pub authentication: [String; 3],
    /// What was counted of something public.
    pub reach: Reach,
    /// The sender's address.
    pub address: String,
    /// The sender's name.
    pub name: String,
    /// What is known of the sender.
    pub history: History,
    /// What other systems told of him.
    pub customer: Profile,
    /// What kind of item it is.
    pub item_kind: String,
    /// The system that pushed it.
    pub item_source: String,
    /// What its sender says of an item, by name.
    pub fields: Fields,
    pub(crate) length: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) weekday: &'static str,
    pub(crate) date: String,
}

impl std::fmt::Debug for Facts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Facts");
        shown.field("channel", &self.channel).field("account", &self.account).field("language", &self.language);
        shown.field("kind", &self.kind).field("rating", &self.rating).field("files", &self.files);
        shown.field("history", &self.history).finish_non_exhaustive()
    }
}

/// The channel by which work items come.
pub const ITEMS: &str = "item";

/// A work item, as another system pushed it.
#[derive(Clone, Copy, Debug)]
pub struct ItemFacts<'a> {
    /// What kind it is, as its sender calls it.
    pub kind: &'a str,
    /// The system that pushed it.
    pub source: &'a str,
    /// What it is about, in one line.
    pub title: &'a str,
    /// More about it.
    pub text: &'a str,
    /// What its sender says of it, by name.
    pub fields: &'a Fields,
}

/// What the record knows of a sender.
#[derive(Clone, Copy, Debug)]
pub struct History {
    /// Whether he wrote before.
    pub known: bool,
    /// Whether his last matter may come back.
    pub reopened: bool,
    /// Full days since he last wrote.
    pub days: i64,
    /// Messages of his last conversation.
    pub messages: i64,
}

/// What other systems told of a customer.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Profile {
    /// Whether any did.
    pub known: bool,
    /// His segment; empty where none was told.
    pub segment: String,
    /// His agent of record; empty where none was told.
    pub agent: String,
    /// What else was told, by name.
    pub fields: BTreeMap<String, CaseValue>,
}

impl Default for History {
    /// A stranger.
    fn default() -> Self {
        Self { known: false, reopened: false, days: NEVER_DAYS, messages: 0 }
    }
}

impl Facts {
    /// The facts of an event that came by `account` of `channel` at `now`; the time of day is that of `zone`.
    pub fn of(
        event: &InboundEvent,
        (channel, account): (&str, &str),
        history: History,
        now: Millis,
        zone: &TimeZone,
    ) -> Self {
        let cut = |text: Option<&str>| {
            text.map(|text| text.chars().take(TEXT_CHARS_MAX).collect::<String>()).unwrap_or_default()
        };
        let text = cut(event.text.as_ref().map(|text| text.expose().as_str()));
        let subject =
            cut(event.mail.as_ref().and_then(|mail| mail.subject.as_ref()).map(|subject| subject.expose().as_str()));
        let both = format!("{subject}\n{text}");
        let files = event.attachments.iter().take(usize::try_from(ENTRIES_MAX).unwrap_or_default());
        let mut facts = Self {
            channel: channel.to_owned(),
            account: account.to_owned(),
            language: normal::language(&both),
            kind: event.kind.as_str(),
            normal: normal::normal(&both),
            length: i64::try_from(text.chars().count()).unwrap_or(i64::MAX),
            text,
            subject,
            payload: cut(event.payload.as_ref().map(|payload| payload.expose().as_str())),
            files: files.map(|file| file.kind.clone()).collect(),
            rating: i64::from(event.rating.unwrap_or_default()),
            reach: event.reach.unwrap_or_default(),
            authentication: authentication(event),
            address: cut(event.sender_id.as_deref().or(event.conversation_key.peer.as_deref())),
            name: cut(event.sender_name.as_ref().map(|name| name.expose().as_str())),
            history,
            ..Self::default()
        };
        facts.at(now, zone);
        facts
    }

    /// The facts of a work item that came at `now`.
    pub fn of_item(item: ItemFacts<'_>, now: Millis, zone: &TimeZone) -> Self {
        let cut = |text: &str| text.chars().take(TEXT_CHARS_MAX).collect::<String>();
        let both = cut(&format!("{}\n{}", item.title, item.text));
        let text = cut(item.text);
        let mut facts = Self {
            channel: ITEMS.to_owned(),
            account: String::new(),
            language: normal::language(&both),
            kind: ITEMS,
            normal: normal::normal(&both),
            length: i64::try_from(text.chars().count()).unwrap_or(i64::MAX),
            text,
            subject: cut(item.title),
            item_kind: cut(item.kind),
            item_source: cut(item.source),
            fields: item.fields.clone(),
            ..Self::default()
        };
        facts.at(now, zone);
        facts
    }

    /// A field of an item as a text; empty where it has none.
    pub(crate) fn attribute(&self, name: &str) -> &str {
        match self.fields.get(name) {
            Some(FieldValue::Text(text)) => text.expose(),
            Some(FieldValue::Flag(true)) => "true",
            Some(FieldValue::Flag(false)) => "false",
            Some(FieldValue::Number(_)) | None => "",
        }
    }

    /// A field of an item as a number; 0 where it has none.
    pub(crate) fn amount(&self, name: &str) -> i64 {
        match self.fields.get(name) {
            Some(FieldValue::Number(number)) => *number,
            _ => 0,
        }
    }

    /// What was told of a customer as a text; empty where nothing was.
    pub(crate) fn told_text(&self, name: &str) -> &str {
        match self.customer.fields.get(name) {
            Some(CaseValue::Text(text)) => text.expose(),
            Some(CaseValue::Number(_) | CaseValue::Money { .. }) | None => "",
        }
    }

    /// What was told of a customer as a number, money in minor units; 0 where nothing was.
    pub(crate) fn told_number(&self, name: &str) -> i64 {
        match self.customer.fields.get(name) {
            Some(CaseValue::Number(number)) => *number,
            Some(CaseValue::Money { minor, .. }) => *minor,
            Some(CaseValue::Text(_)) | None => 0,
        }
    }

    /// Sets the time.
    pub fn at(&mut self, now: Millis, zone: &TimeZone) {
        let instant = i64::try_from(now.0).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or_default();
        let local = instant.to_zoned(zone.clone());
        self.now = now;
        self.hour = i64::from(local.hour());
        self.minute = i64::from(local.minute());
        self.weekday = WEEKDAYS[usize::from(crate::calendar::weekday_index(local.weekday()))];
        self.date = local.date().to_string();
    }

    /// A field that holds a text or a word.
    pub(crate) fn text(&self, field: Field) -> &str {
        match field {
            Field::Channel => &self.channel,
            Field::Language => self.language,
            Field::Kind => self.kind,
            Field::Text => &self.text,
            Field::Subject => &self.subject,
            Field::Payload => &self.payload,
            Field::Spf => &self.authentication[0],
            Field::Dkim => &self.authentication[1],
            Field::Dmarc => &self.authentication[2],
            Field::Address => &self.address,
            Field::Name => &self.name,
            Field::Account => &self.account,
            Field::Segment => &self.customer.segment,
            Field::Agent => &self.customer.agent,
            Field::ItemKind => &self.item_kind,
            Field::ItemSource => &self.item_source,
            Field::Weekday => self.weekday,
            Field::Date => &self.date,
            _ => "",
        }
    }

    /// A field that holds a number.
    pub(crate) fn int(&self, field: Field) -> i64 {
        match field {
            Field::Length => self.length,
            Field::Rating => self.rating,
            Field::Reach => whole(self.reach.views.max(self.reach.followers)),
            Field::Likes => whole(self.reach.likes),
            Field::Shares => whole(self.reach.shares),
            Field::Days => self.history.days,
            Field::Messages => self.history.messages,
            Field::Hour => self.hour,
            Field::Minute => self.minute,
            _ => 0,
        }
    }

    /// A field that is true or false.
    pub(crate) const fn flag(&self, field: Field) -> bool {
        match field {
            Field::Known => self.history.known,
            Field::Told => self.customer.known,
            Field::Reopened => self.history.reopened,
            _ => false,
        }
    }
}
