//! Notices on people's devices: the keys of this installation, and the task that tells.

use anyhow::Context as _;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::super::adapters::Record;
use crate::api::now;
use crate::config::Config;
use crate::directory::Directories;
use crate::doors::Doors;
use crate::ports::devices::PushKeys;
use crate::push::attention::Attentions;
use crate::push::ear::Ear;
use crate::push::notice::Notice;
use crate::push::sender::{self, Parts};
use crate::push::vapid::{self, Vapid};

/// What tells people on their devices, before it begins.
pub(super) struct Push {
    keys: PushKeys,
    ear: Ear,
    heard: mpsc::Receiver<Notice>,
}

impl Push {
    /// With the keys of this installation, which are made the first time; `None` where nobody is told.
    ///
    /// # Errors
    /// When the record does not answer, or there are no random numbers.
    pub(super) async fn open(config: &Config, record: &Record) -> anyhow::Result<Option<Self>> {
        if config.server.push_contact.is_empty() {
            return Ok(None);
        }
        let fresh = vapid::new_keys(now()).context("keys for push services")?;
        let keys = record.desks.push_keys(&fresh).await.context("the keys for push services")?;
        let (ear, heard) = Ear::new();
        Ok(Some(Self { keys, ear, heard }))
    }

    /// Who hears what is committed.
    pub(super) const fn ear(&self) -> &Ear {
        &self.ear
    }

    /// What browsers subscribe with.
    pub(super) fn public_key(&self) -> String {
        vapid::public_key(&self.keys)
    }

    /// The task that tells, until `stop`.
    ///
    /// # Errors
    /// When there can be no HTTP client, or the key of the record is none.
    pub(super) fn tell(
        self,
        config: &Config,
        (record, directory, doors): (&Record, Directories, &Doors),
        attentions: Attentions,
        stop: CancellationToken,
    ) -> anyhow::Result<impl Future<Output = ()> + use<>> {
        let parts = Parts {
            desks: record.desks.clone(),
            people: record.people.clone(),
            archive: record.archive.clone(),
            directory,
            doors: doors.clone(),
            attentions,
            http: config.events.reach.client()?,
            reach: config.events.reach,
            pace: config.events.pace,
            vapid: Vapid::new(&self.keys, &config.server.push_contact).context("the key for push services")?,
        };
        Ok(sender::run(parts, self.heard, stop))
    }
}
