//! X, Account Activity API: the older generation of webhooks (CHANNELS.md section 5).
//!
//! What both generations share is in `x`.

mod normalise;

use crate::x::connector::X;
use crate::x::standing::Generation;

/// X, Account Activity API.
pub(crate) static X_AAA: X = X { name: "x_aaa", generation: Generation::Account, normalise: normalise::normalise };
