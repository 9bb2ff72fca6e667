//! Each shipped type of cases from the customer's first message to his own word that it is settled: what he is told is captured at
//! the platform, what other systems tell moves the case, and what is decided is written back to them.

use blendline_tests::config::Worker;
use blendline_tests::receiver::{Posted, Receiver};
use blendline_tests::worker::Hand;
use blendline_wire::org::FieldValue;
use blendline_wire::worker::{ServerFrame, TaskView};
use serde_json::{Value, json};

use super::cases::{act, finish, press, told};
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
  damaged-goods: {like: damaged-goods, queues: {service: front, warehouse: stock}}
  delivery-problem: {like: delivery-problem, queues: {service: front, warehouse: stock}}
  forgotten-goods: {like: forgotten-goods, queues: {service: front, store: stock}}
  return-credit: {like: return-credit, queues: {service: front, warehouse: stock}}
systems:
  delivery:
    reference: order
    events:
      goods_in: {case: return-credit, move: inspecting}
      lost: {case: delivery-problem, set: {found: lost}, move: choosing}
      delivered: [{case: damaged-goods, move: solved}, {case: delivery-problem, move: solved}]
  billing:
    reference: order
    events:
      credit_issued: {case: return-credit, set: {credit_note: \"{number}\"}, move: solved}
  till:
    reference: found_number
    events:
      forgotten: {open: forgotten-goods, set: {contents: \"{contents}\", found_at: \"{till}\"}}
authority:
  grants:
    desk: {who: {group: desk}, action: credit, currency: ILS, limit: 20000}
";
const EVENTS: &str =
    "[events]\nplain_http = true\nprivate_networks = true\nretry_first_ms = 20\nretry_longest_ms = 200\n";

/// A company with another system that is told what befalls its references.
pub(super) struct Shop {
    pub(super) world: World,
    pub(super) noa: Hand,
    pub(super) dana: Hand,
    pub(super) system: Receiver,
}

impl Shop {
    async fn open(what: &str, reference: &str) -> Self {
        Self::with(what, reference, RULES).await
    }

    /// One with rules of its own.
    pub(super) async fn with(what: &str, reference: &str, rules: &str) -> Self {
        let world = World::start(what, |it| {
            it.workers = vec![Worker::new("omer", &["care"], 1)];
            it.rules = Some(rules.to_owned());
            it.extra = EVENTS.to_owned();
            // The hands are busy elsewhere for a while.
            it.heartbeat_ms = 10_000;
        })
        .await;
        let system = Receiver::start().await;
        let endpoint = json!({ "name": "erp", "url": system.url(), "reference": reference });
        let added = world.api.post("/v1/event-endpoints", &endpoint).await.unwrap();
        assert_eq!(added.status, 201, "{}", added.text());
        system.knows(added.json()["secret"].as_str().unwrap());
        let (noa, dana) = (world.hand("noa").await, world.hand("dana").await);
        Self { world, noa, dana, system }
    }

    /// The customer writes, and the worker opens a case for it; the conversation is over for now.
    pub(super) async fn opened(&mut self, case_type: &str, words: &str, fields: Value) -> (String, TaskView) {
        self.world.say(1, words).await;
        let talk = self.noa.task().await;
        let opening = json!({ "type": case_type, "key": "desk-1", "task": talk.id, "owner": "noa", "fields": fields });
        let opened = self.world.api.post("/v1/cases", &opening).await.unwrap();
        assert_eq!(opened.status, 201, "{}", opened.text());
        self.noa.settle(&talk, finish("opened a case"), vec![]).await.unwrap();
        (opened.json()["id"].as_str().unwrap().to_owned(), talk)
    }

    pub(super) async fn tell(&self, system: &str, reference: &str, kind: &str, fields: Value) {
        let event = json!({
            "id": format!("{system}-{kind}-{reference}"), "reference": reference, "kind": kind,
            "at": "2026-11-25T09:30:00Z", "fields": fields
        });
        let told = self.world.api.post(&format!("/v1/systems/{system}/events"), &event).await.unwrap();
        assert_eq!((told.status, &told.json()["state"]), (200, &json!("done")), "{}", told.text());
    }

    pub(super) async fn set(&self, case: &str, key: &str, fields: Value) {
        act(&self.world.api, case, key, json!({ "set": { "fields": fields } })).await;
    }

    /// The worker decides a credit for the case, within her authority.
    async fn credit(&self, case: &str, task: &TaskView, minor: i64) {
        let asking = json!({
            "key": "credit-1", "action": "credit", "currency": "ILS", "minor": minor, "worker": "noa", "task": task.id,
            "case": case
        });
        let granted = self.world.api.post("/v1/decisions", &asking).await.unwrap();
        assert_eq!((granted.status, &granted.json()["state"]), (201, &json!("granted")), "{}", granted.text());
    }

    /// He says that it is settled, and it is.
    pub(super) async fn confirmed(&self, case: &str, words: &str) {
        let asked = told(&self.world, words).await;
        press(&self.world, &asked, 0, "yes").await;
        self.world.until_events("case_confirmed", 1).await;
        let info = self.world.api.get(&format!("/v1/cases/{case}")).await.unwrap().json();
        let closed = &info["closed"];
        assert_eq!((&closed["outcome"], &closed["confirmed"]), (&json!("solved"), &json!(true)), "{info}");
    }

    /// What the other system was told of a reference until the customer's word, in its order: signed, whole and once.
    pub(super) async fn written_back(&self, reference: &str) -> Vec<String> {
        let is_last = |posts: &[Posted]| posts.iter().any(|post| post.body["type"] == "case_confirmed");
        let posts = self.system.until("the customer's word", is_last).await;
        let mut numbers = Vec::new();
        for post in &posts {
            assert_eq!(post.signatures, (1, vec![true]), "{}", post.id);
            assert_eq!(post.body["reference"], reference, "{}", post.body);
            assert!(post.body["case"]["id"].as_str().unwrap().starts_with("cas_"), "{}", post.body);
            numbers.push(post.id.strip_prefix("evt_").unwrap().parse::<u64>().unwrap());
        }
        assert!(numbers.is_sorted(), "{numbers:?}");
        let ledger = self.world.api.all("/v1/event-endpoints/erp/deliveries").await;
        assert!(ledger.iter().all(|entry| entry["lane"] == format!("ref:{reference}")), "{ledger:?}");
        posts.into_iter().map(|post| post.body["type"].as_str().unwrap().to_owned()).collect()
    }
}

/// The next task of a stage's work.
pub(super) async fn work(hand: &mut Hand) -> TaskView {
    let is_work = |frame| match frame {
        ServerFrame::Assigned { task } if task.fields.contains_key("stage") => Some(task),
        _ => None,
    };
    hand.until("a stage's work", is_work).await
}

pub(super) fn count(kinds: &[String], kind: &str) -> usize {
    kinds.iter().filter(|seen| *seen == kind).count()
}

/// What the customer reads of his return on the page behind his link, in both languages: where it stands and what comes then,
/// each as (English, Hebrew); until when, while it is open; and what was granted.
async fn stands(world: &World, link: &str, here: (&str, &str), then: Option<(&str, &str)>, granted: Option<&str>) {
    for (lang, here, then, due) in [
        ("en", here.0, then.map(|words| words.0), "This step by"),
        ("he", here.1, then.map(|words| words.1), "השלב הזה עד"),
    ] {
        let page = world.api.get(&format!("{link}?lang={lang}")).await.unwrap().text();
        assert!(page.contains(&format!("aria-current=\"step\"><bdi>{here}</bdi>")), "{here}: {page}");
        let (shows_due, dates) = (page.contains(due), page.matches("<time").count());
        assert_eq!(shows_due, then.is_some(), "{here}: {page}");
        assert!(dates > usize::from(then.is_some()), "{here}: {page}");
        if let Some(then) = then {
            assert!(page.contains(&format!("<dd><bdi>{then}</bdi></dd>")), "{here}, then {then}: {page}");
        }
        let amount = granted.map(|amount| format!("<dd><bdi dir=\"ltr\">{amount}</bdi></dd>"));
        assert!(amount.is_none_or(|amount| page.contains(&amount)), "{here}: {page}");
        assert!(granted.is_some() || !page.contains("ILS"), "nothing was granted yet: {page}");
    }
}

#[tokio::test]
async fn a_return_is_inspected_credited_paid_out_and_confirmed() {
    let mut shop = Shop::open("return-credit", "order").await;
    let fields = json!({ "order": "SO-1017", "reason": "not_wanted" });
    let (case, talk) = shop.opened("return-credit", "שלום, אני רוצה להחזיר", fields).await;
    told(&shop.world, "ההחזרה של הזמנה SO-1017 נרשמה").await;
    // He sees at any time where it stands, until when, what comes then, and how much it is.
    let path = format!("/v1/tasks/{}/status-link", talk.id);
    let link = shop.world.api.post(&path, &json!({})).await.unwrap().json()["path"].as_str().unwrap().to_owned();
    let [wait, look_at, grant, way, paid] = [
        ("We wait for the goods", "ממתינים למוצר"),
        ("The goods are being looked at", "המוצר בבדיקה"),
        ("Your credit is being granted", "הזיכוי באישור"),
        ("Your credit is on its way", "הזיכוי בדרך אליך"),
        ("Credited", "זוכה"),
    ];
    stands(&shop.world, &link, wait, Some(look_at), None).await;
    shop.tell("delivery", "SO-1017", "goods_in", json!({})).await;
    told(&shop.world, "הגיע אלינו").await;
    stands(&shop.world, &link, look_at, Some(grant), None).await;

    let look = work(&mut shop.dana).await;
    let early = shop.dana.settle(&look, finish("fit"), vec![]).await.unwrap_err();
    assert!(early.code == "missing_fields" && early.detail.contains("condition"), "{early:?}");
    shop.set(&case, "k1", json!({ "condition": "as_new" })).await;
    shop.dana.settle(&look, finish("fit"), vec![]).await.unwrap();

    // Nobody writes the amount: it is what was decided.
    let credit = work(&mut shop.noa).await;
    stands(&shop.world, &link, grant, Some(way), None).await;
    let early = shop.noa.settle(&credit, finish("credited"), vec![]).await.unwrap_err();
    assert!(early.code == "missing_fields" && early.detail.contains("credit"), "{early:?}");
    shop.credit(&case, &credit, 9_900).await;
    shop.noa.settle(&credit, finish("credited"), vec![]).await.unwrap();
    told(&shop.world, "אושר לך זיכוי של 99.00 ILS").await;

    stands(&shop.world, &link, way, Some(paid), Some("99.00 ILS")).await;
    let page = shop.world.api.get(&format!("{link}?lang=he")).await.unwrap().text();
    assert!(page.contains("הזיכוי 99.00 ILS ישולם עד"), "what was promised, by its day: {page}");

    shop.tell("billing", "SO-1017", "credit_issued", json!({ "number": "CN-88" })).await;
    shop.confirmed(&case, "האם הנושא הסתיים").await;
    stands(&shop.world, &link, paid, None, Some("99.00 ILS")).await;
    let kinds = shop.written_back("SO-1017").await;
    assert_eq!((kinds[0].as_str(), count(&kinds, "case_moved")), ("case_opened", 4), "{kinds:?}");
    for once in ["decision_granted", "promise_made", "promise_kept", "case_closed", "case_confirmed"] {
        assert_eq!(count(&kinds, once), 1, "{once}: {kinds:?}");
    }
    let decided = shop.system.taken().into_iter().find(|post| post.body["type"] == "decision_granted").unwrap();
    assert_eq!((&decided.body["data"]["minor"], &decided.body["data"]["currency"]), (&json!(9_900), &json!("ILS")));
}

#[tokio::test]
async fn damaged_goods_are_sent_again_and_the_delivery_system_says_that_they_came() {
    let mut shop = Shop::open("damaged-goods", "order").await;
    let fields = json!({ "order": "SO-2", "reason": "damaged" });
    let (case, _) = shop.opened("damaged-goods", "שלום, הגיע שבור", fields).await;
    told(&shop.world, "תמונה של המוצר").await;
    let check = work(&mut shop.noa).await;
    shop.set(&case, "k1", json!({ "seen": "picture", "goods": "two cups" })).await;
    shop.noa.settle(&check, finish("seen"), vec![]).await.unwrap();
    let question = told(&shop.world, "מה נעשה לגבי הזמנה SO-2").await;
    press(&shop.world, &question, 0, "again").await;
    told(&shop.world, "שולחים שוב").await;
    assert_eq!(work(&mut shop.dana).await.queue, "stock");
    // The warehouse's task is not needed any more when the delivery system knows that the goods are there.
    shop.tell("delivery", "SO-2", "delivered", json!({})).await;
    shop.world.until_events("task_cancelled", 1).await;
    shop.confirmed(&case, "האם הבעיה נפתרה").await;
    let kinds = shop.written_back("SO-2").await;
    assert_eq!((count(&kinds, "case_moved"), count(&kinds, "case_closed")), (3, 1), "{kinds:?}");
    let told = shop.system.taken();
    assert!(!json!(told.iter().map(|post| &post.body).collect::<Vec<_>>()).to_string().contains("two cups"));
}

#[tokio::test]
async fn a_lost_delivery_is_credited_within_authority() {
    let mut shop = Shop::open("lost-delivery", "order").await;
    let fields = json!({ "order": "SO-3", "reason": "not_received" });
    let (case, _) = shop.opened("delivery-problem", "שלום, ההזמנה שלי לא הגיעה", fields).await;
    let check = work(&mut shop.noa).await;
    shop.noa.settle(&check, finish("locate"), vec![]).await.unwrap();
    work(&mut shop.dana).await;
    shop.tell("delivery", "SO-3", "lost", json!({})).await;
    let question = told(&shop.world, "לא הצלחנו לאתר").await;
    press(&shop.world, &question, 1, "credit").await;
    let credit = work(&mut shop.noa).await;
    let by_hand =
        json!({ "key": "x", "act": { "set": { "fields": { "credit": { "minor": 1, "currency": "ILS" } } } } });
    let refused = shop.world.api.post(&format!("/v1/cases/{case}"), &by_hand).await.unwrap();
    assert_eq!((refused.status, &refused.json()["code"]), (422, &json!("wrong_field")), "{}", refused.text());
    shop.credit(&case, &credit, 12_990).await;
    shop.noa.settle(&credit, finish("credited"), vec![]).await.unwrap();
    shop.confirmed(&case, "האם הבעיה נפתרה").await;
    let kinds = shop.written_back("SO-3").await;
    assert_eq!((count(&kinds, "decision_granted"), count(&kinds, "case_moved")), (1, 4), "{kinds:?}");
}

#[tokio::test]
async fn forgotten_goods_go_back_to_stock_and_the_claim_finds_them_by_their_list() {
    let mut shop = Shop::open("forgotten-goods", "found_number").await;
    for (number, contents) in [("F-7", "חלב, ביצים, לחם"), ("F-8", "עיתון, מטרייה")] {
        shop.tell("till", number, "forgotten", json!({ "contents": contents, "till": "till 4" })).await;
    }
    // The chilled goods of both go before all others.
    let mut stages = Vec::new();
    for _ in 0..4 {
        let task = work(&mut shop.dana).await;
        let text = |field: &str| match &task.fields[field] {
            FieldValue::Text(text) => text.expose().clone(),
            other => panic!("{other:?}"),
        };
        let stage = text("stage");
        if stage == "chilling" {
            shop.set(&text("case"), "chilled", json!({ "chilled": "back" })).await;
        }
        let disposition = if stage == "chilling" { "chilled_done" } else { "shelved" };
        shop.dana.settle(&task, finish(disposition), vec![]).await.unwrap();
        stages.push(stage);
    }
    assert_eq!(stages, ["chilling", "chilling", "shelving", "shelving"]);
    shop.world.until_events("case_moved", 4).await;

    // The claim lists what was bought; the best match comes first, and becomes this customer's.
    shop.world.say(1, "שלום, שכחתי בקופה חלב וביצים").await;
    let talk = shop.noa.task().await;
    let path =
        "/v1/cases/alike?type=forgotten-goods&field=contents&text=%D7%97%D7%9C%D7%91%20%D7%91%D7%99%D7%A6%D7%99%D7%9D";
    let found = shop.world.api.get(path).await.unwrap().json()["items"].as_array().unwrap().clone();
    assert_eq!((found.len(), &found[0]["share_milli"]), (1, &json!(1_000)), "{found:?}");
    assert_eq!(found[0]["case"]["fields"]["found_number"], "F-7");
    let case = found[0]["case"]["id"].as_str().unwrap().to_owned();
    act(&shop.world.api, &case, "link", json!({ "link": { "conversation": talk.conversation } })).await;
    act(&shop.world.api, &case, "claim", json!({ "move": { "to": "choosing" } })).await;
    shop.noa.settle(&talk, finish("claimed"), vec![]).await.unwrap();
    assert!(
        shop.world.api.get(path).await.unwrap().json()["items"].as_array().unwrap().is_empty(),
        "it is somebody's now"
    );

    let question = told(&shop.world, "חלב, ביצים, לחם").await;
    press(&shop.world, &question, 0, "credit").await;
    told(&shop.world, "תמונה של הקבלה").await;
    let credit = work(&mut shop.noa).await;
    shop.credit(&case, &credit, 4_200).await;
    let early = shop.noa.settle(&credit, finish("credited"), vec![]).await.unwrap_err();
    assert!(early.code == "missing_fields" && early.detail.contains("receipt"), "{early:?}");
    shop.set(&case, "r", json!({ "receipt": "R-100" })).await;
    shop.noa.settle(&credit, finish("credited"), vec![]).await.unwrap();
    shop.confirmed(&case, "הטיפול במוצרים שנשכחו").await;
    let is_last = |posts: &[Posted]| posts.iter().any(|post| post.body["type"] == "case_confirmed");
    let posts = shop.system.until("the customer's word", is_last).await;
    let of_first = posts.iter().filter(|post| post.body["reference"] == "F-7");
    let kinds: Vec<String> = of_first.map(|post| post.body["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!((count(&kinds, "case_moved"), count(&kinds, "decision_granted")), (5, 1), "{kinds:?}");
}
