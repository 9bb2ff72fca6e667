//! The type check: from what the parser read to what can be evaluated.

use std::ops::Range;

use ::cel::common::ast::{CallExpr, Expr as Ast, IdedExpr, LiteralValue, SelectExpr, SourceInfo, operators};

use super::Names;
use super::expr::{Expr, Order, Sum};
use super::place::Aligned;
use crate::fault::Faults;
use crate::fields::{Field, Type};
use crate::limits::ENTRIES_MAX;
use crate::spell::did_you_mean;

/// The group of what other systems told of whoever writes.
const CUSTOMER: &str = "customer";

/// A checked node.
pub(super) struct Typed {
    pub(super) expr: Expr,
    pub(super) holds: Type,
    /// Steps it takes at worst.
    pub(super) cost: u64,
    /// Entries it has at most, where it is a list.
    pub(super) entries: u64,
}

impl Typed {
    pub(super) const fn new(expr: Expr, holds: Type, cost: u64) -> Self {
        Self { expr, holds, cost, entries: ENTRIES_MAX }
    }
}

/// The check of one condition.
pub(super) struct Lowering<'a> {
    pub(super) names: &'a Names<'a>,
    pub(super) source: &'a SourceInfo,
    pub(super) text: &'a str,
    pub(super) places: &'a Aligned,
    pub(super) faults: &'a mut Faults,
    /// Variables of the `exists` and `all` around a node, outermost first.
    pub(super) locals: Vec<(String, Type)>,
}

impl Lowering<'_> {
    /// A fault of a whole node.
    pub(super) fn fault(
        &mut self,
        node: &IdedExpr,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let at = self.extent(node);
        self.faults.error(code, &self.places.span(at), message, hint);
    }

    /// The checked node; `None` after a fault was told.
    pub(super) fn lower(&mut self, node: &IdedExpr) -> Option<Typed> {
        match &node.expr {
            Ast::Literal(literal) => self.literal(node, literal),
            Ast::Ident(name) => self.ident(node, name),
            Ast::Select(select) => self.select(node, select),
            Ast::List(list) => self.list(node, &list.elements),
            Ast::Call(call) => self.call(node, call),
            Ast::Comprehension(each) => self.each(node, each),
            Ast::Map(_) | Ast::Struct(_) | Ast::Unspecified => {
                self.fault(
                    node,
                    "not_here",
                    "this has no meaning in a rule",
                    "conditions know numbers, texts and lists",
                );
                None
            }
        }
    }

    fn literal(&mut self, node: &IdedExpr, literal: &LiteralValue) -> Option<Typed> {
        let (message, hint) = match literal {
            LiteralValue::Boolean(flag) => return Some(Typed::new(Expr::Bool(*flag.inner()), Type::Bool, 1)),
            LiteralValue::Int(number) => return Some(Typed::new(Expr::Int(*number.inner()), Type::Int, 1)),
            LiteralValue::String(text) => return Some(Typed::new(Expr::Text(text.inner().to_owned()), Type::Text, 1)),
            LiteralValue::UInt(_) => ("numbers have no `u` behind them here", "leave it out"),
            LiteralValue::Double(_) => ("fractions are not known here", "all numbers of a message are whole"),
            LiteralValue::Bytes(_) => ("bytes are not known here", "leave out the `b` before the quote"),
            LiteralValue::Null => ("`null` is not known here", "every field has a value: an absent text is ''"),
        };
        self.fault(node, "not_here", message, hint);
        None
    }

    fn ident(&mut self, node: &IdedExpr, name: &str) -> Option<Typed> {
        if let Some(at) = self.locals.iter().rposition(|(local, _)| local == name) {
            return Some(Typed::new(Expr::Local(at), self.locals[at].1, 1));
        }
        let fields: Vec<&str> = Field::ALL
            .iter()
            .map(|field| field.name())
            .filter(|(group, _)| *group == name)
            .map(|(_, field)| field)
            .collect();
        if let Some(first) = fields.first() {
            let hint = format!("name one of its fields: `{name}.{first}`, …");
            self.fault(node, "unknown_field", format!("`{name}` is a group of fields"), hint);
            return None;
        }
        let same_name = Field::ALL.iter().map(|field| field.name()).find(|(_, field)| *field == name);
        let hint = match same_name {
            Some((group, field)) => format!("did you mean `{group}.{field}`?"),
            None => did_you_mean(name, groups().into_iter()) + "; a text stands in quotes",
        };
        self.fault(node, "unknown_field", format!("there is no field `{name}`"), hint);
        None
    }

    fn select(&mut self, node: &IdedExpr, select: &SelectExpr) -> Option<Typed> {
        if select.test {
            self.fault(node, "not_here", "`has` is not needed here", "every field has a value: compare with '' or 0");
            return None;
        }
        let Ast::Ident(group) = &select.operand.expr else {
            self.fault(
                node,
                "unknown_field",
                format!("nothing has a field `{}`", select.field),
                "fields are `group.name`",
            );
            return None;
        };
        if let Some(field) = Field::ALL.iter().find(|field| field.name() == (group, &select.field)) {
            return Some(Typed::new(Expr::Field(*field), field.holds(), 1));
        }
        let told = self.names.customers.get(&select.field).filter(|_| group == CUSTOMER);
        match told {
            Some(Type::Int) => return Some(Typed::new(Expr::ToldNumber(select.field.clone()), Type::Int, 1)),
            Some(_) => return Some(Typed::new(Expr::ToldText(select.field.clone()), Type::Text, 1)),
            None => {}
        }
        if !groups().contains(&group.as_str()) {
            let hint = did_you_mean(group, groups().into_iter());
            self.fault(&select.operand, "unknown_field", format!("there is no group of fields `{group}`"), hint);
            return None;
        }
        let own =
            Field::ALL.iter().map(|field| field.name()).filter(|(theirs, _)| theirs == group).map(|(_, name)| name);
        let told = self.names.customers.keys().map(String::as_str).filter(|_| group == CUSTOMER);
        let mut names: Vec<&str> = own.collect();
        names.extend(told);
        let mut hint = did_you_mean(&select.field, names.into_iter());
        if group == CUSTOMER {
            hint += "; what else is told of customers stands in `customers`: `city: text`";
        }
        let message = format!("`{group}` has no field `{}`", select.field);
        let dot = self.source.offset_for(node.id).map_or(0, |(dot, _)| dot as usize + 1);
        self.faults.error("unknown_field", &self.places.span(dot..dot + select.field.len()), message, hint);
        None
    }

    fn list(&mut self, node: &IdedExpr, elements: &[IdedExpr]) -> Option<Typed> {
        let (mut texts, mut ints) = (Vec::new(), Vec::new());
        for element in elements {
            match self.lower(element)?.expr {
                Expr::Text(text) => texts.push(text),
                Expr::Int(number) => ints.push(number),
                _ => {
                    self.fault(element, "not_here", "a list holds only texts or numbers", "write them out");
                    return None;
                }
            }
        }
        let entries = elements.len() as u64;
        let typed = match (texts.is_empty(), ints.is_empty()) {
            (true, false) => Typed::new(Expr::Ints(ints), Type::Ints, 1),
            (_, true) => Typed::new(Expr::Texts(texts), Type::Texts, 1),
            (false, false) => {
                self.fault(node, "wrong_type", "this list mixes texts and numbers", "make it of one kind");
                return None;
            }
        };
        Some(Typed { entries, ..typed })
    }

    fn call(&mut self, node: &IdedExpr, call: &CallExpr) -> Option<Typed> {
        let args: Vec<&IdedExpr> = call.target.as_deref().into_iter().chain(&call.args).collect();
        match (call.func_name.as_str(), args.as_slice()) {
            (operators::LOGICAL_NOT, [one]) => {
                let one = self.typed(one, Type::Bool)?;
                Some(Typed::new(Expr::Not(Box::new(one.expr)), Type::Bool, one.cost + 1))
            }
            (operators::NEGATE, [one]) => {
                let one = self.typed(one, Type::Int)?;
                Some(Typed::new(Expr::Negate(Box::new(one.expr)), Type::Int, one.cost + 1))
            }
            (operators::CONDITIONAL, [when, then, otherwise]) => self.choice(when, then, otherwise),
            (name @ (operators::LOGICAL_AND | operators::LOGICAL_OR), [one, other]) => {
                let (one, other) = (self.typed(one, Type::Bool), self.typed(other, Type::Bool));
                let (one, other) = (one?, other?);
                let cost = one.cost + other.cost + 1;
                let make = if name == operators::LOGICAL_AND { Expr::And } else { Expr::Or };
                Some(Typed::new(make(Box::new(one.expr), Box::new(other.expr)), Type::Bool, cost))
            }
            (operators::EQUALS, [one, other]) => self.equal(one, other),
            (operators::NOT_EQUALS, [one, other]) => {
                let equal = self.equal(one, other)?;
                Some(Typed::new(Expr::Not(Box::new(equal.expr)), Type::Bool, equal.cost + 1))
            }
            (operators::IN, [item, list]) => self.is_in(item, list),
            (name, [one, other]) if order(name).is_some() => self.compare(order(name)?, node, one, other),
            (name, [one, other]) if sum(name).is_some() => {
                let (one, other) = (self.typed(one, Type::Int), self.typed(other, Type::Int));
                let (one, other) = (one?, other?);
                let cost = one.cost + other.cost + 1;
                Some(Typed::new(Expr::Sum(sum(name)?, Box::new(one.expr), Box::new(other.expr)), Type::Int, cost))
            }
            (name, args) => self.function(node, name, args, call.target.is_some()),
        }
    }

    fn choice(&mut self, when: &IdedExpr, then: &IdedExpr, otherwise: &IdedExpr) -> Option<Typed> {
        let when = self.typed(when, Type::Bool);
        let then = self.lower(then)?;
        let otherwise = self.typed(otherwise, then.holds)?;
        let when = when?;
        let cost = when.cost + then.cost.max(otherwise.cost) + 1;
        let expr = Expr::If(Box::new(when.expr), Box::new(then.expr), Box::new(otherwise.expr));
        Some(Typed { entries: then.entries.max(otherwise.entries), ..Typed::new(expr, then.holds, cost) })
    }

    fn equal(&mut self, one: &IdedExpr, other: &IdedExpr) -> Option<Typed> {
        let (left, right) = (self.lower(one), self.lower(other));
        let (left, right) = (left?, right?);
        self.same(&left, other, &right)?;
        self.word(&left, other, &right)?;
        self.word(&right, one, &left)?;
        let cost = left.cost + right.cost + left.entries.min(1);
        Some(Typed::new(Expr::Equal(Box::new(left.expr), Box::new(right.expr)), Type::Bool, cost))
    }

    fn compare(&mut self, order: Order, node: &IdedExpr, one: &IdedExpr, other: &IdedExpr) -> Option<Typed> {
        let (left, right) = (self.lower(one), self.lower(other));
        let (left, right) = (left?, right?);
        self.same(&left, other, &right)?;
        if !matches!(left.holds, Type::Int | Type::Text) {
            let message = format!("{} cannot be more or less than another", left.holds.name());
            self.fault(node, "wrong_type", message, "compare it with `==` or `!=`");
            return None;
        }
        let cost = left.cost + right.cost + 1;
        Some(Typed::new(Expr::Compare(order, Box::new(left.expr), Box::new(right.expr)), Type::Bool, cost))
    }

    fn is_in(&mut self, item: &IdedExpr, list: &IdedExpr) -> Option<Typed> {
        let (one, all) = (self.lower(item), self.lower(list));
        let (one, all) = (one?, all?);
        let wanted = match all.holds {
            Type::Texts => Type::Text,
            Type::Ints => Type::Int,
            _ => {
                let message = format!("`in` wants a list behind it, and this is {}", all.holds.name());
                self.fault(list, "wrong_type", message, "write `in ['a', 'b']`, or `contains` for a part of a text");
                return None;
            }
        };
        if all.expr == Expr::Texts(Vec::new()) {
            return Some(Typed::new(Expr::Bool(false), Type::Bool, 1));
        }
        if !alike(one.holds, wanted) {
            let message = format!("this is {}, and the list is {}", one.holds.name(), all.holds.name());
            self.fault(item, "wrong_type", message, "compare like with like");
            return None;
        }
        if let (Type::Word(_), Ast::List(written)) = (one.holds, &list.expr) {
            for word in &written.elements {
                let typed = self.lower(word)?;
                self.word(&one, word, &typed)?;
            }
        }
        let cost = one.cost + all.cost + all.entries / 8 + 1;
        Some(Typed::new(Expr::In(Box::new(one.expr), Box::new(all.expr)), Type::Bool, cost))
    }

    /// A node that must hold a certain type.
    pub(super) fn typed(&mut self, node: &IdedExpr, wanted: Type) -> Option<Typed> {
        let typed = self.lower(node)?;
        if !alike(typed.holds, wanted) {
            let message = format!("this is {}, and {} is needed here", typed.holds.name(), wanted.name());
            self.fault(node, "wrong_type", message, cure(typed.holds, wanted));
            return None;
        }
        Some(typed)
    }

    pub(super) fn same(&mut self, left: &Typed, node: &IdedExpr, right: &Typed) -> Option<()> {
        if alike(left.holds, right.holds) {
            return Some(());
        }
        let message = format!("this is {}, and it is compared with {}", right.holds.name(), left.holds.name());
        self.fault(node, "wrong_type", message, cure(right.holds, left.holds));
        None
    }

    /// A word that is compared with one of a closed list must be on it.
    pub(super) fn word(&mut self, field: &Typed, node: &IdedExpr, with: &Typed) -> Option<()> {
        let (Type::Word(domain), Expr::Text(word)) = (field.holds, &with.expr) else { return Some(()) };
        let words = domain.words(self.names.world);
        if words.contains(&word.as_str()) {
            return Some(());
        }
        let hint = did_you_mean(word, words.into_iter());
        self.fault(node, "unknown_word", format!("there is no {} `{word}`", domain.name()), hint);
        None
    }

    /// From the first to the last byte that belongs to a node.
    fn extent(&self, node: &IdedExpr) -> Range<usize> {
        let (mut start, mut end) = (usize::MAX, 0);
        self.widen(node, &mut start, &mut end);
        if start == usize::MAX {
            return 0..self.text.len();
        }
        let extent = start..end;
        // A call's own place is its bracket; the name stands before it, and the closing bracket behind its last argument.
        let word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let before = self.text.get(..extent.start).unwrap_or_default().trim_end_matches(word);
        if matches!(&node.expr, Ast::Call(call) if !call.func_name.starts_with(['_', '@', '!', '-'])) {
            let start = if self.stands(extent.start, '(') { before.len() } else { extent.start };
            let close = self.stands(extent.end, ')');
            return start..extent.end + usize::from(close);
        }
        extent
    }

    fn stands(&self, at: usize, sign: char) -> bool {
        self.text.get(at..).is_some_and(|rest| rest.starts_with(sign))
    }

    fn widen(&self, node: &IdedExpr, first: &mut usize, last: &mut usize) {
        if let Some((start, stop)) = self.source.offset_for(node.id) {
            *first = (*first).min(start as usize);
            *last = (*last).max((stop as usize + 1).min(self.text.len()));
        }
        match &node.expr {
            Ast::Select(select) => {
                self.widen(&select.operand, first, last);
                *last = (*last + select.field.len()).min(self.text.len());
            }
            Ast::Call(call) => {
                call.target.as_deref().into_iter().chain(&call.args).for_each(|arg| self.widen(arg, first, last))
            }
            Ast::List(list) => {
                list.elements.iter().for_each(|element| self.widen(element, first, last));
                *last += usize::from(self.stands(*last, ']'));
            }
            Ast::Comprehension(each) => self.widen(&each.iter_range, first, last),
            _ => {}
        }
    }
}

fn groups() -> Vec<&'static str> {
    let mut groups: Vec<&str> = Field::ALL.iter().map(|field| field.name().0).collect();
    groups.dedup();
    groups
}

/// A word is a text.
pub(super) fn alike(one: Type, other: Type) -> bool {
    let plain = |holds| if matches!(holds, Type::Word(_)) { Type::Text } else { holds };
    plain(one) == plain(other)
}

const fn cure(found: Type, wanted: Type) -> &'static str {
    match (found, wanted) {
        (Type::Int, Type::Text | Type::Word(_)) => "put quotes around it",
        (Type::Text, Type::Int) => "leave out the quotes",
        (Type::Bool, _) => "a field that is true or false stands alone: `contact.known`, `!contact.known`",
        (_, Type::Bool) => "a field that is true or false stands alone: `contact.known`, `!contact.known`",
        (Type::Texts, _) | (_, Type::Texts) => "ask with `in` whether a text is in a list: `'image' in msg.files`",
        _ => "compare like with like",
    }
}

fn order(name: &str) -> Option<Order> {
    Some(match name {
        operators::LESS => Order::Less,
        operators::LESS_EQUALS => Order::LessOrEqual,
        operators::GREATER => Order::More,
        operators::GREATER_EQUALS => Order::MoreOrEqual,
        _ => return None,
    })
}

fn sum(name: &str) -> Option<Sum> {
    Some(match name {
        operators::ADD => Sum::Plus,
        operators::SUBSTRACT => Sum::Minus,
        operators::MULTIPLY => Sum::Times,
        operators::DIVIDE => Sum::By,
        operators::MODULO => Sum::Rest,
        _ => return None,
    })
}
