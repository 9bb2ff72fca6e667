//! What live state must do, on one process and on several.

use std::time::Duration;

use blendline_router::ports::live::{Allowance, Live, Present, There};
use blendline_wire::task::{AcceptMode, Presence};
use blendline_wire::{Millis, TenantId, WorkerId};
use bytes::Bytes;
use tokio::sync::broadcast;
use tokio::time::Instant;

/// How long a notice may take before the suite gives up: only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where live state under test comes from.
pub trait LiveWorld {
    /// The adapter.
    type Live: Live;

    /// Two processes that share it, or twice the same where there is one process only. What was there is not there.
    fn open(&self) -> impl Future<Output = [std::sync::Arc<Self::Live>; 2]>;
}

async fn heard(receiver: &mut broadcast::Receiver<Bytes>) -> Bytes {
    loop {
        let told = tokio::time::timeout(PATIENCE, receiver.recv()).await.expect("a notice in time").expect("a notice");
        // An empty one only means "look again", and may come at any time.
        if !told.is_empty() {
            return told;
        }
    }
}

/// Everyone who listens hears it once, here and elsewhere, in the order in which it was told; others do not.
pub async fn tells_everyone(world: &impl LiveWorld) {
    let [one, other] = world.open().await;
    one.tell("t", Bytes::from_static(b"too early")).await;
    let mut listeners = [one.listen("t").await, one.listen("t").await, other.listen("t").await];
    let mut elsewhere = other.listen("u").await;
    for n in 0..10 {
        one.tell("t", Bytes::from(format!("{n}"))).await;
    }
    other.tell("u", Bytes::from_static(b"end")).await;
    for listener in &mut listeners {
        let mut all = Vec::new();
        while all.last().is_none_or(|last| last != "9") {
            all.push(heard(listener).await);
        }
        // Told before anybody listened, a notice may still be on its way to another process.
        all.retain(|told| told != "too early");
        assert_eq!(all, (0..10).map(|n| format!("{n}")).collect::<Vec<_>>());
    }
    assert_eq!(heard(&mut elsewhere).await, "end");
}

/// A burst at once and no more, by whoever asks; then one in each period; each key by itself.
pub async fn shares_allowances(world: &impl LiveWorld) {
    let [one, other] = world.open().await;
    let allowance = |key: &str| vec![Allowance { key: key.into(), every_us: 200_000, burst: 4 }];
    for n in 0..4 {
        let live = if n % 2 == 0 { &one } else { &other };
        live.allow(&allowance("a")).await.expect("within the burst");
    }
    let begin = Instant::now();
    let wait = other.allow(&allowance("a")).await.expect_err("the burst is used up");
    assert!((1..=200).contains(&wait), "{wait}");
    one.allow(&allowance("b")).await.expect("another key");
    tokio::time::sleep(Duration::from_millis(wait)).await;
    other.allow(&allowance("a")).await.expect("one more");
    // A slow machine may have let more than one grow.
    if begin.elapsed() < Duration::from_millis(200 + wait) {
        one.allow(&allowance("a")).await.expect_err("and only one");
    }
    let nothing = [Allowance::per_minute("c", 0, 5)];
    assert!(one.allow(&nothing).await.is_err());
}

/// Of several allowances all are taken, or none.
pub async fn takes_all_or_none(world: &impl LiveWorld) {
    let [one, other] = world.open().await;
    let account = Allowance { key: "account".into(), every_us: 3_600_000_000, burst: 3 };
    let recipient = |n: u32| Allowance { key: format!("recipient.{n}"), every_us: 3_600_000_000, burst: 1 };
    one.allow(&[account.clone(), recipient(1)]).await.expect("both");
    for live in [&one, &other, &one, &other] {
        live.allow(&[account.clone(), recipient(1)]).await.expect_err("the recipient has had his");
    }
    other.allow(&[account.clone(), recipient(2)]).await.expect("what was refused took nothing of the account");
    one.allow(&[account.clone(), recipient(3)]).await.expect("the third");
    let wait = one.allow(&[account, recipient(4)]).await.expect_err("the account has no more");
    assert!(wait > 3_500_000, "{wait}");
    one.allow(&[recipient(4)]).await.expect("what was refused took nothing of the recipient");
}

/// Who serves is known to everybody who does.
pub async fn gathers_routers(world: &impl LiveWorld) {
    let [one, other] = world.open().await;
    assert_eq!(one.gather("http://a").await, Some(vec!["http://a".to_owned()]));
    let mut both = other.gather("http://b").await.expect("who is there");
    both.sort();
    assert_eq!(both, ["http://a", "http://b"]);
    assert_eq!(one.gather("http://a").await.map(|all| all.len()), Some(2));
    other.leave("http://b").await;
    assert_eq!(one.gather("http://a").await, Some(vec!["http://a".to_owned()]));
}

/// What the owner said of a tenant's workers is known everywhere, the latest only, and ends by itself.
pub async fn knows_who_is_there(world: &impl LiveWorld) {
    let [one, other] = world.open().await;
    let there = |at: u64, count: u64| There {
        at: Millis(at),
        workers: (0..count)
            .map(|n| Present {
                worker: WorkerId(n),
                connected: n % 2 == 0,
                presence: Presence::Ready,
                accept: AcceptMode::Offer,
                capacity: 300,
                load: 100,
                idle_since: Millis(at - n),
            })
            .collect(),
    };
    assert_eq!(other.presence(TenantId(7)).await, None);
    one.present(TenantId(7), &there(20_000, 10_000)).await;
    one.present(TenantId(8), &there(20_001, 1)).await;
    assert_eq!(other.presence(TenantId(7)).await, Some(there(20_000, 10_000)));
    assert_eq!(one.presence(TenantId(8)).await, Some(there(20_001, 1)));
    one.present(TenantId(7), &there(30_000, 2)).await;
    assert_eq!(other.presence(TenantId(7)).await, Some(there(30_000, 2)));
    assert_eq!(other.presence(TenantId(9)).await, None);
}
