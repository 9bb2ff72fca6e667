//! Which finished pieces of work are reviewed.
//!
//! Whether chance draws a piece is a hash of its name under the company's: it depends on no order and on no dice, so that
//! whoever asks is told the same. Only the bounds of a week depend on what came before.

use blendline_wire::{Millis, TenantId};

use crate::judgement::digest;
use crate::rules::{DAY_MS, Form, Quality, Risk};
use crate::standing::Standing;

/// With fewer reviewed pieces a worker is new.
pub const NEW_BELOW: usize = 5;
/// A decision is near what its worker may decide alone from so many of a thousand of it on.
pub const NEAR_MILLI: i64 = 900;

/// What is known of a piece of work.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Facts {
    /// How much was decided, in minor units.
    pub minor: Option<i64>,
    /// How much its worker may decide alone.
    pub alone: Option<i64>,
    /// Whether the customer complains in the same matter.
    pub complaint: bool,
}

/// A piece that is to be reviewed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Drawn {
    /// Why it was likelier.
    pub risks: Vec<&'static str>,
    /// How many of a thousand such pieces are drawn.
    pub chance_milli: u32,
    /// Whether two persons review it.
    pub twice: bool,
}

/// Whether this piece is reviewed.
pub fn draw(
    (quality, form): (&Quality, &Form),
    (tenant, piece): (TenantId, &str),
    facts: Facts,
    standing: &Standing,
    now: Millis,
) -> Option<Drawn> {
    let drawn = standing.drawn_in_week(now);
    if quality.most <= drawn {
        return None;
    }
    let (mut risks, chance_milli) = chance((quality, form), facts, standing, now);
    if !falls(tenant, &["draw", piece], chance_milli) {
        if !is_behind(quality.least, drawn, now) {
            return None;
        }
        risks.push("least");
    }
    let twice = drawn + 1 < quality.most || quality.most == 1;
    Some(Drawn { risks, chance_milli, twice: twice && falls(tenant, &["twice", piece], quality.twice_milli) })
}

/// What raises the share, and to how much of a thousand.
pub fn chance(
    (quality, form): (&Quality, &Form),
    facts: Facts,
    standing: &Standing,
    now: Millis,
) -> (Vec<&'static str>, u32) {
    let holds = |risk: Risk| match risk {
        Risk::Amount => facts.minor.zip(form.large).is_some_and(|(minor, large)| large <= minor),
        Risk::Near => facts.minor.zip(facts.alone).is_some_and(|(minor, alone)| {
            0 < alone && i128::from(alone) * i128::from(NEAR_MILLI) <= i128::from(minor) * 1_000
        }),
        Risk::New => standing.scored(now) < NEW_BELOW,
        Risk::Low => standing.late(now).is_some_and(|score| score < quality.down),
        Risk::Complaint => facts.complaint,
    };
    let met = || form.risks.iter().filter(|(risk, _)| holds(**risk));
    let raised = met().fold(u64::from(form.share_milli), |share, (_, times)| share.saturating_mul((*times).into()));
    (met().map(|(risk, _)| risk.as_str()).collect(), u32::try_from(raised.min(1_000)).unwrap_or(1_000))
}

/// Whether so many of a thousand such names are drawn, and this is one of them.
pub fn falls(tenant: TenantId, parts: &[&str], milli: u32) -> bool {
    let whole = digest(tenant, parts);
    let number = u32::from_be_bytes([whole[0], whole[1], whole[2], whole[3]]);
    u64::from(number) * 1_000 < u64::from(milli) << 32
}

/// Whether fewer were drawn than would be due by this hour of the week.
fn is_behind(least: u32, drawn: u32, now: Millis) -> bool {
    u64::from(drawn) * WEEK_MS < u64::from(least) * (now.0 - week_began(now).0)
}

/// A week, in milliseconds.
pub const WEEK_MS: u64 = 7 * DAY_MS;

/// When the week of an instant began: on Monday, by the clock of Greenwich.
pub const fn week_began(at: Millis) -> Millis {
    // The first day of all was a Thursday.
    let days = at.0 / DAY_MS;
    Millis(days.saturating_sub((days + 3) % 7) * DAY_MS)
}
