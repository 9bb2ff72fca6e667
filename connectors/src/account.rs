//! One endpoint of a channel, as configured.

use std::collections::BTreeMap;
use std::fmt;

use blendline_wire::AccountId;

/// One endpoint of a channel, with what is needed to speak for it.
#[derive(Clone, Debug)]
pub struct Account {
    /// Our id of it.
    pub id: AccountId,
    /// The name people gave it.
    pub name: String,
    /// The platform's id of it: what inbound events carry as the account of their conversation.
    pub external_id: String,
    /// The values of the channel's settings.
    pub settings: BTreeMap<String, Secret>,
}

impl Account {
    /// The value of the setting `name`; `None` where it is absent or empty, for an empty secret checks nothing.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(Secret::expose).map(str::trim).filter(|value| !value.is_empty())
    }

    /// The values of a setting that may hold several, separated by commas (a secret and its successor).
    pub fn setting_values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.setting(name).into_iter().flat_map(|all| all.split(',')).map(str::trim).filter(|one| !one.is_empty())
    }
}

/// A value that must not be shown. `Debug` hides it and there is no `Display`.
#[derive(Clone, Default)]
pub struct Secret(String);

impl Secret {
    /// Marks `value` as secret.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value, for the place that must use it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self::new(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹secret›")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(settings: &[(&str, &str)]) -> Account {
        Account {
            id: AccountId(1),
            name: "support".into(),
            external_id: "100".into(),
            settings: settings.iter().map(|(key, value)| ((*key).to_owned(), Secret::from(*value))).collect(),
        }
    }

    #[test]
    fn an_empty_setting_is_an_absent_one() {
        let account = account(&[("empty", "  "), ("pair", "a, b,,")]);
        assert_eq!(account.setting("empty"), None);
        assert_eq!(account.setting("absent"), None);
        assert_eq!(account.setting_values("pair").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(account.setting_values("empty").count(), 0);
    }

    #[test]
    fn debug_hides_secrets() {
        let shown = format!("{:?}", account(&[("token", "CANARY-5f3")]));
        assert!(!shown.contains("CANARY-5f3"), "{shown}");
    }
}
