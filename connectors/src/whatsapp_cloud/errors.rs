//! The platform's error codes as data: what each means for the message and for the account.
//!
//! Source: Meta's error code page and CHANNELS.md section 2. Only the code counts: titles and texts change, and pages
//! of others give false meanings. The sentences are ours, for the platform's may quote what customers wrote.

use blendline_wire::outbound::{SendFailure, SendOutcome};

/// What an error asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Class {
    /// Not sent; later it may pass.
    Retry,
    /// Not sent; it will not pass as it is.
    Failed,
    /// Not sent; nothing of this account will pass until somebody mends it.
    AccountDown,
}

/// A row: first and last code, class, reason, and the sentence with the cure.
type Row = (i64, i64, Class, &'static str, &'static str);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    (0, 0, Class::AccountDown, "credentials", "the platform does not accept the access token: set a new access_token"),
    (1, 2, Class::Retry, "platform_down", "the platform has a passing fault: it is tried again"),
    (3, 3, Class::AccountDown, "permission", "the app lacks a capability: grant whatsapp_business_messaging to the token's user"),
    (4, 4, Class::Retry, "rate_limited", "the app calls too often: it is tried again later"),
    (10, 10, Class::AccountDown, "permission", "the token lacks a permission: grant whatsapp_business_messaging"),
    (17, 17, Class::Retry, "rate_limited", "the user of the token calls too often: it is tried again later"),
    (32, 32, Class::Retry, "rate_limited", "too many calls: it is tried again later"),
    (33, 33, Class::AccountDown, "not_registered", "the phone number of the account no longer exists: check its id"),
    (100, 100, Class::Failed, "parameter", "the platform refuses a field of the message: check recipient and content"),
    (190, 190, Class::AccountDown, "credentials", "the access token is expired or withdrawn: set a new access_token"),
    (200, 299, Class::AccountDown, "permission", "the token lacks a permission: grant whatsapp_business_messaging"),
    (368, 368, Class::AccountDown, "policy", "the account is blocked for a breach of policy: see the business manager"),
    (613, 613, Class::Retry, "rate_limited", "too many calls: it is tried again later"),
    (80007, 80007, Class::Retry, "rate_limited", "the business account calls too often: it is tried again later"),
    (130_429, 130_429, Class::Retry, "rate_limited", "the number sends too fast: lower account_rate_per_second if this stays"),
    (130_472, 130_472, Class::Failed, "undeliverable", "the recipient is part of an experiment of the platform and gets no marketing"),
    (130_497, 130_497, Class::Failed, "undeliverable", "the account may not write to the recipient's country"),
    (131_000, 131_000, Class::Retry, "platform_down", "the platform has a passing fault: it is tried again"),
    (131_005, 131_005, Class::AccountDown, "permission", "the token lacks a permission: grant whatsapp_business_messaging"),
    (131_008, 131_009, Class::Failed, "parameter", "a field of the message is missing or wrong: check the content"),
    (131_016, 131_016, Class::Retry, "platform_down", "the platform is overloaded: it is tried again"),
    (131_021, 131_021, Class::Failed, "parameter", "sender and recipient are the same number"),
    (131_026, 131_026, Class::Failed, "undeliverable", "the recipient cannot get this message: no WhatsApp, an old version or terms not accepted"),
    (131_030, 131_030, Class::Failed, "undeliverable", "a test number writes only to listed recipients: add the recipient to the list"),
    (131_031, 131_031, Class::AccountDown, "account_locked", "the platform locked the account: see the business manager"),
    (131_037, 131_037, Class::AccountDown, "not_registered", "the display name of the number is not approved yet: see the business manager"),
    (131_042, 131_042, Class::AccountDown, "payment", "the payment of the account is not settled: see the business manager"),
    (131_045, 131_045, Class::Failed, "not_registered", "the number's certificate is wrong: register the number again"),
    (131_047, 131_047, Class::Failed, "window_closed", "more than 24 hours have passed since the customer wrote: send a template"),
    (131_048, 131_048, Class::AccountDown, "spam", "too many messages were reported as spam: pause sending for 24 hours"),
    (131_049, 131_049, Class::Failed, "undeliverable", "the platform holds back marketing for this recipient: not before 24 hours"),
    (131_050, 131_050, Class::Failed, "opted_out", "the customer wants no marketing messages: do not send any"),
    (131_051, 131_051, Class::Failed, "parameter", "the platform does not know this type of message: send text or a listed media type"),
    (131_052, 131_053, Class::Failed, "media", "the platform could not fetch or read the file: check link, type and size"),
    (131_056, 131_056, Class::Retry, "rate_limited", "too many messages to this recipient: it is tried again later"),
    (131_057, 131_057, Class::Retry, "platform_down", "the account is under maintenance: it is tried again"),
    (132_000, 132_099, Class::Failed, "template", "the template is missing, paused or does not fit its parameters: check it in the business manager"),
    (133_004, 133_004, Class::Retry, "platform_down", "the platform is not available: it is tried again"),
    (133_010, 133_010, Class::AccountDown, "not_registered", "the number is not registered: register it with the platform"),
];

/// Messages to one recipient too fast: the platform asks to wait 4 to the power of the attempt, in seconds.
const PAIR_RATE: i64 = 131_056;
const PAIR_WAIT_MS_MAX: u64 = 3_600_000;

/// What the code `code` comes to on attempt `attempt` (from 1); `None` for a code that the table does not hold.
/// `retry_after_ms` is what the answer's `Retry-After` asked for, zero without.
pub(super) fn outcome(code: i64, attempt: u32, retry_after_ms: u64) -> Option<SendOutcome> {
    let (_, _, class, reason, detail) = row(code)?;
    let cause = SendFailure { code: Some(code), ..SendFailure::new(reason, *detail) };
    Some(match class {
        Class::Retry => {
            let asked_ms = if code == PAIR_RATE { pair_wait_ms(attempt) } else { 0 };
            SendOutcome::Retry { after_ms: retry_after_ms.max(asked_ms), cause }
        }
        Class::Failed => SendOutcome::Failed { cause },
        Class::AccountDown => SendOutcome::AccountDown { cause },
    })
}

fn row(code: i64) -> Option<&'static Row> {
    TABLE.iter().find(|(first, last, ..)| (*first..=*last).contains(&code))
}

fn pair_wait_ms(attempt: u32) -> u64 {
    4_u64.saturating_pow(attempt).saturating_mul(1000).min(PAIR_WAIT_MS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_order_and_do_not_overlap() {
        for pair in TABLE.windows(2) {
            assert!(pair[0].1 < pair[1].0, "{} and {}", pair[0].0, pair[1].0);
        }
        for (first, last, _, reason, detail) in TABLE {
            assert!(first <= last && !reason.is_empty() && !detail.is_empty());
            assert!(!detail.ends_with('.'), "{detail}");
        }
    }

    #[test]
    fn the_classes_are_those_of_the_channel_description() {
        let class = |code: i64| row(code).map(|row| row.2);
        for code in [1, 2, 4, 80007, 130_429, 131_056, 131_000, 131_016, 131_057, 133_004] {
            assert_eq!(class(code), Some(Class::Retry), "{code}");
        }
        let failed = [131_047, 131_026, 131_049, 131_050, 131_051, 131_052, 131_053, 130_472, 131_021, 100, 131_008];
        for code in failed.into_iter().chain(132_000..=132_016).chain([131_009, 131_045]) {
            assert_eq!(class(code), Some(Class::Failed), "{code}");
        }
        for code in [0, 190, 3, 10, 200, 299, 131_031, 368, 131_048, 131_042, 133_010] {
            assert_eq!(class(code), Some(Class::AccountDown), "{code}");
        }
        assert_eq!(class(300), None);
        assert_eq!(class(-1), None);
    }

    #[test]
    fn too_fast_for_one_recipient_waits_longer_each_time() {
        let wait = |attempt, retry_after_ms| match outcome(PAIR_RATE, attempt, retry_after_ms) {
            Some(SendOutcome::Retry { after_ms, .. }) => after_ms,
            other => panic!("{other:?}"),
        };
        assert_eq!([wait(1, 0), wait(2, 0), wait(3, 0)], [4_000, 16_000, 64_000]);
        assert_eq!(wait(1, 9_000), 9_000);
        assert_eq!(wait(u32::MAX, 0), PAIR_WAIT_MS_MAX);
    }
}
