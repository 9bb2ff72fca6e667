//! A wrong configuration is refused with the place and the cure.

use blendline_tests::api::Api;
use blendline_tests::config::{Installation, Queue, WORKER_KEY, Worker};
use blendline_tests::process::Router;
use blendline_tests::worker::{Hand, done};
use blendline_wire::task::AcceptMode;
use serde_json::json;

async fn refused(change: impl FnOnce(&mut Installation)) -> String {
    let mut installation = Installation::new("http://127.0.0.1:1");
    change(&mut installation);
    let mut router = Router::prepare("settings", &installation);
    router.spawn();
    let status = router.ended().await;
    assert!(!status.success(), "a wrong configuration must be refused:\n{}", router.log());
    router.log()
}

#[tokio::test]
async fn a_wrong_setting_is_refused_with_file_line_key_and_hint() {
    let text = refused(|it| it.extra = "[[tenent]]\nname = \"x\"\n".into()).await;
    for part in ["blendline.toml:2:", "tenent", "did you mean `tenant`"] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
    let text = refused(|it| it.workers = vec![Worker::new("noa", &["caer"], 1)]).await;
    for part in ["blendline.toml:", "caer", "hint", "care"] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
    let text = refused(|it| it.queues = vec![Queue::new("care", "frnt")]).await;
    for part in ["blendline.toml:", "frnt", "front"] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
}

#[tokio::test]
async fn what_stands_in_a_queue_that_is_gone_goes_to_its_heir_and_is_never_forgotten() {
    let installation = |queue: Queue| {
        let mut it = Installation::new("http://127.0.0.1:1");
        it.workers = vec![Worker::new("noa", &[&queue.name], 5)];
        it.queues = vec![queue];
        it
    };
    let mut router = Router::start("heirs", &installation(Queue::new("care", "front"))).await;
    let api = Api::admin(router.addr);
    let body = json!({ "queue": "care", "external_ref": "order-7", "title": "Refund" });
    assert_eq!(api.post("/v1/items", &body).await.unwrap().status, 201);
    assert_eq!(api.post("/v1/items", &body).await.unwrap().status, 200);
    assert!(router.stop().await.success());

    router.configure(&installation(Queue::new("service", "front")));
    router.spawn();
    assert!(!router.ended().await.success(), "an open task was forgotten:\n{}", router.log());
    for part in ["queue `care` of acme", "open tasks", "heir_of = [\"care\"]"] {
        assert!(router.log().contains(part), "{part:?} is missing in:\n{}", router.log());
    }

    let heir = Queue { heir_of: vec!["care".to_owned()], ..Queue::new("service", "front") };
    router.configure(&installation(heir));
    router.start_again().await;
    let mut noa = Hand::connect(router.addr, WORKER_KEY, "noa", AcceptMode::Auto).await.unwrap();
    let task = noa.task().await;
    assert_eq!((task.queue.as_str(), task.title.as_ref().unwrap().expose().as_str()), ("service", "Refund"));
    noa.settle(&task, done(), vec![]).await.unwrap();
    // From then on nothing is left to inherit, with the line or without.
    router.stop().await;
    router.start_again().await;
    assert!(router.stop().await.success());
    router.configure(&installation(Queue::new("service", "front")));
    router.start_again().await;
}
