//! Error codes of the Send API and of the Graph API as data (CHANNELS.md sections 1 and 3). Only the code counts.

use blendline_wire::outbound::{SendFailure, SendOutcome};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Class {
    Retry,
    Failed,
    AccountDown,
}

/// A row: first and last code, the subcode or `None` for any, class, reason, and the sentence with the cure.
type Row = (i64, i64, Option<i64>, Class, &'static str, &'static str);

/// The first row that fits counts, so subcodes come before their codes.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    (0, 0, None, Class::AccountDown, "credentials", "the platform does not accept the access token: set a new access_token"),
    (1, 2, None, Class::Retry, "platform_down", "the platform has a passing fault: it is tried again"),
    (4, 4, None, Class::Retry, "rate_limited", "the app calls too often: it is tried again later"),
    (10, 10, Some(2_018_278), Class::Failed, "window_closed", "more than 24 hours have passed since the customer wrote: wait for the customer or use another channel"),
    (10, 10, Some(2_534_022), Class::Failed, "window_closed", "more than 24 hours have passed since the customer wrote: wait for the customer or use another channel"),
    (10, 10, None, Class::AccountDown, "permission", "the token lacks a permission: grant messaging to the app and connect the account again"),
    (17, 17, None, Class::Retry, "rate_limited", "the user of the token calls too often: it is tried again later"),
    (32, 32, None, Class::Retry, "rate_limited", "the Page calls too often: it is tried again later"),
    (100, 100, Some(2_018_001), Class::Failed, "undeliverable", "the platform knows no such recipient for this account"),
    (100, 100, None, Class::Failed, "parameter", "the platform refuses a field of the message: check recipient and content"),
    (190, 190, None, Class::AccountDown, "credentials", "the access token is expired or withdrawn: set a new access_token"),
    (200, 200, Some(2_018_108), Class::Failed, "undeliverable", "the person does not take messages now"),
    (200, 299, None, Class::AccountDown, "permission", "the token lacks a permission: grant messaging to the app and connect the account again"),
    (368, 368, None, Class::AccountDown, "policy", "the account is blocked for a breach of policy: see the business manager"),
    (551, 551, None, Class::Failed, "undeliverable", "the person is not available: blocked, left or deactivated"),
    (613, 613, None, Class::Retry, "rate_limited", "too many calls: it is tried again later"),
    (1200, 1200, None, Class::Retry, "platform_down", "the platform has a passing fault: it is tried again"),
    (10_900, 10_900, None, Class::Failed, "private_once", "this was answered in private already: wait until the customer writes there, or answer in public"),
    (10_903, 10_903, None, Class::Failed, "private_not_possible", "the platform lets nobody answer this in private: answer in public"),
    (80_000, 80_014, None, Class::Retry, "rate_limited", "the business calls too often: it is tried again later"),
];

/// What the code comes to; `None` for one that the table does not hold.
pub(super) fn outcome(code: i64, subcode: Option<i64>, after_ms: u64) -> Option<SendOutcome> {
    let fits = |row: &&Row| (row.0..=row.1).contains(&code) && (row.2.is_none() || row.2 == subcode);
    let (_, _, _, class, reason, detail) = TABLE.iter().find(fits)?;
    let cause = SendFailure { code: Some(code), ..SendFailure::new(reason, *detail) };
    Some(match class {
        Class::Retry => SendOutcome::Retry { after_ms, cause },
        Class::Failed => SendOutcome::Failed { cause },
        Class::AccountDown => SendOutcome::AccountDown { cause },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subcode_says_more_than_its_code() {
        let reason = |code, subcode| match outcome(code, subcode, 0) {
            Some(SendOutcome::Retry { cause, .. }) => ("retry", cause.reason),
            Some(SendOutcome::Failed { cause }) => ("failed", cause.reason),
            Some(SendOutcome::AccountDown { cause }) => ("down", cause.reason),
            other => panic!("{code}: {other:?}"),
        };
        assert_eq!(reason(10, Some(2_018_278)), ("failed", "window_closed".into()));
        assert_eq!(reason(10, None), ("down", "permission".into()));
        assert_eq!(reason(200, Some(2_018_108)), ("failed", "undeliverable".into()));
        assert_eq!(reason(230, Some(2_018_108)), ("down", "permission".into()));
        assert_eq!(reason(551, None), ("failed", "undeliverable".into()));
        assert_eq!(reason(1200, None), ("retry", "platform_down".into()));
        assert_eq!(reason(190, Some(463)), ("down", "credentials".into()));
        assert_eq!(outcome(999, None, 0), None);
    }
}
