//! The mail account by which visitors of a web chat are answered when they are gone: it must be one.

use toml::Spanned;

use super::check::Checked;
use super::error::{Source, did_you_mean};
use super::file::{AccountFile, SettingValue, TenantFile};

/// Checks that what a chat names is a mail account of the same tenant.
pub(super) fn check(source: &Source<'_>, tenant: &TenantFile, chat: &AccountFile) -> Checked<()> {
    let Some(named) = chat.settings.get("mail_account") else { return Ok(()) };
    let SettingValue::Text(name) = named.get_ref() else { return Ok(()) };
    let is_mail = |account: &&AccountFile| {
        blendline_connectors::by_name(account.channel.get_ref()).is_some_and(|connector| connector.is_mail())
    };
    let mails = || tenant.account.iter().filter(is_mail).map(|account| &account.name).map(Spanned::get_ref);
    if mails().any(|mail| mail == name) {
        return Ok(());
    }
    let hint = did_you_mean(name, mails().map(String::as_str));
    Err(source.error(named.span(), format!("there is no mail account `{name}`"), hint))
}
