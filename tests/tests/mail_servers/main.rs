//! Exim and Dovecot of Debian, and we: mails in both directions, and mailboxes that are read.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod imap;
mod office;
mod proxy;
mod smtp;
