//! What travels between processes: who tells, the topic, and the words.

use bytes::Bytes;

/// Which process tells: it does not listen to itself.
pub(super) type Origin = [u8; 16];

/// What version of this shape a process speaks; another is not read.
const VERSION: u8 = 1;

/// Something told.
#[derive(Debug)]
pub(super) struct Notice {
    pub(super) topic: String,
    pub(super) body: Bytes,
    /// As it travels.
    pub(super) frame: Bytes,
}

/// Writes `body` on `topic`; `None` when the topic is too long to be one of ours.
pub(super) fn write(origin: Origin, topic: &str, body: Bytes) -> Option<Notice> {
    let length = u16::try_from(topic.len()).ok()?;
    let mut frame = Vec::with_capacity(1 + origin.len() + 2 + topic.len() + body.len());
    frame.push(VERSION);
    frame.extend(origin);
    frame.extend(length.to_be_bytes());
    frame.extend(topic.as_bytes());
    frame.extend(&body);
    Some(Notice { topic: topic.to_owned(), body, frame: frame.into() })
}

/// Reads what [`write`] wrote.
pub(super) fn read(frame: &Bytes) -> Option<(Origin, Notice)> {
    let (version, rest) = frame.split_first()?;
    let (origin, rest) = rest.split_first_chunk::<16>()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let topic = rest.get(..usize::from(u16::from_be_bytes(*length)))?;
    let topic_text = std::str::from_utf8(topic).ok().filter(|_| *version == VERSION)?;
    let body = frame.slice(1 + 16 + 2 + topic.len()..);
    Some((*origin, Notice { topic: topic_text.to_owned(), body, frame: frame.clone() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let notice = write([7; 16], "follow.1.ab", Bytes::from_static("שלום".as_bytes())).unwrap();
        let (origin, read_back) = read(&notice.frame).unwrap();
        assert_eq!(origin, [7; 16]);
        assert_eq!((read_back.topic.as_str(), &read_back.body[..]), ("follow.1.ab", "שלום".as_bytes()));
        for length in 0..19 + "follow.1.ab".len() {
            assert!(read(&notice.frame.slice(..length)).is_none(), "{length} bytes are no notice");
        }
        assert!(write([7; 16], &"x".repeat(70_000), Bytes::new()).is_none());
    }
}
