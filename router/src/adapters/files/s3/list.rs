//! What S3 answers, as far as it is looked at: keys of ours hold nothing that XML would write otherwise.

use std::time::SystemTime;

use jiff::Timestamp;

/// One object of a list.
pub(super) struct Object<'a> {
    pub(super) key: &'a str,
    pub(super) modified: Option<SystemTime>,
}

/// The objects of a page (`ListObjectsV2`).
pub(super) fn read(xml: &str) -> Vec<Object<'_>> {
    let pieces = xml.split("<Contents>").skip(1);
    let object = |piece| {
        let at = element(piece, "LastModified").and_then(|text| text.parse::<Timestamp>().ok());
        Some(Object { key: element(piece, "Key")?, modified: at.map(SystemTime::from) })
    };
    pieces.filter_map(object).collect()
}

/// True when there are more pages.
pub(super) fn is_truncated(xml: &str) -> bool {
    element(xml, "IsTruncated") == Some("true")
}

/// The text of the first element of this name.
pub(super) fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = xml.split_once(&format!("<{name}>"))?;
    after.split_once('<').map(|(text, _)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read() {
        let page = "<?xml version=\"1.0\"?><ListBucketResult><Name>b</Name><IsTruncated>true</IsTruncated>\
            <Contents><Key>7/ab/x</Key><LastModified>2026-11-26T04:00:00.000Z</LastModified><Size>1</Size></Contents>\
            <Contents><Key>7/ab/y</Key><LastModified>soon</LastModified></Contents></ListBucketResult>";
        let objects = read(page);
        assert_eq!(objects.iter().map(|one| one.key).collect::<Vec<_>>(), ["7/ab/x", "7/ab/y"]);
        assert!(objects[0].modified.is_some() && objects[1].modified.is_none());
        assert!(is_truncated(page) && !is_truncated("<IsTruncated>false</IsTruncated>"));
        assert!(read("nonsense <Contents>").is_empty());
    }
}
