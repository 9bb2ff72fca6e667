//! Evaluation of a checked condition for one message. It allocates nothing but the locals of `exists` and `all`.

use std::cell::RefCell;
use std::fmt;

use super::expr::{Expr, Order, Seek, Sum};
use crate::calendar::Calendar;
use crate::facts::Facts;
use crate::fields::{Field, Type};
use crate::normal::Words;

/// Why a condition says neither true nor false.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EvalError {
    /// A number went beyond what numbers can be.
    Overflow,
    /// Something was divided by zero.
    DivisionByZero,
    /// A node met a value that the check lets no one write: a fault of ours.
    Impossible,
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Overflow => "a number is too large",
            Self::DivisionByZero => "division by zero",
            Self::Impossible => "a value of an unexpected type",
        })
    }
}

impl std::error::Error for EvalError {}

/// One message among the lists and calendars of a set. What is asked of it twice is looked up once.
pub struct Scene<'a> {
    pub(crate) facts: &'a Facts,
    keywords: &'a [Words],
    calendars: &'a [Calendar],
    mentioned: RefCell<Vec<Option<bool>>>,
    open: RefCell<Vec<Option<bool>>>,
}

impl<'a> Scene<'a> {
    /// A message among these lists and calendars.
    pub fn new(facts: &'a Facts, keywords: &'a [Words], calendars: &'a [Calendar]) -> Self {
        let mentioned = RefCell::new(vec![None; keywords.len()]);
        let open = RefCell::new(vec![None; calendars.len()]);
        Self { facts, keywords, calendars, mentioned, open }
    }

    fn mentions(&self, list: usize) -> bool {
        let find = || self.keywords.get(list).is_some_and(|words| words.find(&self.facts.normal).is_some());
        remembered(&self.mentioned, list, find)
    }

    fn is_open(&self, calendar: usize) -> bool {
        let look = || self.calendars.get(calendar).is_some_and(|calendar| calendar.is_open(self.facts.now));
        remembered(&self.open, calendar, look)
    }
}

fn remembered(known: &RefCell<Vec<Option<bool>>>, at: usize, find: impl FnOnce() -> bool) -> bool {
    if let Some(Some(known)) = known.borrow().get(at) {
        return *known;
    }
    let found = find();
    if let Some(place) = known.borrow_mut().get_mut(at) {
        *place = Some(found);
    }
    found
}

/// A value while a condition is evaluated.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Value<'v> {
    Bool(bool),
    Int(i64),
    Text(&'v str),
    Texts(&'v [String]),
    Ints(&'v [i64]),
}

impl Expr {
    /// Whether it holds.
    pub(super) fn truth(&self, scene: &Scene<'_>) -> Result<bool, EvalError> {
        self.value(scene, &[]).and_then(Value::truth)
    }

    fn value<'v>(&'v self, scene: &'v Scene<'_>, locals: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
        let value = |expr: &'v Self| expr.value(scene, locals);
        let truth = |expr: &'v Self| value(expr).and_then(Value::truth);
        Ok(match self {
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Int(number) => Value::Int(*number),
            Self::Text(text) => Value::Text(text),
            Self::Texts(all) => Value::Texts(all),
            Self::Ints(all) => Value::Ints(all),
            Self::Field(field) => of_field(scene.facts, *field),
            Self::Local(at) => *locals.get(*at).ok_or(EvalError::Impossible)?,
            Self::Not(one) => Value::Bool(!truth(one)?),
            // As CEL has it: what the one side decides alone, an error of the other cannot undo.
            Self::And(one, other) => Value::Bool(either(truth(one), || truth(other), false)?),
            Self::Or(one, other) => Value::Bool(either(truth(one), || truth(other), true)?),
            Self::If(when, then, otherwise) => value(if truth(when)? { then } else { otherwise })?,
            Self::Equal(one, other) => Value::Bool(value(one)? == value(other)?),
            Self::Compare(order, one, other) => Value::Bool(compare(*order, value(one)?, value(other)?)?),
            Self::Sum(sum, one, other) => Value::Int(calculate(*sum, value(one)?.int()?, value(other)?.int()?)?),
            Self::Negate(one) => Value::Int(value(one)?.int()?.checked_neg().ok_or(EvalError::Overflow)?),
            Self::In(item, list) => Value::Bool(is_in(value(item)?, value(list)?)?),
            Self::Seek(seek, text, sought) => Value::Bool(seek_in(*seek, value(text)?.text()?, value(sought)?.text()?)),
            Self::Matches(text, pattern) => Value::Bool(pattern.0.is_match(value(text)?.text()?)),
            Self::Size(of) => Value::Int(size(value(of)?)?),
            Self::Mentions(list) => Value::Bool(scene.mentions(*list)),
            Self::Attribute(name) => Value::Text(scene.facts.attribute(name)),
            Self::Amount(name) => Value::Int(scene.facts.amount(name)),
            Self::ToldText(name) => Value::Text(scene.facts.told_text(name)),
            Self::ToldNumber(name) => Value::Int(scene.facts.told_number(name)),
            Self::Open(calendar) => Value::Bool(scene.is_open(*calendar)),
            Self::Each { all, list, body } => {
                let each = |item| {
                    let inner: Vec<Value<'v>> = locals.iter().copied().chain([item]).collect();
                    body.value(scene, &inner).and_then(Value::truth)
                };
                Value::Bool(match value(list)? {
                    Value::Texts(items) => each_of(*all, items.iter().map(|item| each(Value::Text(item))))?,
                    Value::Ints(items) => each_of(*all, items.iter().map(|item| each(Value::Int(*item))))?,
                    _ => return Err(EvalError::Impossible),
                })
            }
        })
    }

    /// The fields that this asks, by name, with their values. Texts of customers are shortened.
    pub(super) fn values(&self, scene: &Scene<'_>) -> Vec<(String, String)> {
        let mut asked = Vec::new();
        self.each_field(&mut |field| {
            if !asked.contains(&field) {
                asked.push(field);
            }
        });
        let named = asked.into_iter().map(|field| {
            let (group, name) = field.name();
            (format!("{group}.{name}"), shown(of_field(scene.facts, field)))
        });
        named.collect()
    }
}

impl<'v> Value<'v> {
    fn truth(self) -> Result<bool, EvalError> {
        if let Self::Bool(flag) = self { Ok(flag) } else { Err(EvalError::Impossible) }
    }

    fn int(self) -> Result<i64, EvalError> {
        if let Self::Int(number) = self { Ok(number) } else { Err(EvalError::Impossible) }
    }

    fn text(self) -> Result<&'v str, EvalError> {
        if let Self::Text(text) = self { Ok(text) } else { Err(EvalError::Impossible) }
    }
}

fn of_field(facts: &Facts, field: Field) -> Value<'_> {
    match field.holds() {
        Type::Bool => Value::Bool(facts.flag(field)),
        Type::Int => Value::Int(facts.int(field)),
        Type::Text | Type::Word(_) => Value::Text(facts.text(field)),
        Type::Texts | Type::Ints => Value::Texts(&facts.files),
    }
}

/// `&&` where `decisive` is false, `||` where it is true.
fn either(
    one: Result<bool, EvalError>,
    other: impl FnOnce() -> Result<bool, EvalError>,
    decisive: bool,
) -> Result<bool, EvalError> {
    if one == Ok(decisive) {
        return one;
    }
    match other() {
        Ok(other) if other == decisive => Ok(decisive),
        other => one.and(other),
    }
}

/// `all` or `exists` of what was found for each item: one may decide alone, else an error counts.
fn each_of(all: bool, found: impl Iterator<Item = Result<bool, EvalError>>) -> Result<bool, EvalError> {
    let mut outcome = Ok(all);
    for one in found {
        match one {
            Ok(one) if one != all => return Ok(one),
            Ok(_) => {}
            Err(error) => outcome = outcome.and(Err(error)),
        }
    }
    outcome
}

fn compare(order: Order, one: Value<'_>, other: Value<'_>) -> Result<bool, EvalError> {
    let ordering = match (one, other) {
        (Value::Int(one), Value::Int(other)) => one.cmp(&other),
        (Value::Text(one), Value::Text(other)) => one.cmp(other),
        _ => return Err(EvalError::Impossible),
    };
    Ok(match order {
        Order::Less => ordering.is_lt(),
        Order::LessOrEqual => ordering.is_le(),
        Order::More => ordering.is_gt(),
        Order::MoreOrEqual => ordering.is_ge(),
    })
}

fn calculate(sum: Sum, one: i64, other: i64) -> Result<i64, EvalError> {
    if other == 0 && matches!(sum, Sum::By | Sum::Rest) {
        return Err(EvalError::DivisionByZero);
    }
    let result = match sum {
        Sum::Plus => one.checked_add(other),
        Sum::Minus => one.checked_sub(other),
        Sum::Times => one.checked_mul(other),
        Sum::By => one.checked_div(other),
        Sum::Rest => one.checked_rem(other),
    };
    result.ok_or(EvalError::Overflow)
}

fn is_in(item: Value<'_>, list: Value<'_>) -> Result<bool, EvalError> {
    match (item, list) {
        (Value::Text(item), Value::Texts(all)) => Ok(all.iter().any(|one| one == item)),
        (Value::Int(item), Value::Ints(all)) => Ok(all.contains(&item)),
        _ => Err(EvalError::Impossible),
    }
}

fn seek_in(seek: Seek, text: &str, sought: &str) -> bool {
    match seek {
        Seek::Anywhere => text.contains(sought),
        Seek::Start => text.starts_with(sought),
        Seek::End => text.ends_with(sought),
    }
}

fn size(of: Value<'_>) -> Result<i64, EvalError> {
    let count = match of {
        Value::Text(text) => text.chars().count(),
        Value::Texts(all) => all.len(),
        Value::Ints(all) => all.len(),
        Value::Bool(_) | Value::Int(_) => return Err(EvalError::Impossible),
    };
    i64::try_from(count).map_err(|_| EvalError::Overflow)
}

fn shown(value: Value<'_>) -> String {
    const SHOWN_CHARS_MAX: usize = 60;
    match value {
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) if SHOWN_CHARS_MAX < text.chars().count() => {
            format!("'{}…'", text.chars().take(SHOWN_CHARS_MAX).collect::<String>())
        }
        Value::Text(text) => format!("'{text}'"),
        Value::Texts(all) => format!("{all:?}"),
        Value::Ints(all) => format!("{all:?}"),
    }
}
