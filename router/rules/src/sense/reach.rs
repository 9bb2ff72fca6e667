//! Whether a rule can ever apply: the first that applies decides, so an earlier one may take all of its messages.

use crate::fault::{Faults, Placed, Span};
use crate::fields::Field;
use crate::model::{Rule, RuleSet};

pub(super) fn check(set: &RuleSet, faults: &mut Faults) {
    for (at, rule) in set.rules.iter().enumerate() {
        if never(rule, faults) {
            continue;
        }
        let Some(earlier) = set.rules[..at].iter().find(|earlier| takes_all(earlier, rule)) else { continue };
        let (name, first) = (&rule.name.value, &earlier.name.value);
        if is_open(earlier) {
            let message = format!("the rule `{name}` is never reached: `{first}` before it takes every message");
            faults.error(
                "unreachable",
                &rule.name.span,
                message,
                format!("put `{first}` last, or say to what it applies"),
            );
        } else {
            let message = format!("the rule `{name}` is shadowed: `{first}` before it takes all of its messages");
            let hint = format!("put it before `{first}`, for it asks for more, or take one of them out");
            faults.error("shadowed", &rule.name.span, message, hint);
        }
    }
}

/// Whether nothing can ever fit a rule; told.
fn never(rule: &Rule, faults: &mut Faults) -> bool {
    let Some(condition) = &rule.when else { return false };
    let name = &rule.name.value;
    if condition.contradiction().is_some() {
        let message = format!("the rule `{name}` can never apply: parts of its condition exclude each other");
        faults.error("unreachable", &rule.name.span, message, format!("its condition: {}", condition.text));
        return true;
    }
    let filters =
        [(Field::Channel, &rule.channels), (Field::Account, &rule.accounts), (Field::Language, &rule.languages)];
    for (field, words) in filters {
        let Some((allowed, at)) = condition.allowed(field) else { continue };
        if !words.is_empty() && !words.iter().any(|word| allowed.contains(&word.value)) {
            let (span, group): (&Span, _) = (&words[0].span, field.name());
            let part = &condition.text[at];
            let message = format!("the rule `{name}` can never apply: its condition wants another {}", group.1);
            faults.error("unreachable", span, message, format!("its condition says {part}"));
            return true;
        }
    }
    false
}

/// Whether a rule takes every message there is.
fn is_open(rule: &Rule) -> bool {
    rule.channels.is_empty() && rule.accounts.is_empty() && rule.languages.is_empty() && rule.when.is_none()
}

/// Whether the earlier rule applies wherever the later one does, as far as the words show.
fn takes_all(earlier: &Rule, later: &Rule) -> bool {
    let covers = |wide: &[Placed<String>], narrow: &[Placed<String>]| {
        let within = |word: &Placed<String>| wide.iter().any(|other| other.value == word.value);
        wide.is_empty() || (!narrow.is_empty() && narrow.iter().all(within))
    };
    let condition = match (&earlier.when, &later.when) {
        (None, _) => true,
        (Some(earlier), Some(later)) => earlier.is_part_of(later),
        (Some(_), None) => false,
    };
    condition
        && covers(&earlier.channels, &later.channels)
        && covers(&earlier.accounts, &later.accounts)
        && covers(&earlier.languages, &later.languages)
}
