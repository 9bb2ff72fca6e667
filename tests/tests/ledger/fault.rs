//! What is done to an installation, and how it is mended.

use std::time::{Duration, Instant};

use blendline_tests::config::WORKER_KEY;
use blendline_tests::proxy::Weather;
use blendline_tests::worker::Hand;
use blendline_wire::task::AcceptMode;
use tokio::time::sleep;

use crate::cluster::{Cluster, LOOK_EVERY, SERVED_WITHIN};
use crate::traffic::Traffic;

/// How long a paused owner stays paused: longer than the lease and the time in which another takes over.
const PAUSE: Duration = Duration::from_secs(16);
/// How long a server stands still, and how long a link is bad.
const STILL: Duration = Duration::from_secs(8);
const BAD: Duration = Duration::from_secs(6);
/// An hour, in seconds.
const HOUR: i64 = 3_600;
/// Who reads nothing.
pub(crate) const DEAF: &str = "deaf";
/// How soon it must be known again who is there, after everything on Redis was forgotten.
const PRESENT_WITHIN: Duration = Duration::from_secs(10);

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// What is done to an installation.
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
        pub(crate) enum Fault { $($(#[$doc])* $name,)+ }

        impl Fault {
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)+];
        }
    };
}

faults! {
    /// SIGKILL to the router that owns the shard.
    KillOwner,
    /// SIGSTOP to it, longer than its lease, and SIGCONT.
    PauseOwner,
    /// SIGKILL to a connector.
    KillConnector,
    /// SIGSTOP to a connector, and SIGCONT.
    PauseConnector,
    /// SIGTERM to every process, one after the other, and a new one in its place.
    RollingRestart,
    /// SIGKILL to RabbitMQ.
    KillBroker,
    /// SIGSTOP to RabbitMQ, and SIGCONT.
    PauseBroker,
    /// RabbitMQ says that it is short of memory.
    AlarmBroker,
    /// SIGKILL to PostgreSQL, all of its processes.
    KillRecord,
    /// SIGSTOP to PostgreSQL, and SIGCONT.
    PauseRecord,
    /// PostgreSQL dies and its synchronous standby is promoted.
    PromoteStandby,
    /// The disk of PostgreSQL is full, and has room again.
    FullRecord,
    /// RabbitMQ says that its disk is full.
    FullBroker,
    /// The owner's time of day goes an hour forth and the other router's an hour back; then the owner dies.
    JumpClocks,
    /// A worker is given tasks and reads nothing.
    DeafWorker,
    /// Every process that runs an older program gets the new one, with time between them.
    Upgrade,
    /// SIGKILL to the master of Redis: the Sentinels promote the replica, which may not have everything.
    FailOverLive,
    /// `FLUSHALL`.
    FlushLive,
    /// SIGSTOP to the master of Redis, shorter than the Sentinels need, and SIGCONT.
    PauseLive,
    /// All connections to broker and record end at once, and for a while there are no new ones.
    CutLinks,
    /// The same with resets, again and again.
    ResetLinks,
    /// Nothing passes on them, nobody is told, and then they are reset.
    SilentLinks,
    /// Everything on them arrives late.
    SlowLinks,
    /// Little passes on them.
    NarrowLinks,
    /// Bytes of webhooks change on their way.
    CorruptDoors,
    /// SIGKILL to the owner and to RabbitMQ at the same time.
    KillOwnerAndBroker,
    /// SIGKILL to the owner and to PostgreSQL at the same time.
    KillOwnerAndRecord,
}

impl Cluster {
    /// Does it, and waits until all is mended; tells for how long nobody served the shard, where that is the fault.
    pub(crate) async fn suffer(&mut self, fault: Fault, traffic: &Traffic) -> Option<Duration> {
        match fault {
            Fault::KillOwner => Some(self.kill_owner(false, false).await),
            Fault::KillOwnerAndBroker => Some(self.kill_owner(true, false).await),
            Fault::KillOwnerAndRecord => Some(self.kill_owner(false, true).await),
            Fault::PauseOwner => Some(self.pause_owner().await),
            Fault::KillConnector => {
                self.connectors[1].kill().await;
                self.connectors[1].start_again().await;
                None
            }
            Fault::PauseConnector => {
                self.connectors[0].pause().await;
                sleep(BAD).await;
                self.connectors[0].resume().await;
                None
            }
            Fault::RollingRestart => {
                for process in self.routers.iter_mut().chain(&mut self.connectors) {
                    let ended = process.stop().await;
                    assert!(ended.success(), "a process did not end in order: {ended}\n{}", process.log());
                    process.start_again().await;
                }
                Some(self.without_an_owner().await)
            }
            Fault::KillBroker => {
                self.rabbit.kill();
                self.rabbit.restart().await;
                None
            }
            Fault::PauseBroker => {
                self.rabbit.pause();
                sleep(STILL).await;
                self.rabbit.resume();
                None
            }
            Fault::AlarmBroker => {
                self.rabbit.ctl(&["set_vm_memory_high_watermark", "0.00001"]).await;
                sleep(BAD).await;
                self.rabbit.ctl(&["set_vm_memory_high_watermark", "absolute", "2GB"]).await;
                None
            }
            Fault::KillRecord => {
                self.postgres.kill().await;
                self.postgres.restart().await;
                Some(self.without_an_owner().await)
            }
            Fault::PauseRecord => {
                self.postgres.pause();
                sleep(STILL).await;
                self.postgres.resume();
                Some(self.without_an_owner().await)
            }
            Fault::PromoteStandby => {
                self.promote().await;
                Some(self.without_an_owner().await)
            }
            Fault::FullRecord => {
                self.postgres.fill().await;
                sleep(STILL).await;
                self.postgres.make_room().await;
                Some(self.without_an_owner().await)
            }
            Fault::FullBroker => {
                self.rabbit.ctl(&["set_disk_free_limit", "900TB"]).await;
                sleep(BAD).await;
                self.rabbit.ctl(&["set_disk_free_limit", "50MB"]).await;
                None
            }
            Fault::JumpClocks => Some(self.jump_clocks().await),
            Fault::DeafWorker => {
                let owner = self.owner().await;
                let deaf = Hand::connect(self.routers[owner].addr, WORKER_KEY, DEAF, AcceptMode::Auto).await;
                sleep(BAD).await;
                drop(deaf.expect("he is let in"));
                None
            }
            Fault::Upgrade => {
                for process in self.routers.iter_mut().chain(&mut self.connectors) {
                    let ended = process.stop().await;
                    assert!(ended.success(), "a process did not end in order: {ended}\n{}", process.log());
                    process.run_program(None);
                    process.start_again().await;
                    sleep(BAD).await;
                }
                Some(self.without_an_owner().await)
            }
            Fault::FailOverLive | Fault::FlushLive | Fault::PauseLive => {
                self.trouble_live(fault).await;
                None
            }
            Fault::CorruptDoors => {
                traffic.may_be_corrupt(true);
                self.at_the_doors(Weather { corrupt_one_in: 3, ..Weather::default() });
                sleep(BAD).await;
                self.at_the_doors(Weather::default());
                None
            }
            Fault::CutLinks | Fault::ResetLinks | Fault::SilentLinks | Fault::SlowLinks | Fault::NarrowLinks => {
                self.trouble_links(fault).await;
                Some(self.without_an_owner().await)
            }
        }
    }

    async fn kill_owner(&mut self, broker: bool, record: bool) -> Duration {
        let owner = self.owner().await;
        self.routers[owner].kill().await;
        if broker {
            self.rabbit.kill();
            self.rabbit.restart().await;
        }
        if record {
            self.postgres.kill().await;
            self.postgres.restart().await;
        }
        let without = self.without_an_owner().await;
        self.routers[owner].start_again().await;
        without
    }

    async fn jump_clocks(&mut self) -> Duration {
        let owner = self.owner().await;
        self.set_clock(owner, HOUR);
        self.set_clock(1 - owner, -HOUR);
        sleep(BAD).await;
        let without = self.kill_owner(false, false).await;
        for router in 0..self.routers.len() {
            self.set_clock(router, 0);
        }
        sleep(BAD).await;
        without
    }

    async fn pause_owner(&mut self) -> Duration {
        let owner = self.owner().await;
        let paused = Instant::now();
        self.routers[owner].pause().await;
        let without = self.until_served_by(1 - owner).await;
        sleep(PAUSE.saturating_sub(paused.elapsed())).await;
        self.routers[owner].resume().await;
        self.routers[owner].ready_within(SERVED_WITHIN).await;
        without
    }

    async fn trouble_live(&mut self, fault: Fault) {
        match fault {
            Fault::FailOverLive => self.redis.fail_over().await,
            Fault::FlushLive => drop(self.redis.master().command("FLUSHALL")),
            _ => {
                let master = self.redis.master();
                master.pause();
                sleep(Duration::from_millis(700)).await;
                master.resume();
            }
        }
        let begin = Instant::now();
        while !self.redis.master().command("KEYS blendline:present:*").contains("present") {
            assert!(begin.elapsed() < PRESENT_WITHIN, "nobody was there again within {PRESENT_WITHIN:?}");
            sleep(LOOK_EVERY).await;
        }
    }

    async fn trouble_links(&self, fault: Fault) {
        match fault {
            Fault::CutLinks => {
                self.links(Weather { refuse: true, ..Weather::default() });
                self.end_links(false);
                sleep(BAD / 2).await;
            }
            Fault::ResetLinks => {
                for _ in 0..6 {
                    self.end_links(true);
                    sleep(BAD / 6).await;
                }
            }
            Fault::SilentLinks => {
                self.links(Weather { silent: true, ..Weather::default() });
                sleep(STILL).await;
                self.end_links(true);
            }
            Fault::SlowLinks => {
                self.links(Weather { delay: Duration::from_millis(100), ..Weather::default() });
                sleep(BAD).await;
            }
            _ => {
                self.links(Weather { bytes_per_second: 64 * 1024, ..Weather::default() });
                sleep(BAD).await;
            }
        }
        self.links(Weather::default());
    }
}
