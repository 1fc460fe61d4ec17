//! EXIF: orientation, tags as text, the embedded thumbnail; each bounded, whatever the file claims.

use crate::domain::unwind::caught;
use exif::{Field, In, Reader, Tag, Value};
use image::metadata::Orientation;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// Larger blocks are not parsed.
pub(super) const RAW_BYTES: usize = 4 << 20;
const TAGS: usize = 128;
const TEXT: usize = 200;
/// Values of more elements than this are curves, previews and maker notes, of no use as text.
const ELEMENTS: usize = 256;

/// What an EXIF block says.
#[derive(Debug)]
pub(super) struct Exif {
    /// 1 where there is none, or none that is valid.
    pub(super) orientation: Orientation,
    /// Tags of the picture by name.
    pub(super) tags: BTreeMap<String, String>,
    /// The embedded JPEG.
    pub(super) thumbnail: Option<Vec<u8>>,
}

impl Exif {
    /// Parses a block that starts at its TIFF header, as far as it can be parsed.
    pub(super) fn parse(raw: Option<Vec<u8>>) -> Self {
        let mut out = Self { orientation: Orientation::NoTransforms, tags: BTreeMap::new(), thumbnail: None };
        let Some(mut raw) = raw.filter(|raw| raw.len() <= RAW_BYTES) else { return out };
        if raw.starts_with(b"Exif\0\0") {
            raw.drain(..6);
        }
        // The parser is fed by files from anywhere; a panic in it must not cost the picture.
        let parsed = caught(|| {
            Reader::new().continue_on_error(true).read_raw(raw).or_else(|e| e.distill_partial_result(|_| {}))
        });
        let Some(Ok(data)) = parsed else { return out };
        let _ = caught(|| out.fill(&data));
        out
    }

    fn fill(&mut self, data: &exif::Exif) {
        let number = |tag, place| data.get_field(tag, place).and_then(|f| f.value.get_uint(0));
        let orientation = number(Tag::Orientation, In::PRIMARY).and_then(|v| u8::try_from(v).ok());
        self.orientation = orientation.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms);
        let start = number(Tag::JPEGInterchangeFormat, In::THUMBNAIL).map(|v| v as usize);
        let length = number(Tag::JPEGInterchangeFormatLength, In::THUMBNAIL).map(|v| v as usize);
        self.thumbnail = start
            .zip(length)
            .and_then(|(start, length)| data.buf().get(start..start.checked_add(length)?))
            .filter(|jpeg| jpeg.starts_with(b"\xff\xd8"))
            .map(<[u8]>::to_vec);
        let shown = data.fields().filter(|f| f.ifd_num == In::PRIMARY && wanted(f)).take(TAGS);
        for field in shown {
            let mut text = Bounded(String::new());
            // An error only says that the bound was reached.
            let _ = write!(text, "{}", field.display_value().with_unit(data));
            self.tags.insert(field.tag.to_string(), text.0);
        }
    }
}

/// Whether the tag has a name and a value that can be read.
fn wanted(field: &Field) -> bool {
    let elements = match &field.value {
        Value::Ascii(parts) => parts.len(),
        Value::Undefined(bytes, _) => bytes.len(),
        Value::Byte(v) => v.len(),
        Value::Short(v) => v.len(),
        Value::Long(v) => v.len(),
        Value::Rational(v) => v.len(),
        Value::SRational(v) => v.len(),
        Value::Double(v) => v.len(),
        Value::Float(v) => v.len(),
        Value::SByte(v) => v.len(),
        Value::SShort(v) => v.len(),
        Value::SLong(v) => v.len(),
        Value::Unknown(..) => return false,
    };
    let layout = [Tag::StripOffsets, Tag::StripByteCounts, Tag::MakerNote, Tag::TileOffsets, Tag::TileByteCounts];
    elements <= ELEMENTS && field.tag.description().is_some() && !layout.contains(&field.tag)
}

/// Text that refuses to grow past its bound.
struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = TEXT.saturating_sub(self.0.chars().count());
        self.0.extend(text.chars().take(room));
        if text.chars().nth(room).is_some() {
            self.0.push('…');
            return Err(fmt::Error);
        }
        Ok(())
    }
}
