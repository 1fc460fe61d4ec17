//! How much one file may cost, checked against what its header declares before anything is allocated.

use super::error::MediaError;

/// Bounds for one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a file that is read whole.
    pub file_bytes: u64,
    /// Bytes at the peak of decoding: the file's content, the decoder's own buffers and the pixels together.
    pub memory: u64,
    /// Pixels as stored; bounds the time.
    pub pixels: u64,
    /// Pixels along one side, as stored.
    pub side: u32,
}

impl Default for Limits {
    /// 512 MiB and 256 megapixels: every photograph and most panoramas and satellite tiles, and the worst file known takes
    /// less than two seconds.
    fn default() -> Self {
        Self { file_bytes: 256 << 20, memory: 512 << 20, pixels: 256_000_000, side: 1_000_000 }
    }
}

impl Limits {
    /// Refuses a picture by its declared size.
    ///
    /// # Errors
    /// [`MediaError::TooLarge`] with the figure that is over.
    pub(crate) fn check_pixels(&self, width: u32, height: u32) -> Result<(), MediaError> {
        let pixels = u64::from(width) * u64::from(height);
        if width.max(height) > self.side || pixels > self.pixels {
            return Err(MediaError::TooLarge {
                what: format!("{width} x {height} pixels"),
                limit: format!("{} million pixels", self.pixels / 1_000_000),
            });
        }
        Ok(())
    }

    /// Refuses what would take more memory than allowed.
    ///
    /// # Errors
    /// [`MediaError::TooLarge`].
    pub(crate) fn check_memory(&self, bytes: u64) -> Result<(), MediaError> {
        if bytes > self.memory {
            return Err(MediaError::TooLarge {
                what: format!("decoding takes {} MiB", bytes >> 20),
                limit: format!("{} MiB", self.memory >> 20),
            });
        }
        Ok(())
    }

    /// Refuses to read a file of this many bytes whole.
    ///
    /// # Errors
    /// [`MediaError::TooLarge`].
    pub(crate) fn check_file(&self, bytes: u64) -> Result<(), MediaError> {
        if bytes > self.file_bytes {
            return Err(MediaError::TooLarge {
                what: format!("a file of {} MiB", bytes >> 20),
                limit: format!("{} MiB", self.file_bytes >> 20),
            });
        }
        Ok(())
    }
}
