//! Three nodes, as a company runs them: one may be lost.

use std::sync::Arc;
use std::time::Instant;

use blendline_router::adapters::rabbit::{RabbitBroker, RabbitOptions};
use blendline_tests::servers::rabbit::Rabbit;

use crate::crowd::{Crowd, drain, lost, number, subscribe, well_again};

/// How many messages come before and after the loss.
const EACH: usize = 3_000;

/// The node that leads the queue, and that we are connected to, is killed in the midst of publishing: the others go on,
/// nothing that was confirmed is lost, and the node joins them again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_loses_its_leader_goes_on() {
    let mut nodes = Rabbit::cluster().await;
    let urls: Vec<String> = nodes.iter().map(Rabbit::url).collect();
    let broker = Arc::new(RabbitBroker::open(RabbitOptions::new(&urls.join(",")).unwrap()).await.unwrap());
    let (began, queue, mut seen) = (Instant::now(), "inbound.0", Vec::new());
    let mut consumed = subscribe(&broker, queue, 500).await;
    let crowd = Crowd::start(&broker, queue, 16);
    for _ in 0..EACH {
        let delivery = consumed.deliveries.recv().await.expect("the subscription goes on");
        seen.push(number(&delivery));
        consumed.acker.ack(&[delivery.tag]).await;
    }
    nodes[0].kill();
    while let Some(delivery) = consumed.deliveries.recv().await {
        seen.push(number(&delivery));
    }
    println!("well again {:?} after the loss", well_again(&broker, queue).await);
    let mut consumed = subscribe(&broker, queue, 500).await;
    for _ in 0..EACH {
        let delivery = consumed.deliveries.recv().await.expect("the subscription goes on");
        seen.push(number(&delivery));
        consumed.acker.ack(&[delivery.tag]).await;
    }
    nodes[0].restart().await;
    nodes[1].ctl(&["await_online_nodes", "3"]).await;
    let told = crowd.end().await;
    drop(consumed);
    seen.extend(drain(&broker, queue).await);
    println!("{} confirmed, {} refused, {} delivered", told.confirmed.len(), told.refused, seen.len());
    assert_eq!(lost(&told, began, &seen), Vec::<u64>::new(), "confirmed and not delivered");
}
