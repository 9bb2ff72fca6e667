//! Schemas that are one plain value (an id, an instant, personal text) stand where they are used, not behind a name:
//! a reader sees at once what to send, and generated clients have a string instead of a class around one.

use std::collections::BTreeMap;

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, SchemaType};
use utoipa::openapi::{Components, Content, Object, OneOf, OpenApi, RefOr, Schema, Type};

/// Puts every plain schema of `api` in the places that name it.
pub fn inline(api: &mut OpenApi) {
    let Some(components) = &mut api.components else { return };
    let plain = take_plain(components);
    for schema in components.schemas.values_mut() {
        settle(schema, &plain);
    }
    for operation in api.paths.paths.values_mut().flat_map(operations) {
        settle_operation(operation, &plain);
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

fn take_plain(components: &mut Components) -> BTreeMap<String, Object> {
    let schemas = std::mem::take(&mut components.schemas);
    let mut plain = BTreeMap::new();
    for (name, schema) in schemas {
        match schema {
            RefOr::T(Schema::Object(object)) if is_plain(&object) => {
                plain.insert(name, object);
            }
            schema => {
                components.schemas.insert(name, schema);
            }
        }
    }
    plain
}

fn is_plain(object: &Object) -> bool {
    let scalar = matches!(
        object.schema_type,
        SchemaType::Type(Type::String | Type::Integer | Type::Number | Type::Boolean) | SchemaType::AnyValue
    );
    scalar && object.enum_values.is_none()
}

fn settle_operation(operation: &mut Operation, plain: &BTreeMap<String, Object>) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && let Some(schema) = &mut parameter.schema
        {
            settle(schema, plain);
            never_null(schema);
        }
    }
    let responses = operation.responses.responses.values_mut();
    let answers = responses.filter_map(|response| match response {
        RefOr::T(response) => Some(response.content.values_mut()),
        RefOr::Ref(_) => None,
    });
    let body = operation.request_body.iter_mut().filter_map(|body| match body {
        RefOr::T(body) => Some(body.content.values_mut()),
        RefOr::Ref(_) => None,
    });
    for content in answers.flatten().chain(body.flatten()) {
        if let RefOr::T(Content { schema: Some(schema), .. }) = content {
            settle(schema, plain);
        }
    }
}

fn settle(schema: &mut RefOr<Schema>, plain: &BTreeMap<String, Object>) {
    match schema {
        RefOr::Ref(name) => {
            let target = name.ref_location.rsplit('/').next().and_then(|name| plain.get(name));
            if let Some(target) = target {
                let mut object = target.clone();
                if !name.description.is_empty() {
                    object.description = Some(std::mem::take(&mut name.description));
                }
                *schema = object.into();
            }
        }
        RefOr::T(schema) => settle_parts(schema, plain),
    }
}

fn settle_parts(schema: &mut Schema, plain: &BTreeMap<String, Object>) {
    match schema {
        Schema::Object(object) => {
            object.properties.values_mut().for_each(|property| settle(property, plain));
            // Names in JSON are text anyway.
            object.property_names = None;
            if let Some(AdditionalProperties::RefOr(value)) = object.additional_properties.as_deref_mut() {
                settle(value, plain);
            }
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                settle(items, plain);
            }
            array.prefix_items.iter_mut().for_each(|item| settle_parts(item, plain));
        }
        Schema::OneOf(one_of) => {
            one_of.items.iter_mut().for_each(|item| settle(item, plain));
            if let Some(object) = nullable(one_of) {
                *schema = Schema::Object(object);
            }
        }
        Schema::AllOf(all_of) => all_of.items.iter_mut().for_each(|item| settle(item, plain)),
        Schema::AnyOf(any_of) => any_of.items.iter_mut().for_each(|item| settle(item, plain)),
        _ => {}
    }
}

/// A parameter is left out, never null.
fn never_null(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            if let SchemaType::Array(types) = &object.schema_type
                && let [kind, Type::Null] = types.as_slice()
            {
                object.schema_type = SchemaType::Type(kind.clone());
            }
        }
        RefOr::T(Schema::OneOf(one_of)) => {
            one_of.items.retain(|item| !is_null(item));
            if let [only] = one_of.items.as_slice() {
                *schema = only.clone();
            }
        }
        _ => {}
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}

/// "Null or one plain value" is a plain value of two types.
fn nullable(one_of: &OneOf) -> Option<Object> {
    let mut others = one_of.items.iter().filter(|item| !is_null(item));
    let (Some(RefOr::T(Schema::Object(object))), None) = (others.next(), others.next()) else { return None };
    let SchemaType::Type(kind) = object.schema_type.clone() else { return None };
    if one_of.items.len() != 2 || !is_plain(object) {
        return None;
    }
    let mut object = object.clone();
    object.schema_type = SchemaType::from_iter([kind, Type::Null]);
    object.description = one_of.description.clone().or(object.description);
    Some(object)
}
