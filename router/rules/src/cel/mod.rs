//! Conditions: CEL, parsed by the `cel` crate, checked and evaluated here.
//!
//! What is taken of the language: fields of [`Field`](crate::fields::Field), numbers, texts, lists, `==` `!=` `<` `<=` `>` `>=`, `&&` `||`
//! `!` `?:`, `+ - * / %`, `in`, `contains` `startsWith` `endsWith` `matches` `size`, `exists` and `all`; and two functions
//! of ours, `mentions('keywords')` and `open('calendar')`. Everything means what CEL says it means: a test holds our
//! evaluation against the crate's.

mod call;
mod eval;
mod expr;
mod lower;
mod place;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;

use ::cel::parser::Parser;

pub use eval::{EvalError, Scene};

use self::expr::Expr;
use self::lower::Lowering;
use self::place::Aligned;
use crate::fault::Faults;
use crate::fields::{Field, Type, World};
use crate::limits::{CONDITION_BYTES_MAX, CONDITION_COST_MAX, CONDITION_DEPTH_MAX};
use crate::yaml::Node;

/// How deep the parser may recurse. Far above what [`CONDITION_DEPTH_MAX`] lets through, far below a thread's stack.
const RECURSION_MAX: u16 = 40;

/// A condition that was checked.
#[derive(Clone, Debug)]
pub struct Condition {
    /// As it is written.
    pub text: String,
    /// What all must hold, in order: the condition without its outermost `&&`.
    pub(crate) parts: Vec<Part>,
    /// Steps it takes at worst.
    pub cost: u64,
}

impl Condition {
    /// True where it asks what other systems told of a customer.
    pub fn asks_customers(&self) -> bool {
        let mut asks = false;
        for part in &self.parts {
            part.expr.each_field(&mut |field| asks |= matches!(field, Field::Told | Field::Segment | Field::Agent));
        }
        asks
    }
}

/// One of several that all must hold.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) expr: Expr,
    /// Where it stands in the condition.
    pub(crate) at: Range<usize>,
}

/// What conditions of a set may name.
pub(crate) struct Names<'a> {
    pub(crate) world: &'a World,
    /// Keyword lists, in the order of the set's.
    pub(crate) keywords: &'a [&'a str],
    /// Calendars, likewise.
    pub(crate) calendars: &'a [&'a str],
    /// What other systems tell of customers, beside what all tell.
    pub(crate) customers: &'a BTreeMap<String, Type>,
}

/// Checks the condition that `node` holds.
pub(crate) fn compile(node: &Node, names: &Names<'_>, faults: &mut Faults) -> Option<Condition> {
    let text = node.text()?.to_owned();
    let places = Aligned::new(faults.text(), &node.span, &text);
    if CONDITION_BYTES_MAX < text.len() {
        let message = format!("this condition has {} bytes, and at most {CONDITION_BYTES_MAX} are read", text.len());
        let hint = "make several rules of it, or put words into a list of `keywords`";
        faults.error("condition_too_large", &node.span, message, hint);
        return None;
    }
    if let Some(at) = too_deep(&text) {
        let message = format!("brackets, `!` or `?` stand more than {CONDITION_DEPTH_MAX} deep in one another");
        faults.error("condition_too_deep", &places.span(at..at + 1), message, "make several rules of it");
        return None;
    }
    let parser = Parser::new().max_recursion_depth(RECURSION_MAX).error_recovery_limit(1);
    let (ast, source) = match parser.parse_with_source_info(&text) {
        Ok(parsed) => parsed,
        Err(errors) => {
            let (at, message, hint) = place::unreadable(&text, &errors);
            faults.error("condition", &places.span(at), message, hint);
            return None;
        }
    };
    let (conjuncts, operators) = place::conjuncts(&ast, &source);
    let mut lowering = Lowering { names, source: &source, text: &text, places: &places, faults, locals: Vec::new() };
    let mut parts = Vec::new();
    let mut cost = 0_u64;
    let begins = std::iter::once(0).chain(operators.iter().map(|at| at + 2));
    let ends = operators.iter().copied().chain([text.len()]);
    for (conjunct, at) in conjuncts.into_iter().zip(begins.zip(ends)) {
        let typed = lowering.lower(conjunct);
        if let Some(typed) = &typed
            && typed.holds != Type::Bool
        {
            let message = format!("this is {}, and a condition is true or false", typed.holds.name());
            lowering.fault(conjunct, "not_a_condition", message, "compare it with something: `msg.text == 'yes'`");
            return None;
        }
        let typed = typed?;
        cost = cost.saturating_add(typed.cost);
        parts.push(Part { expr: typed.expr, at: trimmed(&text, at.0..at.1) });
    }
    if CONDITION_COST_MAX < cost {
        let message =
            format!("this condition may take {cost} steps for one message, and at most {CONDITION_COST_MAX} are run");
        faults.error("condition_too_costly", &node.span, message, "take one of the `exists` or `all` out of the other");
        return None;
    }
    Some(Condition { text, parts, cost })
}

/// Where brackets, prefixes or choices nest deeper than the parser should follow. Texts in quotes do not count.
fn too_deep(text: &str) -> Option<usize> {
    let (mut depth, mut prefixes, mut choices) = (0_usize, 0_usize, 0_usize);
    let mut quote = None;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(open) = quote {
            if !escaped && byte == open {
                quote = None;
            }
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'\'' | b'"' => quote = Some(byte),
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'?' => choices += 1,
            _ => {}
        }
        prefixes = if matches!(byte, b'!' | b'-') { prefixes + 1 } else { 0 };
        if CONDITION_DEPTH_MAX < depth.max(prefixes).max(choices) {
            return Some(at);
        }
    }
    None
}

fn trimmed(text: &str, at: Range<usize>) -> Range<usize> {
    let part = &text[at.clone()];
    let start = at.start + (part.len() - part.trim_start().len());
    start..start + part.trim().len()
}

impl Condition {
    /// Whether it holds: false as soon as one part is false, whatever the others; else an error where one part has one.
    pub fn holds(&self, scene: &Scene<'_>) -> Result<bool, EvalError> {
        let mut outcome = Ok(true);
        for part in &self.parts {
            match part.expr.truth(scene) {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        outcome
    }

    /// The part that decided, as it is written, with the values of its fields: the first that is false or in error, else
    /// none, for then all of it decided.
    pub fn decisive(&self, scene: &Scene<'_>) -> Option<(&str, Vec<(String, String)>)> {
        let decides = |part: &&Part| !matches!(part.expr.truth(scene), Ok(true));
        let part = self.parts.iter().find(decides)?;
        Some((&self.text[part.at.clone()], part.expr.values(scene)))
    }

    /// The values of all fields that it asks.
    pub fn values(&self, scene: &Scene<'_>) -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> = self.parts.iter().flat_map(|part| part.expr.values(scene)).collect();
        let mut seen = std::collections::BTreeSet::new();
        all.retain(|(name, _)| seen.insert(name.clone()));
        all
    }

    /// True when it holds whenever `other` does, as far as the words show: all that it asks, the other asks too.
    pub(crate) fn is_part_of(&self, other: &Self) -> bool {
        self.parts.iter().all(|part| other.parts.iter().any(|theirs| theirs.expr == part.expr))
    }

    /// Where it says that nothing can ever fit, in its own text: a part that is false, or two that exclude each other.
    pub(crate) fn contradiction(&self) -> Option<Range<usize>> {
        if let Some(never) = self.parts.iter().find(|part| part.expr == Expr::Bool(false)) {
            return Some(never.at.clone());
        }
        self.parts.iter().enumerate().find_map(|(at, part)| {
            let excluded = |earlier: &Part| earlier.expr.excludes(&part.expr);
            self.parts[..at].iter().any(excluded).then(|| part.at.clone())
        })
    }

    /// Whether it holds only while a calendar is closed.
    pub(crate) fn asks_closed(&self, calendar: usize) -> bool {
        let closed = Expr::Not(Box::new(Expr::Open(calendar)));
        self.parts.iter().any(|part| part.expr == closed)
    }

    /// The words that one of its parts allows a field, where one does: `msg.channel == 'a'`, `msg.channel in ['a', 'b']`.
    pub(crate) fn allowed(&self, field: crate::fields::Field) -> Option<(&[String], Range<usize>)> {
        self.parts.iter().find_map(|part| Some((part.expr.allowed(field)?, part.at.clone())))
    }
}
