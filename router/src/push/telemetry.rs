//! Pushes as figures and lines of the log: no endpoints, which are secrets, and nobody's name.

use blendline_wire::TenantId;
use metrics::counter;

pub(super) fn taken() {
    counter!("blendline_pushes_total", "outcome" => "taken").increment(1);
}

pub(super) fn again() {
    counter!("blendline_pushes_total", "outcome" => "again").increment(1);
}

pub(super) fn failed(tenant: TenantId, host: &str, cause: &str) {
    counter!("blendline_pushes_total", "outcome" => "failed").increment(1);
    tracing::info!(%tenant, host, cause, "A push was not taken.");
}

pub(super) fn gone(tenant: TenantId, host: &str) {
    counter!("blendline_pushes_total", "outcome" => "gone").increment(1);
    tracing::info!(%tenant, host, "A device is not known to its push service any more, and forgotten.");
}

pub(super) fn late() {
    counter!("blendline_pushes_total", "outcome" => "late").increment(1);
}

pub(super) fn dropped() {
    counter!("blendline_pushes_total", "outcome" => "dropped").increment(1);
}

pub(super) fn record_away(cause: &str) {
    tracing::warn!(cause, "A notice for somebody's devices is lost: the record does not answer.");
}
