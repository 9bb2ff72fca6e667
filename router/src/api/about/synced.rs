//! Customers and orders as other systems have them.

use serde_json::{Value, json};

use crate::api::synced::{ImportReport, ImportWanted, RecordInfo, SystemRecord};
use crate::openapi::about::{About, Tag};
use crate::openapi::faults::{SERVED_ELSEWHERE, UNKNOWN_RECORD};

fn about(id: &'static str, summary: &'static str) -> About {
    About::new(id, Tag::Cases, summary)
        .place::<String>("system", "The system.")
        .place::<String>("records", "`customers` or `orders`.")
        .fails(&[UNKNOWN_RECORD])
}

fn kept() -> Value {
    json!({
        "system": "crm", "reference": "C-7", "version": 12,
        "record": { "version": 12, "name": "Noa Levi", "segment": "gold", "agent": "dana" }
    })
}

pub(in crate::api) fn one() -> About {
    about("get_system_record", "Read a customer or an order as another system has it")
        .place::<String>("reference", "What the system calls it.")
        .gives::<RecordInfo>(200, "The record.")
        .such_as(kept())
}

pub(in crate::api) fn put() -> About {
    about("put_system_record", "Keep a customer or an order as another system has it")
        .text("An older version than the one that is known changes nothing: the answer is what is kept.")
        .place::<String>("reference", "What the system calls it.")
        .takes::<SystemRecord>(json!({ "version": 12, "name": "Noa Levi", "segment": "gold" }))
        .gives::<RecordInfo>(200, "What is kept.")
        .such_as(kept())
        .fails(&[SERVED_ELSEWHERE])
}

pub(in crate::api) fn import() -> About {
    about("import_system_records", "Import customers or orders: all of a file, or nothing")
        .text(
            "A record of JSON a line, with its `reference` beside what a single record has; or, with the media type \
             `text/csv`, a file with a header whose headings are fields (`fields.` and a name for one of your own), or are \
             said to be by `columns`. At most 1000. Where a line is broken nothing is taken, and each broken line is told with \
             its field and the cure.",
        )
        .asks::<ImportWanted>()
        .takes_anything("The lines.")
        .gives::<ImportReport>(200, "All were taken, or would be.")
        .such_as(json!({ "lines": 2, "taken": 2, "faults": [] }))
        .gives::<ImportReport>(422, "Nothing was taken.")
        .such_as(json!({
            "lines": 2, "taken": 0, "faults": [{ "line": 2, "field": "/agent", "cure": "no worker is called so" }]
        }))
        .fails(&[SERVED_ELSEWHERE])
}
