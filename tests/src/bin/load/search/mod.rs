//! Search on a record of many messages, asked of the running program as a page asks it.

mod fill;
mod words;

use std::time::Instant;

use blendline_router::adapters::postgres::{PostgresOptions, PostgresStore};
use blendline_router::adapters::sqlite::{DataDir, SqliteStore};
use blendline_tests::api::Api;
use blendline_tests::config::Worker;
use blendline_tests::process::Router;
use blendline_tests::seed::Seed;
use blendline_tests::servers::postgres;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use self::fill::{LINES, fill, order};
use self::words::Words;
use crate::bench::{Ground, installation, progress, quantiles_ms, round, with_machine};
use crate::servers::Servers;

/// Workers among whom the conversations are; one more has very few.
const WORKERS: usize = 50;
/// The conversations of that one, which are the oldest: a search for him goes through everything.
const FEW: usize = 20;
/// Questions of each kind, after some that are not counted.
const ASKED: usize = 200;
const UNCOUNTED: usize = 5;

/// Somebody who searches, and what he may see.
const ALL: &str = "all";
const OWN: &str = "one_of_50_workers";
const OLD: &str = "worker_with_20_old_tasks";

pub(crate) async fn run(ground: Ground, messages: usize) -> Value {
    let servers = if ground == Ground::Files { None } else { Some(Servers::start().await) };
    let workers = (0..=WORKERS).map(|n| Worker::new(&format!("hand-{n:02}"), &["care"], 4)).collect();
    let mut installation = installation("http://127.0.0.1:1", workers);
    installation.extra = servers.as_ref().map(Servers::sections).unwrap_or_default();
    installation.account_lines = [OWN, OLD].map(key_lines).concat();
    let mut router = Router::prepare("search", &installation);
    // Its start makes the tables and gives names their handles.
    router.start_again().await;
    assert!(router.stop().await.success(), "the router ends in order");
    let begin = Instant::now();
    match &servers {
        None => {
            let dir = DataDir::open(router.data_dir()).expect("the directory of the record");
            fill(&SqliteStore::open(&dir).expect("the record opens"), messages, FEW).await;
        }
        Some(servers) => {
            let options = PostgresOptions::from_url(&servers.postgres.url()).expect("a database's address");
            fill(&PostgresStore::open(options).await.expect("the record opens"), messages, FEW).await;
            // What autovacuum would have done in the year in which all of it came.
            for table in ["search_lines", "tasks"] {
                postgres::run(&servers.postgres.url(), &format!("VACUUM (ANALYZE) {table}")).await;
            }
        }
    }
    let filled = begin.elapsed();
    progress(&format!("{messages} messages in {filled:?}"));
    router.start_again().await;
    let mut figures = Map::new();
    for (who, api) in [
        (ALL, Api::admin(router.addr)),
        (OWN, Api::with_key(router.addr, &key(OWN))),
        (OLD, Api::with_key(router.addr, &key(OLD))),
    ] {
        figures.insert(who.to_owned(), ask(&api, messages.div_ceil(LINES)).await);
    }
    with_machine(
        "search",
        json!({
            "ground": if servers.is_some() { "postgresql" } else { "sqlite" },
            "messages": messages,
            "filled_in_seconds": round(filled.as_secs_f64()),
            "asked_ms": figures,
        }),
    )
}

/// A key that speaks for one worker. `OLD` is the last of them.
fn key_lines(who: &str) -> String {
    let worker = if who == OLD { format!("hand-{WORKERS:02}") } else { "hand-07".to_owned() };
    let hash = hex::encode(Sha256::digest(key(who)));
    format!("[[tenant.key]]\nname = {who:?}\nrole = \"worker\"\nworker = {worker:?}\nsha256 = {hash:?}\n\n")
}

fn key(who: &str) -> String {
    format!("bl_load_{who}_0123456789abcdef0123456789abcdef")
}

/// Each kind of question, and how long its answers took.
async fn ask(api: &Api, conversations: usize) -> Value {
    let words = Words::new();
    let whole = |places| words.ranked(places).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let begins = |letters: usize| {
        let cut = |word: &str| word.chars().take(letters).collect::<String>();
        words.ranked(0..10).into_iter().map(cut).collect::<Vec<_>>()
    };
    let mut seed = Seed::new(3);
    let numbers = (0..ASKED).map(|_| order(seed.below(conversations as u64) as usize)).collect();
    let pairs = words.ranked(0..20).into_iter().zip(words.ranked(300..320)).map(|(one, two)| format!("{one} {two}"));
    let kinds = [
        ("frequent", whole(0..5)),
        ("middling", whole(300..400)),
        ("rare", whole(15_000..15_100)),
        ("number", numbers),
        ("two_letters", begins(2)),
        ("three_letters", begins(3)),
        ("frequent_and_middling", pairs.collect()),
        ("nowhere", vec!["zzzznowhere".to_owned()]),
    ];
    let mut all = Map::new();
    for (kind, asked) in kinds {
        let (mut times, mut found) = (Vec::new(), 0);
        for n in 0..UNCOUNTED + ASKED {
            let path = format!("/v1/search?limit=50&q={}", encoded(&asked[n % asked.len()]));
            let begin = Instant::now();
            let reply = api.get(&path).await.expect("the router answers");
            let took = begin.elapsed();
            assert_eq!(reply.status, 200, "{kind}: {}", reply.json());
            if n >= UNCOUNTED {
                times.push(took.as_micros() as u64);
                found += reply.json()["items"].as_array().map_or(0, Vec::len);
            }
        }
        let mut figures = quantiles_ms(times);
        figures["found_in_the_mean"] = round(found as f64 / ASKED as f64).into();
        all.insert(kind.to_owned(), figures);
    }
    all.into()
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
