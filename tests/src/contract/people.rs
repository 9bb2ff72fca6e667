//! What every record of people must do: each change with its entry in an unbroken log, sessions that end.

use std::sync::Arc;

use blendline_router::directory::Role;
use blendline_router::people::audit::Check;
use blendline_router::ports::people::{Changed, Deed, Opened, Opening, People, SessionLimits, User, UserChange};
use blendline_wire::{Millis, TenantId};

use super::rows::{NOW, TENANT};
use super::store::StoreWorld;

const LIMITS: SessionLimits = SessionLimits { idle_ms: 1_000, total_ms: 10_000, per_user: 3 };

fn user(name: &str) -> User {
    User {
        tenant: TENANT,
        name: name.into(),
        display: name.to_uppercase(),
        role: Role::Worker,
        worker: Some(format!("worker {name}")),
        password: format!("hash of {name}"),
        must_change: true,
        disabled: false,
        created_at: NOW,
        company: None,
    }
}

fn deed(what: &'static str) -> Deed {
    Deed { at: NOW, actor: "user \"root\"\0".into(), what }
}

fn opening(name: &str, hash: u8, at: Millis) -> Opening {
    let password = format!("hash of {name}");
    Opening { tenant: TENANT, name: name.into(), password, hash: [hash; 32], at, limits: LIMITS }
}

/// The log from its beginning to its noted end; how many entries it has.
async fn checked(store: &impl People, tenant: TenantId) -> u64 {
    let (mut check, mut after) = (Check::default(), 0);
    loop {
        let entries = store.audit(tenant, after, 7).await.unwrap();
        let Some(last) = entries.last() else { break };
        check.entries(&entries).unwrap();
        after = last.seq;
    }
    check.end(store.audit_head(tenant).await.unwrap().as_ref()).unwrap()
}

/// A name is taken once, within its tenant; users come in the order of their names' bytes; odd names are nobody.
pub async fn knows_users<W: StoreWorld<Store: People>>(world: &W) {
    let store = world.open().await;
    assert_eq!(store.audit_head(TENANT).await.unwrap(), None);
    for name in ["dana", "Ünal", "דנה", "a-b", "ab", "z"] {
        assert_eq!(store.add_user(&user(name), &deed("user_added")).await.unwrap(), Some(user(name)));
    }
    assert_eq!(store.add_user(&user("dana"), &deed("user_added")).await.unwrap(), None);
    let elsewhere = User { tenant: TenantId(8), ..user("dana") };
    assert!(store.add_user(&elsewhere, &deed("user_added")).await.unwrap().is_some());
    assert_eq!(store.user(TENANT, "dana").await.unwrap(), Some(user("dana")));
    for odd in ["Dana", "", "dana\0", "\0", "dana' OR 1=1"] {
        assert_eq!(store.user(TENANT, odd).await.unwrap(), None, "{odd:?}");
    }
    let names = |users: Vec<User>| users.into_iter().map(|user| user.name).collect::<Vec<_>>();
    let all = names(store.users(TENANT, "", 99).await.unwrap());
    assert_eq!(all, ["a-b", "ab", "dana", "z", "Ünal", "דנה"]);
    assert_eq!(names(store.users(TENANT, "ab", 2).await.unwrap()), ["dana", "z"]);
    assert_eq!(names(store.users(TENANT, "a\0b", 2).await.unwrap()), ["a-b", "ab"]);
    assert_eq!(checked(&store, TENANT).await, 6, "a refused one leaves no entry");
    drop(store);
    let store = world.open().await;
    assert_eq!(store.user(TENANT, "dana").await.unwrap(), Some(user("dana")), "after reopening");
    assert_eq!(checked(&store, TENANT).await, 6);
}

/// A change is made whole or not at all, ends the user's sessions, and its entry tells no secret.
pub async fn changes_users<W: StoreWorld<Store: People>>(world: &W) {
    let store = world.open().await;
    store.add_user(&user("dana"), &deed("user_added")).await.unwrap();
    store.add_user(&user("noa"), &deed("user_added")).await.unwrap();
    for (name, hash) in [("dana", 1), ("noa", 2)] {
        store.open_session(&opening(name, hash, NOW), &deed("signed_in")).await.unwrap().unwrap();
    }
    let change = |name: &str| UserChange { tenant: TENANT, name: name.into(), ..UserChange::default() };
    let meanwhile = UserChange { only_if: Some(Role::Admin), disabled: Some(true), ..change("dana") };
    assert_eq!(store.change_user(&meanwhile, &deed("user_changed")).await.unwrap(), Changed::Meanwhile);
    assert_eq!(store.change_user(&change("nobody"), &deed("user_changed")).await.unwrap(), Changed::Absent);
    assert!(store.session(&[1; 32]).await.unwrap().is_some(), "what was refused changed nothing");

    let promoted = UserChange {
        role: Some((Role::Supervisor, None)),
        password: Some(("another hash".into(), false)),
        ..change("dana")
    };
    let expected = User {
        role: Role::Supervisor,
        worker: None,
        password: "another hash".into(),
        must_change: false,
        ..user("dana")
    };
    assert_eq!(store.change_user(&promoted, &deed("user_changed")).await.unwrap(), Changed::Done(expected.clone()));
    assert_eq!(store.user(TENANT, "dana").await.unwrap(), Some(expected));
    assert_eq!(store.session(&[1; 32]).await.unwrap(), None, "his sessions ended");
    assert!(store.session(&[2; 32]).await.unwrap().is_some(), "nobody else's");
    let entries = store.audit(TENANT, 4, 9).await.unwrap();
    let [entry] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!((entry.subject.as_str(), entry.actor.as_str()), ("dana", "user \"root\"\0"));
    assert_eq!((&entry.before["role"], &entry.after["role"]), (&"worker".into(), &"supervisor".into()));
    assert!(!serde_json::to_string(&entries).unwrap().contains("hash of"), "no secret in the log");
    assert_eq!(checked(&store, TENANT).await, 5);
}

/// What is done to something else stands in the same log, in its order.
pub async fn notes_what_is_done<W: StoreWorld<Store: People>>(world: &W) {
    let store = world.open().await;
    store.add_user(&user("dana"), &deed("user_added")).await.unwrap();
    let asked = serde_json::json!({ "to": { "queue": "תור" } });
    let change = (serde_json::Value::Null, asked.clone());
    store.note(TENANT, "tsk_7", change, &deed("task_transfer")).await.unwrap();
    let entries = store.audit(TENANT, 1, 9).await.unwrap();
    let [entry] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!((entry.what.as_str(), entry.subject.as_str(), &entry.after), ("task_transfer", "tsk_7", &asked));
    assert_eq!(checked(&store, TENANT).await, 2);
}

/// A session opens for who may sign in with the password that was checked; the oldest go, and what is over goes.
pub async fn opens_sessions<W: StoreWorld<Store: People>>(world: &W) {
    let store = world.open().await;
    store.add_user(&user("dana"), &deed("user_added")).await.unwrap();
    let open = |hash: u8, at: Millis| {
        let (store, opening) = (&store, opening("dana", hash, at));
        async move { store.open_session(&opening, &deed("signed_in")).await.unwrap() }
    };
    for n in 1..=3 {
        assert_eq!(open(n, NOW + u64::from(n)).await, Some(Opened { ended: 0 }));
    }
    assert_eq!(open(4, NOW + 4).await, Some(Opened { ended: 1 }), "the oldest went");
    assert_eq!(store.session(&[1; 32]).await.unwrap(), None);
    let (session, of) = store.session(&[4; 32]).await.unwrap().unwrap();
    assert_eq!((session.opened_at, session.seen_at, of), (NOW + 4, NOW + 4, user("dana")));

    store.touch_session(&[4; 32], NOW + 900).await.unwrap();
    store.touch_session(&[4; 32], NOW + 100).await.unwrap();
    assert_eq!(store.session(&[4; 32]).await.unwrap().unwrap().0.seen_at, NOW + 900, "it only goes forward");
    // The others were idle for too long by now.
    assert_eq!(open(5, NOW + 1_500).await, Some(Opened { ended: 0 }));
    assert_eq!(store.session(&[3; 32]).await.unwrap(), None);
    assert!(store.session(&[4; 32]).await.unwrap().is_some());

    assert!(store.end_session(&[5; 32], &deed("signed_out")).await.unwrap());
    assert!(!store.end_session(&[5; 32], &deed("signed_out")).await.unwrap());
    let wrong = Opening { password: "an older hash".into(), ..opening("dana", 6, NOW) };
    assert_eq!(store.open_session(&wrong, &deed("signed_in")).await.unwrap(), None);
    assert_eq!(store.open_session(&opening("no\0body", 6, NOW), &deed("signed_in")).await.unwrap(), None);
    let disable = UserChange { tenant: TENANT, name: "dana".into(), disabled: Some(true), ..UserChange::default() };
    store.change_user(&disable, &deed("user_changed")).await.unwrap();
    assert_eq!(open(7, NOW + 1_600).await, None);
    assert_eq!(checked(&store, TENANT).await, 8);
}

/// Many who write the log of one tenant at once write one chain; of many who add one name at once one does.
pub async fn keeps_one_chain<W: StoreWorld<Store: People>>(world: &W) {
    let store = Arc::new(world.open().await);
    let adders: Vec<_> = (0..40)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let tenant = TenantId(n % 2);
                let user = User { tenant, ..user(&format!("user {}", n / 4)) };
                let added = store.add_user(&user, &deed("user_added")).await.unwrap().is_some();
                let opening = Opening { tenant, hash: [n as u8; 32], ..opening(&user.name, 0, NOW) };
                store.open_session(&opening, &deed("signed_in")).await.unwrap().unwrap();
                store.end_session(&[n as u8; 32], &deed("signed_out")).await.unwrap();
                usize::from(added)
            })
        })
        .collect();
    let mut added = 0;
    for adder in adders {
        added += adder.await.unwrap();
    }
    assert_eq!(added, 20, "each name once in each tenant");
    let entries = checked(&*store, TenantId(0)).await + checked(&*store, TenantId(1)).await;
    assert_eq!(entries, 20 + 40 + 40, "each adding, opening and ending");
}
