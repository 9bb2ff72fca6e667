//! Reads mailboxes by IMAP.
//!
//! Where we are in a mailbox is kept in the mailbox: a mail that is durable on the broker gets a keyword of ours, or
//! `\Seen` where the server takes no keywords, or is moved. So there is no position of our own that could be lost, or that
//! could disagree with the mailbox after it was restored or moved, and people see which mails were taken. A reader that
//! dies between storing and marking meets the mail again, and the router recognises it by its Message-ID (or by a hash of
//! its bytes), as it does with a webhook that comes twice. UIDs are used within one UIDVALIDITY only.
//!
//! IDLE tells of new mails at once where the server has it; it is begun anew every few minutes, for connections die
//! silently, and in any case before the 29 minutes of RFC 2177. Without it the mailbox is asked every minute.
//!
//! Suggested reading order: `wire`, `folder`, `reader`.

mod folder;
mod reader;
mod wire;

pub use reader::{Pace, Reader};

/// Why a mailbox cannot be read for now. Never quotes the server, whose words may hold addresses.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    /// No connection.
    #[error("no connection to the server: {0}")]
    Unreachable(std::io::ErrorKind),
    /// The server's certificate, or what else TLS needs.
    #[error("no TLS with the server: {0}")]
    Tls(String),
    /// It did not answer.
    #[error("the server does not answer")]
    Silent,
    /// The user, or what proves who he is, is wrong.
    #[error("the server refuses imap_user, or his password or token")]
    Credentials,
    /// Nobody keeps a token there.
    #[error("imap_token_file, imap_token_command or imap_token gives no access token: see what renews it")]
    NoToken,
    /// The folder is not there.
    #[error("the server has no folder of the name in imap_folder, or does not open it")]
    NoFolder,
    /// Nothing can be marked, so everything would be read again and again.
    #[error("the folder takes no marks: set imap_move_to, or read another folder")]
    NoMarks,
    /// Mails cannot be moved.
    #[error("the server cannot move mails (RFC 6851): leave imap_move_to out")]
    NoMove,
    /// It said no, or what is no IMAP.
    #[error("the server refused {0}")]
    Refused(&'static str),
    /// What was read cannot be stored.
    #[error("what was read cannot be stored: {0}")]
    NotStored(crate::intake::NotTaken),
}

impl Lost {
    /// True where trying soon again would only lock the mailbox, or fill a log.
    const fn is_ours_to_mend(&self) -> bool {
        matches!(self, Self::Credentials | Self::NoFolder | Self::NoMarks | Self::NoMove | Self::Tls(_))
    }
}
