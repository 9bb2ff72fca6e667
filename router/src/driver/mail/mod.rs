//! Mail: how an answer finds the conversation that it belongs to, without anybody finding a way into another's.
//!
//! A conversation's contact is a sender and the root of a thread, so a new subject of the same person is a new
//! conversation. An answer joins by what it names, and only if its sender is the one who may name it:
//!
//! - our signed reply address, minted for one conversation and one person;
//! - a `Message-ID` of ours, which bears a mark of the person it went to ([`letter`]) and is in the record;
//! - a `Message-ID` of his own, which is in the record together with his address.
//!
//! Nothing joins by its subject, nor by its sender alone.

pub(crate) mod letter;
pub(crate) mod report;
pub(crate) mod thread;
