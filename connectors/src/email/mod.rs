//! E-mail (CHANNELS.md section 12): one reader of mails, and the envelopes in which six ways bring them.
//!
//! Suggested reading order: `event`, `content`, `mime`, `header`, `word`, `charset`, `report`, `automatic`, `reply`,
//! then one provider; `send` for the way out; [`authentication`] for mails that nobody has checked before us.

mod address;
pub mod authentication;
mod automatic;
mod charset;
mod content;
mod content_type;
mod date;
mod der;
mod event;
mod form;
mod header;
mod html;
pub mod mailbox;
mod mailgun;
mod mime;
mod postmark;
mod provider;
mod reply;
pub mod reply_address;
mod report;
mod resend;
mod send;
mod sendgrid;
mod ses;
mod sns;
mod tnef;
pub mod token;
mod transfer;
mod visual;
mod word;

use async_trait::async_trait;
use blendline_wire::Millis;
use blendline_wire::capability::Capabilities;
use blendline_wire::inbound::{Attachment, InboundEvent};
use blendline_wire::mail::MailAuthentication;
use blendline_wire::outbound::{Outbound, SendOutcome};

use crate::{Account, Carried, Connector, FetchError, Malformed, Refusal, Setting, SettingKind, Webhook, limits};

/// The channel of mails as they are: what a mail server hands to us, or what lies in a mailbox.
pub const RAW_NAME: &str = "email_raw";

const MIB: usize = 1024 * 1024;

/// A mail has no window and nobody else's rate; the rates are what receiving servers put up with.
static CAPABILITIES: Capabilities = Capabilities {
    text_chars_max: 1_000_000,
    window_ms: None,
    // The same Message-ID twice is one mail to those who look.
    idempotent_send: true,
    commit_is_send: false,
    reports_delivery: true,
    templates: false,
    buttons: false,
    reactions: false,
    edits: false,
    public: false,
    account_rate_per_second: 10,
    recipient_rate: (5, 60),
    // Providers pass on mails of 30 MB, in base64 and as JSON.
    body_bytes_max: 48 * MIB,
    media_bytes_max: &[("image", 25 * MIB), ("video", 25 * MIB), ("audio", 25 * MIB), ("document", 25 * MIB)],
};

const REPLY_SECRET: Setting = Setting {
    name: reply_address::SECRET_SETTING,
    secret: true,
    doc: "signs reply addresses, so that an answer finds its conversation and nobody guesses a way in; several, separated by commas, while it is being changed",
    ..Setting::TEXT
};

const BASE_URL: Setting = Setting {
    name: "base_url",
    kind: SettingKind::Url,
    doc: "another address of the platform's API, for tests",
    ..Setting::TEXT
};

/// The settings of one way in, followed by those that every mail account has.
macro_rules! settings {
    ($($own:expr),* $(,)?) => {
        &[
            $($own,)*
            REPLY_SECRET,
            send::SETTINGS[0],
            send::SETTINGS[1],
            send::SETTINGS[2],
            send::SETTINGS[3],
            send::SETTINGS[4],
            send::SETTINGS[5],
            send::SETTINGS[6],
            send::SETTINGS[7],
            send::SETTINGS[8],
            send::SETTINGS[9],
            send::SETTINGS[10],
            send::SETTINGS[11],
            limits::SETTINGS[0],
            limits::SETTINGS[1],
            limits::SETTINGS[2],
        ]
    };
}

/// One of the ways in which mails come.
pub(crate) struct Email {
    name: &'static str,
    settings: &'static [Setting],
    authenticate: fn(&Account, &Webhook<'_>) -> Result<(), Refusal>,
    normalise: fn(&[u8]) -> Result<Vec<InboundEvent>, Malformed>,
    carried: fn(&[u8], &[Attachment]) -> Carried,
    elsewhere: Elsewhere,
}

/// Where the mail is when it does not come with the webhook.
#[derive(Clone, Copy)]
enum Elsewhere {
    Never,
    /// Resend keeps it.
    AtResend,
    /// It may lie in a bucket of S3.
    InS3,
}

/// A mail as it is, from our own SMTP listener or a mailbox.
pub(crate) static RAW: Email = Email {
    name: RAW_NAME,
    settings: settings![
        mailbox::SETTINGS[0],
        mailbox::SETTINGS[1],
        mailbox::SETTINGS[2],
        mailbox::SETTINGS[3],
        mailbox::SETTINGS[4],
        mailbox::SETTINGS[5],
        mailbox::SETTINGS[6],
        mailbox::SETTINGS[7],
        mailbox::SETTINGS[8],
        mailbox::SETTINGS[9],
        mailbox::SETTINGS[10],
        mailbox::SETTINGS[11],
    ],
    // Nobody posts raw mails to us: the router's own listener and reader take them in.
    authenticate: |_, _| Err(Refusal::NotSupported),
    normalise: raw,
    carried: content::carried,
    elsewhere: Elsewhere::Never,
};

/// Routes of Mailgun.
pub(crate) static MAILGUN: Email = Email {
    name: "email_mailgun",
    settings: settings![Setting {
        name: mailgun::KEY_SETTING,
        required: true,
        secret: true,
        doc: "the HTTP webhook signing key of the Mailgun account; several, separated by commas, while it is being changed",
        ..Setting::TEXT
    },],
    authenticate: mailgun::authenticate,
    normalise: mailgun::normalise,
    carried: mailgun::carried,
    elsewhere: Elsewhere::Never,
};

/// Inbound Parse of SendGrid.
pub(crate) static SENDGRID: Email = Email {
    name: "email_sendgrid",
    settings: settings![Setting {
        name: sendgrid::KEY_SETTING,
        required: true,
        doc: "the public key of the webhook's security policy, as SendGrid shows it; several, separated by commas, while it is being changed",
        ..Setting::TEXT
    },],
    authenticate: sendgrid::authenticate,
    normalise: sendgrid::normalise,
    carried: sendgrid::carried,
    elsewhere: Elsewhere::Never,
};

/// Inbound webhooks of Postmark.
pub(crate) static POSTMARK: Email = Email {
    name: "email_postmark",
    settings: settings![Setting {
        name: postmark::CREDENTIALS_SETTING,
        required: true,
        secret: true,
        doc: "USER:PASSWORD as in the webhook's URL, for Postmark signs nothing; several, separated by commas, while they are being changed",
        ..Setting::TEXT
    },],
    authenticate: postmark::authenticate,
    normalise: postmark::normalise,
    carried: postmark::carried,
    elsewhere: Elsewhere::Never,
};

/// Amazon SES by way of SNS.
pub(crate) static SES: Email = Email {
    name: "email_ses",
    settings: settings![
        Setting {
            name: sns::TOPIC_SETTING,
            required: true,
            doc: "the ARN of the SNS topic; several, separated by commas",
            ..Setting::TEXT
        },
        Setting {
            name: sns::CERTIFICATES_SETTING,
            required: true,
            doc: "the certificate at the SigningCertURL of your region's SNS, in PEM; several, one after the other, for Amazon changes it",
            ..Setting::TEXT
        },
        ses::SETTINGS[0],
        ses::SETTINGS[1],
        ses::SETTINGS[2],
        BASE_URL,
    ],
    authenticate: sns::authenticate,
    normalise: ses::normalise,
    carried: ses::carried,
    elsewhere: Elsewhere::InS3,
};

/// Webhooks of Resend.
pub(crate) static RESEND: Email = Email {
    name: "email_resend",
    settings: settings![
        Setting {
            name: resend::SECRET_SETTING,
            required: true,
            secret: true,
            doc: "the webhook's signing secret (whsec_…); several, separated by commas, while it is being changed",
            ..Setting::TEXT
        },
        Setting {
            name: resend::KEY_SETTING,
            secret: true,
            doc: "an API key of Resend that may read received mails; without one mails come without their words, for the webhook has none",
            ..Setting::TEXT
        },
        BASE_URL,
    ],
    authenticate: resend::authenticate,
    normalise: resend::normalise,
    carried: resend::carried,
    elsewhere: Elsewhere::AtResend,
};

#[async_trait]
impl Connector for Email {
    fn name(&self) -> &'static str {
        self.name
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn medium(&self) -> &'static str {
        "email"
    }

    fn is_mail(&self) -> bool {
        true
    }

    fn settings(&self) -> &'static [Setting] {
        self.settings
    }

    fn handshake(&self, _: &Account, _: &[(String, String)]) -> Result<String, Refusal> {
        Err(Refusal::NotSupported)
    }

    fn authenticate(&self, account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
        (self.authenticate)(account, hook)
    }

    fn normalise(&self, body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
        (self.normalise)(body)
    }

    async fn completed(
        &self,
        account: &Account,
        body: &[u8],
        now: Millis,
        http: &reqwest::Client,
    ) -> Result<Option<Vec<u8>>, FetchError> {
        match self.elsewhere {
            Elsewhere::Never => Ok(None),
            Elsewhere::AtResend => resend::completed(account, body, http).await,
            Elsewhere::InS3 => ses::completed(account, body, now, http).await,
        }
    }

    fn carried(&self, body: &[u8], attachments: &[Attachment]) -> Carried {
        (self.carried)(body, attachments)
    }

    fn call_ms(&self) -> u64 {
        send::CALL_MS
    }

    async fn send(&self, account: &Account, message: &Outbound, now: Millis, http: &reqwest::Client) -> SendOutcome {
        send::send(account, message, now, http).await
    }
}

/// No mail is refused for being broken; only one that is empty says nothing.
fn raw(body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
    event::of_raw(body)
        .map(|event| vec![event])
        .ok_or_else(|| provider::malformed("the whole body", "expected a mail, found nothing"))
}

/// What this server wrote into the mail about its sender's authentication; none where it wrote nothing. Servers take out
/// what others wrote in their name (RFC 8601, section 5), so the topmost is its own.
pub fn authentication_by(raw: &[u8], authserv_id: &str) -> Option<MailAuthentication> {
    event::authentication_by(raw, authserv_id)
}

/// Splits a text into what was written and what was quoted or stood in the signature.
pub fn split_reply(text: &str) -> (String, String) {
    let reply::Split { reply, elided } = reply::split(text);
    (reply, elided)
}

/// The HTML body of a raw mail, without anything that acts, loads from elsewhere or hides; none where it has none.
///
/// `cid:` sources name attachments by their [`content_id`](blendline_wire::mail::InlinePart::content_id).
pub fn shown_html(raw: &[u8]) -> Option<String> {
    content::shown_html(raw)
}
