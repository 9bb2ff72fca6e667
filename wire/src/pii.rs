//! Personal data as a type, so that it cannot reach a log by accident.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Personal data: what a customer wrote, a name, an address.
///
/// `Debug` hides the content and there is no `Display`.
/// `Serialize` does write it, because the broker and the store need it: never log a body as JSON.
#[derive(Clone, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(description = "Personal data."))]
#[serde(transparent)]
pub struct Pii<T>(T);

impl<T> Pii<T> {
    /// Marks `value` as personal.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The content, for the places that must show or send it.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Takes the content out.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹pii›")
    }
}

impl From<&str> for Pii<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl From<String> for Pii<String> {
    fn from(value: String) -> Self {
        Self(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_content() {
        let name = Pii::from("CANARY-5f3");
        assert_eq!(format!("{name:?} {:?}", Some(&name)), "‹pii› Some(‹pii›)");
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"CANARY-5f3\"");
    }
}
