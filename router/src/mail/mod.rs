//! Mail, taken in without a provider between: an SMTP listener of our own, and a reader of mailboxes by IMAP.
//!
//! Both end where a webhook ends: the mail's bytes go through the connector of raw mails, and only when the broker has
//! them for sure is the sender told 250, or the mailbox marked. What goes out is the connector's (`email/send`).
//!
//! Suggested reading order: [`recipients`](Recipients), `take_in`, `senders`, `smtp`, `imap`.

mod imap;
mod recipients;
mod senders;
mod smtp;
mod take_in;
mod telemetry;
#[cfg(test)]
mod tests;
mod tls;

pub use imap::{Pace, Reader};
pub use recipients::Recipients;
pub use senders::name_servers_answer;
pub use smtp::{Listener, Terms};
pub use tls::{extra_roots, server as tls_of_files};
