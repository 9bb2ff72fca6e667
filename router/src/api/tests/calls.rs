//! Calls: what the owner is asked, and what a caller is told.

use blendline_core::{Answer, Refusal};
use blendline_wire::{ConversationId, Lease, TaskId};

use super::filled::{task, tenant};
use super::{World, key};
use crate::handle::CallError;

async fn world_with_task() -> World {
    let world = World::new().await;
    let task = task(&world, "dana");
    world.records.tasks.lock().unwrap().insert(task.id, task);
    world
}

#[tokio::test]
async fn an_item_is_pushed_with_handles_for_names() {
    let world = world_with_task().await;
    let body = r#"{"queue":"front","external_ref":"r1","title":"Refund","skills":{"hebrew":3},"fields":{"order":12}}"#;
    let (status, task) = world.call(&key("acme", "integrator"), "POST", "/v1/items", body).await;
    assert_eq!((status.as_u16(), task["id"].as_str()), (201, Some("tsk_7")));
    world.owner.answers(Ok(Answer::Known(TaskId(7))));
    let (status, task) = world.call(&key("acme", "integrator"), "POST", "/v1/items", body).await;
    assert_eq!((status.as_u16(), task["id"].as_str()), (200, Some("tsk_7")));
    let calls = world.owner.calls();
    assert!(calls[0].starts_with("Integrator Push"), "{calls:?}");
    assert!(!calls[0].contains("Refund"), "personal data is shown: {calls:?}");
}

#[tokio::test]
async fn mistakes_on_our_own_api_name_the_place() {
    let world = world_with_task().await;
    let integrator = key("acme", "integrator");
    for (body, status, field) in [
        (r#"{"queue":"front","external_ref":"r","title":"t","title":"u"}"#, 400, "/title"),
        (r#"{"queue":"front","external_ref":"r","titel":"t"}"#, 400, "/titel"),
        (r#"{"queue":"frnt","external_ref":"r","title":"t"}"#, 404, "/queue"),
        (r#"{"queue":"front","external_ref":"","title":"t"}"#, 400, "/external_ref"),
        (r#"{"queue":"front","external_ref":"r","title":" "}"#, 400, "/title"),
        (r#"{"queue":"front","external_ref":"r","title":"t","skills":{"x":1}}"#, 404, "/skills/x"),
        (r#"{"queue":"front","external_ref":"r","title":"t","skills":{"hebrew":11}}"#, 400, "/skills/hebrew"),
        (r#"{"queue":"front","external_ref":"r","title":"t","conversation":"cnv_77"}"#, 404, "/conversation"),
        (r#"{"queue":"front","external_ref":"r","title":"t","conversation":"tsk_7"}"#, 400, "/conversation"),
        ("[", 400, "/0"),
    ] {
        let (found, problem) = world.call(&integrator, "POST", "/v1/items", body).await;
        assert_eq!((found.as_u16(), problem["field"].as_str()), (status, Some(field)), "{body}: {problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    }
    for (path, status) in [
        ("/v1/tasks?limit=0", 400),
        ("/v1/tasks?limit=201", 400),
        ("/v1/tasks?limt=1", 400),
        ("/v1/tasks?after=cnv_1", 400),
        ("/v1/tasks?queue=x", 404),
        ("/v1/tasks?open=true&limit=200&after=tsk_1", 200),
        ("/v1/tasks/42", 404),
        ("/v1/tasks/42/explanation", 404),
        ("/v1/tasks/tsk_42/explanation", 404),
        ("/v1/nothing", 404),
    ] {
        assert_eq!(world.call(&integrator, "GET", path, "").await.0, status, "{path}");
    }
    assert_eq!(world.call(&integrator, "PUT", "/v1/tasks", "").await.0, 405);
    assert!(world.owner.calls().is_empty());
}

#[tokio::test]
async fn a_late_worker_is_told_what_happened() {
    let world = world_with_task().await;
    let acme = tenant(&world, "acme");
    let other = tenant(&world, "other");
    let worker = |tenant, name| world.shared.directory().worker(tenant, name);
    let (omer, stranger) = (worker(acme, "omer"), worker(other, "dana"));
    let fenced = |owner| CallError::Refused(Refusal::Fenced { lease: Lease(3), owner });
    for (error, status, code, says) in [
        (fenced(omer), 409, "fenced", "belongs to omer now, under lease 3"),
        (fenced(None), 409, "fenced", "went back to its queue"),
        (fenced(stranger), 404, "unknown_task", "no task"),
        (
            CallError::Closed { how: "solved", worker: omer, lease: Lease(3) },
            409,
            "fenced",
            "closed as solved by omer, under lease 3",
        ),
        (CallError::KeyReused, 409, "key_reused", "key of its own"),
        (CallError::Unavailable("the owner stopped".into()), 503, "busy", "try again"),
        (CallError::Refused(Refusal::UnknownTask), 404, "unknown_task", "no task"),
        (CallError::Refused(Refusal::OtherTenant), 404, "unknown_task", "no task"),
        (CallError::Refused(Refusal::WrongState("parked")), 409, "wrong_state", "parked"),
        (CallError::Refused(Refusal::TooMany("replies")), 422, "too_many", "replies"),
        (CallError::Refused(Refusal::NoConversation), 422, "no_conversation", "note"),
    ] {
        world.owner.answers(Err(error));
        let body = r#"{"lease":2,"key":"k","content":{"type":"text","text":"late"}}"#;
        let (found, problem) = world.call(&key("acme", "worker"), "POST", "/v1/tasks/tsk_7/reply", body).await;
        assert_eq!((found.as_u16(), problem["code"].as_str()), (status, Some(code)), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
    }
}

#[tokio::test]
async fn a_begun_conversation_names_its_task() {
    let world = world_with_task().await;
    world.owner.answers(Ok(Answer::Conversation(ConversationId(1), TaskId(2))));
    let body = r#"{"channel":"whatsapp_cloud","account":"acme","to":"972500000001","queue":"front","key":"k",
        "content":{"type":"template","name":"hello","language":"he"}}"#;
    let (status, made) = world.call(&key("acme", "worker"), "POST", "/v1/conversations", body).await;
    assert_eq!((status.as_u16(), made["task"].as_str()), (201, Some("tsk_2")));
    for (refusal, code, says) in [
        (Refusal::NotConnected, "not_connected", "connect"),
        (Refusal::AlreadyOpen(ConversationId(4)), "already_open", "cnv_4"),
    ] {
        world.owner.answers(Err(CallError::Refused(refusal)));
        let (status, problem) = world.call(&key("acme", "worker"), "POST", "/v1/conversations", body).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (409, Some(code)), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
    }
    let foreign = body.replace("\"acme\"", "\"other\"");
    assert_eq!(world.call(&key("acme", "worker"), "POST", "/v1/conversations", &foreign).await.0, 404);
}

#[tokio::test]
async fn a_record_that_is_away_is_a_503() {
    let world = world_with_task().await;
    let (status, problem) = world.call(&key("acme", "auditor"), "GET", "/v1/events", "").await;
    assert_eq!(status, 503);
    assert!(!problem.to_string().contains("disk"), "what is inside is told outside: {problem}");
}

#[tokio::test]
async fn a_key_that_asks_too_often_waits() {
    let mut config = super::config();
    config.server.requests_per_second = 1;
    config.server.requests_burst = 2;
    let world = World::with(config).await;
    let admin = key("acme", "admin");
    for _ in 0..2 {
        assert_eq!(world.call(&admin, "GET", "/v1/queues", "").await.0, 200);
    }
    let (status, problem) = world.call(&admin, "GET", "/v1/queues", "").await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (429, Some("rate_limited")));
    assert_eq!(world.call(&key("other", "admin"), "GET", "/v1/queues", "").await.0, 200, "another key pays");
}
