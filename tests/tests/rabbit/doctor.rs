//! What the doctor finds on a real server.

use blendline_router::adapters::finding::Finding;
use blendline_router::adapters::rabbit::{RabbitOptions, examine};
use blendline_router::ports::broker::Broker;
use blendline_tests::process::free_addr;
use blendline_tests::servers::rabbit::Rabbit;
use lapin::types::AMQPValue;

use crate::world;

/// Key, value found and value needed of what is fatal.
fn fatal(found: &[Finding]) -> Vec<(&str, &str, &str)> {
    let fatal = found.iter().filter(|finding| finding.fatal);
    fatal.map(|finding| (finding.key.as_str(), finding.found.as_str(), finding.needed.as_str())).collect()
}

/// Queues that the program made are well; of others all that is wrong is named, and looking changes nothing.
#[tokio::test]
async fn every_argument_that_differs_is_found() {
    let rabbit = world::shared().await;
    let (_connection, channel) = world::other(rabbit).await;
    let broker = world::open_shared().await;
    broker.publish("doctor.good", vec![1]).await.unwrap();
    world::make_queue(&channel, "doctor.classic", &[]).await;
    let text = |text: &str| AMQPValue::LongString(text.into());
    let odd = [
        ("x-queue-type", text("quorum")),
        ("x-max-length", AMQPValue::LongInt(7)),
        ("x-message-ttl", AMQPValue::LongInt(60_000)),
    ];
    world::make_queue(&channel, "doctor.odd", &odd).await;
    let queues = ["doctor.good", "doctor.classic", "doctor.odd", "doctor.none"].map(str::to_owned);
    let options = world::shared_options().await;
    for _ in 0..2 {
        let found = examine(&options, &queues).await;
        found.iter().for_each(|finding| println!("{finding}"));
        assert_eq!(
            fatal(&found),
            [
                ("doctor.classic x-queue-type", "not set (classic)", "quorum"),
                ("doctor.classic x-overflow", "not set", "reject-publish"),
                ("doctor.classic x-single-active-consumer", "not set", "true"),
                ("doctor.classic x-max-length", "not set", "1000000"),
                ("doctor.classic x-max-length-bytes", "not set", "4294967296"),
                ("doctor.odd x-message-ttl", "60000", "not set"),
                ("doctor.odd x-overflow", "not set", "reject-publish"),
                ("doctor.odd x-delivery-limit", "not set", "1000"),
                ("doctor.odd x-single-active-consumer", "not set", "true"),
                ("doctor.odd x-max-length", "7", "1000000"),
                ("doctor.odd x-max-length-bytes", "not set", "4294967296"),
            ]
        );
        assert!(found.iter().all(|finding| finding.key != "max_message_size"), "Debian's takes 128 MiB");
        // Debian's is an old one.
        assert!(found.iter().any(|finding| !finding.fatal && finding.key == "version" && finding.needed == "4.x"));
    }
    assert_eq!(broker.depth("doctor.good").await, Ok(1));
    assert_eq!(broker.depth("doctor.none").await, Ok(0));
}

/// Missing rights, a memory alarm and a server that is away are found.
#[tokio::test]
async fn rights_alarms_and_absence_are_found() {
    let rabbit = Rabbit::start_with("max_message_size = 1048576").await;
    let small = RabbitOptions::new(&rabbit.url()).unwrap();
    let size = examine(&small, &[]).await.into_iter().find(|finding| finding.key == "max_message_size").unwrap();
    assert_eq!((size.found.as_str(), size.fatal), ("1048576", false), "{size}");
    rabbit.ctl(&["add_user", "weak", "weak-password"]).await;
    rabbit.ctl(&["set_permissions", "weak", "^inbound[.]", "^inbound[.]", "^nothing$"]).await;
    let weak = RabbitOptions::new(&format!("amqp://weak:weak-password@127.0.0.1:{}", rabbit.port())).unwrap();
    world::open(&rabbit).await.declare(&["inbound.0", "outbound.0"].map(str::to_owned)).await.unwrap();
    let found = examine(&weak, &["inbound.0", "outbound.0"].map(str::to_owned)).await;
    found.iter().for_each(|finding| println!("{finding}"));
    let keys: Vec<_> = fatal(&found).iter().map(|(key, _, needed)| (*key, *needed)).collect();
    let expected = [
        ("permission", "write on amq.default"),
        ("inbound.0 permission", "read"),
        ("outbound.0 the user's permission", "configure, write and read"),
        ("outbound.0 permission", "read"),
    ];
    assert_eq!(keys, expected);
    assert!(found.iter().filter(|finding| finding.fatal).all(|finding| finding.cure.contains("set_permissions")));

    rabbit.ctl(&["set_vm_memory_high_watermark", "0.0001"]).await;
    let slow = RabbitOptions::new(&format!("{}?heartbeat=60", rabbit.url())).unwrap();
    let found = examine(&slow, &[]).await;
    found.iter().for_each(|finding| println!("{finding}"));
    assert_eq!(fatal(&found).len(), 1);
    assert!(found.iter().any(|finding| finding.key == "alarm" && finding.found.contains("memory")));
    assert!(found.iter().any(|finding| finding.key == "heartbeat" && finding.found == "60 s"));

    let away = RabbitOptions::new(&format!("amqp://{}", free_addr())).unwrap();
    assert_eq!(fatal(&examine(&away, &[]).await)[0].0, "connection");
}
