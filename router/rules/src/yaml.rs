//! YAML as a tree in which everything knows where it stands.
//!
//! Of YAML only the plain part is taken: no anchors, no aliases, no tags, one document. So a text cannot grow while it is
//! read ("bombs"), and a set means what it looks like.

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span as Place};

use crate::fault::{Faults, Span};
use crate::limits::{DEPTH_MAX, FILE_BYTES_MAX, NODES_MAX};

/// Something that is written, and where.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: Value,
}

/// What is written.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A text; `plain` without quotes, where `2` may be a number.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    /// Keys are always texts, and each stands once.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// What it is, in a word.
    pub(crate) fn what(&self) -> &'static str {
        match &self.value {
            Value::Scalar { text, plain: true } if text.is_empty() => "nothing",
            Value::Scalar { .. } => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a group of keys",
        }
    }
}

/// Reads a text; what is wrong is added to `faults`, and nothing is returned where it cannot be read at all.
pub(crate) fn read(text: &str, faults: &mut Faults) -> Option<Node> {
    if FILE_BYTES_MAX < text.len() {
        let message = format!("the file has {} bytes, and at most {FILE_BYTES_MAX} are read", text.len());
        faults.error("too_large", &(0..1), message, "split it by tenant; long lists of words belong into keywords");
        return None;
    }
    if let Some(at) = text.find('\0') {
        faults.error("yaml", &(at..at + 1), "this is no text: it holds a zero byte", "save the file as UTF-8 text");
        return None;
    }
    let options = granit_parser::options! { emit_comments: false };
    let mut events = Parser::new_from_str_with_options(text, options);
    let mut tree = Tree { text, faults, open: Vec::new(), nodes: 0, root: None };
    loop {
        match events.next() {
            Some(Ok((event, place))) => {
                tree.take(event, &place)?;
            }
            Some(Err(error)) => {
                tree.unreadable(&error);
                return None;
            }
            None => break,
        }
    }
    let root = tree.root.take();
    if root.is_none() {
        faults.error(
            "empty",
            &(0..1),
            "the file is empty",
            "begin with `queues:`; deploy/examples/rules has whole sets",
        );
    }
    root
}

/// A list or group that is not complete yet.
enum Open {
    List { start: usize, entries: Vec<Node> },
    Map { start: usize, entries: Vec<(Node, Node)>, key: Option<Node> },
}

struct Tree<'a> {
    text: &'a str,
    faults: &'a mut Faults,
    open: Vec<Open>,
    nodes: usize,
    root: Option<Node>,
}

impl Tree<'_> {
    /// `None` where reading on makes no sense.
    fn take(&mut self, event: Event<'_>, place: &Place) -> Option<()> {
        let span = self.span(place);
        let (anchor, tag) = match &event {
            Event::Scalar(_, _, anchor, tag) => (*anchor, tag.is_some()),
            Event::SequenceStart(_, anchor, tag) | Event::MappingStart(_, anchor, tag) => (*anchor, tag.is_some()),
            _ => (0, false),
        };
        if anchor != 0 || matches!(event, Event::Alias(_)) {
            let hint = "write it out: what a rule means should stand where it is used";
            self.faults.error("anchor", &span, "anchors and aliases (`&`, `*`) are not read here", hint);
            return None;
        }
        if tag {
            self.faults.error(
                "tag",
                &span,
                "tags (`!`) are not read here",
                "a text that begins with `!` needs quotes around it",
            );
            return None;
        }
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                let hint = "a rule set is one document: take the `---` out";
                self.faults.error("yaml", &span, "a second document begins here", hint);
                return None;
            }
            Event::Scalar(text, style, ..) => {
                let value = Value::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain };
                return self.put(Node { span, value });
            }
            Event::SequenceStart(..) => self.open.push(Open::List { start: span.start, entries: Vec::new() }),
            Event::MappingStart(..) => self.open.push(Open::Map { start: span.start, entries: Vec::new(), key: None }),
            Event::SequenceEnd | Event::MappingEnd => return self.close(span.end),
            _ => {}
        }
        if DEPTH_MAX < self.open.len() {
            self.too_deep(&span);
            return None;
        }
        Some(())
    }

    fn close(&mut self, end: usize) -> Option<()> {
        let (start, value) = match self.open.pop()? {
            Open::List { start, entries } => (start, Value::List(entries)),
            Open::Map { start, entries, .. } => (start, Value::Map(entries)),
        };
        self.put(Node { span: start..end.max(start), value })
    }

    fn put(&mut self, node: Node) -> Option<()> {
        self.nodes += 1;
        if NODES_MAX < self.nodes {
            let message = format!("the file has more than {NODES_MAX} keys and values");
            self.faults.error("too_large", &node.span, message, "a set of a few hundred rules needs a tenth of that");
            return None;
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { entries, .. }) => entries.push(node),
            Some(Open::Map { entries, key, .. }) => match key.take() {
                Some(name) => entries.push((name, node)),
                None => {
                    let Some(text) = node.text() else {
                        self.faults.error("yaml", &node.span, "a key is a single word", "write `key: value`");
                        return None;
                    };
                    // Looked for in the few keys of a group; keyed collections are bounded by NODES_MAX.
                    if let Some((first, _)) = entries.iter().find(|(first, _)| first.text() == Some(text)) {
                        let line = self.text[..first.span.start].matches('\n').count() + 1;
                        let message = format!("the key `{text}` stands twice");
                        self.faults.error(
                            "duplicate_key",
                            &node.span,
                            message,
                            format!("it stands in line {line} too"),
                        );
                    }
                    *key = Some(node);
                }
            },
        }
        Some(())
    }

    fn span(&self, place: &Place) -> Span {
        let at = |marker: &granit_parser::Marker| marker.byte_offset().unwrap_or_default().min(self.text.len());
        at(&place.start)..at(&place.end).max(at(&place.start))
    }

    fn too_deep(&mut self, span: &Span) {
        let message = format!("this nests more than {DEPTH_MAX} levels deep");
        self.faults.error("too_deep", span, message, "no key of a rule set lies that deep");
    }

    fn unreadable(&mut self, error: &ScanError) {
        let at = error.marker().byte_offset().unwrap_or_default().min(self.text.len());
        let kind = error.kind().to_string();
        if kind.contains("recursion limit") {
            return self.too_deep(&(at..at + 1));
        }
        let line_start = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        let hint = if self.text[line_start..at].contains('\t') || self.text[at..].starts_with('\t') {
            "indent with blanks: YAML takes no tabs"
        } else if kind.contains("mapping values are not allowed") {
            "a colon within a text needs quotes around the text"
        } else if kind.contains("trailing content") {
            "a text that begins with a quote and goes on behind it needs other quotes around all of it"
        } else if kind.contains("quoted scalar") || kind.contains("unclosed quote") {
            "a quote that was opened is not closed"
        } else if kind.contains("flow")
            || kind.contains("illegal placement")
            || kind.contains(']')
            || kind.contains('}')
        {
            "look for a bracket that is not closed, or a comma too few"
        } else {
            "look at the indentation here and in the line above"
        };
        self.faults.error("yaml", &(at..at + 1), format!("this is no YAML: {kind}"), hint);
    }
}
