//! Case types that come with the program, usable as they are: `cases: {delivery-problem: {like: delivery-problem}}`.
//!
//! One more is a file here and a line in [`SHIPPED`]. Its stages name queues by what they do; a company says with `queues`
//! which of its own these are, or calls its own so.

/// The types by name, each with its text as it stands behind its name in a rule set.
pub const SHIPPED: &[(&str, &str)] = &[
    ("collection", include_str!("collection.yaml")),
    ("complaint", include_str!("complaint.yaml")),
    ("damaged-goods", include_str!("damaged-goods.yaml")),
    ("delivery-problem", include_str!("delivery-problem.yaml")),
    ("forgotten-goods", include_str!("forgotten-goods.yaml")),
    ("lead", include_str!("lead.yaml")),
    ("retention", include_str!("retention.yaml")),
    ("return-credit", include_str!("return-credit.yaml")),
    ("technical-fault", include_str!("technical-fault.yaml")),
];

/// The text of a shipped type.
pub fn text(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
