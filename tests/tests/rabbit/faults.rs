//! What becomes of messages when the server fails.

use std::sync::Arc;
use std::time::{Duration, Instant};

use blendline_router::ports::broker::{Broker, BrokerError};
use blendline_tests::servers::rabbit::Rabbit;

use crate::crowd::{ANSWER_WITHIN, Crowd, PROBE, drain, lost, number, subscribe, well_again};
use crate::world;

/// SIGKILL in the midst of publishing, twice: nothing that was confirmed is lost, nobody waits for more than two
/// seconds, and all is well again by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_confirmed() {
    let mut rabbit = Rabbit::start().await;
    let (began, broker) = (Instant::now(), Arc::new(world::open(&rabbit).await));
    let queue = "inbound.0";
    let mut consumed = subscribe(&broker, queue, 1_000).await;
    let mut seen = Vec::new();
    let crowd = Crowd::start(&broker, queue, 64);
    for _ in 0..2 {
        for _ in 0..20_000 {
            let delivery = consumed.deliveries.recv().await.expect("the subscription goes on");
            seen.push(number(&delivery));
            consumed.acker.ack(&[delivery.tag]).await;
        }
        rabbit.kill();
        let died = Instant::now();
        while let Some(delivery) = consumed.deliveries.recv().await {
            seen.push(number(&delivery));
        }
        println!("the subscription ended {:?} after the kill", died.elapsed());
        assert!(died.elapsed() < ANSWER_WITHIN);
        assert!(matches!(broker.publish(queue, PROBE.to_vec()).await, Err(BrokerError::Unavailable(_))));
        rabbit.restart().await;
        println!("well again {:?} after the restart", well_again(&broker, queue).await);
        consumed = subscribe(&broker, queue, 1_000).await;
    }
    let told = crowd.end().await;
    drop(consumed);
    seen.extend(drain(&broker, queue).await);
    println!(
        "{} confirmed, {} refused, {} delivered, slowest answer {:?}",
        told.confirmed.len(),
        told.refused,
        seen.len(),
        told.slowest
    );
    assert_eq!(lost(&told, began, &seen), Vec::<u64>::new(), "confirmed and not delivered");
    assert!(told.slowest < ANSWER_WITHIN, "{:?}", told.slowest);
}

/// SIGSTOP: nobody waits for more than two seconds while the server is paused, nothing confirmed is lost, and all is
/// well again by itself, after a short pause as after one that outlasts the heartbeats.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_server_keeps_nobody_waiting() {
    let rabbit = Rabbit::start().await;
    let (start, broker) = (Instant::now(), Arc::new(world::open(&rabbit).await));
    let queue = "inbound.0";
    well_again(&broker, queue).await;
    let crowd = Crowd::start(&broker, queue, 64);
    for pause in [2, 20] {
        // Some of the crowd's thousands are on their way.
        for _ in 0..200 {
            well_again(&broker, queue).await;
        }
        rabbit.pause();
        tokio::time::sleep(Duration::from_secs(pause)).await;
        let began = Instant::now();
        assert!(matches!(broker.publish(queue, PROBE.to_vec()).await, Err(BrokerError::Unavailable(_))));
        assert!(matches!(broker.subscribe("inbound.1", 10).await, Err(BrokerError::Unavailable(_))));
        assert!(matches!(broker.depth(queue).await, Err(BrokerError::Unavailable(_))));
        assert!(began.elapsed() < 3 * ANSWER_WITHIN + Duration::from_millis(500));
        rabbit.resume();
        println!("well again {:?} after a pause of {pause} s", well_again(&broker, queue).await);
    }
    let told = crowd.end().await;
    let found = drain(&broker, queue).await;
    println!(
        "{} confirmed, {} refused, {} delivered, slowest answer {:?}",
        told.confirmed.len(),
        told.refused,
        found.len(),
        told.slowest
    );
    assert_eq!(lost(&told, start, &found), Vec::<u64>::new(), "confirmed and not delivered");
    assert!(told.slowest < ANSWER_WITHIN, "{:?}", told.slowest);
}

/// Short of memory, the server takes nothing: publishers are told at once, acks go on, and it is over when it is over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alarm_refuses_and_passes() {
    let rabbit = Rabbit::start().await;
    let broker = Arc::new(world::open(&rabbit).await);
    let queue = "inbound.0";
    well_again(&broker, queue).await;
    for n in 0..100_u64 {
        broker.publish(queue, n.to_be_bytes().to_vec()).await.unwrap();
    }
    let mut subscription = broker.subscribe(queue, 10).await.unwrap();
    rabbit.ctl(&["set_vm_memory_high_watermark", "0.0001"]).await;
    let blocked = loop {
        let began = Instant::now();
        match broker.publish(queue, 7_u64.to_be_bytes().to_vec()).await {
            Ok(()) => {}
            Err(BrokerError::Unavailable(cause)) => {
                assert!(began.elapsed() < ANSWER_WITHIN, "{:?}", began.elapsed());
                break cause;
            }
            Err(BrokerError::Full) => panic!("the queue is not full"),
        }
    };
    println!("while the alarm is on: {blocked}");
    // From then on at once, and for longer than any heartbeat.
    let until = Instant::now() + Duration::from_secs(15);
    let mut slowest = Duration::ZERO;
    while Instant::now() < until {
        let began = Instant::now();
        let refused = broker.publish(queue, PROBE.to_vec()).await;
        slowest = slowest.max(began.elapsed());
        assert!(matches!(refused, Err(BrokerError::Unavailable(_))), "{refused:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!("slowest refusal {slowest:?}");
    assert!(slowest < Duration::from_millis(100), "{slowest:?}");
    // Consuming has a connection of its own.
    for _ in 0..50 {
        let delivery = subscription.deliveries.recv().await.expect("the subscription goes on");
        subscription.acker.ack(&[delivery.tag]).await;
    }
    rabbit.ctl(&["set_vm_memory_high_watermark", "absolute", "2GB"]).await;
    println!("well again {:?} after the alarm", well_again(&broker, queue).await);
}
