//! What a file is: by its content first, by its name second, because names lie and some formats have no magic number.

use super::error::MediaError;

/// A picture format that can be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG and APNG.
    Png,
    /// GIF.
    Gif,
    /// WebP.
    WebP,
    /// Windows bitmap.
    Bmp,
    /// TIFF and BigTIFF, GeoTIFF among them.
    Tiff,
    /// Windows icon or cursor.
    Ico,
    /// Truevision TGA; has no magic number.
    Tga,
    /// PBM, PGM, PPM, PAM.
    Pnm,
    /// QOI.
    Qoi,
    /// Radiance HDR.
    Hdr,
    /// farbfeld.
    Farbfeld,
    /// DirectDraw surface.
    Dds,
    /// OpenEXR.
    Exr,
}

impl Format {
    /// Lower-case name, as in `ImageInfo::format`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::WebP => "webp",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
            Self::Ico => "ico",
            Self::Tga => "tga",
            Self::Pnm => "pnm",
            Self::Qoi => "qoi",
            Self::Hdr => "hdr",
            Self::Farbfeld => "farbfeld",
            Self::Dds => "dds",
            Self::Exr => "exr",
        }
    }
}

/// Extensions of pictures, lower case, with the format where it can be decoded.
const EXTENSIONS: [(&str, Option<Format>); 45] = [
    ("jpg", Some(Format::Jpeg)),
    ("jpeg", Some(Format::Jpeg)),
    ("jpe", Some(Format::Jpeg)),
    ("jfif", Some(Format::Jpeg)),
    ("jif", Some(Format::Jpeg)),
    ("mpo", Some(Format::Jpeg)),
    ("png", Some(Format::Png)),
    ("apng", Some(Format::Png)),
    ("gif", Some(Format::Gif)),
    ("webp", Some(Format::WebP)),
    ("bmp", Some(Format::Bmp)),
    ("dib", Some(Format::Bmp)),
    ("tif", Some(Format::Tiff)),
    ("tiff", Some(Format::Tiff)),
    ("geotiff", Some(Format::Tiff)),
    ("btf", Some(Format::Tiff)),
    ("tf8", Some(Format::Tiff)),
    ("ico", Some(Format::Ico)),
    ("cur", Some(Format::Ico)),
    ("tga", Some(Format::Tga)),
    ("targa", Some(Format::Tga)),
    ("icb", Some(Format::Tga)),
    ("vda", Some(Format::Tga)),
    ("vst", Some(Format::Tga)),
    ("pbm", Some(Format::Pnm)),
    ("pgm", Some(Format::Pnm)),
    ("ppm", Some(Format::Pnm)),
    ("pnm", Some(Format::Pnm)),
    ("pam", Some(Format::Pnm)),
    ("qoi", Some(Format::Qoi)),
    ("hdr", Some(Format::Hdr)),
    ("rgbe", Some(Format::Hdr)),
    ("ff", Some(Format::Farbfeld)),
    ("farbfeld", Some(Format::Farbfeld)),
    ("dds", Some(Format::Dds)),
    ("exr", Some(Format::Exr)),
    ("heic", None),
    ("heif", None),
    ("hif", None),
    ("avif", None),
    ("jp2", None),
    ("j2k", None),
    ("jpx", None),
    ("jxl", None),
    ("svg", None),
];

/// The extension of a file name, lower case, without trailing dots.
fn extension(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name).trim_end_matches('.');
    name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase()).unwrap_or_default()
}

fn by_name(name: &str) -> Option<Option<Format>> {
    let wanted = extension(name);
    EXTENSIONS.iter().find(|(e, _)| *e == wanted).map(|(_, format)| *format)
}

/// Whether the name has the extension of a picture, also of one that cannot be decoded: such a file still belongs into a
/// scan, because it can be labelled.
#[must_use]
pub fn is_picture_name(name: &str) -> bool {
    by_name(name).is_some()
}

/// Tells the format from the first bytes (a few kilobytes, or the whole of a shorter file) and the name.
///
/// # Errors
/// [`MediaError::NotAPicture`] or [`MediaError::Unsupported`], saying what the content is and what to do about it.
pub fn sniff(head: &[u8], name: &str) -> Result<Format, MediaError> {
    if let Some(format) = by_magic(head) {
        return Ok(format);
    }
    if let Some((format, reason)) = undecodable(head) {
        return Err(MediaError::Unsupported { format, reason: reason.to_owned() });
    }
    if by_name(name) == Some(Some(Format::Tga)) && looks_like_tga(head) {
        return Ok(Format::Tga);
    }
    let (found, hint) = other_content(head);
    Err(MediaError::NotAPicture { found, hint })
}

fn by_magic(head: &[u8]) -> Option<Format> {
    let magic: [(&[u8], Format); 17] = [
        (b"\xff\xd8\xff", Format::Jpeg),
        (b"\x89PNG\r\n\x1a\n", Format::Png),
        (b"GIF87a", Format::Gif),
        (b"GIF89a", Format::Gif),
        (b"BM", Format::Bmp),
        (b"II*\0", Format::Tiff),
        (b"MM\0*", Format::Tiff),
        (b"II+\0", Format::Tiff),
        (b"MM\0+", Format::Tiff),
        (b"\0\0\x01\0", Format::Ico),
        (b"\0\0\x02\0", Format::Ico),
        (b"qoif", Format::Qoi),
        (b"#?RADIANCE", Format::Hdr),
        (b"#?RGBE", Format::Hdr),
        (b"farbfeld", Format::Farbfeld),
        (b"DDS ", Format::Dds),
        (b"\x76\x2f\x31\x01", Format::Exr),
    ];
    let webp = head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP");
    let pnm = matches!(head, [b'P', b'1'..=b'7', b' ' | b'\t' | b'\r' | b'\n' | b'#', ..]);
    // "BM" starts many texts too: the six bytes after the size are reserved and the header's length has few values.
    let bitmap = || matches!(head.get(14..18), Some([12 | 16 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0]));
    let icon = || matches!(head.get(4..6), Some(count) if count != [0, 0]);
    magic
        .iter()
        .find(|(start, _)| head.starts_with(start))
        .map(|(_, format)| *format)
        .filter(|format| (*format != Format::Bmp || bitmap()) && (*format != Format::Ico || icon()))
        .or_else(|| webp.then_some(Format::WebP))
        .or_else(|| pnm.then_some(Format::Pnm))
}

/// Picture formats that are known and not decoded: their name, and why.
fn undecodable(head: &[u8]) -> Option<(&'static str, &'static str)> {
    const CONVERT: &str = "no decoder for it is built in; convert it to JPEG, PNG or WebP";
    if head.get(4..8) == Some(b"ftyp") {
        return match head.get(8..12)? {
            b"avif" | b"avis" => Some(("AVIF", CONVERT)),
            b"heic" | b"heix" | b"hevc" | b"heim" | b"heis" | b"hevx" | b"mif1" | b"msf1" => Some(("HEIC", CONVERT)),
            b"crx " => Some(("Canon raw", "raw sensor data is not developed; use the JPEG beside it")),
            _ => None,
        };
    }
    let start = |magic: &[u8]| head.starts_with(magic);
    match () {
        () if start(b"\0\0\0\x0cjP  ") || start(b"\xff\x4f\xff\x51") => Some(("JPEG 2000", CONVERT)),
        () if start(b"\0\0\0\x0cJXL ") || start(b"\xff\x0a") => Some(("JPEG XL", CONVERT)),
        () if start(b"8BPS") => Some(("Photoshop", "layers are not composed; export it as PNG")),
        () if start(b"\x8aMNG") => Some(("MNG", CONVERT)),
        () if contains_tag(head, "<svg") => Some(("SVG", "vector drawings are not rendered; export it as PNG")),
        () => None,
    }
}

/// What else a file may be that stands where a picture is expected: what, and what to do.
fn other_content(head: &[u8]) -> (&'static str, &'static str) {
    let start = |magic: &[u8]| head.starts_with(magic);
    match () {
        () if head.is_empty() => ("an empty file", "; copy or download it again"),
        () if start(b"version https://git-lfs") => ("a Git LFS pointer", "; run git lfs pull"),
        () if head.len() >= 16 && head.iter().all(|b| *b == 0) => {
            ("a block of zero bytes", ": its content was lost; copy or download it again")
        }
        () if contains_tag(head, "<!doctype html") || contains_tag(head, "<html") => {
            ("an HTML page", ": probably an error message saved in its place; download it again")
        }
        () if start(b"PK\x03\x04") || start(b"PK\x05\x06") => ("a zip archive", "; unpack it first"),
        () if start(b"\x1f\x8b") => ("gzip-compressed data", "; unpack it first"),
        () if start(b"\x28\xb5\x2f\xfd") => ("zstd-compressed data", "; unpack it first"),
        () if start(b"%PDF-") => ("a PDF document", ""),
        () if start(b"\x7fELF") => ("a program", ""),
        () if start(b"PAR1") => ("a Parquet table", ""),
        () if start(b"\x89HDF\r\n") => ("an HDF5 file", ""),
        () if start(b"\x93NUMPY") => ("a NumPy array", ""),
        () if start(b"SIMPLE  =") => ("a FITS file", ""),
        () if head.get(4..8) == Some(b"ftyp") || start(b"\x1aE\xdf\xa3") => ("a video", ""),
        () if head.get(128..132) == Some(b"DICM") => ("a DICOM file", "; convert it to PNG or TIFF"),
        () if is_json(head) => ("JSON text", ""),
        () if is_text(head) => ("text", ""),
        () if head.len() < 16 => ("a fragment of a few bytes", "; copy or download it again"),
        () => ("data of an unknown kind", ""),
    }
}

/// Whether `tag` opens the document, after white space, a byte order mark, an XML declaration and comments.
fn contains_tag(head: &[u8], tag: &str) -> bool {
    let text = String::from_utf8_lossy(&head[..head.len().min(1024)]).to_ascii_lowercase();
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    text.starts_with('<') && text.contains(tag)
}

fn is_json(head: &[u8]) -> bool {
    let first = head.iter().find(|b| !b.is_ascii_whitespace());
    matches!(first, Some(b'{' | b'[')) && is_text(head)
}

fn is_text(head: &[u8]) -> bool {
    !head.is_empty() && !head.iter().any(|b| matches!(b, 0..=8 | 14..=26 | 28..=31 | 127) || *b >= 0xf8)
}

/// Whether the header could be that of a TGA: a known image type, palette flag and depth, and a size.
fn looks_like_tga(head: &[u8]) -> bool {
    let [_, palette, kind, ..] = head else { return false };
    let known = *palette <= 1 && matches!(kind, 1 | 2 | 3 | 9 | 10 | 11);
    let sized = matches!(head.get(12..16), Some([a, b, c, d]) if (a | b) != 0 && (c | d) != 0);
    let deep = matches!(head.get(16), Some(1 | 8 | 15 | 16 | 24 | 32));
    known && sized && deep
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_comes_before_the_name() {
        assert_eq!(sniff(b"\x89PNG\r\n\x1a\n....", "a.jpg").unwrap(), Format::Png);
        assert_eq!(sniff(b"II+\0\x08\0\0\0", "a").unwrap(), Format::Tiff);
        assert_eq!(sniff(b"RIFF\x00\x00\x00\x00WEBPVP8L", "").unwrap(), Format::WebP);
        assert_eq!(sniff(b"P6\n1 1\n255\n...", "x").unwrap(), Format::Pnm);
        let tga = [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 4, 0, 24, 0];
        assert_eq!(sniff(&tga, "photos.d/a.TGA").unwrap(), Format::Tga);
        assert!(sniff(&tga, "a.bin").is_err());
    }

    #[test]
    fn the_reason_names_what_the_file_is_and_what_to_do() {
        let reason = |head: &[u8], name: &str| sniff(head, name).unwrap_err().to_string();
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n";
        assert_eq!(reason(pointer, "a.jpg"), "this is a Git LFS pointer, not a picture; run git lfs pull");
        assert!(reason(b"", "a.jpg").contains("an empty file"));
        assert!(reason(&[0; 4096], "a.jpg").contains("zero bytes"));
        assert!(reason(b"\xef\xbb\xbf\n<!DOCTYPE html><html>", "a.png").contains("HTML"));
        assert!(reason(b"<?xml version='1.0'?>\n<svg xmlns=''/>", "a.png").contains("SVG"));
        assert!(reason(b"\0\0\0\x1cftypheic\0\0\0\0", "a.heic").contains("HEIC"));
        assert!(reason(b"\0\0\0\x1cftypavis\0\0\0\0", "a.avif").contains("AVIF"));
        assert!(reason(b"\0\0\0\x0cjP  \r\n", "a.jp2").contains("JPEG 2000"));
        assert!(reason(b"PK\x03\x04", "a.png").contains("zip"));
        assert!(reason(b"{\"error\": 404}", "a.png").contains("JSON"));
        assert!(reason(b"BMW is a maker of cars, and this is text", "a.bmp").contains("text"));
    }

    #[test]
    fn picture_names_are_known_by_extension_without_case() {
        for name in ["a.jpg", "A.JPEG", "x/y.TiFf", "two.dots.tar.png", "dot.at.end.png.", ".hidden.png", "p.heic"] {
            assert!(is_picture_name(name), "{name}");
        }
        for name in ["jpg", "a.txt", "dir.jpg/notes", "a.jpg.part", "", ".."] {
            assert!(!is_picture_name(name), "{name}");
        }
    }
}
