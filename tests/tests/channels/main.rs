//! Every channel from end to end: the real program between a platform that behaves as platforms do and a worker's hands.
//!
//! The course is the same for all (`course`); what differs is a row (`rows`): how the platform writes and signs, how it is
//! called and how it answers. A channel's row is also the shortest description of how it is connected.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "test code: a broken expectation must stop the run and say where"
)]

mod connect;
mod course;
mod followed;
mod mail_files;
mod mail_raw;
mod mail_rows;
mod mail_senders;
mod own_webhooks;
mod platform;
mod polled;
mod private;
mod public_rows;
mod reach;
mod rows;
mod sign;

macro_rules! channels {
    ($($name:ident = $row:expr),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $name() {
                course::run($row).await;
            }
        )+

        #[test]
        fn every_channel_has_a_row() {
            // The chat has no platform; its tests are in tests/webchat.
            let without = ["webchat"];
            let polled = ["mastodon", "mention_feed"];
            let known = [$($row.channel),+];
            for connector in blendline_connectors::all() {
                let name = connector.name();
                assert!(known.contains(&name) || without.contains(&name) || polled.contains(&name) || mail_rows::ELSEWHERE.contains(&name), "{name}");
            }
        }
    };
}

channels! {
    custom = &rows::CUSTOM,
    email_mailgun = &mail_rows::MAILGUN,
    email_postmark = &mail_rows::POSTMARK,
    email_resend = &mail_rows::RESEND,
    email_sendgrid = &mail_rows::SENDGRID,
    email_ses = &mail_rows::SES,
    facebook_page = &public_rows::FACEBOOK_PAGE,
    google_business = &public_rows::GOOGLE_BUSINESS,
    instagram = &rows::INSTAGRAM,
    linkedin = &public_rows::LINKEDIN,
    mention_webhook = &public_rows::MENTION_WEBHOOK,
    messenger = &rows::MESSENGER,
    sms_generic = &rows::SMS_GENERIC,
    sms_twilio = &rows::SMS_TWILIO,
    telegram = &rows::TELEGRAM,
    voice_callback = &rows::VOICE_CALLBACK,
    whatsapp_cloud = &rows::WHATSAPP_CLOUD,
    x_aaa = &public_rows::X_AAA,
    x_xaa = &public_rows::X_XAA,
}
