//! What is known of a picture file, as screens and `lakelens info` show it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The facts about one picture file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageInfo {
    /// Lower-case name of the format found in the content: `jpeg`, `png`, `tiff`, …
    pub format: String,
    /// Width in pixels as displayed (after EXIF orientation).
    pub width: u32,
    /// Height in pixels as displayed.
    pub height: u32,
    /// EXIF orientation, 1-8; 1 where the file has none.
    pub orientation: u8,
    /// Size of the file.
    pub bytes: u64,
    /// Frames of an animation or pages of a document; the first is shown.
    pub frames: u32,
    /// What is stored: `rgb 8 bit`, `palette`, `cmyk`, `grey 16 bit`, …
    pub colour: String,
    /// Whether the pixels have transparency; it is shown over a checkerboard.
    #[serde(default)]
    pub alpha: bool,
    /// Name of the embedded colour profile's space (`rgb`, `grey`, `cmyk`), if there is one; shown as sRGB.
    #[serde(default)]
    pub profile: Option<String>,
    /// Why the picture is incomplete, if it is: it is shown as far as it decodes, with a badge.
    pub damaged: Option<String>,
    /// EXIF tags by name, values as text from outside: pass them through `printable`.
    pub exif: BTreeMap<String, String>,
}
