//! What Twilio's products share: the signature and its settings (CHANNELS.md section 10). No channel of its own.

pub(crate) mod verify;

use crate::{Setting, SettingKind};

/// What the signature needs.
pub(crate) const SETTINGS: [Setting; 2] = [
    Setting {
        name: "auth_token",
        secret: true,
        doc: "the Twilio account's token, which signs webhooks; several, separated by commas, while it is being changed: the first one sends",
        ..Setting::TEXT
    },
    Setting {
        name: "public_url",
        kind: SettingKind::Url,
        doc: "the address as given to Twilio, which is part of what is signed",
        ..Setting::TEXT
    },
];
