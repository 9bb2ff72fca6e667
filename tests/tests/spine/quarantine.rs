//! What could not be read is repaired and read again, from the command line, and twice does no harm.

use std::process::{Command, Output};

use blendline_tests::config::ADMIN_KEY;
use blendline_tests::process::program;
use blendline_tests::whatsapp;

use crate::world::World;

async fn quarantine(world: &World, arguments: &[&str]) -> Output {
    let mut command = Command::new(program("blendline"));
    command.arg("quarantine").args(arguments);
    command.env("BLENDLINE_URL", format!("http://{}", world.router.addr)).env("BLENDLINE_KEY", ADMIN_KEY);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_read_is_repaired_and_read_again() {
    let mut world = World::start("quarantine", |_| {}).await;
    let message = world.said(1, "my order never came");
    let body = whatsapp::messages(&world.number, &[message]);
    // Its end was lost before it was signed.
    let torn = &body[..body.len() - 1];
    assert_eq!(world.post(torn).await.status, 200);
    world.until_events("quarantined", 1).await;

    let listed = said(&quarantine(&world, &["list"]).await);
    let id = listed.split('\t').next().unwrap().trim().to_owned();
    assert!(listed.contains("whatsapp_cloud"), "{listed}");
    let shown = said(&quarantine(&world, &["show", &id]).await);
    assert_eq!(shown.trim_end().as_bytes(), torn);

    let as_it_came = quarantine(&world, &["replay", &id]).await;
    assert!(!as_it_came.status.success() && said(&as_it_came).contains("422"), "{}", said(&as_it_came));
    let repaired = world.router.data_dir().join("repaired.json");
    std::fs::write(&repaired, &body).unwrap();
    for _ in 0..2 {
        let replayed = quarantine(&world, &["replay", &id, "--repaired", repaired.to_str().unwrap()]).await;
        assert!(replayed.status.success(), "{}", said(&replayed));
    }
    world.until_events("message_duplicate", 1).await;
    assert_eq!(world.count("message_received").await, 1, "it is one message");
    assert_eq!(world.count("task_created").await, 1);
    assert!(said(&quarantine(&world, &["replay", "999"]).await).contains("404"));
}
