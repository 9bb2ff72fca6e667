//! What every archive must do: give back what was committed.

use blendline_core::input::DeliveryStatus;
use blendline_core::rows::{Closed, Conversation, OutboundState, Task, TaskState};
use blendline_core::{PayloadId, Write};
use blendline_router::payload::MessageBody;
use blendline_router::ports::register::{Entry, Kind};
use blendline_router::ports::store::{Archive, Following, QuarantineRow, Store, TaskFilter, Transcript, Wanted};
use blendline_wire::task::Side;
use blendline_wire::{
    AccountId, ContactKey, ConversationId, MatterId, Millis, OutboundId, Pii, QueueId, TaskId, TenantId, WorkerId,
};

use super::rows::{self, ACCOUNT, NOW, QUEUE, TENANT};
use super::store::{SHARD, StoreWorld, take};

/// Transcripts come in the order asked for, oldest line first, the latest of them when there are many.
pub async fn keeps_transcripts(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let mut commit = rows::batch(SHARD, tenure, 1);
    for seq in 1..=5 {
        rows::say(&mut commit, Some(10), None, seq, &format!("line {seq}\0 שלום"));
    }
    rows::say(&mut commit, None, Some(11), 1, "an item");
    // A note on the task of a conversation has its place in the conversation.
    rows::say(&mut commit, Some(10), Some(12), 6, "a note");
    store.commit(&commit).await.unwrap();

    let of = [
        Transcript::Task(TaskId(11)),
        Transcript::Conversation(ConversationId(10)),
        Transcript::Conversation(ConversationId(99)),
    ];
    let found = store.transcripts(&of, 3).await.unwrap();
    let texts: Vec<Vec<_>> = found
        .iter()
        .map(|lines| lines.iter().map(|line| line.body.text.as_ref().unwrap().expose().as_str()).collect())
        .collect();
    assert_eq!(texts, [vec!["an item"], vec!["line 4\0 שלום", "line 5\0 שלום", "a note"], vec![]]);
    assert_eq!(found[1].iter().map(|line| line.seq).collect::<Vec<_>>(), [4, 5, 6]);
    assert_eq!(found[0][0].at, NOW);

    // And from an instant on the first of them.
    let since = [(of[1], NOW), (of[0], NOW), (of[1], NOW.plus(1))];
    let found = store.said_since(&since, 2).await.unwrap();
    let places: Vec<Vec<u64>> = found.iter().map(|lines| lines.iter().map(|line| line.seq).collect()).collect();
    assert_eq!(places, [vec![1, 2], vec![1], vec![]]);
}

/// A letter has its row as it is now, its content as it was said, and the address that made the contact.
pub async fn joins_letters(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let mut commit = rows::batch(SHARD, tenure, 1);
    commit.addresses = vec![rows::address(50, 50, "first"), rows::address(61, 60, "older")];
    // The customer spoke before our message, which has place 2, and after it.
    for seq in [1, 3] {
        rows::say(&mut commit, Some(1), None, seq, "said");
        let said = commit.payloads.get_mut(&PayloadId(1000 + seq)).unwrap();
        (said.external_id, said.visibility) = (Some(format!("id of {seq}")), Some("direct".to_owned()));
    }
    for (id, contact) in [(1, 50), (2, 60)] {
        commit.payloads.insert(PayloadId(id), MessageBody::reply(rows::content(&format!("words {id}"))));
        commit.writes.push(Write::Outbound(Box::new(rows::outbound(id, contact, id))));
    }
    store.commit(&commit).await.unwrap();
    let mut handed = rows::outbound(1, 50, 1);
    (handed.attempt, handed.state) = (1, OutboundState::Handed { at: NOW });
    let mut commit = rows::batch(SHARD, tenure, 2);
    commit.now = NOW + 1;
    commit.addresses = vec![rows::address(51, 50, "alias"), rows::address(62, 60, "newer")];
    commit.writes.push(Write::Outbound(Box::new(handed.clone())));
    store.commit(&commit).await.unwrap();

    let letters = store.letters(&[OutboundId(2), OutboundId(9), OutboundId(1)]).await.unwrap();
    let [second, first] = &letters[..] else { panic!("{} letters", letters.len()) };
    assert_eq!((&first.row, &first.content), (&handed, &rows::content("words 1")));
    assert_eq!((first.to.expose().as_str(), first.thread.as_deref()), ("first", Some("thread of first")));
    assert_eq!((second.row.id, second.to.expose().as_str()), (OutboundId(2), "newer"));
    let answered = first.answers.as_ref().unwrap();
    assert_eq!(answered.external_id.as_deref(), Some("id of 1"), "what was said before it, not after");
    assert_eq!((answered.visibility.as_deref(), &answered.username), (Some("direct"), &None));
}

fn numbers(tasks: &[Task]) -> Vec<u64> {
    tasks.iter().map(|task| task.id.0).collect()
}

/// Lists are by number, in pages, of one tenant; each filter narrows them.
pub async fn lists_in_pages(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let mut commit = rows::batch(SHARD, tenure, 1);
    for id in 1..=6 {
        let mut task = rows::task(id);
        match id {
            2 => task.state = TaskState::active(WorkerId(8)),
            3 => task.state = TaskState::Closed { at: NOW, how: Closed::Solved, worker: Some(WorkerId(8)) },
            4 => (task.queue, task.side) = (QueueId(6), Side::Back),
            5 => task.tenant = TenantId(8),
            _ => {}
        }
        commit.writes.push(Write::Task(Box::new(task)));
        commit.writes.push(Write::Conversation(Box::new(rows::conversation(id, id.into()))));
        let mut outbound = rows::outbound(id, 1, id);
        if id > 4 {
            outbound.state = OutboundState::Unknown { reason: "timeout".into() };
        }
        commit.writes.push(Write::Outbound(Box::new(outbound)));
        commit.writes.push(Write::Event(Box::new(rows::event(id, if id == 2 { TenantId(8) } else { TENANT }))));
    }
    store.commit(&commit).await.unwrap();

    let all = TaskFilter::default();
    assert_eq!(numbers(&store.tasks(TENANT, &all, TaskId(0), 3).await.unwrap()), [1, 2, 3]);
    assert_eq!(numbers(&store.tasks(TENANT, &all, TaskId(3), 3).await.unwrap()), [4, 6]);
    let filters = [
        (TaskFilter { open: true, ..all.clone() }, vec![1, 2, 4, 6]),
        (TaskFilter { queue: Some(QUEUE), ..all.clone() }, vec![1, 2, 3, 6]),
        (TaskFilter { queue: Some(QUEUE), open: true, ..all.clone() }, vec![1, 2, 6]),
        (TaskFilter { side: Some(Side::Back), ..all.clone() }, vec![4]),
        (TaskFilter { worker: Some(WorkerId(8)), ..all.clone() }, vec![2, 3]),
        (TaskFilter { worker: Some(WorkerId(8)), open: true, queue: Some(QUEUE), ..all.clone() }, vec![2]),
        (TaskFilter { matter: Some(MatterId(5)), ..all.clone() }, vec![4]),
        // Another tenant's matter.
        (TaskFilter { matter: Some(MatterId(6)), ..all }, vec![]),
    ];
    for (filter, expected) in filters {
        assert_eq!(numbers(&store.tasks(TENANT, &filter, TaskId(0), 9).await.unwrap()), expected, "{filter:?}");
    }
    let conversations = store.conversations(TENANT, ConversationId(4), 9).await.unwrap();
    assert_eq!(conversations, [5, 6].map(|id| rows::conversation(id, id.into())));
    let events = store.events(TENANT, 1, 2).await.unwrap();
    assert_eq!(events, [3, 4].map(|id| rows::event(id, TENANT)));
    let outbox = store.outbox(TENANT, false, OutboundId(3), 2).await.unwrap();
    assert_eq!(outbox.iter().map(|row| row.id.0).collect::<Vec<_>>(), [4, 5]);
    let unknown = store.outbox(TENANT, true, OutboundId(5), 9).await.unwrap();
    assert_eq!(unknown.iter().map(|row| row.id.0).collect::<Vec<_>>(), [6]);
}

/// Conversations whose time to confirm is over, oldest first; settled ones leave the list.
pub async fn finds_what_nobody_confirmed(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let mut commit = rows::batch(SHARD, tenure, 1);
    for (id, until) in [(1, 30), (2, 10), (3, 20), (4, 40)] {
        commit.writes.push(Write::Conversation(Box::new(rows::solved(id, id.into(), Millis(until)))));
    }
    store.commit(&commit).await.unwrap();
    let ended = store.confirm_ended(SHARD, Millis(30), 9).await.unwrap();
    assert_eq!(ended.iter().map(|conversation| conversation.id.0).collect::<Vec<_>>(), [2, 3, 1]);
    let mut commit = rows::batch(SHARD, tenure, 2);
    let mut settled = rows::conversation(2, 2);
    settled.state = blendline_core::rows::ConversationState::Unconfirmed { at: NOW };
    commit.writes.push(Write::Conversation(Box::new(settled.clone())));
    store.commit(&commit).await.unwrap();
    let ended = store.confirm_ended(SHARD, Millis(30), 1).await.unwrap();
    assert_eq!(ended, [rows::solved(3, 3, Millis(20))]);
    assert_eq!(store.conversation(ConversationId(2)).await.unwrap(), Some(settled));
}

/// What customers said of late in open conversations of an account, the newest first; not what we said, and not what was
/// said in closed ones.
pub async fn finds_what_was_heard_lately(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let mut commit = rows::batch(SHARD, tenure, 1);
    let other = Conversation { account: AccountId(4), ..rows::conversation(3, 3) };
    for row in [rows::conversation(1, 1), rows::conversation(2, 2), other, rows::solved(4, 4, NOW)] {
        commit.writes.push(Write::Conversation(Box::new(row)));
    }
    for (conversation, seq) in [(1, 1), (1, 2), (2, 7), (1, 3), (3, 9), (4, 5)] {
        rows::say(&mut commit, Some(conversation), None, seq, &format!("{conversation}.{seq}"));
    }
    for write in &mut commit.writes {
        match write {
            Write::Message(row) if row.seq == 3 => row.at = NOW + 2,
            Write::Message(row) if row.seq == 7 => row.at = NOW + 1,
            _ => {}
        }
    }
    store.commit(&commit).await.unwrap();
    for (since, limit, expected) in [
        (NOW, 9, vec!["1.3", "2.7", "1.1"]),
        (NOW + 1, 9, vec!["1.3", "2.7"]),
        (NOW, 1, vec!["2.7"]),
        (NOW + 3, 9, vec![]),
    ] {
        let found = store.heard_lately(SHARD, ACCOUNT, since, limit).await.unwrap();
        let words: Vec<_> = found.iter().map(|line| line.body.text.as_ref().unwrap().expose().as_str()).collect();
        assert_eq!(words, expected, "since {since:?}, {limit}");
    }
}

/// What could not be read is kept whole, newest first.
pub async fn keeps_quarantine(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let row = |n: u8| QuarantineRow {
        id: 0,
        tenant: TENANT,
        account: (n > 1).then_some(ACCOUNT),
        channel: "whatsapp_cloud".into(),
        at: NOW,
        cause: format!("cause {n}"),
        raw: vec![0, n, 255],
    };
    let mut commit = rows::batch(SHARD, tenure, 1);
    commit.quarantine = vec![row(1), row(2), row(3)];
    store.commit(&commit).await.unwrap();
    let mut found = store.quarantined(TENANT, 2).await.unwrap();
    assert!(found[0].id > found[1].id && found[1].id > 0);
    assert_eq!(store.quarantined_one(TENANT, found[1].id).await.unwrap().as_ref(), Some(&found[1]));
    assert_eq!(store.quarantined_one(TenantId(1), found[1].id).await.unwrap(), None, "another tenant's");
    found.iter_mut().for_each(|row| row.id = 0);
    assert_eq!(found, [row(3), row(2)]);
    assert_eq!(store.quarantined(TenantId(1), 2).await.unwrap(), []);
}

/// A name keeps its handle for good, within its kind; asked for at once by many it gets one.
pub async fn gives_handles_once(world: &impl StoreWorld) {
    let name = |kind: &str, name: &str| (kind.to_owned(), name.to_owned());
    let store = world.open().await;
    let names = [name("queue", "sales"), name("queue", "billing"), name("worker", "sales"), name("queue", "sales")];
    let handles = store.handles(&names).await.unwrap();
    assert_eq!(handles[0], handles[3]);
    assert_ne!(handles[0], handles[1]);
    assert!(handles.iter().all(|handle| *handle > 0));
    let (one, other) = (name("tenant", "acme"), name("tenant", "acme"));
    let (one, other) = (&[one], &[other]);
    let (first, second) = tokio::join!(store.handles(one), store.handles(other));
    assert_eq!(first, second);
    let queues = [("sales".to_owned(), handles[0]), ("billing".to_owned(), handles[1])];
    assert_eq!(store.names("queue").await.unwrap(), queues);
    assert_eq!(store.names("skill").await.unwrap(), []);
    drop(store);
    assert_eq!(world.open().await.handles(&names).await.unwrap(), handles, "after reopening");
}

/// Tenants are spread over the shards in turn; each keeps its shard for good, whatever is asked for later.
pub async fn keeps_tenants_on_their_shards(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenants = [TenantId(7), TenantId(3), TenantId(9), TenantId(7)];
    let shards = store.shards(&tenants, 2).await.unwrap();
    assert_eq!(shards, [0, 1, 0, 0]);
    let (one, other) = (&[TenantId(11)], &[TenantId(11)]);
    let (first, second) = tokio::join!(store.shards(one, 2), store.shards(other, 2));
    assert_eq!((first, second), (Ok(vec![1]), Ok(vec![1])));
    drop(store);
    let store = world.open().await;
    assert_eq!(store.shards(&tenants, 16).await.unwrap(), shards, "after reopening, among more");
}

/// A message of ours that is final can still be read, and by the platform's id.
pub async fn keeps_what_was_sent(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let mut row = rows::outbound(1, 1, 1);
    row.state = OutboundState::Sent { status: DeliveryStatus::Delivered };
    let mut commit = rows::batch(SHARD, tenure, 1);
    commit.writes.push(Write::Outbound(Box::new(row.clone())));
    commit.sent.push((OutboundId(1), ACCOUNT, "wamid.1".into()));
    store.commit(&commit).await.unwrap();
    assert_eq!(store.outbox(TENANT, false, OutboundId(0), 9).await.unwrap(), [row]);
    assert!(store.load(SHARD).await.unwrap().outbound.is_empty());
}

/// The journal is given back in the order of its batches, over days, a page at a time, each shard's own.
pub async fn gives_the_journal_back(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let day = Millis(NOW.0 + 86_400_000);
    for (number, now) in [(1, NOW), (2, NOW), (3, day)] {
        let mut commit = rows::batch(SHARD, tenure, number);
        (commit.now, commit.journal) = (now, format!("inputs {number}\0\n").into_bytes());
        store.commit(&commit).await.unwrap();
    }
    let inputs = async |from, after, limit| {
        let rows = store.journal(SHARD, from, after, limit).await.unwrap();
        rows.into_iter().map(|row| (row.batch, row.now, String::from_utf8(row.inputs).unwrap())).collect::<Vec<_>>()
    };
    let row = |number: u64, now| (number, now, format!("inputs {number}\0\n"));
    assert_eq!(inputs(NOW, 0, 9).await, [row(1, NOW), row(2, NOW), row(3, day)]);
    assert_eq!(inputs(NOW, 1, 1).await, [row(2, NOW)]);
    assert_eq!(inputs(day, 0, 9).await, [row(3, day)]);
    assert_eq!(store.journal(SHARD + 1, NOW, 0, 9).await.unwrap(), []);
}

/// A contact reads on across his conversations from where he was, sees no notes, and nobody else's lines.
pub async fn follows_a_contact(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let mut commit = rows::batch(SHARD, tenure, 1);
    commit.addresses = vec![rows::address(50, 7, "visitor")];
    let solved = rows::solved(10, 7, NOW);
    let open = rows::conversation(20, 7);
    let mut elsewhere = rows::conversation(30, 7);
    elsewhere.account = blendline_wire::AccountId(4);
    for row in [solved, open.clone(), elsewhere, rows::conversation(40, 8)] {
        commit.writes.push(Write::Conversation(Box::new(row)));
    }
    commit.writes.push(Write::Task(Box::new(rows::task(20))));
    // Odd lines are the customer's, even ones are notes.
    for conversation in [10, 20, 30, 40] {
        for seq in 1..=5 {
            rows::say(&mut commit, Some(conversation), None, seq, &format!("{conversation}.{seq}"));
        }
    }
    store.commit(&commit).await.unwrap();

    assert_eq!(store.contact_at(50_u128.to_be_bytes()).await.unwrap(), Some(ContactKey(7)));
    assert_eq!(store.contact_at([9; 16]).await.unwrap(), None);
    let places = |from: Option<(u64, u64)>, limit: usize| {
        let (store, from) = (&store, from.map(|(conversation, seq)| (ConversationId(conversation), seq)));
        async move {
            let found = store.follow(ACCOUNT, ContactKey(7), from, limit).await.unwrap();
            found.lines.iter().map(|(conversation, line)| (conversation.0, line.seq)).collect::<Vec<_>>()
        }
    };
    assert_eq!(places(None, 4).await, [(10, 5), (20, 1), (20, 3), (20, 5)], "the latest");
    assert_eq!(places(Some((0, 0)), 4).await, [(10, 1), (10, 3), (10, 5), (20, 1)], "the first");
    assert_eq!(places(Some((10, 3)), 2).await, [(10, 5), (20, 1)]);
    assert_eq!(places(Some((20, 5)), 9).await, []);
    let found = store.follow(ACCOUNT, ContactKey(7), Some((ConversationId(20), 3)), 9).await.unwrap();
    assert_eq!(found.lines[0].1.body.text.as_ref().unwrap().expose(), "20.5");
    assert_eq!((found.conversation, found.task), (Some(open), Some(rows::task(20))));
    assert_eq!(store.follow(ACCOUNT, ContactKey(99), None, 9).await.unwrap(), Following::default());
}

/// The register keeps the latest entry of a key, finds it by that, and lists a kind of a tenant in pages; the addresses
/// of a contact begin with the one that made it.
pub async fn keeps_a_register(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let entry = |number: u8, kind, tenant, body: &str| Entry {
        kind,
        key: [number; 16],
        tenant: TenantId(tenant),
        at: NOW,
        body: Pii::new(serde_json::json!({ "said": body })),
    };
    let mut commit = rows::batch(SHARD, tenure, 1);
    commit.addresses = vec![rows::address(51, 50, "alias"), rows::address(50, 50, "first")];
    commit.entries = vec![
        entry(1, Kind::Consent, 1, "old"),
        entry(200, Kind::Consent, 1, "c"),
        entry(3, Kind::Consent, 2, "another's"),
        entry(2, Kind::Media, 1, "m"),
        entry(1, Kind::Consent, 1, "new \0"),
    ];
    store.commit(&commit).await.unwrap();
    let found = store.entries(&[[1; 16], [9; 16], [2; 16]]).await.unwrap();
    assert_eq!(found.len(), 2);
    assert!(found.contains(&entry(1, Kind::Consent, 1, "new \0")) && found.contains(&entry(2, Kind::Media, 1, "m")));
    let page = |after, limit| store.entries_of(TenantId(1), Kind::Consent, after, limit);
    assert_eq!(page(None, 1).await.unwrap(), [entry(1, Kind::Consent, 1, "new \0")]);
    assert_eq!(page(Some([1; 16]), 5).await.unwrap(), [entry(200, Kind::Consent, 1, "c")]);
    let wanted = Wanted { entries: vec![[200; 16], [8; 16]], ..Wanted::default() };
    let looked_up = store.prefetch(SHARD, &wanted).await.unwrap().entries;
    assert_eq!(looked_up.into_values().collect::<Vec<_>>(), [entry(200, Kind::Consent, 1, "c")]);

    let mut later = rows::batch(SHARD, tenure, 2);
    later.entries = vec![entry(200, Kind::Consent, 1, "changed")];
    store.commit(&later).await.unwrap();
    assert_eq!(store.entries(&[[200; 16]]).await.unwrap(), [entry(200, Kind::Consent, 1, "changed")]);
    let mut failing = rows::batch(SHARD, tenure, 3);
    for id in [7, 8] {
        let mut row = rows::outbound(id, 50, id);
        row.state = if id == 8 { OutboundState::Failed { reason: "undeliverable".into() } } else { row.state };
        failing.payloads.insert(PayloadId(id), MessageBody::reply(rows::content("words")));
        failing.writes.push(Write::Outbound(Box::new(row)));
    }
    store.commit(&failing).await.unwrap();
    let latest = store.said_lately(TENANT, ACCOUNT, 2).await.unwrap();
    let all = store.outbox(TENANT, false, OutboundId(0), 200).await.unwrap();
    let mut newest: Vec<_> = all.into_iter().rev().filter(|row| row.account == ACCOUNT).collect();
    newest.truncate(2);
    assert_eq!(latest, newest, "the latest of an account, newest first");
    assert_eq!(store.said_lately(TENANT, AccountId(ACCOUNT.0 + 9), 2).await.unwrap(), []);
    let failed = store.failed(TENANT, OutboundId(0), 9).await.unwrap();
    assert_eq!(failed.iter().map(|row| row.id).collect::<Vec<_>>(), [OutboundId(8)]);
    assert_eq!(store.failed(TENANT, OutboundId(8), 9).await.unwrap(), []);
    let addresses = store.addresses_of(ContactKey(50), 5).await.unwrap();
    let texts: Vec<_> = addresses.iter().map(|known| known.address.expose().as_str()).collect();
    assert_eq!(texts, ["first", "alias"]);
    assert_eq!(store.addresses_of(ContactKey(50), 1).await.unwrap().len(), 1);
}
