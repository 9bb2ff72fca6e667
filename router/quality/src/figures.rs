//! What scores say, and how surely.
//!
//! The interval of a mean is Student's, at 95 of a hundred. Whether a score drifts is told by two windows, the latest ten
//! reviews and those before: it goes up or down only where Welch's interval of the difference, at 99 of a hundred, leaves out
//! nothing at all. Scores are bounded and often alike, so their scatter is never taken for less than [`SCATTER_MIN`].

use blendline_wire::Millis;

/// The latest so many are one window.
pub const WINDOW: usize = 10;
/// As if scores always scattered by so much at least.
pub const SCATTER_MIN: f64 = 50.0;
/// Student's t for 95 of a hundred, by degrees of freedom from 1.
const T95: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];
/// The same for many.
const T95_MANY: f64 = 2.0;
/// For 99 of a hundred with nine degrees of freedom, the least that two windows have.
const T99: f64 = 3.250;

/// Where a score goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Drift {
    /// Too little to say.
    Unknown,
    /// Surely up.
    Up,
    /// Surely down.
    Down,
    /// Neither surely.
    Steady,
}

impl Drift {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Down => "down",
            Self::Steady => "steady",
        }
    }
}

/// What scores say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Figure {
    /// How many.
    pub count: usize,
    /// Their mean.
    pub score: u16,
    /// The true mean is hardly below this.
    pub low: u16,
    /// Nor above this.
    pub high: u16,
    /// Where it goes.
    pub drift: Drift,
}

/// What these scores say, each with when it was given; nothing where there are none.
pub fn figure(scores: &[(Millis, u16)]) -> Option<Figure> {
    let mut scores = scores.to_vec();
    scores.sort_unstable();
    let values: Vec<f64> = scores.iter().map(|(_, score)| f64::from(*score)).collect();
    let (mean, spread) = moments(&values)?;
    let half = match values.len() {
        // One score says nothing of the others.
        1 => 1_000.0,
        count => T95.get(count - 2).copied().unwrap_or(T95_MANY) * (spread / len(&values)).sqrt(),
    };
    let (score, low, high) = (milli(mean), milli((mean - half).floor()), milli((mean + half).ceil()));
    Some(Figure { count: values.len(), score, low, high, drift: drift(&values) })
}

/// Where scores go, in the order of time.
fn drift(values: &[f64]) -> Drift {
    let Some((before, latest)) = values.len().checked_sub(WINDOW).map(|at| values.split_at(at)) else {
        return Drift::Unknown;
    };
    let (Some(old), Some(new)) = (moments(before).filter(|_| WINDOW <= before.len()), moments(latest)) else {
        return Drift::Unknown;
    };
    let half = T99 * (old.1 / len(before) + new.1 / len(latest)).sqrt();
    match new.0 - old.0 {
        difference if half < difference => Drift::Up,
        difference if difference < -half => Drift::Down,
        _ => Drift::Steady,
    }
}

/// Mean and variance.
fn moments(values: &[f64]) -> Option<(f64, f64)> {
    if values.is_empty() {
        return None;
    }
    let mean = values.iter().sum::<f64>() / len(values);
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    Some((mean, (squares / (len(values) - 1.0).max(1.0)).max(SCATTER_MIN * SCATTER_MIN)))
}

#[allow(clippy::cast_precision_loss, reason = "nobody has so many reviews")]
fn len(values: &[f64]) -> f64 {
    values.len() as f64
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within the bounds of a score")]
fn milli(value: f64) -> u16 {
    value.round().clamp(0.0, 1_000.0) as u16
}
