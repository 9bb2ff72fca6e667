//! What has become of posts of others. Both generations of webhooks tell what the account itself removed and nothing of
//! others, so whoever wants to know asks for each post: `GET /2/tweets/{id}`.
//!
//! A removed post is answered as an error of the type `resource-not-found`, in a body of status 200 or with 404; one that its
//! author hides from the account (a protected or suspended author) as `not-authorized-for-resource`.

use blendline_wire::Millis;
use blendline_wire::inbound::{InboundEvent, InboundKind};

use super::{DEFAULT_BASE_URL, oauth};
use crate::{Account, Poll, Secret, call, json};

/// How often the account looks; `None` where it does not.
pub(crate) fn interval_ms(account: &Account) -> Option<u64> {
    let seconds = account.setting("look_again_s")?.parse().ok().filter(|seconds| 0 < *seconds)?;
    Some(Poll::interval_ms(account, "look_again_s", seconds))
}

/// The question for a post that was told; `None` where the account does not ask, or it is no post.
pub(crate) fn look_again(account: &Account, told: &InboundEvent, now: Millis) -> Option<Poll> {
    let interval_ms = interval_ms(account)?;
    let is_post = told.kind.wants_answer() && told.visibility.as_deref() == Some("public");
    let id =
        told.external_message_id.as_deref().filter(|id| is_post && id.bytes().all(|byte| byte.is_ascii_digit()))?;
    let url = call::endpoint(account, DEFAULT_BASE_URL, &["2", "tweets", id]).ok()?;
    let proof = oauth::authorization(account, "GET", &url, id, now).ok()?;
    Some(Poll { url, bearer: None, authorization: Some(Secret::from(proof.as_str())), interval_ms })
}

/// Its removal, or that it is hidden from us; `answer` is `None` where nothing is found under the address.
pub(crate) fn became(told: &InboundEvent, answer: Option<&[u8]>) -> Option<InboundEvent> {
    let id = told.external_message_id.clone()?;
    let event = |kind| InboundEvent {
        kind,
        external_message_id: Some(id.clone()),
        target_message_id: Some(id.clone()),
        conversation_key: told.conversation_key.clone(),
        visibility: told.visibility.clone(),
        ..InboundEvent::default()
    };
    let Some(answer) = answer else { return Some(event(InboundKind::Delete)) };
    let root = json::parse(answer).ok().filter(|root| root["data"].is_null())?;
    let problem = |name: &str| {
        let of = |error: &serde_json::Value| error["type"].as_str().is_some_and(|kind| kind.ends_with(name));
        json::items(&root["errors"]).iter().any(of)
    };
    if problem("/resource-not-found") {
        return Some(event(InboundKind::Delete));
    }
    let hidden = || InboundEvent {
        verb: Some("hide".to_owned()),
        dedup_key: Some(format!("{id}:hidden")),
        ..event(InboundKind::Moderation)
    };
    problem("/not-authorized-for-resource").then(hidden)
}

#[cfg(test)]
mod tests {
    use blendline_wire::AccountId;

    use super::*;

    const NOW: Millis = Millis(1_767_225_600_000);

    fn account(settings: &[(&str, &str)]) -> Account {
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), Secret::from(*value))).collect();
        Account { id: AccountId(1), name: "main".into(), external_id: "2".into(), settings }
    }

    fn told(kind: InboundKind, visibility: &str) -> InboundEvent {
        InboundEvent {
            kind,
            external_message_id: Some("140".into()),
            visibility: Some(visibility.into()),
            ..InboundEvent::default()
        }
    }

    #[test]
    fn only_posts_of_others_are_asked_for_and_only_where_the_account_says_so() {
        let asks =
            [("look_again_s", "900"), ("access_token", "t"), ("access_token_secret", "s"), ("consumer_key", "k")];
        let account_that_asks = account(&asks);
        let poll = look_again(&account_that_asks, &told(InboundKind::Mention, "public"), NOW).unwrap();
        assert_eq!((poll.url.as_str(), poll.interval_ms), ("https://api.x.com/2/tweets/140", 900_000));
        assert!(poll.authorization.unwrap().expose().starts_with("OAuth oauth_consumer_key=\"k\""));
        for (account, event) in [
            (account(&asks[1..]), told(InboundKind::Mention, "public")),
            (account(&[asks[0]]), told(InboundKind::Mention, "public")),
            (account(&asks), told(InboundKind::Message, "direct")),
            (account(&asks), told(InboundKind::Delete, "public")),
            (
                account(&asks),
                InboundEvent { external_message_id: Some("1/../2".into()), ..told(InboundKind::Mention, "public") },
            ),
        ] {
            assert!(look_again(&account, &event, NOW).is_none(), "{event:?}");
        }
    }

    #[test]
    fn what_the_answers_mean() {
        let is = |answer: Option<&str>| {
            became(&told(InboundKind::Mention, "public"), answer.map(str::as_bytes)).map(|event| event.kind)
        };
        let problem = |name: &str| format!(r#"{{"errors":[{{"type":"https://api.twitter.com/2/problems/{name}"}}]}}"#);
        assert_eq!(is(None), Some(InboundKind::Delete));
        assert_eq!(is(Some(&problem("resource-not-found"))), Some(InboundKind::Delete));
        assert_eq!(is(Some(&problem("not-authorized-for-resource"))), Some(InboundKind::Moderation));
        // It is there, or nobody knows.
        for answer in [r#"{"data":{"id":"140","text":"x"}}"#, &problem("usage-capped"), "{}", "<html>", ""] {
            assert_eq!(is(Some(answer)), None, "{answer}");
        }
        let gone = became(&told(InboundKind::Mention, "public"), None).unwrap();
        assert_eq!(gone.target_message_id.as_deref(), Some("140"));
    }
}
