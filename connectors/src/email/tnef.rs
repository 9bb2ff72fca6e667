//! `winmail.dat`: what Outlook packs a mail's files and text into for receivers that it takes for its like (MS-OXTNEF).
//!
//! Every length is checked against what is left, every list is bounded, and what cannot be read ends the reading: what was
//! found before it counts. The crates that there are read files only and are not kept, or bind a library in C.

use super::mime::safe_name;
use super::{charset, html};

/// The first bytes of the format.
const SIGNATURE: u32 = 0x223e_9f78;
/// Files of one packet.
const FILES_MAX: usize = 100;
/// Properties of one list, and values of one property.
const PROPERTIES_MAX: usize = 2_000;
/// Attributes of one packet.
const ATTRIBUTES_MAX: usize = 5_000;

/// What was unpacked.
#[derive(Default)]
pub(super) struct Unpacked<'a> {
    /// The words of the mail, where they are inside too.
    pub(super) text: Option<String>,
    /// The files, in order.
    pub(super) files: Vec<File<'a>>,
}

/// A file within.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct File<'a> {
    /// Its name, fit to be shown.
    pub(super) name: Option<String>,
    /// Its media type, where it is said.
    pub(super) mime: Option<String>,
    /// What it holds.
    pub(super) bytes: &'a [u8],
}

/// Unpacks; none where these bytes are something else.
pub(super) fn unpack(bytes: &[u8]) -> Option<Unpacked<'_>> {
    let mut rest = Reader(bytes);
    if rest.u32()? != SIGNATURE {
        return None;
    }
    rest.u16()?;
    let mut found = Found { label: "windows-1252", ..Found::default() };
    for _ in 0..ATTRIBUTES_MAX {
        let Some((attribute, data)) = rest.attribute() else { break };
        if found.take(attribute, data).is_none() {
            break;
        }
    }
    found.unpacked.files.extend(found.file.take());
    found.unpacked.files.retain(|file| !file.bytes.is_empty());
    let Found { unpacked, plain, markup, .. } = found;
    let readable = |text: &String| !text.trim().is_empty();
    let text = plain.filter(readable).or_else(|| Some(html::to_text(&markup?).whole).filter(readable));
    Some(Unpacked { text, ..unpacked })
}

/// What has been read so far.
#[derive(Default)]
struct Found<'a> {
    label: &'static str,
    unpacked: Unpacked<'a>,
    file: Option<File<'a>>,
    plain: Option<String>,
    markup: Option<String>,
}

impl<'a> Found<'a> {
    /// Takes in one attribute; `None` where there are too many files.
    fn take(&mut self, attribute: u32, data: &'a [u8]) -> Option<()> {
        match attribute {
            // attOemCodepage
            0x0006_9007 => self.label = codepage(Reader(data).u32().unwrap_or_default()),
            // attBody
            0x0002_800c => self.plain = self.plain.take().or_else(|| Some(self.text(data))),
            // attMsgProps
            0x0006_9003 => self.properties(data, false),
            // attAttachRendData begins the next file.
            0x0006_9002 => {
                self.unpacked.files.extend(self.file.replace(File::default()));
                if FILES_MAX <= self.unpacked.files.len() {
                    self.file = None;
                    return None;
                }
            }
            // attAttachTitle
            0x0001_8010 => {
                let name = self.text(data);
                if let Some(file) = &mut self.file {
                    file.name = file.name.take().or_else(|| safe_name(&name));
                }
            }
            // attAttachData
            0x0006_800f => {
                if let Some(file) = &mut self.file {
                    file.bytes = data;
                }
            }
            // attAttachment
            0x0006_9005 => self.properties(data, true),
            _ => {}
        }
        Some(())
    }

    /// Takes in a list of properties, of the mail or of the file at hand.
    fn properties(&mut self, data: &'a [u8], of_file: bool) {
        let mut rest = Reader(data);
        let count = rest.u32().unwrap_or_default() as usize;
        for _ in 0..count.min(PROPERTIES_MAX) {
            let Some(Property { id, kind, value }) = rest.property() else { return };
            match (of_file, id) {
                // PidTagBody, PidTagBodyHtml
                (false, 0x1000) => self.plain = Some(self.said(kind, value)),
                (false, 0x1013) => self.markup = Some(self.said(kind, value)),
                // PidTagAttachLongFilename: the whole name counts more than the short one of eight and three.
                (true, 0x3707) => {
                    let name = self.said(kind, value);
                    if let Some(file) = &mut self.file {
                        file.name = safe_name(&name).or_else(|| file.name.take());
                    }
                }
                // PidTagAttachMimeTag
                (true, 0x370e) => {
                    let mime = self.said(kind, value).to_ascii_lowercase();
                    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"/.+-_".contains(&byte);
                    let is_one = mime.len() < 100 && mime.matches('/').count() == 1 && mime.bytes().all(is_token);
                    if let Some(file) = self.file.as_mut().filter(|_| is_one) {
                        file.mime = Some(mime);
                    }
                }
                // PidTagAttachDataBinary; as an object it begins with the name of an interface.
                (true, 0x3701) => {
                    let bytes = if kind == Reader::OBJECT { value.get(16..).unwrap_or_default() } else { value };
                    if let Some(file) = self.file.as_mut().filter(|file| file.bytes.is_empty()) {
                        file.bytes = bytes;
                    }
                }
                _ => {}
            }
        }
    }

    /// A property's words.
    fn said(&self, kind: u16, value: &[u8]) -> String {
        if kind != Reader::UNICODE {
            return self.text(value);
        }
        let units = value.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        char::decode_utf16(units.take_while(|unit| *unit != 0)).map(|c| c.unwrap_or('\u{fffd}')).collect()
    }

    /// Words in the packet's code page.
    fn text(&self, bytes: &[u8]) -> String {
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        charset::decode(&bytes[..end], Some(self.label))
    }
}

/// The label of a code page of Windows.
fn codepage(number: u32) -> &'static str {
    match number {
        874 => "windows-874",
        932 => "shift_jis",
        936 => "gbk",
        949 => "euc-kr",
        950 => "big5",
        1250 => "windows-1250",
        1251 => "windows-1251",
        1253 => "windows-1253",
        1254 => "windows-1254",
        1255 => "windows-1255",
        1256 => "windows-1256",
        1257 => "windows-1257",
        1258 => "windows-1258",
        65001 => "utf-8",
        _ => "windows-1252",
    }
}

/// One property.
struct Property<'a> {
    id: u16,
    kind: u16,
    /// Its first value.
    value: &'a [u8],
}

/// Reads from the front of what is left.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    const UNICODE: u16 = 0x001f;
    const OBJECT: u16 = 0x000d;
    /// Marks a property with several values.
    const SEVERAL: u16 = 0x1000;

    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    /// The same, and what fills it up to four bytes; at the end that may be missing.
    fn padded(&mut self, count: usize) -> Option<&'a [u8]> {
        let head = self.bytes(count)?;
        let padding = (count.next_multiple_of(4) - count).min(self.0.len());
        self.bytes(padding)?;
        Some(head)
    }

    fn u16(&mut self) -> Option<u16> {
        self.bytes(2).map(|two| u16::from_le_bytes([two[0], two[1]]))
    }

    fn u32(&mut self) -> Option<u32> {
        self.bytes(4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
    }

    /// The next attribute: its id and what it holds. Checksums are wrong in the wild and count for nothing.
    fn attribute(&mut self) -> Option<(u32, &'a [u8])> {
        self.bytes(1)?;
        let id = self.u32()?;
        let length = self.u32()? as usize;
        let data = self.bytes(length)?;
        self.bytes(2.min(self.0.len()))?;
        Some((id, data))
    }

    fn property(&mut self) -> Option<Property<'a>> {
        let (kind, id) = (self.u16()?, self.u16()?);
        if 0x8000 <= id {
            self.name()?;
        }
        let of = kind & !Self::SEVERAL;
        let several = kind & Self::SEVERAL != 0;
        let fixed = match of {
            0x0002 | 0x0003 | 0x0004 | 0x000a | 0x000b => Some(4),
            0x0005 | 0x0006 | 0x0007 | 0x0014 | 0x0040 => Some(8),
            0x0048 => Some(16),
            0x0001 => Some(0),
            0x001e | Self::UNICODE | 0x0102 | Self::OBJECT => None,
            _ => return None,
        };
        let count = if several || fixed.is_none() { self.u32()? as usize } else { 1 };
        if PROPERTIES_MAX < count {
            return None;
        }
        let mut first = None;
        for _ in 0..count {
            let length = match fixed {
                Some(length) => length,
                None => self.u32()? as usize,
            };
            let value = self.padded(length)?;
            first = first.or(Some(value));
        }
        Some(Property { id, kind: of, value: first.unwrap_or_default() })
    }

    /// A property of a program's own has a name, which tells us nothing.
    fn name(&mut self) -> Option<()> {
        self.bytes(16)?;
        if self.u32()? == 0 {
            self.u32()?;
        } else {
            let length = self.u32()? as usize;
            self.padded(length)?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(out: &mut Vec<u8>, level: u8, id: u32, data: &[u8]) {
        out.push(level);
        out.extend(id.to_le_bytes());
        out.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        out.extend(data);
        let sum = data.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
        out.extend(sum.to_le_bytes());
    }

    fn property(out: &mut Vec<u8>, kind: u16, id: u16, value: &[u8]) {
        out.extend(kind.to_le_bytes());
        out.extend(id.to_le_bytes());
        out.extend(1_u32.to_le_bytes());
        out.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
        out.extend(value);
        out.resize(out.len().next_multiple_of(4), 0);
    }

    fn unicode(text: &str) -> Vec<u8> {
        text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
    }

    /// A mail in Hebrew with two files.
    fn packet() -> Vec<u8> {
        let mut out = SIGNATURE.to_le_bytes().to_vec();
        out.extend([1, 0]);
        attribute(&mut out, 1, 0x0006_9007, &[1255_u32.to_le_bytes(), 0_u32.to_le_bytes()].concat());
        attribute(&mut out, 1, 0x0002_800c, b"\xf9\xec\xe5\xed\0");
        attribute(&mut out, 2, 0x0006_9002, &[0; 14]);
        attribute(&mut out, 2, 0x0001_8010, b"INVOIC~1.PDF\0");
        attribute(&mut out, 2, 0x0006_800f, b"%PDF-1.4");
        let mut properties = 3_u32.to_le_bytes().to_vec();
        // A flag, a property with a name of its own, and the two that count.
        properties.extend([0x0b, 0, 0x14, 0x37, 1, 0, 0, 0]);
        property(&mut properties, Reader::UNICODE, 0x3707, &unicode("חשבונית מאי.pdf"));
        property(&mut properties, 0x001e, 0x370e, b"application/pdf\0");
        attribute(&mut out, 2, 0x0006_9005, &properties);
        attribute(&mut out, 2, 0x0006_9002, &[0; 14]);
        attribute(&mut out, 2, 0x0001_8010, b"../note.txt\0");
        attribute(&mut out, 2, 0x0006_800f, b"hello");
        out
    }

    #[test]
    fn files_and_words_come_out_with_their_names() {
        let packet = packet();
        let unpacked = unpack(&packet).unwrap();
        assert_eq!(unpacked.text.as_deref(), Some("שלום"));
        let names: Vec<_> = unpacked.files.iter().map(|file| (file.name.as_deref(), file.bytes)).collect();
        assert_eq!(names, [(Some("חשבונית מאי.pdf"), &b"%PDF-1.4"[..]), (Some("note.txt"), b"hello")]);
        assert_eq!(unpacked.files[0].mime.as_deref(), Some("application/pdf"));
    }

    #[test]
    fn what_is_cut_anywhere_is_read_as_far_as_it_goes() {
        let packet = packet();
        for end in 0..packet.len() {
            let found = unpack(&packet[..end]).map_or(0, |unpacked| unpacked.files.len());
            assert!(found <= 2);
        }
        // Damage at any place panics nowhere.
        for at in 0..packet.len() {
            let mut damaged = packet.clone();
            damaged[at] ^= 0xff;
            let _ = unpack(&damaged);
        }
        assert!(unpack(b"PK\x03\x04").is_none());
    }
}
