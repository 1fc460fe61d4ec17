//! XML files one element at a time, as small trees.
//!
//! What always holds: no document type but a bare name, and no entities of the file's own (they are how an XML file of a kilobyte becomes one
//! of gigabytes, or reads other files); a tree is never larger than [`LONGEST`] in the file and [`HEAVIEST`] in memory.

pub(super) mod encoding;

use crate::formats::dataset::{Place, ReadError, Spot};
use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};
use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;
use std::sync::Arc;

/// Bytes of one element with everything in it.
pub const LONGEST: usize = 16 << 20;
/// Bytes of memory that one element may take with everything in it.
pub const HEAVIEST: usize = 96 << 20;
const DEPTH: usize = 64;
/// Bytes of one read.
const STEP: usize = 256 << 10;

/// An element.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its attributes in order.
    pub attributes: Vec<(String, String)>,
    /// The elements in it.
    pub children: Vec<Node>,
    /// The text in it, without white space around.
    pub text: String,
}

impl Node {
    /// The first element of this name in it.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|c| c.name == name)
    }

    /// All elements of this name in it.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> {
        self.children.iter().filter(move |c| c.name == name)
    }

    /// The text of the first element of this name, if it has any.
    #[must_use]
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|c| c.text.as_str()).filter(|t| !t.is_empty())
    }

    /// Bytes of memory that it takes by itself and in its parent, about.
    fn weight(&self) -> usize {
        let attributes = self.attributes.iter().map(|(key, value)| 128 + key.len() + value.len()).sum::<usize>();
        256 + self.name.len() + attributes
    }

    /// An attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A finite number in a text.
///
/// # Errors
/// What the text is instead, with the name of what it should be.
pub fn number(text: Option<&str>, name: &str) -> Result<f64, String> {
    let text = text.ok_or_else(|| format!("{name} is missing"))?;
    match text.trim().parse::<f64>() {
        Ok(n) if n.is_finite() => Ok(n),
        _ => {
            let shown = crate::domain::text::printable(text);
            Err(match with_point(text) {
                Some(meant) => format!("{name} is \"{shown}\", written with a comma; write {meant}"),
                None => format!("{name} is \"{shown}\", not a finite number"),
            })
        }
    }
}

/// What a number with a decimal comma should be written as; a comma before three digits may also stand between thousands.
fn with_point(text: &str) -> Option<String> {
    let (whole, part) = text.trim().split_once(',')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let plain = whole.strip_prefix(['-', '+']).unwrap_or(whole);
    if !digits(part) || !(plain.is_empty() || digits(plain)) {
        return None;
    }
    let thousands = part.len() == 3 && plain.trim_start_matches('0') == plain && digits(plain);
    let point = if plain.is_empty() { format!("{whole}0.{part}") } else { format!("{whole}.{part}") };
    Some(if thousands { format!("{point}, or {whole}{part} if thousands are meant") } else { point })
}

/// Pixels of a side in a text: a whole number above 0, also written as `10.0`.
#[must_use]
pub fn side(text: Option<&str>) -> Option<u32> {
    let n = text?.trim().parse::<f64>().ok()?;
    (n.fract() == 0.0 && n > 0.0 && n <= f64::from(u32::MAX)).then_some(n as u32)
}

/// Gives every element with one of these names, outermost first; what is inside one of them comes with it.
///
/// # Errors
/// When the file is no XML, has a document type that brings something along, is cut off, or `take` says so.
pub fn each(
    input: Box<dyn Read + Send>,
    file: &Arc<str>,
    names: &[&str],
    take: &mut dyn FnMut(Node) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let input = encoding::as_utf8(input, file)?;
    let left = Rc::new(Cell::new(0));
    let counted = Counted { input, left: Rc::clone(&left) };
    let mut reader = quick_xml::Reader::from_reader(BufReader::with_capacity(STEP, counted));
    reader.config_mut().check_end_names = true;
    let broken =
        |reason: String| ReadError::Broken { place: Place { file: Arc::clone(file), at: Spot::Whole }, reason };
    let mut buffer = Vec::new();
    let mut open: Vec<Node> = Vec::new();
    let (mut began, mut depth, mut seen, mut weight) = (0_u64, 0_usize, false, 0_usize);
    loop {
        buffer.clear();
        let at = reader.buffer_position();
        // A tag or a text is held as a whole, whether it is wanted or not.
        left.set(LONGEST + STEP);
        let event = reader.read_event_into(&mut buffer);
        if left.get() == 0 || (!open.is_empty() && at.saturating_sub(began) > LONGEST as u64) {
            return Err(broken(format!("an element is longer than {} MiB", LONGEST >> 20)));
        }
        weight = if open.is_empty() { 0 } else { weight };
        if weight > HEAVIEST {
            return Err(broken(format!("an element holds so much that it would take {} MiB", HEAVIEST >> 20)));
        }
        let event = event.map_err(|e| broken(format!("it is no XML that can be read, near byte {at}: {e}")))?;
        match event {
            // A name alone brings nothing along.
            Event::DocType(kind) if kind.iter().any(|b| b"[\"'".contains(b)) => {
                let why =
                    "it has a document type with entities or a file of its own, which is refused; take the DOCTYPE out";
                return Err(broken(why.to_owned()));
            }
            Event::Start(start) => {
                seen = true;
                depth += 1;
                if depth > DEPTH {
                    return Err(broken(format!("elements are nested more than {DEPTH} deep")));
                }
                let node = node(&start).map_err(|e| broken(format!("near byte {at}: {e}")))?;
                weight += node.weight();
                if open.is_empty() && names.contains(&node.name.as_str()) {
                    began = at;
                    open.push(node);
                } else if !open.is_empty() {
                    open.push(node);
                }
            }
            Event::Empty(start) => {
                seen = true;
                let node = node(&start).map_err(|e| broken(format!("near byte {at}: {e}")))?;
                weight += node.weight();
                match open.last_mut() {
                    Some(parent) => parent.children.push(node),
                    None if names.contains(&node.name.as_str()) => take(node)?,
                    None => {}
                }
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                if let Some(mut node) = open.pop() {
                    node.text = node.text.trim().to_owned();
                    match open.last_mut() {
                        Some(parent) => parent.children.push(node),
                        None => take(node)?,
                    }
                }
            }
            Event::Text(text) => {
                let text = text.xml10_content().map_err(|_| broken(encoding::NOT_UTF_8.to_owned()))?;
                if let Some(node) = open.last_mut() {
                    node.text.push_str(&text);
                }
            }
            Event::CData(text) => {
                let text = text.xml10_content().map_err(|_| broken(encoding::NOT_UTF_8.to_owned()))?;
                if let Some(node) = open.last_mut() {
                    node.text.push_str(&text);
                }
            }
            Event::GeneralRef(reference) => {
                let character = character(&reference).map_err(broken)?;
                if let Some(node) = open.last_mut() {
                    node.text.push(character);
                }
            }
            Event::Eof if depth > 0 => return Err(broken("the file ends in the middle; it was cut off".to_owned())),
            Event::Eof if !seen => return Err(broken("it is no XML: there is no element in it".to_owned())),
            Event::Eof => return Ok(()),
            Event::DocType(_) | Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
}

/// The character that a reference stands for: those of XML itself and numbers only.
fn character(reference: &BytesRef<'_>) -> Result<char, String> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Ok(character);
    }
    let name = reference.decode().map_err(|e| e.to_string())?;
    let known = [("lt", '<'), ("gt", '>'), ("amp", '&'), ("quot", '"'), ("apos", '\'')];
    let found = known.into_iter().find(|(known, _)| *known == name);
    found
        .map(|(_, character)| character)
        .ok_or_else(|| format!("it uses the entity `{}`, which is refused", crate::domain::text::printable(&name)))
}

/// Gives no more bytes than are left.
struct Counted {
    input: Box<dyn Read + Send>,
    left: Rc<Cell<usize>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(buffer)?;
        self.left.set(self.left.get().saturating_sub(n));
        if self.left.get() == 0 { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(n) }
    }
}

fn node(start: &BytesStart<'_>) -> Result<Node, String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|e| format!("an attribute cannot be read: {e}"))?;
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|e| format!("an attribute cannot be read: {e}"))?;
        attributes.push((text(attribute.key.as_ref()), value.into_owned()));
    }
    Ok(Node { name: text(start.name().as_ref()), attributes, children: Vec::new(), text: String::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nodes(text: &[u8]) -> Result<Vec<Node>, String> {
        let mut out = Vec::new();
        let input = Box::new(std::io::Cursor::new(text.to_vec()));
        let done = each(input, &Arc::from("f.xml"), &["a"], &mut |node| {
            out.push(node);
            Ok(())
        });
        done.map(|()| out).map_err(|e| e.to_string())
    }

    #[test]
    fn trees_with_attributes_and_texts() {
        let found = nodes(
            "\u{feff}<?xml version=\"1.0\"?><r><a x=\"1 &amp; &#50;\"> t&lt;u <b/><![CDATA[<c>]]></a><a/></r>"
                .as_bytes(),
        )
        .unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].attribute("x"), Some("1 & 2"));
        assert_eq!((found[0].text.as_str(), found[0].children.len()), ("t<u <c>", 1));
    }

    #[test]
    fn what_is_refused() {
        let told = |text: &str| nodes(text.as_bytes()).unwrap_err();
        assert!(told("<!DOCTYPE r [<!ENTITY x \"y\">]><r><a>&x;</a></r>").contains("DOCTYPE"));
        assert!(told("<!DOCTYPE r SYSTEM \"x.dtd\"><r><a/></r>").contains("DOCTYPE"));
        assert_eq!(nodes(b"<!DOCTYPE r><r><a/></r>").unwrap().len(), 1);
        assert!(told("<r><a>&x;</a></r>").contains("entity `x`"));
        assert!(told("<r><a>").contains("cut off"));
        assert!(told("<r><a></b></r>").contains("no XML"));
        assert!(told("hello").contains("no element"));
        assert!(told(&"<x>".repeat(100)).contains("nested"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_nodes_or_an_error(text in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = nodes(&text);
        }

        #[test]
        fn so_are_texts_like_xml(text in "(<a>|</a>|<b x=\"1\"/>|&lt;|&#x;|<!--|-->|t|<!\\[CDATA\\[|\\]\\]>){0,12}") {
            let _ = nodes(text.as_bytes());
        }
    }
}
