//! The document is what is committed.

#[test]
fn print() {
    let text = serde_json::to_string_pretty(&super::document::document()).unwrap();
    std::fs::write("/tmp/oa/doc.json", text).unwrap();
}
