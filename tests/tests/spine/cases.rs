//! A case from the customer's first message to his own word that it is solved, by the shipped type `delivery-problem`.

use blendline_tests::api::Api;
use blendline_tests::config::Worker;
use blendline_tests::graph::Call;
use blendline_tests::http;
use blendline_tests::whatsapp::Customers;
use blendline_tests::worker::Hand;
use blendline_wire::task::{ClockRule, ParkReason};
use blendline_wire::worker::{TaskView, Verdict};
use serde_json::{Value, json};

use super::world::World;

const RULES: &str = "\
queues:
  front: {side: front, target: 2m}
  stock: {side: back, target: 1d}
groups:
  desk: {queues: [front], workers: [noa]}
  warehouse: {queues: [stock], workers: [dana]}
rules:
  - {name: all, channel: whatsapp_cloud, queue: front}
cases:
  delivery-problem: {like: delivery-problem, queues: {service: front, warehouse: stock}}
";

async fn world(what: &str) -> World {
    World::start(what, |it| {
        it.workers = vec![Worker::new("omer", &["care"], 1)];
        it.rules = Some(RULES.to_owned());
        // The hands are busy elsewhere for a while.
        it.heartbeat_ms = 10_000;
    })
    .await
}

pub(super) fn finish(disposition: &str) -> Verdict {
    Verdict::Done { disposition: disposition.to_owned(), note: None }
}

/// What the platform was given to say, whether with buttons or without.
fn words(call: &Call) -> &str {
    call.body["interactive"]["body"]["text"].as_str().unwrap_or_else(|| call.text())
}

/// Waits until the customer was told something with these words, and gives it.
pub(super) async fn told(world: &World, part: &str) -> Call {
    let calls = world.graph.until(part, |calls| calls.iter().any(|call| words(call).contains(part))).await;
    calls.into_iter().rfind(|call| words(call).contains(part)).unwrap()
}

/// Customer 1 presses this button of a message.
pub(super) async fn press(world: &World, call: &Call, at: usize, id: &str) {
    press_as(world, 1, &call.body["interactive"]["action"]["buttons"][at]["reply"], id).await;
}

async fn press_as(world: &World, customer: u64, button: &Value, id: &str) {
    let from = Customers::phone(customer);
    let message = json!({
        "from": from, "id": format!("wamid.{id}"), "timestamp": "1760000000", "type": "interactive",
        "interactive": { "type": "button_reply", "button_reply": button },
    });
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "97235550100", "phone_number_id": world.number.phone_number_id },
        "contacts": [{ "profile": { "name": "Noa Levi" }, "wa_id": from }],
        "messages": [message],
    });
    let body = json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "102290129340398", "changes": [{ "value": value, "field": "messages" }] }],
    });
    let request = world.number.request(body.to_string().as_bytes());
    assert_eq!(http::once(world.router.addr, &request).await.unwrap().status, 200);
}

pub(super) async fn act(api: &Api, case: &str, key: &str, act: Value) -> Value {
    let reply = api.post(&format!("/v1/cases/{case}"), &json!({ "key": key, "act": act })).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

/// The customer's first message, the case that the worker opens for it, and the conversation put aside while it runs.
async fn opened(world: &mut World, noa: &mut Hand) -> (String, TaskView) {
    world.say(1, "שלום, ההזמנה שלי לא הגיעה").await;
    let talk = noa.task().await;
    let opening = json!({
        "type": "delivery-problem", "key": "desk-1", "task": talk.id.to_string(), "owner": "noa",
        "fields": { "order": "SO-1017", "remark": "left at the gate, says the neighbour" }
    });
    let first = world.api.post("/v1/cases", &opening).await.unwrap();
    assert_eq!(first.status, 201, "{}", first.text());
    let again = world.api.post("/v1/cases", &opening).await.unwrap();
    assert_eq!((again.status, &again.json()["id"]), (200, &first.json()["id"]), "{}", again.text());
    let case = first.json();
    assert_eq!((&case["stage"]["name"], &case["owner"]), (&json!("checking"), &json!("noa")), "{case}");
    let aside = Verdict::Snooze { for_ms: 86_400_000, reason: ParkReason::Colleague, clock: ClockRule::Stops };
    noa.settle(&talk, aside, vec![]).await.unwrap();
    (case["id"].as_str().unwrap().to_owned(), talk)
}

async fn kinds(world: &World, case: &str) -> Vec<String> {
    let events = world.api.all("/v1/events").await;
    let of_case = events.iter().filter(|event| event["case"] == case);
    of_case.map(|event| event["event"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_lost_delivery_is_looked_for_chosen_for_and_confirmed_by_the_customer() {
    let mut world = world("case").await;
    let (mut noa, mut dana) = (world.hand("noa").await, world.hand("dana").await);
    let (case, talk) = opened(&mut world, &mut noa).await;
    told(&world, "אנחנו בודקים את המשלוח").await;

    // The stage's task: in the stage's queue, with what is known; what moves the case nowhere is refused, and so is what
    // wants something to be known first.
    let check = noa.task().await;
    assert_eq!((check.queue.as_str(), check.matter), ("front", talk.matter));
    assert_eq!(check.fields["order"], blendline_wire::org::FieldValue::Text("SO-1017".into()));
    let nowhere = noa.settle(&check, finish("answered"), vec![]).await.unwrap_err();
    assert_eq!(nowhere.code, "no_move", "{nowhere:?}");
    let early = noa.settle(&check, finish("locate"), vec![]).await.unwrap_err();
    assert!(early.code == "missing_fields" && early.detail.contains("reason"), "{early:?}");
    act(&world.api, &case, "k1", json!({ "set": { "fields": { "reason": "not_received" } } })).await;
    noa.settle(&check, finish("locate"), vec![]).await.unwrap();
    told(&world, "SO-1017").await;

    // The warehouse does not find it: the customer chooses, and nobody else may press his button.
    let look = dana.task().await;
    assert_eq!(look.queue, "stock");
    act(&world.api, &case, "k2", json!({ "set": { "fields": { "found": "lost" } } })).await;
    dana.settle(&look, finish("lost"), vec![]).await.unwrap();
    let question = told(&world, "לא הצלחנו לאתר").await;
    world.say(2, "אני מישהו אחר").await;
    press_as(&world, 2, &question.body["interactive"]["action"]["buttons"][1]["reply"], "forged").await;
    press(&world, &question, 1, "choice").await;
    told(&world, "אנחנו מזכים אותך").await;

    // The credit is in agorot, set by another system under its own key, twice, and once.
    let credit = noa.until("the credit's task", |frame| match frame {
        blendline_wire::worker::ServerFrame::Assigned { task } if task.conversation.is_none() => Some(task),
        _ => None,
    });
    let credit = credit.await;
    for _ in 0..2 {
        let money = json!({ "set": { "fields": { "credit": { "minor": 12_990, "currency": "ILS" } } } });
        act(&world.api, &case, "erp-77", money).await;
    }
    let other = json!({ "key": "erp-77", "act": { "reopen": true } });
    let reused = world.api.post(&format!("/v1/cases/{case}"), &other).await.unwrap();
    assert_eq!((reused.status, &reused.json()["code"]), (409, &json!("key_reused")), "{}", reused.text());
    noa.settle(&credit, finish("credited"), vec![]).await.unwrap();

    // He says that it is not solved: it comes back where it was. Then it is, and he says so.
    let asked = told(&world, "האם הבעיה נפתרה").await;
    press(&world, &asked, 1, "no").await;
    world.until_events("case_reopened", 1).await;
    let reopened = world.api.events("case_reopened").await.remove(0);
    assert_eq!((&reopened["denied"], &reopened["entered"]["stage"]), (&json!(true), &json!("crediting")), "{reopened}");
    let credit = noa.until("the credit's task", |frame| match frame {
        blendline_wire::worker::ServerFrame::Assigned { task } if task.conversation.is_none() => Some(task),
        _ => None,
    });
    let credit = credit.await;
    noa.settle(&credit, finish("credited"), vec![]).await.unwrap();
    world.until_events("case_closed", 2).await;
    world
        .graph
        .until("asked again", |calls| calls.iter().filter(|call| words(call).contains("האם הבעיה נפתרה")).count() == 2)
        .await;
    press(&world, &asked, 0, "yes").await;
    world.until_events("case_confirmed", 1).await;

    let info = world.api.get(&format!("/v1/cases/{case}")).await.unwrap().json();
    assert_eq!((&info["closed"]["outcome"], &info["closed"]["confirmed"]), (&json!("solved"), &json!(true)), "{info}");
    let of_matter = world.api.all(&format!("/v1/cases?matter={}", talk.matter)).await;
    let of_contact = world.api.all(&format!("/v1/cases?contact_of={}", talk.conversation.unwrap())).await;
    assert_eq!((of_matter.len(), of_contact.len()), (1, 1));
    assert!(world.api.all("/v1/cases?open=true").await.is_empty());

    // Whoever owns it was told beside the work, and in his own words.
    let notes = world.api.all(&format!("/v1/tasks/{}/notes", talk.id)).await;
    assert!(notes.iter().any(|note| note["text"].as_str().unwrap().contains("אבדה")), "{notes:?}");

    // The log tells all of it: who moved it, how long each stage ran, and none of anybody's words.
    let kinds = kinds(&world, &case).await;
    let count = |kind: &str| kinds.iter().filter(|seen| *seen == kind).count();
    assert_eq!((count("case_opened"), count("case_moved"), count("case_closed"), count("case_work")), (1, 5, 2, 4));
    assert_eq!(count("case_measured"), 2, "{kinds:?}");
    let moved = world.api.events("case_moved").await;
    let by: Vec<_> = moved.iter().map(|event| event["by"].as_str().unwrap()).collect();
    assert_eq!(by, ["worker", "worker", "customer", "worker", "worker"]);
    assert!(moved.iter().all(|event| event["version"] == 1 && event["left"]["late"] == false), "{moved:?}");
    let log = json!(world.api.all("/v1/events").await).to_string();
    assert!(log.contains("SO-1017") && !log.contains("neighbour"), "free text is in no event");
}

#[tokio::test]
async fn a_case_outlives_a_restart_and_what_cannot_be_is_refused() {
    let mut world = world("case-restart").await;
    let mut noa = world.hand("noa").await;
    let (case, _) = opened(&mut world, &mut noa).await;
    world.router.kill().await;
    world.router.start_again().await;
    let api = Api::admin(world.router.addr);
    let info = api.get(&format!("/v1/cases/{case}")).await.unwrap().json();
    assert_eq!(info["stage"]["name"], "checking", "{info}");
    let refused = async |path: String, body: Value| {
        let reply = api.post(&path, &body).await.unwrap();
        (reply.status, reply.json()["code"].as_str().unwrap_or_default().to_owned())
    };
    let path = format!("/v1/cases/{case}");
    let ask = |act: Value| json!({ "key": "x", "act": act });
    let no_move = refused(path.clone(), ask(json!({ "move": { "to": "crediting" } }))).await;
    assert_eq!(no_move, (409, "no_move".to_owned()));
    let wrong = refused(path.clone(), ask(json!({ "set": { "fields": { "promised": "2026-02-30" } } }))).await;
    assert_eq!(wrong, (422, "wrong_field".to_owned()));
    assert_eq!(refused(path.clone(), ask(json!({ "reopen": true }))).await, (409, "wrong_case_state".to_owned()));
    let unknown = refused("/v1/cases".to_owned(), json!({ "type": "delivery-problm", "key": "y" })).await;
    assert_eq!(unknown, (404, "unknown_case_type".to_owned()));
    let nobodys = "/v1/cases/cas_00000000000000000000000000000000".to_owned();
    assert_eq!(refused(nobodys, ask(json!({ "resume": true }))).await, (404, "unknown_case".to_owned()));
    // It waits with its clock, and ends as he wants it; the task that was open is taken back.
    let paused = act(&api, &case, "p", json!({ "pause": "customer" })).await;
    assert_eq!(paused["stage"]["paused"]["clock"], "runs", "{paused}");
    let closed = act(&api, &case, "c", json!({ "close": "withdrawn" })).await;
    assert_eq!((&closed["closed"]["outcome"], &closed["task"]), (&json!("withdrawn"), &Value::Null), "{closed}");
    let cancelled = api.events("task_cancelled").await;
    assert_eq!((cancelled.len(), &cancelled[0]["reason"]), (1, &json!("case_moved")), "{cancelled:?}");
}

#[tokio::test]
async fn cases_are_listed_counted_and_told_whole() {
    let mut world = world("case-list").await;
    let mut noa = world.hand("noa").await;
    let (case, talk) = opened(&mut world, &mut noa).await;
    let other = json!({ "type": "delivery-problem", "key": "erp-1", "fields": { "order": "SO-2" } });
    assert_eq!(world.api.post("/v1/cases", &other).await.unwrap().status, 201);
    act(&world.api, &case, "k1", json!({ "set": { "fields": { "reason": "late" } } })).await;
    let way = act(&world.api, &case, "k2", json!({ "move": { "to": "locating" } })).await["way"].clone();
    let states: Vec<_> = way.as_array().unwrap().iter().map(|stage| (&stage["stage"], &stage["state"])).collect();
    let expected = json!([["checking", "done"], ["locating", "here"], ["delivering", "ahead"], ["solved", "ahead"]]);
    assert_eq!(json!(states), expected, "{way}");

    // By what is due: the second case's stage has two hours, the first one's has four now.
    let by_due = world.api.all("/v1/cases?open=true&by_due=true").await;
    let orders: Vec<_> = by_due.iter().map(|case| case["fields"]["order"].as_str().unwrap()).collect();
    assert_eq!(orders, ["SO-2", "SO-1017"]);
    assert_eq!(world.api.all("/v1/cases?stage=locating&owner=noa").await.len(), 1);
    assert!(world.api.all("/v1/cases?late=true").await.is_empty());
    let counts = world.api.all("/v1/cases/counts?open=true").await;
    let counted: Vec<_> = counts.iter().map(|one| (&one["stage"], &one["count"], &one["late"])).collect();
    assert_eq!(json!(counted), json!([["checking", 1, 0], ["locating", 1, 0]]));

    // Its history is its part of the log, and says who did what.
    let history = world.api.get(&format!("/v1/cases/{case}/history")).await.unwrap().json();
    let items = history["items"].as_array().unwrap();
    let told: Vec<_> = items.iter().map(|one| one["happened"]["event"].as_str().unwrap()).collect();
    assert_eq!(told, kinds(&world, &case).await, "{history}");
    assert_eq!((told[0], &items[0]["new_owner"]), ("case_opened", &json!("noa")));
    assert_eq!(history["asked"], json!([]));

    // Pages know the type by its words, with the procedure of each stage and the digits of its money.
    let types = world.api.all("/v1/case-types").await;
    let credit = types[0]["fields"].as_array().unwrap().iter().find(|field| field["name"] == "credit").unwrap();
    assert_eq!((&credit["currency"], &credit["digits"]), (&json!("ILS"), &json!(2)), "{credit}");
    assert!(types[0]["stages"][0]["procedure"]["he"].as_str().unwrap().starts_with("בדקו"), "{types:?}");

    // Whoever has the link sees the case in his own words.
    let link = world.api.post(&format!("/v1/tasks/{}/status-link", talk.id), &json!({})).await.unwrap().json();
    let page = world.api.get(&format!("{}?lang=he", link["path"].as_str().unwrap())).await.unwrap().text();
    assert!(page.contains("המחסן מאתר את המשלוח") && page.contains("המשלוח בדרך"), "{page}");
}

#[tokio::test]
async fn a_customer_is_told_though_his_conversation_is_over() {
    let mut world = world("case-after").await;
    let mut noa = world.hand("noa").await;
    world.say(1, "שלום, ההזמנה שלי לא הגיעה").await;
    let talk = noa.task().await;
    let opening = json!({
        "type": "delivery-problem", "key": "desk-1", "task": talk.id.to_string(),
        "fields": { "order": "SO-1017", "reason": "not_received" }
    });
    let opened = world.api.post("/v1/cases", &opening).await.unwrap();
    assert_eq!(opened.status, 201, "{}", opened.text());
    let case = opened.json()["id"].as_str().unwrap().to_owned();
    told(&world, "אנחנו בודקים את המשלוח").await;
    noa.settle(&talk, finish("opened a case"), vec![]).await.unwrap();
    world.until_events("task_solved", 1).await;

    // The stage's work belongs to the matter that is over, and so does what the customer is told of it.
    let check = noa.task().await;
    assert_eq!(check.matter, talk.matter);
    noa.settle(&check, finish("locate"), vec![]).await.unwrap();
    told(&world, "SO-1017").await;
    let conversation = talk.conversation.unwrap();
    let over = world.api.get(&format!("/v1/conversations/{conversation}")).await.unwrap().json();
    assert_eq!(over["state"], "solved", "{over}");
    let outcomes = world.api.events("case_told").await;
    assert!(outcomes.iter().all(|event| event["whom"] != "customer" || event["outcome"] == "told"), "{outcomes:?}");

    // He presses what he was sent long after: his choice moves the case, and opens no conversation.
    let mut dana = world.hand("dana").await;
    let look = dana.task().await;
    act(&world.api, &case, "k2", json!({ "set": { "fields": { "found": "lost" } } })).await;
    dana.settle(&look, finish("lost"), vec![]).await.unwrap();
    let question = told(&world, "לא הצלחנו לאתר").await;
    press(&world, &question, 1, "choice").await;
    told(&world, "אנחנו מזכים אותך").await;
    assert_eq!(world.api.events("conversation_reopened").await.len(), 0);
}
