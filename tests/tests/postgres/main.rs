//! The record on a real PostgreSQL: the contract suites, and what only a database elsewhere can do to us.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by failing")]

mod backup;
mod database;
mod faults;
mod proxy;
mod schema;
mod standby;
mod transfer;

use database::Database;

/// A test for each suite of a port, in a database of its own.
macro_rules! suites {
    ($($port:ident: $($suite:ident),+ $(,)?;)+) => {
        $(mod $port {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $suite() {
                let name = concat!(stringify!($port), "_", stringify!($suite));
                let Some(database) = super::Database::new(name).await else { return };
                blendline_tests::contract::$port::$suite(&database).await;
            })+
        })+
    };
}

suites! {
    store: owns_by_lease, fences_commits, loads_what_was_written, looks_up_a_batch, grants_a_claim_once,
        tells_contradictions, takes_large_batches;
    race: one_of_many_takes_a_shard, taking_ends_the_commits_of_the_old_owner, the_same_batch_at_once_is_one,
        shards_do_not_mind_each_other;
    people: knows_users, changes_users, opens_sessions, notes_what_is_done, keeps_one_chain;
    rules: keeps_versions, publishes_one_of_two;
    outlets: keeps_places, keeps_endpoints, keeps_a_ledger, posts_again_and_forgets;
    systems: keeps_keys_of_systems;
    desks: keeps_drafts, bounds_drafts, keeps_answers, keeps_views, holds_macros;
    devices: keeps_keys, keeps_devices, bounds_devices;
    cases: keeps_cases, lists_cases_by_what_is_due, finds_cases_in_time;
    ledger: keeps_decisions;
    happenings: finds_what_happened;
    judgements: keeps_judgements;
    external: keeps_external_events, finds_cases_by_reference;
    improvements: keeps_improvements;
    search: finds_words, keeps_tenants_apart, keeps_its_place, follows_the_record;
    archive: keeps_transcripts, joins_letters, keeps_a_register, lists_in_pages, finds_what_nobody_confirmed,
        finds_what_was_heard_lately, keeps_quarantine,
        gives_handles_once, keeps_tenants_on_their_shards, keeps_what_was_sent, gives_the_journal_back, follows_a_contact;
}
