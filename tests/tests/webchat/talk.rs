//! Two people talk.

use blendline_tests::webchat::{client_id, identity};
use blendline_tests::worker::{done, said};
use serde_json::json;

use crate::office::Office;

#[tokio::test]
async fn a_chat_in_hebrew_goes_both_ways_to_its_confirmed_end() {
    let office = Office::start("talk").await;
    let visitor = office.visitor().await;
    let mut guest = visitor.connect(None).await;
    assert_eq!(guest.of("welcome").await["visitor"], visitor.visitor.as_str());
    let id = client_id();
    guest.say(&id, "שלום, איפה ההזמנה שלי?\u{0}").await;
    assert_eq!(guest.of("ack").await["client_id"], id.as_str());
    let own = guest.of("message").await;
    assert_eq!((&own["from"], &own["client_id"]), (&json!("visitor"), &json!(id)));
    assert_eq!(own["text"], "שלום, איפה ההזמנה שלי?");
    guest.state("waiting").await;

    let mut noa = office.noa().await;
    let task = noa.task().await;
    assert_eq!(task.messages[0].text.as_ref().unwrap().expose(), "שלום, איפה ההזמנה שלי?");
    guest.state("active").await;
    noa.reply(task.id, task.lease, "r1", "שלום! היא בדרך.").await.unwrap();
    let reply = guest.of("message").await;
    assert_eq!((&reply["from"], &reply["name"], &reply["client_id"]), (&json!("agent"), &json!("noa"), &json!(null)));
    assert_eq!(reply["text"], "שלום! היא בדרך.");
    assert!(reply["at"].as_u64().unwrap() > 1_700_000_000_000);

    noa.settle(&task, done(), vec![said("r2", "יום טוב")]).await.unwrap();
    assert_eq!(guest.texts(1).await, ["יום טוב"]);
    guest.state("solved").await;
    for _ in 0..2 {
        guest.send(&json!({ "type": "confirm", "confirmed": true })).await;
    }
    office.until_events("task_confirmed", 1).await;

    // What a colleague was told is not for the visitor, and a new matter begins where the last one ended.
    guest.say(&client_id(), "תודה!").await;
    assert_eq!(guest.texts(1).await, ["תודה!"]);
    assert_eq!(office.api.events("task_confirmed").await.len(), 1);
}

#[tokio::test]
async fn a_denial_brings_the_worker_back() {
    let office = Office::start("denial").await;
    let visitor = office.visitor().await;
    let mut guest = visitor.connect(None).await;
    guest.say(&client_id(), "it is broken").await;
    let mut noa = office.noa().await;
    let task = noa.task().await;
    noa.settle(&task, done(), vec![said("r", "try now")]).await.unwrap();
    guest.state("solved").await;
    guest.send(&json!({ "type": "confirm", "confirmed": false })).await;
    let again = noa.task().await;
    assert_eq!(again.conversation, task.conversation);
    guest.state("active").await;
}

#[tokio::test]
async fn a_proven_user_is_one_person_on_two_devices_and_a_forged_one_is_nobody() {
    let office = Office::start("identity").await;
    let secret = office.site.identity_secret.clone();
    let phone = office.session(json!({ "identity": identity("4471", &secret) })).await;
    let laptop = office.session(json!({ "identity": identity("4471", &secret) })).await;
    let thief = office.session(json!({ "identity": identity("4471", "a-guess-0123456789") })).await;
    assert_eq!((phone.visitor.as_str(), laptop.visitor.as_str()), ("user:4471", "user:4471"));
    assert!(thief.visitor.starts_with("anon:"), "{}", thief.visitor);

    let mut guest = phone.connect(None).await;
    guest.say(&client_id(), "from the phone").await;
    assert_eq!(guest.texts(1).await, ["from the phone"]);
    let mut noa = office.noa().await;
    let task = noa.task().await;
    assert_eq!(task.messages[0].name.as_ref().unwrap().expose(), "User 4471");
    let mut other = laptop.connect(None).await;
    assert_eq!(other.texts(1).await, ["from the phone"]);
    let mut stranger = thief.connect(None).await;
    stranger.of("welcome").await;
    stranger.say(&client_id(), "who am I?").await;
    assert_eq!(stranger.texts(1).await, ["who am I?"], "a stranger reads his own words only");
    office.until_metric("blendline_chat_sessions_total{outcome=\"forged\"}", 1.0).await;
}

#[tokio::test]
async fn long_polling_goes_both_ways() {
    let office = Office::start("poll").await;
    let visitor = office.visitor().await;
    assert_eq!(visitor.poll(None, 0).await.json(), json!({ "messages": [], "state": null }));
    let id = client_id();
    for _ in 0..2 {
        let reply = visitor.post(&id, "שלום").await;
        assert_eq!((reply.status, reply.json()["client_id"].as_str()), (200, Some(id.as_str())));
        assert_eq!(reply.header("access-control-allow-origin"), Some(office.site.origin.as_str()));
    }
    let mut noa = office.noa().await;
    let task = noa.task().await;
    let mut page = visitor.poll(None, 25).await.json();
    assert_eq!(page["messages"].as_array().unwrap().len(), 1, "said twice it is one message: {page}");
    assert_eq!(page["messages"][0]["client_id"], id.as_str());
    let cursor = page["messages"][0]["cursor"].as_str().unwrap().to_owned();
    let waiting = visitor.poll(Some(&cursor), 25);
    let replying = noa.reply(task.id, task.lease, "r", "here I am");
    let (answer, replied) = tokio::join!(waiting, replying);
    replied.unwrap();
    page = answer.json();
    if page["messages"].as_array().unwrap().is_empty() {
        // The state changed first: who polls asks again.
        page = visitor.poll(Some(&cursor), 25).await.json();
    }
    assert_eq!(page["messages"][0]["text"], "here I am");
    assert_eq!(page["state"], "active");
    let mut stolen = visitor.clone();
    stolen.token.push('0');
    assert_eq!(stolen.poll(None, 0).await.status, 401);
    assert_eq!(stolen.post(&client_id(), "x").await.status, 401);
}

#[tokio::test]
async fn whoever_wrote_too_much_may_still_say_that_it_is_solved() {
    let office = Office::with("word", |it| it.chat = "messages_per_minute = 1\nmessages_burst = 1".into()).await;
    let mut noa = office.noa().await;
    for polls in [false, true] {
        let visitor = office.visitor().await;
        let mut guest = visitor.connect(None).await;
        guest.say(&client_id(), "hello").await;
        guest.of("ack").await;
        guest.say(&client_id(), "too much").await;
        assert_eq!(guest.of("refused").await["reason"], "too_fast");
        let task = noa.task().await;
        noa.settle(&task, done(), vec![]).await.unwrap();
        guest.state("solved").await;
        let id = client_id();
        // Said again, because nobody knows whether it was heard, it counts once.
        for _ in 0..2 {
            if polls {
                let reply = visitor.word(&id, true).await;
                assert_eq!((reply.status, reply.json()["client_id"].as_str()), (200, Some(id.as_str())));
            } else {
                guest.send(&json!({ "type": "confirm", "client_id": id, "confirmed": true })).await;
                assert_eq!(guest.of("ack").await["client_id"], id.as_str());
            }
        }
    }
    office.until_events("task_confirmed", 2).await;
    assert_eq!(office.api.events("task_confirmed").await.len(), 2);
}
