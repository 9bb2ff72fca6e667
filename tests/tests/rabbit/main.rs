//! The broker on a real RabbitMQ.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by failing")]

use blendline_tests::servers::rabbit::Rabbit;

#[tokio::test]
async fn boots() {
    let begin = std::time::Instant::now();
    let mut rabbit = Rabbit::start().await;
    println!("boot {:?} pid {} {}", begin.elapsed(), rabbit.pid(), rabbit.url());
    let at = std::time::Instant::now();
    println!("{}", rabbit.ctl(&["list_queues"]).await);
    println!("ctl {:?}", at.elapsed());
    rabbit.kill();
    let at = std::time::Instant::now();
    rabbit.restart().await;
    println!("again {:?}", at.elapsed());
    rabbit.stop().await;
    println!("stop {:?}", at.elapsed());
    rabbit.restart().await;
}
