//! What other systems tell of customers beside what all tell, and conditions may ask: a name and a type each.

use std::collections::BTreeMap;

use super::value::Reader;
use crate::fields::{Field, Type};
use crate::yaml::Node;

/// The most of them.
const FIELDS_MAX: usize = 64;

pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> BTreeMap<String, Type> {
    let mut fields = BTreeMap::new();
    for (name, node) in reader.named(node, "field of customers", FIELDS_MAX) {
        // Conditions write it as `customer.name`.
        let good = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if !name.value.chars().all(good) || name.value.starts_with(|letter: char| letter.is_ascii_digit()) {
            let hint = "Latin letters, digits and `_`, as conditions write it: `customer.city`";
            reader.faults.error("bad_name", &name.span, "this is no name that a condition could ask", hint);
            continue;
        }
        if Field::ALL.iter().any(|field| field.name() == ("customer", name.value.as_str())) {
            let message = format!("`customer.{}` is there already", name.value);
            reader.faults.error("bad_name", &name.span, message, "take another name, or leave it out");
            continue;
        }
        let types = [("text", Type::Text), ("number", Type::Int)];
        if let Some(holds) = reader.word(node, "type", &types) {
            fields.insert(name.value, holds);
        }
    }
    fields
}
