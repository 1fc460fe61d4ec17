//! The facts of a picture without its pixels.

use super::bytes::Bytes;
use super::decode::guarded;
use super::error::MediaError;
use super::header;
use super::info::ImageInfo;
use super::limits::Limits;
use super::sniff::sniff;
use super::source::ByteSource;

/// Reads what the header declares; of large files only the parts that hold it. `info.damaged` is not known before the
/// pixels are decoded.
///
/// # Errors
/// [`MediaError`] where the file is not a picture, or one that could not be shown.
pub fn inspect(source: &dyn ByteSource, name: &str, limits: &Limits) -> Result<ImageInfo, MediaError> {
    let bytes = Bytes::new(source)?;
    let format = sniff(bytes.head(), name)?;
    let length = bytes.len();
    let (bytes, inner) = header::unpacked(bytes, format);
    guarded(format, || {
        let (mut header, _) = header::open(&bytes, inner, limits, &|| false)?;
        header.container = format;
        Ok(header.info(length, None))
    })
}
