//! Swarm: a seed chooses the sizes, the shapes, which things happen and how often things go wrong.

use std::sync::Arc;

use blendline_core::input::Settings;
use blendline_wire::org::{
    AccountSettings, Burden, CalendarSettings, ChannelWeight, Goal, Planned, QueueSettings, SkillLevel, TenantSettings,
    WEIGHT_UNIT, WorkerSettings,
};
use blendline_wire::task::{AcceptMode, Side};
use blendline_wire::{AccountId, CalendarId, ChannelKey, GroupId, Millis, QueueId, SkillId, TenantId, WorkerId};

use super::acts::Act;
use super::rng::Rng;

/// When every world begins.
pub const EPOCH: Millis = Millis(1_700_000_000_000);
/// An hour in milliseconds.
pub const HOUR: u64 = 3_600_000;
/// A day in milliseconds.
pub const DAY: u64 = 24 * HOUR;
/// Skills that tasks may need.
pub const SKILLS: u64 = 3;
/// Groups with a time plan that a worker may be in.
const GROUPS: u64 = 2;
/// Channels by which some workers' capacity is reckoned.
pub const CHANNELS: u32 = 2;

/// What a seed chose.
#[derive(Clone, Debug)]
pub struct Shape {
    /// How many tenants.
    pub tenants: u64,
    /// How many queues each.
    pub queues: u64,
    /// How many workers each.
    pub workers: u64,
    /// How many contacts each account has.
    pub contacts: u64,
    /// How likely each act is, by [`Act`]'s order.
    pub weights: Vec<u64>,
    /// Percent of batches that are lost before their commit.
    pub crash_before: u64,
    /// Percent of batches whose releases are lost after their commit.
    pub crash_after: u64,
    /// Percent of due ticks that come late.
    pub late_ticks: u64,
    /// Percent of calls that are wild: foreign tenants, unknown ids, values out of range.
    pub wild: u64,
    /// How time passes: weights of nothing, milliseconds, seconds, minutes, hours, days.
    pub pace: [u64; 6],
    /// Percent of attempts to send that find the account down.
    pub account_down: u64,
    /// Percent of settled tasks that ask for more work, beside those that do so anyway.
    pub asking: u64,
    /// Percent of tasks that need skills.
    pub needs: u64,
    /// The most inputs of one batch.
    pub batch: u64,
    /// How many steps there are between two rebuilds from the rows.
    pub rebuild_every: u64,
    /// Percent of back queues that are promised a part of their workers' hours.
    pub promises: u64,
    /// Percent of tasks that need skills for which less will do after a while.
    pub relaxes: u64,
    /// Percent of workers who are not to work on and on.
    pub burdens: u64,
    /// Percent of back queues that time plans of groups have, and of workers who are in a group.
    pub plans: u64,
    /// Percent of workers whose capacity is reckoned by channel, and of work that comes by one.
    pub channels: u64,
    /// Percent of steps of what waits that bring it forward, and of those that tell a supervisor.
    pub raises: u64,
    /// Percent of front queues whose waiting costs.
    pub costs: u64,
}

impl Shape {
    /// The shape of a seed.
    pub fn draw(rng: &mut Rng) -> Self {
        let mut weights: Vec<u64> = Act::ALL.iter().map(|_| rng.one([0, 1, 2, 4])).collect();
        for (act, weight) in Act::ALL.iter().zip(&mut weights) {
            *weight = act.at_least().max(*weight * act.usual());
        }
        let calm = rng.percent(30);
        let workers = rng.one([1, 2, 3, 5, 8]);
        Self {
            tenants: rng.one([1, 1, 2]),
            queues: rng.one([2, 3, 4, 8]),
            workers,
            contacts: rng.one([1, 3, 8, 20]),
            weights,
            crash_before: if calm { 0 } else { rng.one([0, 2, 10]) },
            crash_after: if calm { 0 } else { rng.one([0, 2, 10]) },
            late_ticks: if calm { 0 } else { rng.one([0, 10, 60]) },
            wild: if calm { 0 } else { rng.one([0, 5, 20]) },
            pace: [
                rng.one([10, 40]),
                rng.one([0, 20]),
                rng.one([10, 30]),
                rng.one([0, 5, 15]),
                rng.one([0, 0, 2]),
                rng.one([0, 0, 1]),
            ],
            account_down: rng.one([0, 0, 3, 95]),
            asking: rng.one([0, 0, 0, 70]),
            needs: rng.one([0, 30, 80]),
            batch: rng.one([1, 3, 8]),
            rebuild_every: 1,
            promises: 0,
            relaxes: 0,
            burdens: 0,
            plans: 0,
            channels: 0,
            raises: 0,
            costs: 0,
        }
    }

    /// What came to be drawn after seeds had stories: from numbers of its own, so that older worlds stay as they are.
    pub fn draw_more(&mut self, seed: u64) {
        let mut rng = Rng::new(!seed);
        self.promises = rng.one([0, 0, 0, 60]);
        self.relaxes = rng.one([0, 0, 0, 50]);
        self.burdens = rng.one([0, 0, 0, 60]);
        self.plans = rng.one([0, 0, 0, 60]);
        self.channels = rng.one([0, 0, 0, 60]);
        self.raises = rng.one([0, 0, 0, 50]);
        self.costs = rng.one([0, 0, 60, 100]);
    }

    /// A queue of this world.
    pub fn queue(&self, rng: &mut Rng, tenant: TenantId, id: u64) -> QueueSettings {
        let mut queue = queue_settings(rng, tenant, id);
        let mut more = Rng::new(id ^ queue.target_ms ^ queue.offer_ms ^ u64::from(queue.weight_milli));
        if queue.side == Side::Back && more.percent(self.promises) {
            queue.blend.share_milli = more.one([100, 300, 1_000]);
            queue.blend.share_window_ms = more.one([60_000, HOUR]);
        }
        if queue.side == Side::Back && more.percent(self.plans) {
            let part = |group| Planned { group: GroupId(group), share_milli: more.one([0, 100, 300, 1_000]) };
            queue.planned = (1..=GROUPS).map(part).filter(|part| part.share_milli > 0).collect();
            queue.blend.share_window_ms = more.one([60_000, HOUR]);
        }
        if queue.side == Side::Front && more.percent(self.costs) {
            queue.blend.goal = Goal::Cost { hour_milli: more.one([10, 1_000, 1_000, 50_000]) };
        }
        queue
    }

    /// How much later the next input comes, in milliseconds.
    pub fn gap(&self, rng: &mut Rng) -> u64 {
        match rng.weighted(&self.pace) {
            0 => 0,
            1 => rng.between(1, 400),
            2 => rng.between(1_000, 20_000),
            3 => rng.between(60_000, 900_000),
            4 => rng.between(HOUR, 6 * HOUR),
            _ => rng.between(DAY, 4 * DAY),
        }
    }

    /// All settings of the world, in the order in which they are given.
    pub fn settings(&self, rng: &mut Rng) -> Vec<Settings> {
        let mut settings = Vec::new();
        for tenant in 1..=self.tenants {
            settings.push(Settings::Tenant(tenant_settings(rng, TenantId(tenant))));
            settings.push(Settings::Calendar(calendar(rng, CalendarId(tenant))));
            for account in 0..2 {
                settings.push(Settings::Account(account_settings(rng, TenantId(tenant), tenant * 10 + account)));
            }
            for queue in 0..self.queues {
                settings.push(Settings::Queue(self.queue(rng, TenantId(tenant), tenant * 10 + queue)));
            }
            for worker in 0..self.workers {
                let id = WorkerId(tenant * 100 + worker);
                settings.push(Settings::Worker(worker_settings(rng, TenantId(tenant), id, self)));
            }
        }
        settings
    }

    /// The ids of a tenant's queues as they were at the start.
    pub fn queue_ids(&self, tenant: TenantId) -> Vec<QueueId> {
        (0..self.queues).map(|queue| QueueId(tenant.0 * 10 + queue)).collect()
    }
}

/// A tenant.
pub fn tenant_settings(rng: &mut Rng, id: TenantId) -> TenantSettings {
    TenantSettings {
        id,
        reopen_window_ms: rng.one([0, HOUR, 2 * DAY]),
        confirm_window_ms: rng.one([60_000, DAY]),
        stickiness_ms: rng.one([0, 60_000, DAY]),
        reserve_milli: rng.one([0, 0, 1_000, 1_500, 3_000]),
        reserve_max_milli: None,
        open_tasks_max: rng.one([1_000, 1_000, 1_000, 12]),
    }
}

/// Two weeks of working days, or of no hours at all.
pub fn calendar(rng: &mut Rng, id: CalendarId) -> CalendarSettings {
    let opens = rng.between(0, 16) * HOUR;
    let length = rng.between(1, 8) * HOUR;
    let days = rng.one([3, 60]);
    let open = (0..days).map(|day| (EPOCH + (day * DAY + opens), EPOCH + (day * DAY + opens + length))).collect();
    CalendarSettings { id, open }
}

fn account_settings(rng: &mut Rng, tenant: TenantId, id: u64) -> AccountSettings {
    AccountSettings {
        id: AccountId(id),
        tenant,
        channel: Arc::from(rng.one(["whatsapp_cloud", "webchat"])),
        unit: None,
        window_ms: rng.one([None, Some(DAY)]),
        idempotent_send: rng.percent(30),
        commit_is_send: rng.percent(20),
    }
}

/// A queue. Weights and percentages are round, so that parts of a task are whole numbers.
fn queue_settings(rng: &mut Rng, tenant: TenantId, id: u64) -> QueueSettings {
    let front = id.is_multiple_of(2);
    let (remind, take_back) = rng.one([
        (None, None),
        (Some(30_000), None),
        (None, Some(90_000)),
        (Some(30_000), Some(90_000)),
        (Some(10 * 60_000), Some(HOUR)),
    ]);
    QueueSettings {
        id: QueueId(id),
        tenant,
        unit: None,
        side: if front { Side::Front } else { Side::Back },
        target_ms: if front { rng.one([20_000, 300_000]) } else { rng.one([HOUR, DAY]) },
        weight_milli: rng.one([500, 1_000, 2_000]),
        task_weight: WEIGHT_UNIT * u32::try_from(rng.one([1, 1, 2])).unwrap_or(1),
        waiting_weight_percent: u32::try_from(rng.one([0, 20, 50, 100])).unwrap_or(0),
        offer_ms: rng.one([5_000, 30_000]),
        wrap_up_ms: rng.one([0, 0, 30_000]),
        remind_ms: remind,
        take_back_ms: take_back,
        supervisor_ms: rng.one([None, Some(2 * 60_000)]),
        calendar: if rng.percent(25) { Some(CalendarId(tenant.0)) } else { None },
        interruptible: rng.percent(50),
        tasks_max: u32::try_from(rng.one([1_000, 1_000, 1_000, 5])).unwrap_or(1_000),
        blend: Default::default(),
        planned: Vec::new(),
    }
}

/// A worker.
pub fn worker_settings(rng: &mut Rng, tenant: TenantId, id: WorkerId, shape: &Shape) -> WorkerSettings {
    let skills = (1..=SKILLS)
        .filter_map(|skill| {
            let level = u8::try_from(rng.one([0, 1, 3, 5])).unwrap_or(0);
            (level > 0).then_some(SkillLevel { skill: SkillId(skill), level })
        })
        .collect();
    let mut queues: Vec<QueueId> = shape.queue_ids(tenant).into_iter().filter(|_| rng.percent(75)).collect();
    queues.sort();
    let mut more = Rng::new(!id.0 ^ shape.burdens);
    let burden = if more.percent(shape.burdens) {
        let (run_max, breath_ms) = (more.one([0, 1, 3]), more.one([1_000, 120_000]));
        Burden { run_max, breath_ms, abuse_pause_ms: more.one([0, 300_000]), cost: more.one([0, 1]) }
    } else {
        Burden::default()
    };
    let mut more = Rng::new(!id.0 ^ shape.plans << 8 ^ (queues.len() as u64) << 20);
    let group = more.percent(shape.plans).then(|| GroupId(more.between(1, GROUPS)));
    let mut more = Rng::new(!id.0 ^ shape.channels << 16 ^ (queues.len() as u64) << 28);
    let reckoned = if more.percent(shape.channels) { CHANNELS } else { 0 };
    let own = |channel| {
        let weight = u32::try_from(more.one([10, 50, 100, 150])).unwrap_or(100);
        ChannelWeight { channel: ChannelKey(channel), weight }
    };
    let weights = (1..=reckoned).map(own).collect();
    WorkerSettings {
        id,
        tenant,
        unit: None,
        group,
        capacity: WEIGHT_UNIT * u32::try_from(rng.between(1, 4)).unwrap_or(1),
        skills,
        queues,
        accept: if rng.percent(30) { AcceptMode::Auto } else { AcceptMode::Offer },
        stand_in: if rng.percent(25) { Some(WorkerId(tenant.0 * 100 + rng.below(shape.workers))) } else { None },
        paces_milli: Vec::new(),
        weights,
        burden,
    }
}
