//! What gateways of SMS and telephone services share: fields under many names, in a form, JSON or XML, and a proof of who
//! posts (CHANNELS.md section 10). No channel of its own.

pub(crate) mod fields;
pub(crate) mod verify;
mod xml;
