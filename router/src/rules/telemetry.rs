//! What is told of rule sets: log line and counter together.

/// A trial was ended because a queue answered too few in time.
pub(super) fn fell_back(tenant: &str, version: u32, reason: &str) {
    metrics::counter!("blendline_rule_fallbacks_total", "tenant" => tenant.to_owned()).increment(1);
    tracing::error!(
        tenant,
        version,
        reason,
        "The rules on trial fell back; the live rules decide for everybody again."
    );
}
