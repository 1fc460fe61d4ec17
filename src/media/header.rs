//! What a file declares before any pixel is decoded, and the decoder opened on it.

mod exr;
pub(super) mod jpeg;

use super::bytes::{Bytes, Reader};
use super::error::MediaError;
use super::exif::Exif;
use super::frames;
use super::ico;
use super::info::ImageInfo;
use super::limits::Limits;
use super::orient::swaps_axes;
use super::sniff::Format;
use super::tiff::TiffPicture;
use crate::domain::text::printable;
use image::metadata::Orientation;
use image::{ExtendedColorType, ImageDecoder, ImageError, ImageFormat, ImageReader};
use jpeg::JpegHeader;

/// Larger profiles are ignored: real ones take a few kilobytes, those of printers a megabyte or two.
const PROFILE_BYTES: usize = 4 << 20;

/// The declared facts of a picture; sizes as stored, before orientation.
pub(super) struct Header {
    /// Of the pixels.
    pub(super) format: Format,
    /// Of the file: an icon may hold a PNG.
    pub(super) container: Format,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) orientation: Orientation,
    pub(super) colour: String,
    pub(super) alpha: bool,
    pub(super) frames: u32,
    pub(super) icc: Option<Vec<u8>>,
    pub(super) exif: Exif,
}

/// What decodes the pixels.
pub(super) enum Opened<'a> {
    /// Decoded at reduced size; the file has to be in memory.
    Jpeg(JpegHeader),
    /// Measurements, bands, palettes and all.
    Tiff(Box<TiffPicture<'a>>),
    /// Everything else.
    Other(Box<dyn ImageDecoder + 'a>),
}

impl Header {
    /// The facts as screens show them.
    pub(super) fn info(&self, bytes: u64, damaged: Option<String>) -> ImageInfo {
        let turned = swaps_axes(self.orientation);
        let (width, height) = if turned { (self.height, self.width) } else { (self.width, self.height) };
        ImageInfo {
            format: self.container.name().to_owned(),
            width,
            height,
            orientation: self.orientation.to_exif(),
            bytes,
            frames: self.frames,
            colour: self.colour.clone(),
            alpha: self.alpha,
            profile: self.icc.as_deref().and_then(profile_space).map(str::to_owned),
            damaged,
            exif: self.exif.tags.clone(),
        }
    }
}

/// The colour space that the header of an ICC profile names (ICC.1:2022, 7.2.6).
fn profile_space(icc: &[u8]) -> Option<&'static str> {
    match icc.get(16..20)? {
        b"RGB " => Some("rgb"),
        b"GRAY" => Some("grey"),
        b"CMYK" => Some("cmyk"),
        _ => None,
    }
}

/// The picture inside a container that its own decoder does not open in full; else the bytes as they are.
pub(super) fn unpacked(bytes: Bytes<'_>, format: Format) -> (Bytes<'_>, Format) {
    match (format == Format::Ico).then(|| ico::largest_png(&bytes)).flatten() {
        Some(png) => (Bytes::Whole(png), Format::Png),
        None => (bytes, format),
    }
}

/// Reads the header and opens the decoder, within limits. Once `cancel` says so, the decoder gets no more bytes.
///
/// # Errors
/// [`MediaError`] where the header is damaged, declares too much, or belongs to a variant that is not decoded.
pub(super) fn open<'a>(
    bytes: &'a Bytes<'a>,
    format: Format,
    limits: &Limits,
    cancel: &'a dyn Fn() -> bool,
) -> Result<(Header, Opened<'a>), MediaError> {
    if format == Format::Jpeg {
        let jpeg = JpegHeader::read(&mut bytes.reader())?;
        limits.check_pixels(jpeg.width, jpeg.height)?;
        let exif = Exif::parse(jpeg.exif.clone());
        let header = Header {
            format,
            container: format,
            width: jpeg.width,
            height: jpeg.height,
            orientation: exif.orientation,
            colour: jpeg.colour(),
            alpha: false,
            frames: 1,
            icc: jpeg.icc.clone().filter(|icc| icc.len() <= PROFILE_BYTES),
            exif,
        };
        return Ok((header, Opened::Jpeg(jpeg)));
    }
    if format == Format::Tiff {
        let tiff = TiffPicture::open(bytes, limits, cancel)?;
        let header = Header {
            format,
            container: format,
            width: tiff.width,
            height: tiff.height,
            orientation: tiff.orientation,
            colour: tiff.colour(),
            alpha: tiff.alpha,
            frames: frames::count(bytes, format),
            icc: tiff.icc.clone().filter(|icc| icc.len() <= PROFILE_BYTES),
            exif: Exif::parse(tiff_tags(bytes)),
        };
        return Ok((header, Opened::Tiff(Box::new(tiff))));
    }
    open_other(bytes, format, limits, cancel)
}

fn open_other<'a>(
    bytes: &'a Bytes<'a>,
    format: Format,
    limits: &Limits,
    cancel: &'a dyn Fn() -> bool,
) -> Result<(Header, Opened<'a>), MediaError> {
    if format == Format::Exr {
        exr::check(bytes.watched(cancel), limits)?;
    }
    let mut decoder = decoder(bytes.watched(cancel), format, limits)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(MediaError::Damaged { format: format.name(), reason: "it declares no pixels".to_owned() });
    }
    limits.check_pixels(width, height)?;
    let raw = decoder.exif_metadata().ok().flatten();
    let exif = Exif::parse(raw);
    let header = Header {
        format,
        container: format,
        width,
        height,
        orientation: exif.orientation,
        colour: frames::stored_colour(bytes, format).unwrap_or_else(|| colour_name(decoder.original_color_type())),
        alpha: decoder.color_type().has_alpha(),
        frames: frames::count(bytes, format),
        icc: decoder.icc_profile().ok().flatten().filter(|icc| icc.len() <= PROFILE_BYTES),
        exif,
    };
    Ok((header, Opened::Other(decoder)))
}

/// The whole of a small TIFF: its tags are its EXIF data.
fn tiff_tags(bytes: &Bytes<'_>) -> Option<Vec<u8>> {
    let small = bytes.len() <= super::exif::RAW_BYTES as u64;
    let mut all = Vec::new();
    (small && std::io::Read::read_to_end(&mut bytes.reader(), &mut all).is_ok()).then_some(all)
}

/// Opens the decoder of the `image` crate with limits that it knows before it reads anything.
pub(super) fn decoder<'a>(
    reader: Reader<'a>,
    format: Format,
    limits: &Limits,
) -> Result<Box<dyn ImageDecoder + 'a>, MediaError> {
    let mut reader = ImageReader::with_format(reader, image_format(format));
    let mut bounds = image::Limits::default();
    bounds.max_image_width = Some(limits.side);
    bounds.max_image_height = Some(limits.side);
    bounds.max_alloc = Some(limits.memory);
    reader.limits(bounds);
    Ok(Box::new(reader.into_decoder().map_err(|error| explain(error, format))?))
}

fn image_format(format: Format) -> ImageFormat {
    match format {
        Format::Jpeg => ImageFormat::Jpeg,
        Format::Png => ImageFormat::Png,
        Format::Gif => ImageFormat::Gif,
        Format::WebP => ImageFormat::WebP,
        Format::Bmp => ImageFormat::Bmp,
        Format::Tiff => ImageFormat::Tiff,
        Format::Ico => ImageFormat::Ico,
        Format::Tga => ImageFormat::Tga,
        Format::Pnm => ImageFormat::Pnm,
        Format::Qoi => ImageFormat::Qoi,
        Format::Hdr => ImageFormat::Hdr,
        Format::Farbfeld => ImageFormat::Farbfeld,
        Format::Dds => ImageFormat::Dds,
        Format::Exr => ImageFormat::OpenExr,
    }
}

/// Turns a decoder's error into a reason.
pub(super) fn explain(error: ImageError, format: Format) -> MediaError {
    let format = format.name();
    match error {
        ImageError::Unsupported(e) => MediaError::Unsupported { format, reason: inner_reason(&e) },
        ImageError::Limits(e) => {
            MediaError::TooLarge { what: e.to_string(), limit: "set to protect memory".to_owned() }
        }
        ImageError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            MediaError::Damaged { format, reason: "the file ends before the picture does".to_owned() }
        }
        ImageError::IoError(e) if e.raw_os_error().is_some() => MediaError::Read(e),
        other => MediaError::Damaged { format, reason: inner_reason(&other) },
    }
}

/// What the decoder itself said, without the words that are wrapped around it.
fn inner_reason(error: &dyn std::error::Error) -> String {
    let inner = std::iter::successors(Some(error), |e| e.source()).last().unwrap_or(error);
    printable(&inner.to_string()).into_owned()
}

fn colour_name(colour: ExtendedColorType) -> String {
    use ExtendedColorType as E;
    let kind = match colour {
        E::A8 => "alpha",
        E::L1 | E::L2 | E::L4 | E::L8 | E::L16 => "grey",
        E::La1 | E::La2 | E::La4 | E::La8 | E::La16 => "grey + alpha",
        E::Rgb1 | E::Rgb2 | E::Rgb4 | E::Rgb5x1 | E::Rgb8 | E::Bgr8 | E::Rgb16 | E::Rgb32F => "rgb",
        E::Rgba1 | E::Rgba2 | E::Rgba4 | E::Rgba8 | E::Bgra8 | E::Rgba16 | E::Rgba32F => "rgb + alpha",
        E::Cmyk8 | E::Cmyk16 => "cmyk",
        _ => return "unknown".to_owned(),
    };
    let channels = u16::from(colour.channel_count()).max(1);
    let float = if matches!(colour, E::Rgb32F | E::Rgba32F) { " float" } else { "" };
    format!("{kind} {} bit{float}", colour.bits_per_pixel() / channels)
}
