//! `blendline export` and `blendline import`: an installation's record as JSON lines, to move it to another database.

mod read;
mod write;

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::adapters::dump::{Source, Target};
use crate::adapters::postgres::PostgresOptions;
use crate::adapters::postgres::dump::PostgresDump;
use crate::adapters::sqlite::dump::SqliteDump;
use crate::adapters::sqlite::{BrokerOptions, DataDir, SqliteBroker};
use crate::ports::broker::{Broker as _, inbound_queue, outbound_queue};

/// How much is gathered before it is written to a file.
const BUFFER_BYTES: usize = 1024 * 1024;

/// Where a record is.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct Place {
    /// The data directory of an embedded installation whose router is stopped.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// The PostgreSQL database, as postgres://user:password@host:5432/database.
    #[arg(long, env = "BLENDLINE_STORE", hide_env_values = true)]
    store: Option<String>,
}

/// Writes a record to a file, or to standard output for `-`.
pub(super) fn export(place: &Place, file: &Path, leave_queued: bool) -> anyhow::Result<()> {
    runtime()?.block_on(async {
        let mut source: Box<dyn Source> = match place {
            Place { data_dir: Some(path), .. } => {
                anyhow::ensure!(path.is_dir(), "the data directory {} is not there", path.display());
                let directory = DataDir::open(path)?;
                if !leave_queued {
                    refuse_queued(path, &directory).await?;
                }
                Box::new(SqliteDump::source(&directory)?)
            }
            Place { store: Some(url), .. } => Box::new(PostgresDump::source(&PostgresOptions::from_url(url)?).await?),
            Place { .. } => bail!("name --data-dir or --store"),
        };
        if file.as_os_str() == "-" {
            let mut out = BufWriter::with_capacity(BUFFER_BYTES, io::stdout());
            write::write(source.as_mut(), &mut out).await?;
            return Ok(out.flush()?);
        }
        let made = File::create_new(file).with_context(|| format!("{} cannot be made", file.display()))?;
        let written = to_file(source.as_mut(), made).await;
        if written.is_err() {
            // A part of an export is no export. That it cannot be removed changes nothing: it has no end.
            let _ = std::fs::remove_file(file);
        }
        let rows = written.with_context(|| format!("{} was not written", file.display()))?;
        super::print(|out| writeln!(out, "{rows} rows are in {}", file.display()))?;
        Ok(())
    })
}

async fn to_file(source: &mut dyn Source, file: File) -> anyhow::Result<u64> {
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, file);
    let rows = write::write(source, &mut out).await?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(rows)
}

/// Fills an empty record from a file, or from standard input for `-`: with all of it or nothing.
pub(super) fn import(place: &Place, file: &Path) -> anyhow::Result<()> {
    runtime()?.block_on(async {
        let (mut target, occupied): (Box<dyn Target>, _) = match place {
            Place { data_dir: Some(path), .. } => {
                let dump = SqliteDump::target(&DataDir::open(path)?)?;
                let occupied = dump.occupied()?;
                (Box::new(dump), occupied)
            }
            Place { store: Some(url), .. } => {
                let dump = PostgresDump::target(&PostgresOptions::from_url(url)?).await?;
                let occupied = dump.occupied().await?;
                (Box::new(dump), occupied)
            }
            Place { .. } => bail!("name --data-dir or --store"),
        };
        if let Some(table) = occupied {
            bail!("the record is not empty (there are rows in {table}): import into a new database or directory");
        }
        let read = if file.as_os_str() == "-" {
            read::read(&mut BufReader::with_capacity(BUFFER_BYTES, io::stdin()), target.as_mut()).await
        } else {
            let opened = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
            read::read(&mut BufReader::with_capacity(BUFFER_BYTES, opened), target.as_mut()).await
        };
        let rows = read.context("nothing was imported")?;
        target.finish().await.context("whether it was imported is not known: look whether the record is empty")?;
        super::print(|out| writeln!(out, "{rows} rows were imported"))?;
        Ok(())
    })
}

/// What waits in the embedded queues is not in the record yet.
async fn refuse_queued(path: &Path, directory: &DataDir) -> anyhow::Result<()> {
    if !path.join("broker.db").is_file() {
        return Ok(());
    }
    let broker = SqliteBroker::open(directory, BrokerOptions::default())?;
    for queue in [inbound_queue(0), outbound_queue(0)] {
        let waiting = broker.depth(&queue).await?;
        if waiting > 0 {
            bail!(
                "{waiting} messages wait in the queue {queue} and are not in the record yet: run the router until they are, \
                 or leave them behind with --leave-queued"
            );
        }
    }
    Ok(())
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().context("the runtime")
}
