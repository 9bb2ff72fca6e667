//! The items of a feed, read as far as they can be read: feeds of the wild hold what no XML parser takes.
//!
//! Nothing is fetched, declarations of types are passed over and name no entities, and all that is kept is bounded.

use encoding_rs::{Encoding, UTF_8};

use crate::html;

/// No feed holds more; what comes after are its oldest.
const ITEMS_MAX: usize = 500;
/// The longest text of an item that is kept, in bytes.
const TEXT_BYTES_MAX: usize = 100_000;
/// How far the declaration of an encoding is looked for.
const DECLARATION_BYTES: usize = 200;

/// One item, its texts still with the marks of their kind.
#[derive(Debug, Default)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) link: String,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) content: String,
    pub(super) author: String,
    pub(super) at: String,
}

/// The text of a document by the encoding that it declares, UTF-8 without.
pub(super) fn decoded(body: &[u8]) -> String {
    let head = String::from_utf8_lossy(&body[..body.len().min(DECLARATION_BYTES)]);
    let label = head.split_once("encoding=").and_then(|(_, rest)| {
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        rest[1..].split(quote).next()
    });
    let encoding = label.and_then(|label| Encoding::for_label(label.as_bytes())).unwrap_or(UTF_8);
    encoding.decode(body).0.into_owned()
}

/// The items of a feed; `None` where the text is none.
pub(super) fn items(text: &str) -> Option<Vec<Item>> {
    let mut reader = Reader::default();
    let mut rest = text;
    while reader.items.len() < ITEMS_MAX {
        let Some(at) = rest.find('<') else { break };
        reader.text(&html::unescaped(&rest[..at]));
        rest = &rest[at..];
        rest = if let Some(data) = rest.strip_prefix("<![CDATA[") {
            let (data, after) = data.split_once("]]>").unwrap_or((data, ""));
            reader.text(data);
            after
        } else if let Some(comment) = rest.strip_prefix("<!--") {
            comment.split_once("-->").map_or("", |(_, after)| after)
        } else if !rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '?' | '!')) {
            reader.text("<");
            &rest[1..]
        } else {
            let (tag, after) = rest[1..].split_once('>').unwrap_or((&rest[1..], ""));
            reader.tag(tag);
            after
        };
    }
    reader.is_feed.then_some(reader.items)
}

/// What has been read so far.
#[derive(Default)]
struct Reader {
    is_feed: bool,
    items: Vec<Item>,
    item: Option<Item>,
    /// The element of the item that is open, and how many elements are open in it.
    field: Option<(String, usize)>,
    /// True inside what is no name of an author, but his address.
    aside: bool,
}

impl Reader {
    fn tag(&mut self, tag: &str) {
        if tag.starts_with(['?', '!']) {
            return;
        }
        let (name, closes) = match tag.strip_prefix('/') {
            Some(name) => (name, true),
            None => (tag, false),
        };
        let name = name.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
        let local = name.rsplit(':').next().unwrap_or_default().to_ascii_lowercase();
        let empty = tag.ends_with('/');
        match (closes, local.as_str()) {
            (false, "rss" | "feed" | "rdf") => self.is_feed = true,
            (false, "item" | "entry") if self.is_feed => {
                // One that was not closed ends where the next begins.
                self.items.extend(self.item.take());
                self.field = None;
                self.item = Some(Item { id: attribute(tag, "rdf:about").unwrap_or_default(), ..Item::default() });
            }
            (true, "item" | "entry") if self.item.is_some() => {
                self.items.extend(self.item.take());
                self.field = None;
            }
            (false, _) => self.open(&local, name, tag, empty),
            (true, _) => self.close(&local),
        }
    }

    fn open(&mut self, local: &str, name: &str, tag: &str, empty: bool) {
        let Some(item) = &mut self.item else { return };
        if let Some((field, depth)) = &mut self.field {
            // Marks inside a text stay: they tell where lines end.
            let field = field.clone();
            *depth += usize::from(!empty);
            self.aside = field == "author" && local != "name" && !empty;
            if matches!(field.as_str(), "content" | "summary" | "description" | "encoded") {
                keep(slot(item, &field), &format!("<{name}>"));
            }
            return;
        }
        if local == "link" {
            let relation = attribute(tag, "rel").unwrap_or_else(|| "alternate".to_owned());
            if let (Some(href), "alternate") = (attribute(tag, "href"), relation.as_str()) {
                item.link = href;
            }
        }
        if !empty {
            self.field = Some((local.to_owned(), 0));
        }
    }

    fn close(&mut self, local: &str) {
        self.aside = false;
        let Some((field, depth)) = &mut self.field else { return };
        if *depth == 0 || field == local {
            self.field = None;
            return;
        }
        *depth -= 1;
        if let Some(item) = &mut self.item
            && matches!(field.as_str(), "content" | "summary" | "description" | "encoded")
        {
            let field = field.clone();
            keep(slot(item, &field), &format!("</{local}>"));
        }
    }

    fn text(&mut self, text: &str) {
        if let (Some(item), Some((field, _)), false) = (&mut self.item, &self.field, self.aside) {
            keep(slot(item, field), text);
        }
    }
}

/// Where the text of an element of an item is kept.
fn slot<'a>(item: &'a mut Item, field: &str) -> Option<&'a mut String> {
    Some(match field {
        "guid" | "id" => &mut item.id,
        "link" => &mut item.link,
        "title" => &mut item.title,
        "description" | "summary" => &mut item.summary,
        "encoded" | "content" => &mut item.content,
        "creator" | "author" => &mut item.author,
        "pubdate" | "published" | "updated" | "date" if item.at.is_empty() => &mut item.at,
        _ => return None,
    })
}

fn keep(slot: Option<&mut String>, text: &str) {
    if let Some(slot) = slot
        && slot.len() + text.len() <= TEXT_BYTES_MAX
    {
        slot.push_str(text);
    }
}

/// The value of an attribute in the inside of a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag;
    while let Some((before, after)) = rest.split_once(name) {
        let value = after.trim_start().strip_prefix('=').map(str::trim_start);
        if before.ends_with(char::is_whitespace)
            && let Some(value) = value
        {
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            return value[1..].split_once(quote).map(|(value, _)| html::unescaped(value));
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found_as_a_whole() {
        let tag = "link data-href='no' href=\"https://a.example/?a=1&amp;b=2\" rel='alternate'/";
        assert_eq!(attribute(tag, "href").as_deref(), Some("https://a.example/?a=1&b=2"));
        assert_eq!(attribute(tag, "rel").as_deref(), Some("alternate"));
        assert_eq!(attribute(tag, "type"), None);
        assert_eq!(attribute("link href", "href"), None);
        assert_eq!(attribute("link href=x", "href"), None);
    }

    #[test]
    fn a_declared_encoding_is_believed() {
        let hebrew = b"<?xml version='1.0' encoding='windows-1255'?><rss>\xf9\xec\xe5\xed</rss>";
        assert!(decoded(hebrew).contains("שלום"));
        assert!(decoded("<rss>שלום</rss>".as_bytes()).contains("שלום"));
        assert!(decoded(b"<?xml encoding=").contains("encoding"));
    }
}
