//! Why a file cannot be shown, in sentences for people.

use std::io;

/// Why a file cannot be inspected or decoded. The message is a sentence that stands next to the file's name, so the name
/// is in it only where a path was opened.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The path is not a regular file; it was not opened.
    #[error("{path} is {what}, not a file")]
    NotAFile {
        /// The path, printable.
        path: String,
        /// `a folder`, `a named pipe`, …
        what: &'static str,
    },
    /// The file cannot be opened.
    #[error("{path} cannot be opened: {source}")]
    Open {
        /// The path, printable.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// No way leads to the file; a whole sentence that says what to do.
    #[error("{0}")]
    Reach(String),
    /// The bytes cannot be read, or the connection that brings them broke.
    #[error("reading failed: {0}; try again")]
    Read(#[from] io::Error),
    /// The content is something else.
    #[error("this is {found}, not a picture{hint}")]
    NotAPicture {
        /// What the content is: `a Git LFS pointer`, `an HTML page`, …
        found: &'static str,
        /// What to do, with its own leading punctuation; may be empty.
        hint: &'static str,
    },
    /// A picture of a kind that this program does not decode.
    #[error("this {format} picture cannot be decoded: {reason}")]
    Unsupported {
        /// Name of the format.
        format: &'static str,
        /// What is missing.
        reason: String,
    },
    /// More bytes or pixels than the limits allow.
    #[error("too large to show: {what}; the limit is {limit}")]
    TooLarge {
        /// What the file has or says it has.
        what: String,
        /// What is allowed.
        limit: String,
    },
    /// Nothing of the picture can be decoded.
    #[error("damaged {format} file: {reason}")]
    Damaged {
        /// Name of the format.
        format: &'static str,
        /// What the decoder says.
        reason: String,
    },
    /// The decoder panicked: a bug of a decoder, met by a damaged or hostile file.
    #[error("the {format} decoder failed on this file; the file is probably damaged")]
    Decoder {
        /// Name of the format.
        format: &'static str,
    },
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}
