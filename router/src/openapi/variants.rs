//! The variants of tagged types (frames, verdicts, contents, events) get names of their own and a discriminator, so that
//! generated clients speak of `VerdictDone` and not of "variant 0", and can tell by the tag which one came.

use std::collections::BTreeMap;

use utoipa::openapi::schema::{AllOf, Discriminator, OneOf};
use utoipa::openapi::{AllOfBuilder, Object, Ref, RefOr, Schema};

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// Names the variants of every tagged type.
pub fn name_all(schemas: &mut Schemas) {
    let names: Vec<String> = schemas.keys().cloned().collect();
    for name in &names {
        spread_flattened(schemas, name);
    }
    for name in names {
        let Some(RefOr::T(Schema::OneOf(one_of))) = schemas.get(&name) else { continue };
        if let Some((named, variants)) = lift(&name, one_of.clone()) {
            schemas.extend(variants);
            schemas.insert(name, RefOr::T(Schema::OneOf(named)));
        }
    }
}

/// "All of: one of many kinds, and these fields" becomes "one of many kinds, each with these fields".
fn spread_flattened(schemas: &mut Schemas, name: &str) {
    let Some(RefOr::T(Schema::AllOf(AllOf { items, description, .. }))) = schemas.get(name) else { return };
    let [RefOr::Ref(kinds), RefOr::T(Schema::Object(fields))] = items.as_slice() else { return };
    let kinds = name_of(kinds).to_owned();
    let Some(RefOr::T(Schema::OneOf(one_of))) = schemas.get(&kinds) else { return };
    let base = format!("{name}Base");
    let mut one_of = one_of.clone();
    one_of.description.clone_from(description);
    for item in &mut one_of.items {
        let whole = AllOfBuilder::new().item(Ref::from_schema_name(&base));
        *item = match item {
            RefOr::T(Schema::Object(kind)) => {
                let description = kind.description.take();
                whole.item(kind.clone()).description(description).into()
            }
            // A kind whose fields are a type of their own.
            RefOr::T(Schema::AllOf(kind)) => {
                let parts = kind.items.drain(..).fold(whole, AllOfBuilder::item);
                parts.description(kind.description.take()).into()
            }
            _ => continue,
        };
    }
    let fields = fields.clone();
    schemas.remove(&kinds);
    schemas.insert(base, fields.into());
    schemas.insert(name.to_owned(), RefOr::T(Schema::OneOf(one_of)));
}

fn name_of(reference: &Ref) -> &str {
    reference.ref_location.rsplit('/').next().unwrap_or_default()
}

/// The type with references to its variants, and the variants by name; `None` for what has no tag.
fn lift(name: &str, mut one_of: OneOf) -> Option<(OneOf, Schemas)> {
    let mut variants = Schemas::new();
    let mut discriminator: Option<Discriminator> = None;
    for item in &mut one_of.items {
        let RefOr::T(schema) = item else { return None };
        let (property, value) = tag(schema)?;
        let found = discriminator.get_or_insert_with(|| Discriminator::new(&property));
        if found.property_name != property {
            return None;
        }
        let variant = format!("{name}{}", pascal(&value));
        let reference = Ref::from_schema_name(&variant);
        found.mapping.insert(value, reference.ref_location.clone());
        variants.insert(variant, std::mem::replace(item, RefOr::Ref(reference)));
    }
    one_of.discriminator = discriminator;
    Some((one_of, variants))
}

/// The property of a variant that has one value only, and the value.
fn tag(schema: &Schema) -> Option<(String, String)> {
    let of_object = |object: &Object| {
        object.properties.iter().find_map(|(property, schema)| {
            let RefOr::T(Schema::Object(schema)) = schema else { return None };
            let [value] = schema.enum_values.as_deref()? else { return None };
            Some((property.clone(), value.as_str()?.to_owned()))
        })
    };
    match schema {
        Schema::Object(object) => of_object(object),
        Schema::AllOf(all_of) => all_of.items.iter().find_map(|item| match item {
            RefOr::T(Schema::Object(object)) => of_object(object),
            _ => None,
        }),
        _ => None,
    }
}

fn pascal(snake: &str) -> String {
    let capitalised = snake.split('_').map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
    });
    capitalised.collect()
}
