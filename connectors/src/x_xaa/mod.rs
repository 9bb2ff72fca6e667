//! X, Activity API: the present generation of webhooks (CHANNELS.md section 5).
//!
//! What both generations share is in `x`.

mod normalise;

use crate::x::connector::X;
use crate::x::standing::Generation;

/// X, Activity API.
pub(crate) static X_XAA: X = X { name: "x_xaa", generation: Generation::Activity, normalise: normalise::normalise };
