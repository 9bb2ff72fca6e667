//! What Meta's products share (CHANNELS.md section 1). No channel of its own.

pub(crate) mod verify;
