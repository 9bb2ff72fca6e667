//! `blendline export` and `blendline import` between the two databases: all of it, or nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use blendline_authority::Kind;
use blendline_core::Write;
use blendline_quality::Judgement;
use blendline_router::adapters::sqlite::{DataDir, SqliteStore};
use blendline_router::directory::Role;
use blendline_router::people::audit::Check;
use blendline_router::ports::devices::{Devices, Tried};
use blendline_router::ports::people::{Deed, Opening, People, SessionLimits, User};
use blendline_router::ports::store::{Archive, QuarantineRow, Store, Transcript};
use blendline_tests::contract::rows::{self, ACCOUNT, NOW, TENANT};
use blendline_tests::contract::store::{SHARD, StoreWorld as _, take};
use blendline_tests::contract::{cases, devices, improvements, judgements, ledger};
use blendline_tests::process::{Scratch, program};
use blendline_wire::{ConversationId, OutboundId, WorkerId};
use sha2::Digest as _;

use crate::database::Database;

/// Something in every table, and what is hard to carry: NULs, quotes, four scripts, empty values, two days, two shards.
async fn fill(store: &(impl Store + Archive + People + Devices)) {
    let tenure = take(store).await;
    let odd = "\0\u{1} \"quoted\" \\ שלום مرحبا Привет \u{1f600} \u{2028}";
    let mut commit = rows::batch(SHARD, tenure, 1);
    for id in 1..=40 {
        commit.writes.push(Write::Task(Box::new(rows::task(id))));
        let conversation =
            if id % 3 == 0 { rows::solved(id, id.into(), NOW) } else { rows::conversation(id, id.into()) };
        commit.writes.push(Write::Conversation(Box::new(conversation)));
        commit.payloads.insert(
            blendline_core::PayloadId(id),
            blendline_router::payload::MessageBody::reply(rows::content(&format!("{odd} {id}"))),
        );
        commit.writes.push(Write::Outbound(Box::new(rows::outbound(id, id.into(), id))));
        commit.writes.push(Write::Worker(Box::new(rows::worker(id))));
        commit.writes.push(Write::Event(Box::new(rows::event(id, TENANT))));
        rows::say(&mut commit, Some(id), None, 1, odd);
        commit.keys.push((u128::from(id).to_be_bytes(), vec![0, id as u8]));
        commit.addresses.push(rows::address(id.into(), id.into(), odd));
    }
    commit.writes.push(Write::Tenant(rows::tenant(7)));
    commit.writes.push(Write::Calendar(rows::calendar(1)));
    commit.sent = vec![(OutboundId(3), ACCOUNT, "wamid.\0odd".into())];
    for account in [None, Some(ACCOUNT)] {
        let cause = "at byte 6".into();
        let row = QuarantineRow {
            id: 0,
            tenant: TENANT,
            account,
            channel: "email".into(),
            at: NOW,
            cause,
            raw: vec![0, 255],
        };
        commit.quarantine.push(row);
    }
    commit.cases = vec![cases::case(1, 10, Some(100)), cases::case(u128::MAX, 10, None)];
    commit.lines = vec![
        ledger::line(1, 1, Kind::Asked, NOW, 500),
        ledger::line(1, 2, Kind::Routed, NOW, 500),
        ledger::line(u128::MAX, 1, Kind::Reversed, NOW, -500),
    ];
    let waits = judgements::review(u128::MAX, NOW);
    commit.judgements =
        vec![Judgement::Review(Box::new(waits)), Judgement::Review(Box::new(judgements::review(1, NOW)))];
    commit.improvements = vec![improvements::improvement(1, Some(4)), improvements::improvement(u128::MAX, None)];
    commit.journal = b"{\"an\":\"input\"}\n".repeat(100);
    store.commit(&commit).await.unwrap();
    let mut next = rows::batch(SHARD, tenure, 2);
    next.now = NOW + 24 * 60 * 60 * 1000;
    next.keys.push(([9; 16], Vec::new()));
    store.commit(&next).await.unwrap();
    let other = store.take(3, "another", 0).await.unwrap();
    let mut commit = rows::batch(3, other, 1);
    commit.lease_ms = 0;
    let id = (3 << 48) + 1;
    commit.writes.push(Write::Event(Box::new(rows::event(id, TENANT))));
    commit.writes.push(Write::Task(Box::new(rows::task(id))));
    rows::say(&mut commit, None, Some(id), 1, "");
    store.commit(&commit).await.unwrap();
    store.claim(OutboundId(3), 1, "sender", NOW).await.unwrap();
    store.handles(&[("queue".into(), "sales".into()), ("queue".into(), "חיוב".into())]).await.unwrap();
    people(store).await;
    store.push_keys(&devices::keys(7)).await.unwrap();
    let deed = Deed { at: NOW, actor: "the test".into(), what: "push_device_added" };
    for n in 1..=2 {
        store.put_device(&devices::device(TENANT, "דנה", WorkerId(n), n), &deed).await.unwrap();
    }
    store.note_device(devices::device(TENANT, "", WorkerId(1), 1).id, Tried::Taken(NOW)).await.unwrap();
    store.give_up(SHARD, tenure.epoch).await.unwrap();
}

async fn people(store: &impl People) {
    let deed = |what| Deed { at: NOW, actor: "the test".into(), what };
    for name in ["dana", "דנה"] {
        let user = User {
            tenant: TENANT,
            name: name.into(),
            display: name.into(),
            role: Role::Admin,
            worker: None,
            password: "a hash".into(),
            must_change: false,
            disabled: false,
            created_at: NOW,
            company: None,
        };
        store.add_user(&user, &deed("user_added")).await.unwrap().unwrap();
        let limits = SessionLimits { idle_ms: 1_000, total_ms: 1_000, per_user: 3 };
        let (password, hash) = ("a hash".into(), [name.len() as u8; 32]);
        let opening = Opening { tenant: TENANT, name: name.into(), password, hash, at: NOW, limits };
        store.open_session(&opening, &deed("signed_in")).await.unwrap().unwrap();
    }
}

fn blendline(arguments: &[&str]) -> Output {
    Command::new(program("blendline")).args(arguments).env_remove("BLENDLINE_STORE").output().unwrap()
}

fn done(arguments: &[&str]) -> String {
    let output = blendline(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(arguments: &[&str]) -> String {
    let output = blendline(arguments);
    assert!(!output.status.success(), "{arguments:?} was done");
    String::from_utf8(output.stderr).unwrap()
}

/// What a store tells of itself, whichever it is.
async fn told(store: &(impl Store + Archive + People + Devices)) -> String {
    let mut check = Check::default();
    check.entries(&store.audit(TENANT, 0, 99).await.unwrap()).unwrap();
    check.end(store.audit_head(TENANT).await.unwrap().as_ref()).unwrap();
    let transcript = store.transcripts(&[Transcript::Conversation(ConversationId(5))], 9).await.unwrap();
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        store.load(SHARD).await.unwrap(),
        store.load(3).await.unwrap(),
        store.events(TENANT, 0, 99).await.unwrap(),
        transcript[0].iter().map(|line| line.body.text.as_ref().unwrap().expose()).collect::<Vec<_>>(),
        store.quarantined(TENANT, 9).await.unwrap(),
        store.user(TENANT, "דנה").await.unwrap(),
        store.devices_of_user(TENANT, "דנה").await.unwrap(),
        // Those of now, where none were carried over.
        store.push_keys(&devices::keys(9)).await.unwrap().private,
    )
}

struct Files(Scratch);

impl Files {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// From the embedded database to PostgreSQL and back: three exports that are the same to the byte, and cores that are
/// the same to the row.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_moves_there_and_back() {
    let Some(database) = Database::new("moves").await else { return };
    let files = Files(Scratch::new("transfer"));
    let [first, second, third] = ["first", "second", "third"].map(|name| files.path(name));
    let (embedded, back) = (files.path("embedded"), files.path("back"));
    let store = SqliteStore::open(&DataDir::open(&embedded).unwrap()).unwrap();
    fill(&store).await;
    let at_first = told(&store).await;
    drop(store);

    let said = done(&["export", "--data-dir", text(&embedded), text(&first)]);
    assert!(said.contains("rows are in"), "{said}");
    done(&["import", "--store", database.url(), text(&first)]);
    done(&["export", "--store", database.url(), text(&second)]);
    done(&["import", "--data-dir", text(&back), text(&second)]);
    done(&["export", "--data-dir", text(&back), text(&third)]);
    let export = fs::read(&first).unwrap();
    assert!(export == fs::read(&second).unwrap(), "PostgreSQL gives what it was given");
    assert!(export == fs::read(&third).unwrap(), "and the embedded one what that gave");

    let store = database.open().await;
    assert_eq!(told(&store).await, at_first, "on PostgreSQL");
    // It goes on where it ended: the next epoch, the next batch, the next number of what the database numbers.
    let tenure = take(&store).await;
    assert_eq!((tenure.epoch, tenure.batch), (2, 2));
    let mut commit = rows::batch(SHARD, tenure, 1);
    let (channel, cause) = ("email".into(), "new".into());
    commit.quarantine.push(QuarantineRow {
        id: 0,
        tenant: TENANT,
        account: None,
        channel,
        at: NOW,
        cause,
        raw: Vec::new(),
    });
    store.commit(&commit).await.unwrap();
    assert_eq!(store.quarantined(TENANT, 9).await.unwrap().len(), 3);
    let running = refused(&["export", "--store", database.url(), text(&files.path("running"))]);
    assert!(running.contains("the suite runs on it") && running.contains("stop every router"), "{running}");
    assert!(!files.path("running").exists());
    let store = SqliteStore::open(&DataDir::open(&back).unwrap()).unwrap();
    assert_eq!(told(&store).await, at_first, "back in the embedded one");
}

/// What is not whole, not ours, or not for an empty record is refused with the place, and leaves nothing behind.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_whole_is_not_imported() {
    let Some(database) = Database::new("refuses").await else { return };
    let files = Files(Scratch::new("transfer"));
    let (export, bad, embedded) = (files.path("export"), files.path("bad"), files.path("embedded"));
    let store = SqliteStore::open(&DataDir::open(&embedded).unwrap()).unwrap();
    fill(&store).await;
    drop(store);
    done(&["export", "--data-dir", text(&embedded), text(&export)]);
    let again = refused(&["export", "--data-dir", text(&embedded), text(&export)]);
    assert!(again.contains("cannot be made"), "an older export is not overwritten: {again}");

    let whole = fs::read_to_string(&export).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let event = lines.iter().position(|line| line.contains("\"table\":\"events\"")).unwrap();
    let joined = |lines: &[&str]| lines.join("\n") + "\n";
    let cases = [
        (String::new(), "the file is empty"),
        ("{}\n".into(), "no export of blendline"),
        (whole.replacen("\"blendline_record\":", "\"blendline_record\":9", 1), "newer version"),
        (joined(&lines[..event + 3]), "ends in the table events"),
        (String::from_utf8_lossy(&whole.as_bytes()[..whole.len() / 2]).into_owned(), "has no end"),
        (joined(&lines[..lines.len() - 1]), "it was cut off"),
        (joined(&[&lines[..event + 1], &lines[event + 2..]].concat()), "events has 40 rows where the header counts 41"),
        (whole.replacen("sales", "Sales", 1), "the checksum does not fit"),
        (whole.replacen("[7,1,1,", "[7,1,", 1), "a row of events has 6 columns"),
        (whole.replacen("[7,1,1,", "[\"7\",1,1,", 1), "events.tenant is no Int"),
        (whole.clone() + "{}\n", "nothing should come after the end"),
    ];
    let fresh = files.path("fresh");
    for (text_of, says) in cases {
        fs::write(&bad, text_of).unwrap();
        for place in [["--store", database.url()], ["--data-dir", text(&fresh)]] {
            let told = refused(&["import", place[0], place[1], text(&bad)]);
            assert!(told.contains(says) && told.contains("nothing was imported"), "{says}: {told}");
            assert!(!told.contains("שלום") && !told.contains("quoted"), "{told}");
        }
    }
    // Nothing of all that is left: the whole one still goes in, and then nothing more does.
    for place in [["--store", database.url()], ["--data-dir", text(&fresh)]] {
        done(&["import", place[0], place[1], text(&export)]);
        let twice = refused(&["import", place[0], place[1], text(&export)]);
        assert!(twice.contains("the record is not empty"), "{twice}");
    }
    let neither = refused(&["export", text(&bad)]);
    assert!(neither.contains("--data-dir") && neither.contains("--store"), "{neither}");
    let missing = refused(&["export", "--data-dir", text(&files.path("missing")), text(&bad)]);
    assert!(missing.contains("is not there"), "{missing}");
}

/// What a record has had since, an export of an older one lacks: its cases are looked at once.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_an_older_record_is_read() {
    let files = Files(Scratch::new("transfer"));
    let (export, old, place) = (files.path("export"), files.path("old"), files.path("embedded"));
    let store = SqliteStore::open(&DataDir::open(&place).unwrap()).unwrap();
    fill(&store).await;
    drop(store);
    done(&["export", "--data-dir", text(&place), text(&export)]);
    let whole = fs::read_to_string(&export).unwrap();
    let mut lines: Vec<serde_json::Value> = whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.pop();
    lines[0]["blendline_record"] = 10.into();
    let mut is_known = true;
    lines.retain(|line| {
        if let Some(table) = line["table"].as_str() {
            let later = ["case_references", "external_events", "judgements", "improvements", "system_keys"];
            is_known = !later.contains(&table);
        }
        is_known
    });
    let (mut in_cases, mut in_events) = (false, false);
    for line in &mut lines {
        if let Some(columns) = line["columns"].as_array().cloned() {
            (in_cases, in_events) = (line["table"] == "cases", line["table"] == "events");
            let added = ["look_at", "promise_due", if in_events { "matter" } else { "" }];
            let kept = columns.into_iter().filter(|name| !added.iter().any(|added| name == added));
            line["columns"] = kept.collect();
        } else if let (true, Some(cells)) = (in_cases, line.as_array_mut()) {
            let body = cells.pop().unwrap();
            cells.truncate(cells.len() - 2);
            cells.push(body);
        } else if let (true, Some(cells)) = (in_events, line.as_array_mut()) {
            cells.remove(cells.len() - 2);
        }
    }
    let mut older: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let sha256 = hex::encode(sha2::Sha256::digest(&older));
    older.push_str(&format!("{{\"sha256\":\"{sha256}\"}}\n"));
    fs::write(&old, older).unwrap();
    let fresh = files.path("fresh");
    done(&["import", "--data-dir", text(&fresh), text(&old)]);
    let store = SqliteStore::open(&DataDir::open(&fresh).unwrap()).unwrap();
    assert_eq!(store.cases_to_look_at(SHARD, NOW, 9).await.unwrap().len(), 2);
}
