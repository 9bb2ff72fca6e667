//! The log and the metrics of the process.

use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};
use crate::figures;

/// How often the metrics are tidied; without it histograms grow for ever.
const UPKEEP: Duration = Duration::from_secs(5);

/// Crates that log what must not be: all of the AMQP client, and the IMAP client, which writes out what is said.
#[rustfmt::skip]
const SILENT: &[&str] = &[
    "lapin", "amq_protocol", "amq_protocol_tcp", "amq_protocol_types", "amq_protocol_uri", "async_rs", "async_imap", "imap_proto",
];

/// Starts the log on stderr, so that stdout belongs to a command's own output.
pub fn start_log(log: &Log) -> anyhow::Result<()> {
    let filter = filter(&log.filter)?;
    let coloured = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(coloured).with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("the log was started before: {error}"))
}

/// What is logged. The client libraries of the broker are not, whatever is asked for: they write out messages that come
/// back, and URLs with their passwords. The adapter tells what happens to it.
fn filter(asked: &str) -> anyhow::Result<EnvFilter> {
    EnvFilter::try_new(asked).with_context(|| format!("log.filter `{asked}`"))?;
    // A directive about a part of a crate would win over one about the whole crate, so those of theirs are left out.
    let theirs = |directive: &&str| SILENT.iter().any(|silent| directive.trim().starts_with(silent));
    let kept: Vec<&str> = asked.split(',').filter(|directive| !theirs(directive)).collect();
    let mut filter = EnvFilter::try_new(kept.join(",")).with_context(|| format!("log.filter `{asked}`"))?;
    for silent in SILENT {
        filter = filter.add_directive(format!("{silent}=off").parse().context("a directive of our own")?);
    }
    Ok(filter)
}

/// Makes the Prometheus recorder the process's own; `uses` tells what the process stands on.
pub fn install_metrics(uses: impl Fn(figures::Of) -> bool) -> anyhow::Result<PrometheusHandle> {
    let seconds = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
    let counts = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0];
    let timed = Matcher::Suffix("_seconds".to_owned());
    let builder = PrometheusBuilder::new().set_buckets(&counts).context("metric buckets")?;
    let builder = builder.set_buckets_for_metric(timed, &seconds).context("metric buckets")?;
    let handle = builder.install_recorder().context("the metrics recorder")?;
    figures::register(uses);
    Ok(handle)
}

/// Tidies the metrics until `stop`.
pub async fn keep_metrics(handle: PrometheusHandle, stop: CancellationToken) {
    let mut every = tokio::time::interval(UPKEEP);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = every.tick() => handle.run_upkeep(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_amqp_client_never_logs() {
        for asked in ["trace", "info,lapin=trace", "lapin::returned_messages=trace"] {
            let sink = Sink::default();
            let writer = sink.clone();
            let log = tracing_subscriber::fmt().with_env_filter(filter(asked).unwrap());
            tracing::subscriber::with_default(log.with_writer(move || writer.clone()).finish(), || {
                tracing::error!(target: "lapin::channel", "CANARY");
                tracing::warn!(target: "lapin::returned_messages", "CANARY");
                tracing::trace!(target: "amq_protocol_tcp", "CANARY");
                tracing::info!("ours");
            });
            let said = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
            assert!(!said.contains("CANARY"), "{asked}: {said}");
            assert_eq!(said.contains("ours"), asked != "lapin::returned_messages=trace", "{asked}: {said}");
        }
    }
}
