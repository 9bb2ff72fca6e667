//! `blendline figures`: the table of what is exported for Prometheus, for whoever writes a rule or a dashboard.

use crate::figures::{FIGURES, Label};

/// Prints a line for each figure: its parts between tabs.
pub(super) fn run() -> anyhow::Result<()> {
    super::print(|out| {
        for figure in FIGURES {
            let label = match figure.label {
                Label::None => "-".to_owned(),
                Label::Of(label, values) => format!("{label}={}", values.join("|")),
                Label::Open(label) => format!("{label}=*"),
            };
            let (kind, of) = (format!("{:?}", figure.kind), format!("{:?}", figure.of));
            writeln!(out, "{}\t{}\t{}\t{label}\t{}", figure.name, kind.to_lowercase(), of.to_lowercase(), figure.help)?;
        }
        Ok::<_, anyhow::Error>(())
    })
}
