//! Servers that do not want us, or are not there.

use std::time::{Duration, Instant};

use blendline_router::adapters::rabbit::{OpenError, RabbitBroker, RabbitOptions};
use blendline_router::ports::broker::{Broker, BrokerError};
use blendline_tests::process::free_addr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::crowd::ANSWER_WITHIN;
use crate::world;

async fn refused(url: &str) -> String {
    let opened = RabbitBroker::open(RabbitOptions::new(url).unwrap()).await;
    let Err(OpenError::Refused { node, cause, cure }) = opened else { panic!("{opened:?}") };
    assert!(!format!("{node} {cause} {cure}").contains("hunter2"));
    format!("{cause}; {cure}")
}

/// A start with a wrong password, virtual host or server is refused with what the server said and what to do.
#[tokio::test]
async fn a_wrong_start_is_refused_with_its_cure() {
    let port = world::shared().await.port();
    let said = refused(&format!("amqp://guest:hunter2@127.0.0.1:{port}")).await;
    assert!(said.contains("ACCESS_REFUSED") && said.contains("authenticate_user"), "{said}");
    let said = refused(&format!("amqp://guest:guest@127.0.0.1:{port}/nowhere")).await;
    assert!(said.contains("nowhere") && said.contains("add_vhost"), "{said}");

    let web = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = web.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = web.accept().await.unwrap();
            let _ = socket.read(&mut [0; 8]).await;
            let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let said = refused(&format!("amqp://guest:guest@{address}")).await;
    assert!(said.contains("its AMQP port"), "{said}");
}

/// A server that is away does not stop a start: everything is refused at once until it is there.
#[tokio::test]
async fn a_server_that_is_away_is_waited_for() {
    let options = RabbitOptions::new(&format!("amqp://{}", free_addr())).unwrap();
    let broker = RabbitBroker::open(options).await.unwrap();
    broker.declare(&["inbound.0".to_owned()]).await.unwrap();
    let began = Instant::now();
    for outcome in [
        broker.publish("inbound.0", vec![1]).await,
        broker.subscribe("inbound.0", 1).await.map(drop),
        broker.depth("inbound.0").await.map(drop),
    ] {
        assert!(matches!(&outcome, Err(BrokerError::Unavailable(cause)) if cause.contains("refused")), "{outcome:?}");
    }
    assert!(began.elapsed() < ANSWER_WITHIN / 4, "{:?}", began.elapsed());
}

/// One that takes the connection and says nothing keeps nobody waiting either, and leaves nothing behind.
#[tokio::test]
async fn a_silent_server_keeps_nobody_waiting() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = RabbitOptions::new(&format!("amqp://{}", silent.local_addr().unwrap())).unwrap();
    let opening = tokio::spawn(RabbitBroker::open(options));
    let (mut socket, _) = silent.accept().await.unwrap();
    let mut greeting = [0; 8];
    socket.read_exact(&mut greeting).await.unwrap();
    assert_eq!(&greeting, b"AMQP\0\0\x09\x01");
    assert_eq!(socket.read(&mut greeting).await.unwrap(), 0, "the connection is given up");
    let broker = opening.await.unwrap().unwrap();
    let began = Instant::now();
    let refused = broker.publish("inbound.0", vec![1]).await.unwrap_err();
    assert!(refused.to_string().contains("does not answer"), "{refused}");
    assert!(began.elapsed() < Duration::from_millis(500));
}

/// Of several nodes, one that is there is found, also when the first is not.
#[tokio::test]
async fn another_node_is_tried() {
    let url = format!("amqp://{}, {}", free_addr(), world::shared().await.url());
    let broker = RabbitBroker::open(RabbitOptions::new(&url).unwrap()).await.unwrap();
    let began = Instant::now();
    while let Err(error) = broker.publish("nodes", vec![1]).await {
        assert!(began.elapsed() < Duration::from_secs(10), "{error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
