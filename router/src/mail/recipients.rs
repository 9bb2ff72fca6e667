//! Whose mail we take.

use std::collections::BTreeMap;

use blendline_connectors::email::{self, mailbox, reply_address};
use blendline_wire::AccountId;

use crate::directory::Directory;

/// The addresses that are accounts of ours; nobody else's mail is taken, so there is nothing to pass on.
#[derive(Debug, Default)]
pub struct Recipients {
    by_address: BTreeMap<String, AccountId>,
}

impl Recipients {
    /// The addresses of every account of the raw mail channel.
    pub fn of(directory: &Directory) -> Self {
        let accounts = directory.accounts.iter().filter(|(_, entry)| entry.channel == email::RAW_NAME);
        let all =
            accounts.flat_map(|(id, entry)| mailbox::addresses(&entry.account).map(|one| (one.to_lowercase(), *id)));
        Self { by_address: all.collect() }
    }

    /// The account of an address, or of the mailbox behind a reply address of ours.
    ///
    /// Small and capital letters are one: RFC 5321 lets a server tell them apart and no server does.
    pub fn find(&self, address: &str) -> Option<AccountId> {
        let known = self.by_address.get(&address.to_lowercase());
        known.or_else(|| self.by_address.get(&reply_address::mailbox_of(address)?)).copied()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_address.len()
    }

    /// True where no mail can be for us.
    pub fn is_empty(&self) -> bool {
        self.by_address.is_empty()
    }
}

#[cfg(test)]
pub(crate) fn of_one(address: &str) -> Recipients {
    Recipients { by_address: [(address.to_owned(), AccountId(3))].into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_addresses_and_replies_to_them_are_ours() {
        let ours = of_one("support@example.com");
        assert_eq!(ours.find("Support@Example.COM"), Some(AccountId(3)));
        assert_eq!(ours.find("support+r.cnv_7.00112233445566778899@example.com"), Some(AccountId(3)));
        for other in [
            "sales@example.com",
            "support@example.org",
            "support+x@example.com",
            "sales+r.cnv_7.00112233445566778899@example.com",
            "support%example.org@example.com",
            "",
        ] {
            assert_eq!(ours.find(other), None, "{other}");
        }
    }
}
