//! What every record of rule sets must do: versions without a gap that never change, each with its entry in the log.

use blendline_router::people::audit::Check;
use blendline_router::ports::people::{Deed, People};
use blendline_router::ports::rules::{RuleDraft, RuleSetRow, RuleSets};
use blendline_wire::TenantId;

use super::rows::{NOW, TENANT};
use super::store::StoreWorld;

fn row(version: u32, text: &str) -> RuleSetRow {
    RuleSetRow {
        version,
        text: text.into(),
        author: "user נעה".into(),
        publisher: "key ops".into(),
        reason: "because".into(),
        at: NOW,
        from_configuration: false,
        stage: None,
    }
}

fn deed() -> Deed {
    Deed { at: NOW, actor: "key ops".into(), what: "rules_published" }
}

/// A version follows the one before it, is found by its number for ever, and the log tells its difference.
pub async fn keeps_versions<W: StoreWorld<Store: RuleSets + People>>(world: &W) {
    let store = world.open().await;
    assert_eq!(store.live_versions().await.unwrap(), []);
    assert_eq!(store.rule_draft(TENANT).await.unwrap(), None);
    assert!(!store.publish_rule_set(TENANT, &row(2, "a"), &deed()).await.unwrap(), "there is no first yet");
    for (version, text) in [(1, "a: 1\n"), (2, "a: 2\n"), (3, "a: 2\nשלום: \"'\\\n")] {
        assert!(store.publish_rule_set(TENANT, &row(version, text), &deed()).await.unwrap());
    }
    assert!(!store.publish_rule_set(TENANT, &row(3, "other"), &deed()).await.unwrap(), "a version never changes");
    assert!(store.publish_rule_set(TenantId(8), &row(1, "b"), &deed()).await.unwrap());
    let draft = RuleDraft { text: "not live".into(), author: "user dana".into(), at: NOW };
    store.put_rule_draft(TENANT, &RuleDraft { text: "older".into(), ..draft.clone() }, &deed()).await.unwrap();
    store.put_rule_draft(TENANT, &draft, &deed()).await.unwrap();
    drop(store);
    let store = world.open().await;
    let mut live = store.live_versions().await.unwrap();
    live.sort_unstable();
    assert_eq!(live, [(TENANT, 3), (TenantId(8), 1)]);
    assert_eq!(store.rule_set(TENANT, 3).await.unwrap(), Some(row(3, "a: 2\nשלום: \"'\\\n")));
    assert_eq!(store.rule_set(TENANT, 4).await.unwrap(), None);
    let numbers = |rows: Vec<RuleSetRow>| rows.into_iter().map(|row| row.version).collect::<Vec<_>>();
    assert_eq!(numbers(store.rule_sets(TENANT, u32::MAX, 2).await.unwrap()), [3, 2]);
    assert_eq!(numbers(store.rule_sets(TENANT, 2, 9).await.unwrap()), [1]);
    assert_eq!(store.rule_draft(TENANT).await.unwrap(), Some(draft));
    let entries = store.audit(TENANT, 0, 99).await.unwrap();
    let mut check = Check::default();
    check.entries(&entries).unwrap();
    assert_eq!(
        check.end(store.audit_head(TENANT).await.unwrap().as_ref()).unwrap(),
        5,
        "a refused one leaves no entry"
    );
    assert_eq!(entries[1].subject, "version 2");
    assert_eq!(entries[1].after["diff"], "@ 1\n-a: 1\n+a: 2\n");
    assert!(!serde_json::to_string(&entries[4]).unwrap().contains("not live"), "a draft's text is not in the log");
}

/// Of two who publish at once, one is told that another was quicker.
pub async fn publishes_one_of_two<W: StoreWorld<Store: RuleSets + People>>(world: &W) {
    let store = world.open().await;
    for version in 1..=5 {
        let (one, other) = (row(version, "one"), row(version, "other"));
        let by = deed();
        let (first, second) =
            tokio::join!(store.publish_rule_set(TENANT, &one, &by), store.publish_rule_set(TENANT, &other, &by),);
        assert_ne!(first.unwrap(), second.unwrap(), "version {version}");
    }
    assert_eq!(store.live_versions().await.unwrap(), [(TENANT, 5)]);
}
