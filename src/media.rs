//! From the bytes of a file to pixels: sniffing, bounded decoding, orientation, colour, scaling, caches. Knows no terminal.
//!
//! ```text
//! ByteSource -> sniff -> header (inspect) -> decode at reduced size -> scale -> colour -> orient -> Picture (RGB, 8 bit)
//! ```
//!
//! What always holds: no file, however broken or hostile, makes this module panic, hang or take more than
//! [`Limits`] allow; the frame of every size and window is the picture as EXIF says it is displayed.

mod bytes;
pub mod cache;
mod colour;
mod cut;
pub mod decode;
pub mod edges;
pub mod error;
mod exif;
mod frames;
mod header;
mod ico;
pub mod info;
pub mod inspect;
mod jpeg;
pub mod limits;
pub mod measure;
mod orient;
mod raster;
mod scale;
pub mod sniff;
pub mod source;
pub mod thumbnail;
mod tiff;

pub use cut::cut;
pub use decode::{DecodeRequest, Picture, decode};
pub use error::MediaError;
pub use info::ImageInfo;
pub use inspect::inspect;
pub use limits::Limits;
pub use source::{ByteSource, FileSource, MemorySource};
pub use thumbnail::thumbnail;
