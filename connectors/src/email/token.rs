//! Access tokens of OAuth 2 in place of passwords. They live an hour, so where they are found is looked at each time.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use crate::Account;

/// An access token is shorter; what is longer is something else.
const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// How long a program may take to give one.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(20);

/// Where a token is found. None of it is the token's secret but the last.
#[derive(Clone, Copy)]
pub enum TokenSource<'a> {
    /// In the first line of a file that somebody keeps fresh.
    File(&'a str),
    /// In the first line of what a program says.
    Command(&'a str),
    /// In the configuration, or the environment it was read from.
    Given(&'a str),
}

impl std::fmt::Debug for TokenSource<'_> {
    /// Hides the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.setting())
    }
}

impl<'a> TokenSource<'a> {
    /// Where the account's token for its mailbox is found.
    pub fn of_imap(account: &'a Account) -> Option<Self> {
        Self::of(account, ["imap_token_file", "imap_token_command", "imap_token"])
    }

    /// Where the account's token for its mail server is found.
    pub fn of_smtp(account: &'a Account) -> Option<Self> {
        Self::of(account, ["smtp_token_file", "smtp_token_command", "smtp_token"])
    }

    fn of(account: &'a Account, [file, command, given]: [&str; 3]) -> Option<Self> {
        let file = account.setting(file).map(Self::File);
        file.or_else(|| account.setting(command).map(Self::Command)).or_else(|| account.setting(given).map(Self::Given))
    }

    /// The end of its setting's name, for people.
    pub const fn setting(&self) -> &'static str {
        match self {
            Self::File(_) => "token_file",
            Self::Command(_) => "token_command",
            Self::Given(_) => "token",
        }
    }

    /// The token; `None` where there is none.
    pub async fn token(&self) -> Option<String> {
        let text = match self {
            Self::File(path) => tokio::fs::read_to_string(path).await.ok()?,
            Self::Command(line) => said(line).await?,
            Self::Given(token) => (*token).to_owned(),
        };
        let line = text.lines().next().unwrap_or_default().trim();
        let is_one =
            !line.is_empty() && line.len() <= TOKEN_BYTES_MAX && line.bytes().all(|byte| byte.is_ascii_graphic());
        is_one.then(|| line.to_owned())
    }
}

/// What a program says that ends well and in time. It is run without a shell, so nothing in the line is more than a word.
async fn said(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next()?);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
    let running = async {
        let mut child = command.spawn().ok()?;
        let mut text = String::new();
        let bytes_max = TOKEN_BYTES_MAX as u64 + 1;
        child.stdout.take()?.take(bytes_max).read_to_string(&mut text).await.ok()?;
        child.wait().await.ok()?.success().then_some(text)
    };
    tokio::time::timeout(COMMAND_TIMEOUT, running).await.ok()?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_token_is_the_first_line_of_what_a_program_says() {
        assert_eq!(TokenSource::Command("echo ya29.token").token().await.as_deref(), Some("ya29.token"));
        assert_eq!(TokenSource::Command("echo two words").token().await, None);
        assert_eq!(TokenSource::Command("false").token().await, None);
        assert_eq!(TokenSource::Command("/nonexistent/program").token().await, None);
        // No shell reads it.
        assert_eq!(TokenSource::Command("echo $HOME").token().await.as_deref(), Some("$HOME"));
        assert_eq!(TokenSource::Given("ya29.given").token().await.as_deref(), Some("ya29.given"));
        assert_eq!(format!("{:?}", TokenSource::Given("ya29.given")), "token");
    }
}
