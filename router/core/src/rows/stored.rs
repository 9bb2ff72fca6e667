//! How a task's row is written and read. Rows of before record 17 kept beside the state what only an active task has.

use blendline_wire::Millis;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Task, TaskState};

impl Serialize for Task {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Task {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Stored::deserialize(deserializer).map(Stored::into_task)
    }
}

/// A row, and what older ones say beside it.
#[derive(Deserialize)]
struct Stored {
    #[serde(flatten, deserialize_with = "Task::deserialize")]
    task: Task,
    #[serde(default)]
    begun_at: Option<Millis>,
    #[serde(default)]
    silence: Option<Silence>,
}

/// The silence timer as it was written before record 17.
#[derive(Default, Deserialize)]
struct Silence {
    #[serde(default)]
    since: Option<Millis>,
    #[serde(default)]
    reminded: bool,
    #[serde(default)]
    supervisor_at: Option<Millis>,
}

impl Stored {
    fn into_task(self) -> Task {
        let Self { mut task, begun_at, silence: older } = self;
        if let (TaskState::Active { since, .. }, Some(begun_at)) = (&mut task.state, begun_at) {
            *since = begun_at;
        }
        let Some(older) = older else { return task };
        if let TaskState::Active { silent_since, reminded, .. } = &mut task.state {
            (*silent_since, *reminded) = (older.since, older.reminded);
        }
        if older.supervisor_at.is_some() {
            task.supervisor_at = older.supervisor_at;
        }
        task
    }
}

#[cfg(test)]
mod tests {
    use blendline_wire::{TaskId, WorkerId};

    use super::*;

    /// An active task as record 16 has it.
    const OLDER: &str = r#"{"id":"tsk_5","tenant":"ten_1","kind":"item","queue":"que_2","side":"front",
        "state":{"active":{"worker":"wrk_7"}},"lease":1,"matter":"mat_6","created_at":10,"earned_at":10,"target_ms":60,
        "due_at":70,"unanswered":true,"seq":1,"silence":{"since":30,"reminded":true,"supervisor_at":90},"begun_at":20,
        "worked_ms":4,"strain":3}"#;

    #[test]
    fn an_older_row_keeps_its_timers() {
        let task: Task = serde_json::from_str(OLDER).unwrap();
        let state = TaskState::Active {
            worker: WorkerId(7),
            since: Millis(20),
            silent_since: Some(Millis(30)),
            reminded: true,
        };
        assert_eq!((task.id, &task.state, task.supervisor_at), (TaskId(5), &state, Some(Millis(90))));
        assert_eq!((task.worked_ms, task.strain), (4, 3));
        let written = serde_json::to_string(&task).unwrap();
        assert!(!written.contains("silence\"") && !written.contains("begun_at"), "{written}");
        assert_eq!(serde_json::from_str::<Task>(&written).unwrap(), task);
    }

    #[test]
    fn an_older_row_of_what_nobody_is_at_has_no_timers() {
        let waiting = OLDER.replace(r#"{"active":{"worker":"wrk_7"}}"#, r#""waiting""#);
        let task: Task = serde_json::from_str(&waiting).unwrap();
        assert_eq!((&task.state, task.supervisor_at), (&TaskState::Waiting, Some(Millis(90))));
    }
}
