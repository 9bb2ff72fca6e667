//! The type check of functions and loops.

use ::cel::common::ast::{ComprehensionExpr, Expr as Ast, IdedExpr, operators};

use super::expr::{Expr, Pattern, Seek};
use super::lower::{Lowering, Typed};
use crate::fields::Type;
use crate::help::FUNCTIONS;
use crate::limits::PATTERN_BYTES_MAX;
use crate::spell::did_you_mean;

/// Steps of looking through a text.
const SEEK_COST: u64 = 20;
/// Steps of a pattern, or of a keyword list, over a text.
const SEARCH_COST: u64 = 100;
impl Lowering<'_> {
    pub(super) fn function(&mut self, node: &IdedExpr, name: &str, args: &[&IdedExpr], on: bool) -> Option<Typed> {
        match (name, args, on) {
            ("contains" | "startsWith" | "endsWith", [text, sought], true) => {
                let seek = match name {
                    "contains" => Seek::Anywhere,
                    "startsWith" => Seek::Start,
                    _ => Seek::End,
                };
                let text = self.typed(text, Type::Text);
                let sought = self.typed(sought, Type::Text)?;
                let text = text?;
                let cost = text.cost + sought.cost + SEEK_COST;
                Some(Typed::new(Expr::Seek(seek, Box::new(text.expr), Box::new(sought.expr)), Type::Bool, cost))
            }
            ("matches", [text, pattern], true) => self.matches(text, pattern),
            ("size", [of], _) => {
                let typed = self.lower(of)?;
                if matches!(typed.holds, Type::Bool | Type::Int) {
                    self.fault(
                        of,
                        "wrong_type",
                        format!("{} has no size", typed.holds.name()),
                        "texts and lists have one",
                    );
                    return None;
                }
                Some(Typed::new(Expr::Size(Box::new(typed.expr)), Type::Int, typed.cost + SEEK_COST))
            }
            ("mentions", [list], false) => {
                let at = self.own("keyword list", list, self.names.keywords)?;
                Some(Typed::new(Expr::Mentions(at), Type::Bool, SEARCH_COST))
            }
            ("open", [calendar], false) => {
                let at = self.own("calendar", calendar, self.names.calendars)?;
                Some(Typed::new(Expr::Open(at), Type::Bool, SEEK_COST))
            }
            ("attribute" | "amount", [field], false) => {
                let Expr::Text(field_name) = self.typed(field, Type::Text)?.expr else {
                    self.fault(field, "wrong_type", "the name of a field is written out", "in quotes");
                    return None;
                };
                Some(if name == "amount" {
                    Typed::new(Expr::Amount(field_name), Type::Int, SEEK_COST)
                } else {
                    Typed::new(Expr::Attribute(field_name), Type::Text, SEEK_COST)
                })
            }
            (
                "amount" | "attribute" | "contains" | "startsWith" | "endsWith" | "matches" | "mentions" | "open"
                | "size",
                ..,
            ) => {
                self.fault(node, "wrong_call", format!("`{name}` is not called like that"), usage(name));
                None
            }
            _ => {
                let readable = if name.starts_with(['_', '@']) { "this" } else { name };
                let hint = did_you_mean(name, FUNCTIONS.iter().map(|(name, ..)| *name));
                self.fault(node, "unknown_function", format!("there is no function `{readable}`"), hint);
                None
            }
        }
    }

    fn matches(&mut self, text: &IdedExpr, pattern: &IdedExpr) -> Option<Typed> {
        let text = self.typed(text, Type::Text)?;
        let Expr::Text(written) = self.typed(pattern, Type::Text)?.expr else {
            self.fault(pattern, "wrong_type", "a pattern is written out", "write `matches('^[0-9]+$')`");
            return None;
        };
        match regex::RegexBuilder::new(&written).size_limit(PATTERN_BYTES_MAX).dfa_size_limit(PATTERN_BYTES_MAX).build()
        {
            Ok(regex) => {
                let expr = Expr::Matches(Box::new(text.expr), Pattern(regex));
                Some(Typed::new(expr, Type::Bool, text.cost + SEARCH_COST))
            }
            Err(error) => {
                let whole = error.to_string();
                let said = whole.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                self.fault(
                    pattern,
                    "pattern",
                    format!("this is no pattern: {said}"),
                    "escape `.` `(` `+` and their like with `\\\\`",
                );
                None
            }
        }
    }

    /// The place of a name of the set's own among all of its kind.
    fn own(&mut self, what: &str, node: &IdedExpr, known: &[&str]) -> Option<usize> {
        let Expr::Text(name) = self.typed(node, Type::Text)?.expr else {
            self.fault(node, "wrong_type", format!("the name of a {what} is written out"), "in quotes");
            return None;
        };
        let found = known.iter().position(|one| *one == name);
        if found.is_none() {
            self.fault(
                node,
                "unknown_name",
                format!("there is no {what} `{name}`"),
                did_you_mean(&name, known.iter().copied()),
            );
        }
        found
    }

    pub(super) fn each(&mut self, node: &IdedExpr, each: &ComprehensionExpr) -> Option<Typed> {
        // `exists` folds with `||` from false, `all` with `&&` from true; whatever else folds is not known here.
        let fold = match &each.loop_step.expr {
            Ast::Call(call) if each.iter_var2.is_none() && call.args.len() == 2 => {
                Some((call.func_name.as_str(), &call.args[1]))
            }
            _ => None,
        };
        let Some((name @ (operators::LOGICAL_OR | operators::LOGICAL_AND), body)) = fold else {
            self.fault(
                node,
                "unknown_function",
                "of loops, only `exists` and `all` are known",
                "write `list.exists(x, …)`",
            );
            return None;
        };
        let list = self.lower(&each.iter_range)?;
        let item = match list.holds {
            Type::Texts => Type::Text,
            Type::Ints => Type::Int,
            other => {
                self.fault(
                    &each.iter_range,
                    "wrong_type",
                    format!("this is {}, and no list", other.name()),
                    "lists: `msg.files`",
                );
                return None;
            }
        };
        self.locals.push((each.iter_var.clone(), item));
        let body = self.typed(body, Type::Bool);
        self.locals.pop();
        let body = body?;
        let cost = list.cost.saturating_add(list.entries.saturating_mul(body.cost.saturating_add(1)));
        let all = name == operators::LOGICAL_AND;
        let expr = Expr::Each { all, list: Box::new(list.expr), body: Box::new(body.expr) };
        Some(Typed::new(expr, Type::Bool, cost))
    }
}

fn usage(name: &str) -> &'static str {
    match name {
        "mentions" => "write `mentions('refunds')`, with the name of a list of `keywords`",
        "attribute" => "write `attribute('reason') == 'damaged'`, with the name of a field of the item",
        "amount" => "write `amount('total') > 500`, with the name of a field of the item",
        "open" => "write `open('office')`, with the name of one of `calendars`",
        "size" => "write `size(msg.files)`",
        "matches" => "write `msg.text.matches('^[0-9]{8}$')`",
        _ => "write `msg.text.contains('refund')`",
    }
}
