//! Bodies of the type `application/x-www-form-urlencoded`, in which gateways and Twilio write.

/// No gateway writes more; what comes after is not read.
const FIELDS_MAX: usize = 1000;

/// The decoded pairs of a body, in its order.
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Decodes a body. Bytes that are no UTF-8 become U+FFFD: text of another charset is marked, not lost.
    pub(crate) fn read(body: &[u8]) -> Self {
        let body = body.trim_ascii();
        let pairs = form_urlencoded::parse(body).take(FIELDS_MAX);
        Self(pairs.map(|(key, value)| (key.into_owned(), value.into_owned())).collect())
    }

    /// The last value of `key` that is not empty. Gateways repeat a parameter when a proxy adds it again, and then the
    /// later one is the gateway's own.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(name, value)| name == key && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Like [`Form::get`], owned.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.get(key).map(str::to_owned)
    }

    /// Every pair.
    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded_and_the_last_counts() {
        let form = Form::read(b"From=%2B972&Body=%D7%A9%D7%9C%D7%95%D7%9D+x&To=1&To=2&Empty=&bad=%ff%zz\n");
        assert_eq!(form.get("From"), Some("+972"));
        assert_eq!(form.get("Body"), Some("שלום x"));
        assert_eq!(form.get("To"), Some("2"));
        assert_eq!(form.get("Empty"), None);
        assert_eq!(form.get("bad"), Some("\u{fffd}%zz"));
        assert_eq!(Form::read(b"").pairs().len(), 0);
        assert_eq!(Form::read(&b"a=1&".repeat(5000)).pairs().len(), FIELDS_MAX);
    }
}
