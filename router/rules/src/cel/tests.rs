//! Our evaluation against that of the `cel` crate: the same conditions over the same messages.

use ::cel::objects::{Key, Map};
use ::cel::{Context, Program, Value};
use std::collections::HashMap;
use std::sync::Arc;

use super::*;
use crate::facts::{Facts, History};
use crate::fields::Field;
use crate::yaml::{Node, Value as Written};
use blendline_wire::event::case::CaseValue;

const CONDITIONS: &[&str] = &[
    "true",
    "!contact.known",
    "contact.known && msg.rating > 3",
    "contact.known || msg.rating > 3",
    "msg.rating == 5 || (msg.rating < 2 && msg.length >= 5)",
    "msg.text.contains('refund')",
    "msg.text.startsWith('I') || msg.text.endsWith('!')",
    "msg.text.matches('[0-9]{5,}')",
    "msg.text.matches('^שלום')",
    "msg.text.size() > 10",
    "size(msg.files) == 2",
    "'image' in msg.files",
    "msg.files.exists(f, f == 'voice')",
    "msg.files.all(f, f.startsWith('i') || f == 'voice')",
    "msg.files.exists(f, f in ['voice', 'video'] && msg.rating == 0)",
    "[1, 2, 3].exists(n, n == msg.rating)",
    "[1, 2, 3].all(n, n > msg.rating)",
    "msg.rating in [4, 5]",
    "msg.rating in []",
    "msg.text != ''",
    "time.hour + 1 < 9",
    "time.hour * 60 + time.minute >= 510",
    "-time.hour < -8",
    "time.hour / 2 == 4 && time.hour % 2 == 1",
    "contact.known ? msg.rating > 3 : msg.rating < 3",
    "time.weekday in ['sat', 'fri']",
    "time.date >= '2026-06-01' && time.date < '2026-12-01'",
    "100 / msg.rating > 20",
    "100 % msg.rating == 0 || contact.known",
    "contact.known && 100 / msg.rating > 20",
    "100 / msg.rating > 20 && contact.known",
    "100 / msg.rating > 20 || contact.known",
    "msg.files.exists(f, 10 / msg.rating > 1 || f == 'image')",
    "msg.files.all(f, 10 / msg.rating > 1 && f == 'image')",
    "9223372036854775807 + msg.rating > 0",
    "(contact.known == history.reopened) != (msg.rating == 0)",
    "contact.known == true && !(history.days < 30 && history.messages > 2)",
];

fn messages() -> Vec<Facts> {
    let mut all = Vec::new();
    for (at, text) in ["", "I want a refund, order 123456!", "שלום, רציתי החזר", "שָׁלוֹם!"].into_iter().enumerate()
    {
        for rating in [0, 1, 5] {
            for known in [false, true] {
                let mut facts = Facts {
                    text: text.to_owned(),
                    rating,
                    files: ["image", "voice"].into_iter().take(at % 3).map(str::to_owned).collect(),
                    history: History { known, reopened: at == 2, days: 7, messages: 3 },
                    ..Facts::default()
                };
                facts.at(blendline_wire::Millis(1_780_000_000_000 + at as u64 * 3_600_000), &jiff::tz::TimeZone::UTC);
                all.push(facts);
            }
        }
    }
    all
}

fn condition(text: &str) -> Condition {
    let world = World::default();
    let customers = [("city".to_owned(), Type::Text), ("points".to_owned(), Type::Int)].into();
    let names = Names { world: &world, keywords: &[], calendars: &[], customers: &customers };
    let mut faults = Faults::new("test", text);
    let value = Written::Scalar { text: text.to_owned(), plain: true };
    let compiled = compile(&Node { span: 0..text.len(), value }, &names, &mut faults);
    compiled.unwrap_or_else(|| panic!("{text}: {faults}"))
}

fn in_cel(facts: &Facts) -> Context<'_, '_> {
    let mut groups: HashMap<&str, HashMap<Key, Value>> = HashMap::new();
    for field in Field::ALL {
        let (group, name) = field.name();
        let value = match field.holds() {
            Type::Bool => Value::Bool(facts.flag(*field)),
            Type::Int => Value::Int(facts.int(*field)),
            Type::Text | Type::Word(_) => Value::from(facts.text(*field)),
            Type::Texts | Type::Ints => Value::from(facts.files.clone()),
        };
        groups.entry(group).or_default().insert(Key::from(name), value);
    }
    let mut context = Context::default();
    for (group, fields) in groups {
        context.add_variable_from_value(group, Value::Map(Map { map: Arc::new(fields) }));
    }
    context
}

#[test]
fn conditions_mean_what_cel_says() {
    let (mut compared, mut failed) = (0, 0);
    for text in CONDITIONS {
        let ours = condition(text);
        let theirs = Program::compile(text).unwrap();
        for facts in messages() {
            let scene = Scene::new(&facts, &[], &[]);
            let expected = match theirs.execute(&in_cel(&facts)) {
                Ok(Value::Bool(flag)) => Some(flag),
                Ok(other) => panic!("{text} is {other:?}"),
                Err(_) => None,
            };
            failed += usize::from(expected.is_none());
            assert_eq!(ours.holds(&scene).ok(), expected, "{text} for {facts:?}");
            compared += 1;
        }
    }
    assert!(800 < compared && 20 < failed, "{compared} compared, {failed} with an error");
}

#[test]
fn the_part_that_decides_is_told_with_its_values() {
    let facts = Facts { rating: 2, ..Facts::default() };
    let scene = Scene::new(&facts, &[], &[]);
    let condition = condition("msg.rating > 1 && (contact.known && msg.rating > 4) && 3 / msg.rating > 0");
    let (part, values) = condition.decisive(&scene).unwrap();
    // Brackets around an `&&` keep its parts together: then all of it is one.
    assert!(part.contains("contact.known"), "{part}");
    assert!(values.contains(&("msg.rating".to_owned(), "2".to_owned())), "{values:?}");
    let flat = super::tests::condition("msg.rating > 1 && contact.known && msg.rating > 4");
    assert_eq!(flat.decisive(&scene).unwrap().0, "contact.known");
}

#[test]
fn what_other_systems_told_of_a_customer_is_asked_by_its_type() {
    let mut facts = Facts::default();
    let holds = |facts: &Facts, text: &str| {
        let condition = condition(text);
        assert!(condition.asks_customers(), "{text}");
        condition.holds(&Scene::new(facts, &[], &[])).unwrap()
    };
    assert!(holds(&facts, "!customer.known && customer.city == '' && customer.points == 0"));
    facts.customer.known = true;
    facts.customer.segment = "gold".to_owned();
    facts.customer.fields =
        [("city".to_owned(), CaseValue::Text("Haifa".to_owned().into())), ("points".to_owned(), CaseValue::Number(7))]
            .into();
    assert!(holds(&facts, "customer.segment in ['gold', 'platinum'] && customer.city == 'Haifa'"));
    assert!(holds(&facts, "customer.points > 6 && customer.agent == ''"));
    assert!(!condition("contact.known").asks_customers());
}
