//! The schemas that a company is given for a channel of its own say what the program does.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cases;

use blendline_connectors::by_name;
use boon::{Compiler, SchemaIndex, Schemas};
use cases::{cases, crate_folder};
use serde_json::{Value, json};

/// The schema in docs/ of this name.
fn schema(name: &str) -> (Schemas, SchemaIndex) {
    let path = crate_folder().join("../docs").join(name);
    let document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
    compiler.add_resource(name, document).unwrap();
    let index = compiler.compile(name, &mut schemas).unwrap();
    (schemas, index)
}

#[test]
fn a_body_is_taken_where_the_schema_allows_it() {
    let (schemas, index) = schema("custom-channel.in.json");
    let connector = by_name("custom").unwrap();
    let mut seen = [0, 0];
    for case in cases("custom") {
        let Ok(body) = serde_json::from_slice::<Value>(&case.body) else { continue };
        let (allowed, taken) = (schemas.validate(&body, index).is_ok(), connector.normalise(&case.body).is_ok());
        // That `at` is an instant is more than a pattern can say.
        assert_eq!(allowed, taken, "{}", case.name);
        seen[usize::from(taken)] += 1;
    }
    assert!(seen.iter().all(|count| *count >= 4), "{seen:?}");
    let event = |extra: Value| {
        let mut event = json!({"type": "message", "id": "m", "from": {"id": "c"}, "text": "x"});
        event.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({ "events": [event] })
    };
    for odd in [
        json!({"type": "button"}),
        json!({"type": "edit"}),
        json!({"type": "status", "status": "sent"}),
        json!({"type": "status", "status": "queued"}),
        json!({"rating": 6}),
        json!({"rating": 5}),
        json!({"status": "sent"}),
        json!({"permalink": "javascript:alert(1)"}),
        json!({"attachments": [{"kind": "image"}]}),
        json!({"attachments": []}),
        json!({"id": "x".repeat(251)}),
        json!({"visibility": "secret"}),
        json!({"text": ""}),
        json!({"type": "reaction", "target": "m", "removed": true}),
    ] {
        let body = event(odd);
        let taken = connector.normalise(body.to_string().as_bytes()).is_ok();
        assert_eq!(schemas.validate(&body, index).is_ok(), taken, "{body}");
    }
}

#[test]
fn the_examples_of_the_page_are_right() {
    let page = std::fs::read_to_string(crate_folder().join("../docs/custom-channel.md")).unwrap();
    let examples: Vec<&str> = page.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let [inbound, outbound] = &examples[..] else { panic!("{} examples", examples.len()) };
    assert_eq!(by_name("custom").unwrap().normalise(inbound.as_bytes()).unwrap().len(), 1);
    let (schemas, index) = schema("custom-channel.out.json");
    assert!(schemas.validate(&serde_json::from_str(outbound).unwrap(), index).is_ok());
}
