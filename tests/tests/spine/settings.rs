//! A wrong configuration is refused with the place and the cure.

use blendline_tests::config::{Installation, Queue, Worker};
use blendline_tests::process::Router;

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
