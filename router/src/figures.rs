//! Every figure that this program exports, in one table: what it is called, what kind it is, what it says.
//!
//! Figures stand at zero from the start, so that a rule over them has something to compare with before the first happening.
//! A test compares this table with the sources, and another compares dashboards and alert rules with a running program.

use metrics::Unit;

/// A figure.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    /// What kind it is.
    pub kind: Kind,
    /// What it says.
    pub help: &'static str,
    /// What tells its series apart.
    pub label: Label,
    /// On what it is about: the others of that are not exported where it is not used.
    pub of: Of,
}

/// What kind a figure is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How many were how large.
    Histogram,
}

/// What tells the series of a figure apart.
#[derive(Clone, Copy, Debug)]
pub enum Label {
    /// There is one series.
    None,
    /// One series for each of these values.
    Of(&'static str, &'static [&'static str]),
    /// One series for each value that comes; none before the first.
    Open(&'static str),
}

/// What a figure is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Of {
    /// The program itself.
    Program,
    /// RabbitMQ.
    Rabbit,
    /// Redis.
    Redis,
}

const fn figure(kind: Kind, name: &'static str, label: Label, help: &'static str) -> Figure {
    Figure { name, kind, help, label, of: Of::Program }
}

const fn counter(name: &'static str, label: Label, help: &'static str) -> Figure {
    figure(Kind::Counter, name, label, help)
}

const fn gauge(name: &'static str, label: Label, help: &'static str) -> Figure {
    figure(Kind::Gauge, name, label, help)
}

const fn histogram(name: &'static str, help: &'static str) -> Figure {
    figure(Kind::Histogram, name, Label::None, help)
}

const fn rabbit(figure: Figure) -> Figure {
    Figure { of: Of::Rabbit, ..figure }
}

const fn redis(figure: Figure) -> Figure {
    Figure { of: Of::Redis, ..figure }
}

use Label::{None, Of as Each, Open};

/// The table.
pub const FIGURES: &[Figure] = &[
    // What comes in.
    counter(
        "blendline_webhooks_total",
        Each("outcome", &["accepted", "nothing", "quarantined", "malformed", "refused", "busy", "limited"]),
        "Webhooks by what became of them; `busy` and `limited` (too many of one tenant) got a 503 and come again.",
    ),
    counter("blendline_connections_refused_total", None, "Connections closed at once because there were too many."),
    counter("blendline_inputs_total", Open("kind"), "Inputs that the scheduler decided."),
    counter(
        "blendline_events_total",
        Each("fate", &["task", "merged", "duplicate", "discard", "quarantine", "rejected"]),
        "What became of what came in.",
    ),
    counter("blendline_mails_total", Open("way"), "Mails by way in and what became of them."),
    counter(
        "blendline_mail_senders_total",
        Open("check"),
        "Senders of mails that came straight to us, by check (`spf`, `dkim`, `dmarc`) and what came of it.",
    ),
    counter("blendline_smtp_turned_away_total", Open("reason"), "SMTP clients that were turned away."),
    counter("blendline_imap_failures_total", None, "Failures to read a mailbox."),
    counter("blendline_polls_total", Open("outcome"), "Questions to feeds and other sources."),
    counter("blendline_media_total", Each("outcome", &["stored", "failed", "pending"]), "Files of customers."),
    // What is decided and kept.
    gauge("blendline_intake_open", None, "1 while the owner takes in; 0 while it is full or the record is down."),
    gauge("blendline_shard_serving", Open("shard"), "1 where this process serves the shard."),
    gauge("blendline_shard_epoch", Open("shard"), "The fencing number under which this process serves the shard."),
    gauge("blendline_queue_depth", Open("queue"), "Messages on the broker that are not taken in or not sent yet."),
    gauge("blendline_tasks_open", Open("shard"), "Tasks that are not closed."),
    gauge("blendline_tasks_waiting", Open("side"), "Tasks that wait for a worker, by shard and side."),
    gauge("blendline_tasks_late_seconds", Open("side"), "How late the latest waiting task is, by shard and side."),
    gauge("blendline_workers_connected", Open("shard"), "Workers who have a connection."),
    counter("blendline_batches_total", None, "Commits."),
    histogram("blendline_batch_inputs", "Inputs of a commit."),
    histogram("blendline_batch_rows", "Rows of a commit."),
    histogram("blendline_commit_seconds", "How long a commit took."),
    counter("blendline_fenced_total", None, "Ownerships that ended because there was a newer owner."),
    counter("blendline_takeovers_total", None, "Shards that this process began to serve."),
    counter(
        "blendline_rule_decisions_total",
        Open("rule"),
        "Messages by tenant and the rule that sent them where they go.",
    ),
    counter("blendline_rule_errors_total", Open("rule"), "Rules that could not be evaluated, by tenant and rule."),
    counter(
        "blendline_rule_trial_decisions_total",
        Open("outcome"),
        "Decisions of rules on trial by tenant, and whether they are as those of the live rules: `same`, `other`.",
    ),
    counter("blendline_rule_fallbacks_total", Open("tenant"), "Trials of rules that fell back by themselves."),
    counter("blendline_notices_total", Open("moment"), "Notices that customers were told, by tenant and moment."),
    counter(
        "blendline_cases_without_work_total",
        None,
        "Cases whose stage's task could not be opened: nobody works on them until somebody moves them.",
    ),
    counter(
        "blendline_external_events_parked_total",
        None,
        "Events of other systems that could not be applied: somebody tries them again or drops them.",
    ),
    counter(
        "blendline_system_posts_refused_total",
        None,
        "Posts of other systems that were refused, by what was wrong with the signature.",
    ),
    counter(
        "blendline_approvals_without_task_total",
        None,
        "Approvals that nobody is asked for, because their task could not be opened: somebody decides them from the list.",
    ),
    counter("blendline_supervisor_told_total", None, "Tasks that a supervisor was told of."),
    counter("blendline_store_failures_total", Open("call"), "Calls that the record did not answer."),
    counter("blendline_broker_failures_total", Open("call"), "Calls that the broker did not answer."),
    counter("blendline_letters_missing_total", None, "Messages of ours that the record does not have: a fault."),
    // Workers, pages, people.
    counter("blendline_slow_readers_total", None, "Workers' connections that were ended because they did not read."),
    counter("blendline_forwarded_total", Each("outcome", &["answered", "unreachable"]), "Requests for another owner."),
    gauge("blendline_forwarded_lines", None, "WebSockets that are joined to another owner."),
    histogram("blendline_forward_seconds", "How long another owner took to begin its answer."),
    counter("blendline_sign_ins_total", Open("outcome"), "People who tried to sign in."),
    counter("blendline_company_sign_ins_total", Open("outcome"), "People who came with the account of their company."),
    counter("blendline_password_hashes_total", None, "Passwords that were hashed."),
    gauge("blendline_chat_sockets", None, "Visitors with a socket."),
    counter("blendline_chat_messages_total", None, "Messages of visitors that were taken."),
    counter("blendline_chat_closed_total", Open("code"), "Visitors' sockets that ended, by code."),
    counter("blendline_chat_refused_total", Open("reason"), "What visitors said and was refused."),
    counter("blendline_chat_sessions_total", Open("outcome"), "Visitors' sessions."),
    // What goes out.
    counter(
        "blendline_sends_total",
        Each("outcome", &["sent", "retry", "failed", "unknown", "account_down", "poison"]),
        "Attempts to send by what came of them; `unknown` is settled by the platform's report or by a person.",
    ),
    histogram("blendline_send_seconds", "How long an attempt to send took."),
    counter("blendline_sends_held_back_total", None, "Waits for an account's or a recipient's allowance."),
    counter(
        "blendline_sender_failures_total",
        Each("call", &["claim", "subscribe", "publish"]),
        "Calls of senders that were not answered.",
    ),
    counter(
        "blendline_webhooks_out_total",
        Each("outcome", &["delivered", "refused", "failed"]),
        "Posts of events to endpoints; `refused` is posted again, `failed` was for the last time.",
    ),
    gauge(
        "blendline_webhooks_out_lag_seconds",
        Open("shard"),
        "How long the oldest event that is to be posted has waited.",
    ),
    gauge("blendline_webhooks_out_paused", Open("shard"), "Endpoints that are paused."),
    counter(
        "blendline_pushes_total",
        Each("outcome", &["taken", "again", "failed", "gone", "late", "dropped"]),
        "Notices for people's devices; `again` is tried again, `gone` is a device that is forgotten, `late` said nothing any more.",
    ),
    counter(
        "blendline_spans_total",
        Each("outcome", &["exported", "dropped", "failed"]),
        "Parts of traces by what became of them; `dropped` were too many at once, `failed` the collector did not take.",
    ),
    // What it stands on.
    rabbit(counter(
        "blendline_exchange_published_total",
        Each("outcome", &["confirmed", "failed"]),
        "Events given to the exchange; what failed is tried again.",
    )),
    rabbit(gauge(
        "blendline_exchange_lag_seconds",
        Open("shard"),
        "How long the oldest event that is to be published has waited.",
    )),
    rabbit(gauge(
        "blendline_rabbit_connected",
        Each("link", &["publish", "consume"]),
        "1 while there is a connection.",
    )),
    rabbit(gauge("blendline_rabbit_blocked", Each("link", &["publish", "consume"]), "1 while RabbitMQ takes nothing.")),
    rabbit(counter("blendline_rabbit_connections_total", Each("link", &["publish", "consume"]), "Connections made.")),
    rabbit(counter(
        "blendline_rabbit_published_total",
        Each("outcome", &["confirmed", "nacked", "returned", "in_doubt", "late"]),
        "Messages given to RabbitMQ by what it said.",
    )),
    rabbit(gauge("blendline_rabbit_in_flight", None, "Messages that RabbitMQ has not confirmed yet.")),
    rabbit(counter("blendline_rabbit_bundles_total", None, "Bundles in which messages were published.")),
    rabbit(counter("blendline_rabbit_odd_bundles_total", None, "Bundles that could not be read.")),
    rabbit(counter("blendline_rabbit_stuck_total", None, "Connections cut because nothing was confirmed.")),
    redis(gauge("blendline_redis_connected", None, "1 while there is a connection; without it things are less fresh.")),
    redis(counter("blendline_redis_connections_total", None, "Connections made.")),
    redis(counter("blendline_redis_told_total", None, "Notices told to other processes.")),
    redis(counter("blendline_redis_untold_total", None, "Notices that other processes were not told.")),
    redis(counter("blendline_redis_heard_total", None, "Notices heard of other processes.")),
    redis(counter(
        "blendline_redis_unanswered_total",
        Each("what", &["allow", "present", "presence", "gather", "leave"]),
        "Questions that Redis did not answer, and this process did.",
    )),
];

/// Says what each figure is, and sets it to zero; `uses` tells what this process stands on.
pub fn register(uses: impl Fn(Of) -> bool) {
    for figure in FIGURES.iter().filter(|figure| uses(figure.of)) {
        let Figure { name, kind, help, .. } = *figure;
        match kind {
            Kind::Counter => metrics::describe_counter!(name, help),
            Kind::Gauge => metrics::describe_gauge!(name, help),
            Kind::Histogram if name.ends_with("_seconds") => metrics::describe_histogram!(name, Unit::Seconds, help),
            Kind::Histogram => metrics::describe_histogram!(name, help),
        }
        match figure.label {
            Label::None => touch(kind, name, Vec::new()),
            Each(label, values) => values.iter().for_each(|value| touch(kind, name, vec![(label, *value)])),
            Open(_) => {}
        }
    }
}

fn touch(kind: Kind, name: &'static str, labels: Vec<(&'static str, &'static str)>) {
    match kind {
        Kind::Counter => metrics::counter!(name, &labels).increment(0),
        Kind::Gauge => metrics::gauge!(name, &labels).increment(0.0),
        // A histogram is there once it is asked for.
        Kind::Histogram => drop(metrics::histogram!(name, &labels)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn read_all(directory: &Path, into: &mut String) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read_all(&path, into);
            } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("figures.rs") {
                into.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }

    /// What follows `counter!("` and its like, with the kind.
    fn in_sources() -> BTreeSet<(String, &'static str)> {
        let mut text = String::new();
        read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
        let mut found = BTreeSet::new();
        for kind in ["counter", "gauge", "histogram"] {
            for after in text.split(&format!("{kind}!(")).skip(1) {
                let name = after.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
                found.extend(name.map(|name| (name.to_owned(), kind)));
            }
        }
        found
    }

    #[test]
    fn the_table_is_what_the_sources_export() {
        let word = |kind| match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let table: BTreeSet<_> = FIGURES.iter().map(|figure| (figure.name.to_owned(), word(figure.kind))).collect();
        assert_eq!(table.len(), FIGURES.len(), "a name stands twice in the table");
        assert_eq!(table, in_sources());
    }

    #[test]
    fn names_follow_the_custom() {
        for figure in FIGURES {
            let Figure { name, kind, help, .. } = figure;
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert!(!name.ends_with("_ms"), "{name}: Prometheus counts in seconds");
            assert!(help.ends_with('.'), "{name}: {help}");
        }
    }
}
