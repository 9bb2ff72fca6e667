//! Somebody who may buy, from his first message to his own word that what he ordered has come; and an opportunity that waits.

use blendline_wire::worker::{TaskView, Verdict};
use serde_json::{Value, json};

use super::cases::{finish, press, told};
use super::shipped::{Shop, count, work};

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
  lead: {like: lead, queues: {sales: front, warehouse: stock}}
systems:
  shop:
    reference: order
    events:
      delivered: {case: lead, move: won}
";

async fn events(shop: &Shop, kind: &str) -> Vec<Value> {
    let mut events = shop.world.api.all("/v1/events").await;
    events.retain(|event| event["event"] == kind);
    events
}

async fn qualified(shop: &mut Shop) -> (String, TaskView) {
    let (case, _) = shop.opened("lead", "שלום, מתעניינת במטבח", json!({ "source": "friend" })).await;
    told(&shop.world, "תודה על ההתעניינות").await;
    let lead = work(&mut shop.noa).await;
    let early = shop.noa.settle(&lead, finish("qualified"), vec![]).await.unwrap_err();
    assert!(early.code == "missing_fields" && early.detail.contains("value"), "{early:?}");
    let known = json!({ "wants": "A kitchen", "value": { "minor": 4_500_000, "currency": "ILS" } });
    shop.set(&case, "q", known).await;
    shop.noa.settle(&lead, finish("qualified"), vec![]).await.unwrap();
    let task = work(&mut shop.noa).await;
    (case, task)
}

#[tokio::test]
async fn a_lead_becomes_an_offer_an_order_and_goods_that_came() {
    let mut shop = Shop::with("lead", "order", RULES).await;
    let (case, opportunity) = qualified(&mut shop).await;
    shop.set(&case, "o", json!({ "offer": "K-12" })).await;
    shop.noa.settle(&opportunity, finish("offered"), vec![]).await.unwrap();
    let question = told(&shop.world, "זו ההצעה שלנו: K-12").await;
    work(&mut shop.noa).await;
    press(&shop.world, &question, 0, "ordering").await;
    let ordering = work(&mut shop.noa).await;
    let early = shop.noa.settle(&ordering, finish("ordered"), vec![]).await.unwrap_err();
    assert!(early.code == "missing_fields" && early.detail.contains("order"), "{early:?}");
    shop.set(&case, "n", json!({ "order": "SO-77" })).await;
    shop.noa.settle(&ordering, finish("ordered"), vec![]).await.unwrap();
    told(&shop.world, "ההזמנה שלך היא SO-77").await;
    assert_eq!(work(&mut shop.dana).await.queue, "stock");
    shop.tell("shop", "SO-77", "delivered", json!({})).await;
    shop.confirmed(&case, "הזמנה SO-77 הגיעה").await;
    let kinds = shop.written_back("SO-77").await;
    assert!(1 <= count(&kinds, "case_moved"), "{kinds:?}");
    assert_eq!((count(&kinds, "case_closed"), count(&kinds, "case_confirmed")), (1, 1), "{kinds:?}");
    let measured = events(&shop, "case_measured").await;
    assert!(measured.iter().any(|event| event["measure"] == "until-won"), "{measured:?}");
}

#[tokio::test]
async fn a_lost_one_says_why() {
    let mut shop = Shop::with("lead-lost", "order", RULES).await;
    let (case, opportunity) = qualified(&mut shop).await;
    let early = shop.noa.settle(&opportunity, finish("lost"), vec![]).await.unwrap_err();
    assert!(early.code == "missing_fields" && early.detail.contains("loss_reason"), "{early:?}");
    shop.set(&case, "l", json!({ "loss_reason": "competitor" })).await;
    shop.noa.settle(&opportunity, finish("lost"), vec![]).await.unwrap();
    let info = shop.world.api.get(&format!("/v1/cases/{case}")).await.unwrap().json();
    assert_eq!(info["closed"]["outcome"], "lost", "{info}");
}

/// What a worker leaves waits in its queue and comes again by its worth and age.
#[tokio::test]
async fn an_opportunity_that_was_left_comes_again() {
    let yaml = include_str!("../../../router/rules/src/shipped/lead.yaml");
    let yaml: String = yaml
        .replace("{after: 3d, by: value}", "{after: 1s, by: value}")
        .replace("queue: sales", "queue: front")
        .replace("queue: warehouse", "queue: stock")
        .lines()
        .map(|line| format!("    {line}\n"))
        .collect();
    let rules =
        RULES.replace("  lead: {like: lead, queues: {sales: front, warehouse: stock}}\n", &format!("  lead:\n{yaml}"));
    let mut shop = Shop::with("lead-again", "order", &rules).await;
    let (case, opportunity) = qualified(&mut shop).await;
    // She would rather do something easier.
    let left = Verdict::Refuse { reason: "later".into() };
    shop.noa.settle(&opportunity, left, vec![]).await.unwrap();
    let again = work(&mut shop.noa).await;
    assert_ne!(again.id, opportunity.id);
    shop.world.until_events("case_resurfaced", 2).await;
    let told = events(&shop, "case_resurfaced").await;
    let target = |at: usize| told[at]["target_ms"].as_u64().unwrap();
    assert!(target(1) <= target(0) && told[0]["worth"] == json!(4_500_000), "{told:?}");
    let info = shop.world.api.get(&format!("/v1/cases/{case}")).await.unwrap().json();
    assert_eq!(info["stage"]["name"], "opportunity", "{info}");
}
