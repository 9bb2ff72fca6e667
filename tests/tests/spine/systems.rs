//! Other systems stay masters: what they tell is applied in order, waits for what comes before it, or is put aside where a person
//! sees it; nothing is lost, and nothing is done twice.

use blendline_tests::config::Worker;
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
  return-credit: {like: return-credit, queues: {service: front, warehouse: stock}}
systems:
  delivery:
    reference: order
    gap: 2s
    events:
      noted: {set: {remark: \"{words}\"}}
      found: {case: delivery-problem, set: {found: in_warehouse, promised: \"{day}\"}, move: delivering}
      lost: {case: delivery-problem, set: {found: lost}, move: choosing}
      delivered: {case: delivery-problem, move: solved}
      picked_up: {open: return-credit, set: {reason: not_wanted}}
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

fn event(id: &str, sequence: Option<u64>, kind: &str, fields: Value) -> Value {
    let mut event = json!({
        "id": id, "reference": "SO-1017", "kind": kind, "at": "2026-11-25T09:30:00Z", "fields": fields
    });
    if let Some(sequence) = sequence {
        event["sequence"] = json!(sequence);
    }
    event
}

async fn tell(world: &World, event: &Value) -> Value {
    let reply = world.api.post("/v1/systems/delivery/events", event).await.unwrap();
    assert!([200, 202].contains(&reply.status), "{}", reply.text());
    let told = reply.json();
    assert_eq!(reply.status == 200, told["state"] == "done", "{told}");
    told
}

/// A case of order SO-1017 that the warehouse looks for.
async fn looked_for(world: &World) -> String {
    let opening = json!({
        "type": "delivery-problem", "key": "crm-1", "fields": { "order": "SO-1017", "reason": "late" }
    });
    let case = world.api.post("/v1/cases", &opening).await.unwrap().json()["id"].as_str().unwrap().to_owned();
    let moved = json!({ "key": "k", "act": { "move": { "to": "locating" } } });
    assert_eq!(world.api.post(&format!("/v1/cases/{case}"), &moved).await.unwrap().status, 200);
    case
}

async fn stage(world: &World, case: &str) -> Value {
    world.api.get(&format!("/v1/cases/{case}")).await.unwrap().json()["stage"]["name"].clone()
}

async fn set_aside(world: &World) -> Vec<Value> {
    world.api.all("/v1/external-events?parked=true").await
}

#[tokio::test]
async fn events_of_another_system_move_its_cases_in_their_order() {
    let world = world("systems-order").await;
    let case = looked_for(&world).await;

    // The second comes before the first: it waits, and both are done when the first is there.
    let found = event("d-2", Some(2), "found", json!({ "day": "2026-12-01" }));
    let waiting = tell(&world, &found).await;
    assert_eq!(waiting["state"], "waiting", "{waiting}");
    assert_eq!(stage(&world, &case).await, "locating");
    let noted = event("d-1", Some(1), "noted", json!({ "words": "behind the gate" }));
    assert_eq!(tell(&world, &noted).await["state"], "done");
    assert_eq!(stage(&world, &case).await, "delivering");
    let info = world.api.get(&format!("/v1/cases/{case}")).await.unwrap().json();
    assert_eq!(
        (&info["fields"]["promised"], &info["fields"]["remark"]),
        (&json!("2026-12-01"), &json!("behind the gate"))
    );
    assert!(world.api.all("/v1/external-events").await.is_empty());

    // The same again is one event, also after a restart.
    assert_eq!(tell(&world, &found).await["state"], "done");
    let mut world = world;
    world.router.kill().await;
    world.router.start_again().await;
    world.api = blendline_tests::api::Api::admin(world.router.addr);
    assert_eq!(tell(&world, &found).await["state"], "done");
    assert_eq!(world.count("external_applied").await, 2);

    // A gap that nobody fills is waited for, and then passed over; what should have filled it comes too late.
    assert_eq!(tell(&world, &event("d-4", Some(4), "delivered", json!({}))).await["state"], "waiting");
    world.until_events("case_closed", 1).await;
    let after_gap = world.api.events("external_applied").await.pop().unwrap();
    assert_eq!((&after_gap["reason"], &after_gap["cases"]), (&json!("after_gap"), &json!([case])), "{after_gap}");
    let late = tell(&world, &event("d-3", Some(3), "noted", json!({ "words": "x" }))).await;
    assert_eq!((&late["state"], &late["reason"]), (&json!("parked"), &json!("too_late")), "{late}");

    // What its place is taken by, and what it says otherwise than before, a person looks at.
    let taken = tell(&world, &event("d-5", Some(2), "lost", json!({}))).await;
    assert_eq!(taken["reason"], "sequence_reused", "{taken}");
    let reused = tell(&world, &event("d-2", Some(2), "lost", json!({}))).await;
    assert_eq!(reused["reason"], "id_reused", "{reused}");
    assert_eq!(
        tell(&world, &event("d-2", Some(2), "lost", json!({}))).await["id"],
        reused["id"],
        "told twice, put aside once"
    );
    assert_eq!(set_aside(&world).await.len(), 3);
}

#[tokio::test]
async fn what_cannot_be_applied_is_put_aside_tried_again_and_dropped() {
    let world = world("systems-aside").await;
    let mut reasons = Vec::new();
    for telling in [
        event("a", None, "delivered", json!({})),
        event("b", None, "vanished", json!({})),
        event("c", None, "noted", json!({})),
    ] {
        reasons.push(tell(&world, &telling).await["reason"].clone());
    }
    let foreign = world.api.post("/v1/systems/crm/events", &event("a", None, "delivered", json!({}))).await.unwrap();
    reasons.push(foreign.json()["reason"].clone());
    assert_eq!(reasons, ["unknown_reference", "unknown_kind", "unknown_reference", "unknown_system"]);

    // The case comes later: tried again it still cannot be, for the stage allows no such move; then it can.
    let case = looked_for(&world).await;
    let parked = set_aside(&world).await;
    let delivered = parked.iter().find(|held| held["given_id"] == "a" && held["system"] == "delivery").unwrap();
    let path = format!("/v1/external-events/{}", delivered["id"].as_str().unwrap());
    let retry = async || world.api.post(&path, &json!({ "act": "retry" })).await.unwrap().json();
    let still = retry().await;
    assert_eq!((&still["state"], &still["reason"]), (&json!("parked"), &json!("no_move")), "{still}");
    tell(&world, &event("d", None, "found", json!({ "day": "2026-12-01" }))).await;
    assert_eq!(retry().await["state"], "done");
    assert_eq!(stage(&world, &case).await, "solved");
    let gone = world.api.post(&path, &json!({ "act": "retry" })).await.unwrap();
    assert_eq!((gone.status, &gone.json()["code"]), (404, &json!("unknown_external_event")));
    // Told once more it stands there already: nothing is done, and nothing is wrong.
    assert_eq!(tell(&world, &event("e", None, "delivered", json!({}))).await["state"], "done");
    assert_eq!(world.count("case_closed").await, 1);
    assert_eq!(tell(&world, &event("f", None, "lost", json!({}))).await["reason"], "case_closed");

    // A value of another kind, and one that is not there, are told by the field.
    let wrong = tell(&world, &event("g", None, "found", json!({}))).await;
    assert_eq!(wrong["reason"], "case_closed", "a case that is over wants no value: {wrong}");
    let vanished = parked.iter().find(|held| held["given_id"] == "b").unwrap();
    let path = format!("/v1/external-events/{}", vanished["id"].as_str().unwrap());
    let why = world.api.post(&path, &json!({ "act": "drop" })).await.unwrap();
    assert_eq!((why.status, &why.json()["field"]), (400, &json!("/reason")));
    let dropped = world.api.post(&path, &json!({ "act": "drop", "reason": "a test of theirs" })).await.unwrap();
    assert_eq!((dropped.status, &dropped.json()["state"]), (200, &json!("done")), "{}", dropped.text());
    assert_eq!(world.count("external_dropped").await, 1);
    let audited = world.api.all("/v1/audit").await;
    assert!(audited.iter().any(|entry| entry.to_string().contains("external_drop")), "{audited:?}");

    // An event opens a case, once.
    for id in ["p", "q"] {
        let mut picked = event(id, None, "picked_up", json!({}));
        picked["reference"] = json!("SO-9");
        assert_eq!(tell(&world, &picked).await["state"], "done");
    }
    let returns = world.api.all("/v1/cases?type=return-credit").await;
    assert_eq!((returns.len(), &returns[0]["fields"]["order"]), (1, &json!("SO-9")), "{returns:?}");

    for (place, wrong) in [
        ("/sequence", json!({ "sequence": 0 })),
        ("/reference", json!({ "reference": "two\nlines" })),
        ("/id", json!({ "id": " " })),
    ] {
        let mut telling = event("h", None, "noted", json!({}));
        telling.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let reply = world.api.post("/v1/systems/delivery/events", &telling).await.unwrap();
        assert_eq!((reply.status, &reply.json()["field"]), (400, &json!(place)), "{}", reply.text());
    }
}

#[tokio::test]
async fn records_of_other_systems_are_kept_by_their_version_and_imported_whole_or_not_at_all() {
    let world = world("systems-records").await;
    let path = "/v1/systems/crm/customers/C-7";
    assert_eq!(world.api.get(path).await.unwrap().json()["code"], "unknown_record");
    let put = async |version: u64, segment: &str| {
        let record = json!({ "version": version, "name": "Noa Levi", "segment": segment, "agent": "noa" });
        let kept = world.api.put(path, &record).await.unwrap();
        assert_eq!(kept.status, 200, "{}", kept.text());
        let kept = kept.json();
        (kept["version"].as_u64().unwrap(), kept["record"]["segment"].as_str().unwrap().to_owned())
    };
    assert_eq!(put(3, "silver").await, (3, "silver".to_owned()));
    assert_eq!(put(5, "gold").await, (5, "gold".to_owned()));
    assert_eq!(put(4, "bronze").await, (5, "gold".to_owned()), "older never overwrites newer");
    let foreign = world.api.put(path, &json!({ "version": 9, "state": "sent" })).await.unwrap();
    assert_eq!((foreign.status, &foreign.json()["field"]), (400, &json!("/state")), "{}", foreign.text());

    let send = async |path: &str, media_type: &str, text: &str| {
        let key = format!("Bearer {}", blendline_tests::config::ADMIN_KEY);
        let headers = [("authorization", key.as_str()), ("content-type", media_type)];
        let request = blendline_tests::http::request("POST", path, &headers, text.as_bytes());
        let reply = blendline_tests::http::once(world.router.addr, &request).await.unwrap();
        (reply.status, reply.json())
    };
    let import = async |query: &str, text: &str| {
        send(&format!("/v1/systems/erp/orders/import{query}"), "application/x-ndjson", text).await
    };
    let good = "{\"reference\": \"SO-1\", \"version\": 1, \"customer\": \"C-7\", \"total\": {\"minor\": 990, \"currency\": \"ILS\"}}\n\
        {\"reference\": \"SO-2\", \"version\": 1, \"state\": \"sent\"}\n";
    let broken = format!("{good}{{\"reference\": \"SO-3\", \"version\": 1, \"total\": 9.5}}\n");
    let (status, report) = import("", &broken).await;
    assert_eq!((status, &report["taken"], &report["faults"][0]["line"]), (422, &json!(0), &json!(3)), "{report}");
    assert_eq!(world.api.get("/v1/systems/erp/orders/SO-1").await.unwrap().status, 404, "nothing is half imported");
    assert_eq!(import("?dry_run=true", good).await.1["taken"], 0);
    assert_eq!(world.count("record_synced").await, 2);
    let (status, report) = import("", good).await;
    assert_eq!((status, &report["taken"]), (200, &json!(2)), "{report}");
    let kept = world.api.get("/v1/systems/erp/orders/SO-1").await.unwrap().json();
    assert_eq!(kept["record"]["total"], json!({ "minor": 990, "currency": "ILS" }));
    let events = world.api.events("record_synced").await;
    assert_eq!((events.len(), &events[1]["before"], &events[1]["version"]), (4, &json!(3), &json!(5)), "{events:?}");
    let log = json!(world.api.all("/v1/events").await).to_string();
    assert!(!log.contains("Noa Levi"), "names are in no event");

    // What a spreadsheet writes: its own headings, quoted fields, a mark of order at the beginning; and all or nothing again.
    // The headings are `number,name,note` in Hebrew, of which the first two are said to be fields.
    let query = "columns=%D7%9E%D7%A1=reference,%D7%A9%D7%9D=name,%D7%94%D7%A2=-&version=20261127";
    let path = format!("/v1/systems/crm/customers/import?{query}");
    let file = "\u{feff}מס;שם;הע;segment\r\nC-8;\"לוי; נועה\";x;gold\r\nC-9;חברה בע\"מ;;silver\r\n";
    let (status, report) = send(&path, "text/csv; charset=utf-8", &format!("{file}C-10;x;y\r\n;x;y;gold\r\n")).await;
    assert_eq!((status, &report["taken"]), (422, &json!(0)), "{report}");
    let faults: Vec<_> =
        report["faults"].as_array().unwrap().iter().map(|fault| (&fault["line"], &fault["field"])).collect();
    assert_eq!(faults, [(&json!(4), &json!("")), (&json!(5), &json!("/reference"))], "{report}");
    assert_eq!(world.api.get("/v1/systems/crm/customers/C-8").await.unwrap().status, 404, "nothing is half imported");
    let (status, report) = send(&path, "text/csv; charset=utf-8", file).await;
    assert_eq!((status, &report["taken"]), (200, &json!(2)), "{report}");
    for (reference, name) in [("C-8", "לוי; נועה"), ("C-9", "חברה בע\"מ")] {
        let kept = world.api.get(&format!("/v1/systems/crm/customers/{reference}")).await.unwrap().json();
        assert_eq!((&kept["record"]["name"], &kept["version"]), (&json!(name), &json!(20_261_127)), "{kept}");
    }
}

#[tokio::test]
async fn what_a_system_told_of_a_customer_decides_where_his_messages_go() {
    let rules = "\
customers: {city: text, points: number}
queues:
  front: {side: front, target: 2m}
  gold: {side: front, target: 1m}
groups:
  desk: {queues: [front, gold], workers: [noa]}
rules:
  - {name: gold, when: customer.segment == 'gold' && customer.points > 100 && customer.city == 'חיפה', queue: gold}
  - {name: rest, queue: front}
";
    let mut world = World::start("systems-profile", |it| it.rules = Some(rules.to_owned())).await;
    let address = world.said(1, "x").from;
    let put = async |world: &World, version: u64, phones: Value, points: Value| {
        let record = json!({
            "version": version, "segment": "gold", "agent": "noa", "phones": phones,
            "fields": { "city": "חיפה", "points": points }
        });
        world.api.put("/v1/systems/crm/customers/C-7", &record).await.unwrap()
    };
    let wrong = put(&world, 1, json!([address]), json!("many")).await;
    assert_eq!((wrong.status, &wrong.json()["field"]), (400, &json!("/fields/points")), "{}", wrong.text());
    let local = put(&world, 1, json!(["05-x"]), json!(1)).await;
    assert_eq!((local.status, &local.json()["field"]), (400, &json!("/phones")), "{}", local.text());
    assert_eq!(put(&world, 1, json!([format!("+{address}")]), json!(120)).await.status, 200);

    world.say(1, "שלום").await;
    world.say(2, "שלום").await;
    let queued = |tasks: &[Value]| tasks.len() == 2;
    let tasks = world.api.until("/v1/tasks", "two tasks", queued).await;
    let mut queues: Vec<&str> = tasks.iter().map(|task| task["queue"].as_str().unwrap()).collect();
    queues.sort_unstable();
    assert_eq!(queues, ["front", "gold"], "{tasks:?}");
    for task in &tasks {
        let customer =
            world.api.get(&format!("/v1/tasks/{}/customer", task["id"].as_str().unwrap())).await.unwrap().json();
        let records = customer["records"].as_array().unwrap();
        assert_eq!(records.len(), usize::from(task["queue"] == "gold"), "{customer}");
        let shown = records.iter().all(|one| one["reference"] == "C-7" && one["record"]["agent"] == "noa");
        assert!(shown, "{customer}");
    }
    // An address that he has no more says nothing of whoever has it now.
    assert_eq!(put(&world, 2, json!([]), json!(120)).await.status, 200);
    let gold = tasks.iter().find(|task| task["queue"] == "gold").unwrap();
    let path = format!("/v1/tasks/{}/customer", gold["id"].as_str().unwrap());
    assert_eq!(world.api.get(&path).await.unwrap().json()["records"], json!([]));
}
