//! Types: in a few words where they are used, in full where they are named.

use maud::{Markup, html};
use serde_json::Value;
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, SchemaType};
use utoipa::openapi::{Object, RefOr, Schema, Type};

use super::{Names, name_of, words};

/// The mark of what is always there.
pub(super) fn mark() -> Markup {
    html! { span class="always" title="always there" { "•" } }
}

/// A type where it is used: a link for what has a name.
pub(super) fn short(schema: &RefOr<Schema>) -> Markup {
    match schema {
        RefOr::Ref(reference) => {
            let name = name_of(&reference.ref_location);
            html! { a href=(format!("#type-{name}")) { (name) } }
        }
        RefOr::T(schema) => short_of(schema),
    }
}

fn short_of(schema: &Schema) -> Markup {
    match schema {
        Schema::Object(object) => short_object(object),
        Schema::Array(array) => match &array.items {
            ArrayItems::RefOrSchema(items) => html! { "list of " (short(items)) },
            ArrayItems::False => html! { "list" },
        },
        Schema::OneOf(one_of) => any(&one_of.items),
        Schema::AnyOf(any_of) => any(&any_of.items),
        Schema::AllOf(all_of) => html! {
            @for (index, item) in all_of.items.iter().enumerate() { @if 0 < index { " and " } (short(item)) }
        },
        _ => html! { "any" },
    }
}

fn any(items: &[RefOr<Schema>]) -> Markup {
    html! { @for (index, item) in items.iter().enumerate() { @if 0 < index { " or " } (short(item)) } }
}

fn short_object(object: &Object) -> Markup {
    if let Some(values) = &object.enum_values {
        return one_of_words(values);
    }
    if let Some(AdditionalProperties::RefOr(value)) = object.additional_properties.as_deref() {
        return html! { "map of " (short(value)) };
    }
    let format = object.format.as_ref().and_then(|format| serde_json::to_value(format).ok());
    let format = format.as_ref().and_then(Value::as_str).filter(|format| !format.starts_with("int"));
    html! { (type_words(&object.schema_type)) @if let Some(format) = format { " (" (format) ")" } (bounds(object)) }
}

fn one_of_words(values: &[Value]) -> Markup {
    html! {
        @for (index, value) in values.iter().enumerate() {
            @if 0 < index { " or " }
            code { (value.as_str().unwrap_or_default()) }
        }
    }
}

fn type_words(schema_type: &SchemaType) -> String {
    match schema_type {
        SchemaType::Type(kind) => type_word(kind).to_owned(),
        SchemaType::Array(kinds) => kinds.iter().map(type_word).collect::<Vec<_>>().join(" or "),
        SchemaType::AnyValue => "any".to_owned(),
    }
}

const fn type_word(kind: &Type) -> &'static str {
    match kind {
        Type::Object => "object",
        Type::String => "text",
        Type::Integer => "whole number",
        Type::Number => "number",
        Type::Boolean => "true or false",
        Type::Array => "list",
        Type::Null => "null",
    }
}

fn bounds(object: &Object) -> Markup {
    let number = |number: &Option<utoipa::Number>| {
        let value = number.as_ref().and_then(|number| serde_json::to_value(number).ok())?;
        value.as_f64().filter(|value| *value != 0.0).map(|value| value.to_string())
    };
    let (low, high) = (number(&object.minimum), number(&object.maximum));
    html! {
        @if let Some(low) = low { ", from " (low) }
        @if let Some(high) = high { ", to " (high) }
        @if let Some(length) = object.max_length { ", at most " (length) " characters" }
        @if let Some(example) = object.examples.first().and_then(Value::as_str) { " such as " code { (example) } }
    }
}

/// A named type in full.
pub(super) fn section(name: &str, schema: &Schema, names: Names<'_>) -> Markup {
    let description = match schema {
        Schema::Object(object) => &object.description,
        Schema::OneOf(one_of) => &one_of.description,
        Schema::AllOf(all_of) => &all_of.description,
        Schema::AnyOf(any_of) => &any_of.description,
        Schema::Array(array) => &array.description,
        _ => &None,
    };
    html! {
        section class="type" id=(format!("type-{name}")) {
            h3 { (name) }
            @if let Some(text) = description { (words::blocks(text, names)) }
            @match schema {
                Schema::Object(object) if object.properties.is_empty() => p { (short_object(object)) },
                Schema::Object(object) => (fields(object, names)),
                Schema::AllOf(all_of) => {
                    @for item in &all_of.items {
                        @match item {
                            RefOr::T(Schema::Object(object)) => (fields(object, names)),
                            item => p { "Everything of " (short(item)) ", and:" },
                        }
                    }
                },
                Schema::OneOf(one_of) => ul { @for item in &one_of.items { li { (variant(item, names)) } } },
                schema => p { (short_of(schema)) },
            }
        }
    }
}

fn variant(item: &RefOr<Schema>, names: Names<'_>) -> Markup {
    match item {
        RefOr::T(Schema::Object(object)) => html! {
            @if object.properties.is_empty() { (short_object(object)) } @else { (fields(object, names)) }
            @if let Some(text) = &object.description { ": " (words::line(text, names)) }
        },
        item => short(item),
    }
}

fn fields(object: &Object, names: Names<'_>) -> Markup {
    html! {
        dl {
            @for (name, schema) in &object.properties {
                dt { code { (name) } @if object.required.contains(name) { (mark()) } }
                dd { span class="kind" { (short(schema)) } (words::line(description(schema), names)) }
            }
        }
    }
}

/// What a use of a type says of itself.
pub(super) fn description(schema: &RefOr<Schema>) -> &str {
    match schema {
        RefOr::Ref(reference) => &reference.description,
        RefOr::T(Schema::Object(object)) => object.description.as_deref().unwrap_or_default(),
        RefOr::T(Schema::Array(array)) => array.description.as_deref().unwrap_or_default(),
        // An optional named type carries its words in the variant that is not null.
        RefOr::T(Schema::OneOf(one_of)) => one_of.items.first().map_or("", description),
        RefOr::T(_) => "",
    }
}
