//! What strangers cost when they come by the thousand: a code, and no memory that stays.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use blendline_tests::machine;
use blendline_tests::webchat::{Guest, Session};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;

use crate::office::Office;

/// How many come at once; more would only wait in the kernel's line.
const AT_ONCE: usize = 100;
/// What a wave may leave behind more than the one before it, in bytes: counters and noise, far below what its sockets
/// would take.
const NOISE: u64 = 8_000_000;

/// Opens `count` sockets and hands each to `then`; gives how many ended with which code.
async fn wave<F>(session: &Session, count: usize, then: fn(Guest) -> F) -> BTreeMap<u16, usize>
where
    F: Future<Output = u16> + Send + 'static,
{
    let mut sockets = JoinSet::new();
    for first in (0..count).step_by(AT_ONCE) {
        let arriving: JoinSet<Guest> = (first..count.min(first + AT_ONCE)).map(|_| arrive(session.clone())).collect();
        for guest in arriving.join_all().await {
            sockets.spawn(then(guest));
        }
    }
    let mut codes = BTreeMap::new();
    for code in sockets.join_all().await {
        *codes.entry(code).or_default() += 1;
    }
    codes
}

async fn arrive(session: Session) -> Guest {
    session.upgrade(TcpSocket::new_v4().unwrap()).await.unwrap()
}

#[tokio::test]
async fn thousands_who_say_nothing_are_closed_and_cost_nothing_that_stays() {
    // Both ends of each socket are files, here and at the router.
    let count = machine::files_max().saturating_sub(200).min(3_000);
    let places = count / 2;
    let limits = format!("sockets_max = {places}\nsockets_per_ip_max = {places}");
    let office = Office::with("silent", |it| it.chat = limits).await;
    let session = office.visitor().await;
    let pid = office.router.pid();
    let mut resident = Vec::new();
    for _ in 0..3 {
        let codes = wave(&session, count, |mut guest| async move { guest.idle().await }).await;
        // For whom there is no place is told so at once; the others, when no hello came in time.
        assert_eq!(codes, BTreeMap::from([(1008, places), (1013, count - places)]));
        resident.push(machine::resident(pid));
    }
    let [_, second, third] = resident[..] else { panic!("three waves") };
    assert!(third <= second + NOISE, "memory grows with each wave of {count}: {resident:?}");
    office.until_metric("blendline_chat_closed_total{code=\"1008\"}", (3 * places) as f64).await;
    assert!(calm(office.router.addr).await, "the router still answers");
}

#[tokio::test]
async fn frames_that_are_too_large_are_not_kept() {
    let office = Office::start("large").await;
    let session = office.visitor().await;
    let pid = office.router.pid();
    let before = machine::resident(pid);
    let codes = wave(&session, 300, |mut guest| async move {
        guest.send_text(&"x".repeat(3_000_000)).await;
        guest.idle().await
    })
    .await;
    // Whoever is still writing when he is refused may find the connection gone before he reads why.
    assert!(codes.keys().all(|code| [1009, 1006].contains(code)), "{codes:?}");
    office.until_metric("blendline_chat_closed_total{code=\"1009\"}", 300.0).await;
    let peak = machine::resident_peak(pid);
    assert!(peak < before + 40_000_000, "900 MB were sent, and memory went from {before} to {peak}");
}

async fn calm(addr: SocketAddr) -> bool {
    let ask = blendline_tests::http::request("GET", "/readyz", &[], b"");
    blendline_tests::http::once(addr, &ask).await.is_ok_and(|reply| reply.status == 200)
}
