//! `blendline rules check`.

use std::process::ExitCode;

use blendline_rules::fault;

use super::{Format, Language, NO_FILE, Set, checked};

/// Prints every fault. Warnings do not keep a set from being published.
pub(super) fn run(set: &Set, format: Format, strict: bool, language: Language) -> anyhow::Result<ExitCode> {
    if let Err(error) = std::fs::metadata(&set.file).map(drop)
        && set.file.as_os_str() != "-"
    {
        super::super::print(|out| writeln!(out, "{}: {error}", set.file.display()))?;
        return Ok(ExitCode::from(NO_FILE));
    }
    let checked = checked(set)?;
    let faults = &checked.faults;
    let (errors, all) = (faults.errors(), faults.all().len());
    super::super::print(|out| match format {
        Format::Json => writeln!(out, "{}", faults.json()),
        Format::Text => {
            let language = match language {
                Language::En => fault::Language::En,
                Language::He => fault::Language::He,
            };
            write!(out, "{}", faults.said(language))?;
            let file = set.file.display();
            match (&checked.set, all - errors) {
                (None, warnings) => writeln!(out, "{file}: {errors} errors, {warnings} warnings"),
                (Some(set), warnings) => writeln!(
                    out,
                    "{file}: good: {} rules, {} queues, {} workers, {} keyword lists, {} case types, {warnings} warnings",
                    set.rules.len(),
                    set.queues.len(),
                    set.workers().count(),
                    set.keywords.len(),
                    set.cases.len()
                ),
            }
        }
    })?;
    let refused = checked.set.is_none() || (strict && 0 < all);
    Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
