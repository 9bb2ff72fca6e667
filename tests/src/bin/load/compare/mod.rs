//! Blendline beside what a user would build instead: the same webhooks, the same platform, the same servers' programs,
//! one after the other in one run, and the processor time of everything but the load tool and the platform.

mod course;
mod systems;

use std::time::Duration;

use clap::ValueEnum;
use serde_json::{Map, Value, json};

use self::course::{Course, Pace};
use crate::bench::{progress, round, with_machine};

/// What is measured, beside each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum System {
    /// `blendline serve` and SDK workers.
    Blendline,
    /// The same with two connectors and two routers.
    Spread,
    /// FastAPI and Celery on RabbitMQ.
    Celery,
    /// fastify and BullMQ on a Redis that syncs every write.
    Bullmq,
    /// The same on a Redis that syncs every second: what was accepted in the last second can be lost.
    BullmqEverysec,
}

impl System {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// How it is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Length of each phase.
    pub(crate) seconds: u64,
    /// Webhooks per second of the steady phase.
    pub(crate) rate: u64,
    pub(crate) connections: usize,
}

/// Connections, caches and the interpreters' warm code are not what is measured.
const WARM_UP: Duration = Duration::from_secs(4);
/// Intake alone is measured for so long: all of it has to be worked off afterwards.
const INTAKE: Duration = Duration::from_secs(4);

/// Measures each system in turn, and sets their processor time per task beside the first one's.
pub(crate) async fn run(systems: &[System], plan: Plan) -> Value {
    let mut figures = Map::new();
    for system in systems {
        progress(&format!("{}:", system.name()));
        figures.insert(system.name(), measure(*system, plan).await);
    }
    let first = systems.first().map(|system| system.name()).unwrap_or_default();
    let cpu = |name: &str, phase: &str| figures[name][phase]["cpu_us_per_task"]["all"].as_f64().unwrap_or(f64::NAN);
    let ratios: Map<String, Value> = (systems.iter().skip(1))
        .map(|system| {
            let name = system.name();
            let ratio = |phase| round(cpu(&name, phase) / cpu(&first, phase));
            let ratios = json!({ "steady": ratio("steady"), "saturated": ratio("saturated") });
            (name, ratios)
        })
        .collect();
    with_machine("compare", json!({ "systems": figures, "cpu_per_task_as_a_multiple_of_the_first": ratios }))
}

async fn measure(system: System, plan: Plan) -> Value {
    let length = Duration::from_secs(plan.seconds);
    let steady = Pace::Steady(plan.rate);
    let mut course = Course::new(&[
        (steady, WARM_UP),
        (Pace::Open, WARM_UP),
        (steady, length),
        (Pace::Open, length),
        (Pace::Flood, INTAKE),
    ])
    .await;
    let running = systems::start(system, &course.numbers, &course.platform_url()).await;
    for pace in [steady, Pace::Open] {
        course.run(&running, pace, WARM_UP, plan.connections).await;
    }
    let before = running.processes.read();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let idle = running.processes.us_per(2, &before);
    json!({
        "processes": running.about,
        "idle_cpu_us_per_second": idle,
        "steady": course.run(&running, steady, length, plan.connections).await,
        "saturated": course.run(&running, Pace::Open, length, plan.connections).await,
        "flooded": course.run(&running, Pace::Flood, INTAKE, plan.connections).await,
        "replies_sent_twice": course.twice(),
        "resident_mb": running.resident_mb(),
    })
}
