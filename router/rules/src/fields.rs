//! What conditions may ask of a message, as a table: name, type, meaning. The check, the evaluation and the documentation
//! all come from it.

use blendline_wire::inbound::InboundKind;

use crate::facts::ITEMS;
use crate::normal;

/// What a field holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Type {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// A text.
    Text,
    /// One of a closed list of words.
    Word(Domain),
    /// A list of texts.
    Texts,
    /// A list of whole numbers; only written out in a condition.
    Ints,
}

/// Which words there are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Domain {
    /// The names of channels.
    Channel,
    /// Languages that are told apart.
    Language,
    /// Kinds of happening.
    Kind,
    /// `mon` to `sun`.
    Weekday,
}

/// The days of the week as conditions and calendars name them.
pub const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// What a rule set may name that is not its own.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// The names of channels.
    pub channels: Vec<String>,
    /// The names of the tenant's accounts; `None` where the configuration is not at hand, and any name is taken.
    pub accounts: Option<Vec<String>>,
}

impl Domain {
    /// Every word of it.
    pub fn words(self, world: &World) -> Vec<&str> {
        match self {
            // Work items come by no channel, and rules tell them apart like one.
            Self::Channel => world.channels.iter().map(String::as_str).chain([ITEMS]).collect(),
            Self::Language => normal::LANGUAGES.to_vec(),
            Self::Kind => {
                InboundKind::ALL.iter().filter(|kind| kind.wants_answer()).map(|kind| kind.as_str()).collect()
            }
            Self::Weekday => WEEKDAYS.to_vec(),
        }
    }

    /// What one of them is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Language => "language",
            Self::Kind => "kind",
            Self::Weekday => "weekday",
        }
    }
}

impl Type {
    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Int => "a number",
            Self::Text | Self::Word(_) => "a text",
            Self::Texts => "a list of texts",
            Self::Ints => "a list of numbers",
        }
    }
}

macro_rules! fields {
    ($($variant:ident = $root:literal . $name:literal: $type:expr, $doc:literal;)+) => {
        /// A field of a message.
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
        #[allow(missing_docs, reason = "the table says what each is")]
        pub enum Field { $($variant),+ }

        impl Field {
            /// Every field.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// (group, name), as in `msg.text`.
            pub const fn name(self) -> (&'static str, &'static str) {
                match self { $(Self::$variant => ($root, $name)),+ }
            }

            /// What it holds.
            pub const fn holds(self) -> Type {
                match self { $(Self::$variant => $type),+ }
            }

            /// What it means, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $doc),+ }
            }
        }
    };
}

fields! {
    Channel = "msg"."channel": Type::Word(Domain::Channel), "the channel it came by";
    Language = "msg"."language": Type::Word(Domain::Language), "by its script: `he`, `ar`, `ru`, `en` (any Latin), `und` where there are no letters";
    Kind = "msg"."kind": Type::Word(Domain::Kind), "`message`, `postback`, `comment`, `review`, …";
    Text = "msg"."text": Type::Text, "what was said, its first 4,096 characters";
    Subject = "msg"."subject": Type::Text, "the subject of a mail, else empty";
    Payload = "msg"."payload": Type::Text, "what a pressed button says to programs, else empty";
    Length = "msg"."length": Type::Int, "how many characters the text has";
    Files = "msg"."files": Type::Texts, "the kinds of what came along: `image`, `voice`, `document`, …";
    Rating = "msg"."rating": Type::Int, "the stars of a review, 0 where there are none";
    Spf = "msg"."spf": Type::Text, "what SPF said of a mail, as a server that is trusted wrote it or, where the mail came straight to us, as we found: `pass`, `fail`, `softfail`, `none`, …; empty where nobody said";
    Dkim = "msg"."dkim": Type::Text, "what DKIM said, likewise";
    Dmarc = "msg"."dmarc": Type::Text, "what DMARC said, likewise: `fail` is whoever claims to be somebody else";
    Reach = "msg"."reach": Type::Int, "how many may see what was said in public: its views or its author's followers, whichever its platform counted higher; 0 where it told neither";
    Likes = "msg"."likes": Type::Int, "how many liked it when its platform told us, 0 where that is not known";
    Shares = "msg"."shares": Type::Int, "how often it was passed on, likewise";
    Address = "contact"."address": Type::Text, "the platform's address of the sender: a number, a mail address, an id";
    Name = "contact"."name": Type::Text, "the name the sender gives himself: no proof of anything";
    Known = "contact"."known": Type::Bool, "whether he wrote to this account before";
    Told = "customer"."known": Type::Bool, "whether another system told who has the address that he writes from";
    Segment = "customer"."segment": Type::Text, "the segment that another system has him in, else empty";
    Agent = "customer"."agent": Type::Text, "the worker who is his agent of record, else empty";
    Reopened = "history"."reopened": Type::Bool, "whether his last matter is solved and may come back with this message";
    Days = "history"."days": Type::Int, "full days since he last wrote, 9999 where he never did";
    Messages = "history"."messages": Type::Int, "messages of his last conversation, both sides";
    ItemKind = "item"."kind": Type::Text, "what kind of work item it is, as its sender calls it; of messages empty";
    ItemSource = "item"."source": Type::Text, "the system that pushed it; of messages empty";
    Account = "account"."name": Type::Text, "the account it came by, as the configuration names it";
    Hour = "time"."hour": Type::Int, "the hour, 0 to 23, in the set's time zone";
    Minute = "time"."minute": Type::Int, "the minute, 0 to 59";
    Weekday = "time"."weekday": Type::Word(Domain::Weekday), "`mon` to `sun`";
    Date = "time"."date": Type::Text, "the date, as 2026-11-26";
}
