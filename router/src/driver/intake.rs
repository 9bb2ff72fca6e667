//! Takes in what waits: requests, deliveries, deadlines, and the owner's own chores.

use blendline_core::Command;
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, Interval, MissedTickBehavior, interval, sleep_until};

use crate::driver::decode::decode;
use crate::driver::draft::{Attach, Draft, Item};
use crate::driver::serve::{Serving, committed};
use crate::driver::telemetry;
use crate::handle::{Call, Request};
use crate::ports::broker::{Delivery, Subscription};
use crate::ports::store::StoreError;

/// How often chores are looked at.
const CHORES_MS: u64 = 250;
/// As good as never.
const FAR: Duration = Duration::from_secs(365 * 86_400);

/// Why a draft is decided now.
#[derive(Debug)]
pub(crate) enum Pause {
    /// It holds as much as one commit may.
    Full,
    /// It has waited for others long enough.
    Gathered,
    /// The commit before it is over, in this way.
    Committed(Result<(), StoreError>),
    /// The driver is told to stop.
    Stop,
}

/// The consumption of the inbound queue.
pub(crate) struct Intake {
    deliveries: Option<mpsc::Receiver<Delivery>>,
    acker: Option<mpsc::UnboundedSender<Vec<u64>>>,
    open: bool,
    chores: Interval,
}

impl Default for Intake {
    fn default() -> Self {
        let mut chores = interval(Duration::from_millis(CHORES_MS));
        chores.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { deliveries: None, acker: None, open: true, chores }
    }
}

impl Intake {
    /// Who settles the deliveries of the draft at hand.
    pub(crate) fn acker(&self) -> Option<mpsc::UnboundedSender<Vec<u64>>> {
        self.acker.clone()
    }

    /// True when there is nothing to take deliveries from.
    pub(crate) const fn is_cut_off(&self) -> bool {
        self.deliveries.is_none()
    }

    fn ready(&mut self) -> Option<Delivery> {
        self.deliveries.as_mut().filter(|_| self.open)?.try_recv().ok()
    }

    /// Takes deliveries from here on.
    pub(crate) fn subscribed(&mut self, subscription: Subscription) {
        let Subscription { deliveries, acker } = subscription;
        let (sender, mut tags) = mpsc::unbounded_channel::<Vec<u64>>();
        // Acks have their own task: a slow one holds up neither commits nor workers.
        tokio::spawn(async move {
            while let Some(mut all) = tags.recv().await {
                while let Ok(more) = tags.try_recv() {
                    all.extend(more);
                }
                acker.ack(&all).await;
            }
        });
        self.deliveries = Some(deliveries);
        self.acker = Some(sender);
    }

    /// Closes intake above the bound, and opens it again when there is room worth opening for (P15).
    pub(crate) fn regulate(&mut self, open_tasks: usize, max: usize) {
        let room = max - max / 64;
        let open = if self.open { open_tasks <= max } else { open_tasks <= room };
        if open != self.open {
            self.open = open;
            telemetry::intake(open);
        }
    }
}

impl Serving<'_> {
    /// Fills `draft` until there is a reason to decide it.
    pub(crate) async fn gather(
        &mut self,
        requests: &mut mpsc::Receiver<Request>,
        draft: &mut Draft,
    ) -> Result<Pause, StoreError> {
        loop {
            self.tick_if_due(draft);
            if self.leave.is_cancelled() {
                // Whoever already waits at the door is answered; what is on the queue waits for the next owner.
                self.take_requests(requests, draft, self.owner.config.batch_inputs_max);
                return Ok(Pause::Stop);
            }
            self.take_ready(requests, draft);
            if draft.items.len() >= self.owner.config.batch_inputs_max {
                return Ok(Pause::Full);
            }
            let gathered = self.gathered(draft);
            if gathered.is_some_and(|at| at <= Instant::now()) {
                return Ok(Pause::Gathered);
            }
            let deadline = gathered.into_iter().fold(self.deadline(draft), Instant::min);
            let Self { in_flight, leave, intake: Intake { deliveries, open, chores, .. }, .. } = self;
            let woken = tokio::select! {
                biased;
                outcome = committed(in_flight) => Woken::Committed(outcome),
                () = leave.cancelled() => Woken::Stop,
                Some(request) = requests.recv() => Woken::Request(request),
                delivery = next(deliveries, *open) => Woken::Delivery(delivery),
                () = sleep_until(deadline) => Woken::Deadline,
                _ = chores.tick() => Woken::Chores,
            };
            match woken {
                Woken::Committed(outcome) => return Ok(Pause::Committed(outcome)),
                // Seen at the top of the next round.
                Woken::Stop | Woken::Deadline => {}
                Woken::Request(request) => self.request(request, draft),
                Woken::Delivery(Some(delivery)) => decode(&delivery, self.clock.now(), draft),
                Woken::Delivery(None) => self.intake.deliveries = None,
                Woken::Chores => self.chores(requests.is_empty(), draft).await?,
            }
        }
    }

    /// Until when a draft waits for more; `None` while it is empty, or a commit is on its way.
    fn gathered(&self, draft: &mut Draft) -> Option<Instant> {
        if draft.is_empty() {
            return None;
        }
        let begun = *draft.begun.get_or_insert_with(Instant::now);
        (!self.is_committing()).then(|| begun + Duration::from_millis(self.owner.config.gather_ms))
    }

    fn tick_if_due(&mut self, draft: &mut Draft) {
        let now = self.clock.now();
        // Never twice about the same instant: what is due after a tick is due a millisecond later at the earliest.
        if !draft.ticking && now > self.ticked && self.core.next_deadline().is_some_and(|due| due <= now) {
            draft.ticking = true;
        }
    }

    fn deadline(&self, draft: &Draft) -> Instant {
        match self.core.next_deadline() {
            Some(due) if !draft.ticking => self.clock.instant(due.max(self.ticked.plus(1))),
            _ => Instant::now() + FAR,
        }
    }

    /// Takes what is there without waiting. A quarter is left to deliveries, so that neither side starves the other.
    fn take_ready(&mut self, requests: &mut mpsc::Receiver<Request>, draft: &mut Draft) {
        let max = self.owner.config.batch_inputs_max;
        self.take_requests(requests, draft, max - max / 4);
        while draft.items.len() < max
            && let Some(delivery) = self.intake.ready()
        {
            decode(&delivery, self.clock.now(), draft);
        }
        self.take_requests(requests, draft, max);
    }

    fn take_requests(&mut self, requests: &mut mpsc::Receiver<Request>, draft: &mut Draft, max: usize) {
        while draft.items.len() < max
            && let Ok(request) = requests.try_recv()
        {
            self.request(request, draft);
        }
    }

    fn request(&mut self, request: Request, draft: &mut Draft) {
        let now = self.clock.now();
        match request {
            Request::Call { actor, call, reply } => {
                if let Call::Plain(Command::Bye { worker, session }) = *call {
                    self.sessions.forget(worker, session);
                }
                draft.call(actor, call, reply, &self.directory);
            }
            Request::Attach { worker, session, accept, capacity, presence, frames } => {
                self.sessions.attach(worker, session, now);
                draft.items.push(Item::Attach(Box::new(Attach {
                    worker,
                    session,
                    accept,
                    capacity,
                    presence,
                    frames,
                })));
            }
            Request::Heard { worker, session } => self.sessions.heard(worker, session, now),
            Request::Gone { worker, session } => {
                self.sessions.gone(worker, session, now);
                draft.ended.push(session);
            }
            Request::Look(look) => look(&self.core),
        }
    }
}

/// What woke the driver.
enum Woken {
    Committed(Result<(), StoreError>),
    Stop,
    Request(Request),
    Delivery(Option<Delivery>),
    Deadline,
    Chores,
}

/// The next delivery; never, while intake is closed. `None` when the subscription ended.
async fn next(deliveries: &mut Option<mpsc::Receiver<Delivery>>, open: bool) -> Option<Delivery> {
    match deliveries {
        Some(deliveries) if open => deliveries.recv().await,
        _ => std::future::pending().await,
    }
}
