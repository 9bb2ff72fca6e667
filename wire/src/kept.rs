//! What is known of a file that a message itself brought, once its bytes are in the store of files.

use serde::{Deserialize, Serialize};

/// One attachment whose bytes came along with the message, as mails bring them.
///
/// It is made at intake, after the bytes are durable and before the message is: whoever reads of it can get it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct KeptFile {
    /// The attachment's `ref`.
    pub r#ref: String,
    /// The SHA-256 of the bytes in hexadecimal, its name in the store; absent where the file was too large to keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Its size in bytes.
    pub bytes: u64,
    /// What it is by what it holds; the sender's word is in the attachment.
    pub mime: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_pinned() {
        let file =
            KeptFile { r#ref: "2.1".into(), sha256: Some("ab".into()), bytes: 7, mime: "application/pdf".into() };
        let bytes = r#"{"ref":"2.1","sha256":"ab","bytes":7,"mime":"application/pdf"}"#;
        assert_eq!(serde_json::to_string(&file).unwrap(), bytes);
        assert_eq!(serde_json::from_str::<KeptFile>(bytes).unwrap(), file);
    }
}
