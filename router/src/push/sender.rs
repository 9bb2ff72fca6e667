//! The one task that tells people on their devices. Nothing waits for it, and it waits for nobody's device.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::{Millis, TenantId, WorkerId};
use reqwest::Url;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::attention::{Attention, Attentions};
use super::line::{Letter, Line};
use super::notice::{Notice, What, is_wanted};
use super::post::{Outcome, post};
use super::telemetry;
use super::vapid::Vapid;
use crate::api::now;
use crate::directory::{Directories, Directory};
use crate::doors::Doors;
use crate::handle::Call;
use crate::outlets::endpoint::Pace;
use crate::outlets::post::Reach;
use crate::pages::{self, Lang};
use crate::ports::desks::Desks;
use crate::ports::devices::{Device, Tried};
use crate::ports::people::People;
use crate::ports::store::{Archive, StoreError};

/// How many posts are under way at once.
const POSTS_MAX: usize = 8;
/// How often one letter is tried.
const ATTEMPTS_MAX: u32 = 5;
/// A device whose push service did not take so many on end is forgotten.
const FAILURES_MAX: u32 = 20;
/// How many notices are being written down as events at once.
const NOTING_MAX: usize = 64;
/// How often the task looks around when nothing wakes it.
const IDLE: Duration = Duration::from_secs(30);

/// What telling stands on.
pub struct Parts {
    /// Where devices are.
    pub desks: Arc<dyn Desks>,
    /// Where people are: whoever may not sign in is told nothing.
    pub people: Arc<dyn People>,
    /// Where tasks are.
    pub archive: Arc<dyn Archive>,
    /// What is configured.
    pub directory: Directories,
    /// The doors to the owners.
    pub doors: Doors,
    /// Who looks at his desk.
    pub attentions: Attentions,
    /// Posts; it follows no redirects.
    pub http: reqwest::Client,
    /// Who may be posted to.
    pub reach: Reach,
    /// How patient we are with push services.
    pub pace: Pace,
    /// Who we are to them.
    pub vapid: Vapid,
}

/// Tells whom these notices concern, until `stop`. What is on its way then is lost: it is at the desk.
pub async fn run(parts: Parts, mut heard: mpsc::Receiver<Notice>, stop: CancellationToken) {
    let parts = Arc::new(parts);
    let (mut line, mut posting, mut noting) = (Line::default(), JoinSet::new(), JoinSet::new());
    loop {
        begin_posts(&parts, &mut line, &mut posting);
        let wake = line.next_at().map_or(IDLE, |at| Duration::from_millis(at.since(now()))).min(IDLE);
        let (going, room) = (!posting.is_empty(), posting.len() < POSTS_MAX);
        // With all places taken the next letter goes when one is free.
        let wake = if room { wake } else { IDLE };
        tokio::select! {
            () = stop.cancelled() => return,
            notice = heard.recv() => {
                let Some(notice) = notice else { return };
                match stop.run_until_cancelled(letters(&parts, &notice)).await {
                    None => return,
                    Some(Ok(letters)) if letters.is_empty() => {}
                    Some(Ok(letters)) => {
                        note(&parts, &mut noting, &notice, letters.len()).await;
                        letters.into_iter().for_each(|letter| put(&mut line, now(), letter));
                    }
                    Some(Err(error)) => telemetry::record_away(&error.to_string()),
                }
            }
            // A post that panicked is one that was lost.
            Some(ended) = posting.join_next(), if going => if let Ok((letter, outcome)) = ended {
                settle(&parts, &mut line, letter, outcome).await;
            },
            () = tokio::time::sleep(wake) => {}
        }
    }
}

fn put(line: &mut Line, due: Millis, letter: Letter) {
    if line.put(due, letter) {
        telemetry::dropped();
    }
}

fn begin_posts(parts: &Arc<Parts>, line: &mut Line, posting: &mut JoinSet<(Letter, Outcome)>) {
    let at = now();
    (0..line.forget_late(at)).for_each(|_| telemetry::late());
    while posting.len() < POSTS_MAX
        && let Some(letter) = line.next(at)
    {
        let parts = Arc::clone(parts);
        posting.spawn(async move {
            let outcome = post(&parts.http, parts.reach, &parts.vapid, &letter, now()).await;
            (letter, outcome)
        });
    }
}

/// The letters of a notice: none where he looks, has no device, or does not want to be told.
async fn letters(parts: &Parts, notice: &Notice) -> Result<Vec<Letter>, StoreError> {
    let Notice { tenant, worker, what, task, until } = *notice;
    // Whoever had no desk here is a program, or comes to it later.
    let Some(attention) = parts.attentions.of(worker).filter(|attention| *attention != Attention::Looks) else {
        return Ok(Vec::new());
    };
    if until <= now() {
        telemetry::late();
        return Ok(Vec::new());
    }
    let devices = parts.desks.devices_of_worker(tenant, worker).await?;
    if devices.is_empty() || !is_wanted(what, attention, presence(parts, tenant, worker, what).await, now()) {
        return Ok(Vec::new());
    }
    let directory = parts.directory.now();
    let queue = match parts.archive.task(task).await? {
        Some(task) => directory.queues.get(&task.queue).map(|(_, name)| name.clone()),
        None => None,
    };
    let mut letters = Vec::with_capacity(devices.len());
    for device in devices {
        if is_his(parts, &directory, &device).await? {
            letters.extend(letter(device, notice, queue.as_deref().unwrap_or_default()));
        }
    }
    Ok(letters)
}

/// What he says of himself, where that counts.
async fn presence(
    parts: &Parts,
    tenant: TenantId,
    worker: WorkerId,
    what: What,
) -> Option<blendline_wire::task::Presence> {
    if what != What::Mention {
        return None;
    }
    let look = parts.doors.of(tenant).look(move |core| core.worker(worker).map(|row| row.presence));
    look.await.ok().flatten()
}

/// Whether who put the device in may still sign in, as this worker.
async fn is_his(parts: &Parts, directory: &Directory, device: &Device) -> Result<bool, StoreError> {
    let named = directory.workers.get(&device.worker).map(|(_, name)| name);
    let user = parts.people.user(device.tenant, &device.user).await?;
    Ok(user.is_some_and(|user| !user.disabled && named.is_some() && user.worker.as_ref() == named))
}

/// What the device shows. Nothing of what customers said or are called is in it: a notice stands on a locked screen, and
/// goes by a company that we do not know.
fn letter(device: Device, notice: &Notice, queue: &str) -> Option<Letter> {
    let origin = Url::parse(device.endpoint.expose()).ok()?.origin().ascii_serialization();
    let lang = Lang::from_tag(&device.lang).unwrap_or_default().whole();
    let (what, task) = (notice.what.word(), notice.task.to_string());
    let title = pages::notice(lang, what, queue);
    let text = json!({
        "what": what, "title": title, "link": format!("/desk#{task}"), "tag": task, "lang": lang.code(),
    });
    // The push service learns that two are about one thing, and of neither what.
    let mut topic = Sha256::new();
    topic.update(device.auth.expose());
    topic.update(&task);
    let topic = BASE64_URL_SAFE_NO_PAD.encode(&topic.finalize()[..16]);
    let Notice { what, until, .. } = *notice;
    Some(Letter { device, what, text: text.to_string(), topic, origin, until, attempts: 0 })
}

/// Writes down that he is told: what is told to whom is known from the log of events, like everything else.
async fn note(parts: &Arc<Parts>, noting: &mut JoinSet<()>, notice: &Notice, devices: usize) {
    while noting.len() >= NOTING_MAX {
        noting.join_next().await;
    }
    while noting.try_join_next().is_some() {}
    let kind = EventKind::WorkerNotified {
        worker: notice.worker,
        what: notice.what.word().to_owned(),
        in_task: notice.task,
        devices: u32::try_from(devices).unwrap_or(u32::MAX),
    };
    let call = Call::Remark { tenant: notice.tenant, conversation: None, kind: Box::new(kind), entries: Vec::new() };
    let door = parts.doors.of(notice.tenant).clone();
    noting.spawn(async move {
        // He is told whether that is written down or not.
        if let Err(error) = door.call(Actor::System, call).await {
            tracing::debug!(%error, "that somebody was told on his devices was not written down");
        }
    });
}

/// Does what follows from a post.
async fn settle(parts: &Parts, line: &mut Line, mut letter: Letter, outcome: Outcome) {
    let (at, tenant, id) = (now(), letter.device.tenant, letter.device.id);
    let tried = match outcome {
        Outcome::Taken => {
            telemetry::taken();
            Tried::Taken(at)
        }
        Outcome::Gone => {
            telemetry::gone(tenant, &letter.origin);
            Tried::Gone
        }
        Outcome::Later { after_ms, .. } if letter.attempts + 1 < ATTEMPTS_MAX => {
            letter.attempts += 1;
            if after_ms > 0 {
                line.hold(&letter.origin, at.plus(after_ms));
            }
            telemetry::again();
            let pause_ms = parts.pace.pause_ms(letter.attempts).max(after_ms);
            return put(line, at.plus(pause_ms), letter);
        }
        Outcome::Later { cause, .. } | Outcome::Refused(cause) => {
            telemetry::failed(tenant, &letter.origin, &cause);
            if FAILURES_MAX <= letter.device.failures + 1 { Tried::Gone } else { Tried::Failed }
        }
    };
    if let Err(error) = parts.desks.note_device(id, tried).await {
        tracing::warn!(%error, "What came of a push was not written down.");
    }
}
