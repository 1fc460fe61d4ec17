//! CRC-32C (Castagnoli), as `TFRecord` files have it.

/// The table of the checksum.
#[derive(Clone, Debug)]
pub(super) struct Crc32c(Box<[u32; 256]>);

impl Default for Crc32c {
    fn default() -> Self {
        let mut out = Box::new([0; 256]);
        for (value, entry) in (0_u32..).zip(out.iter_mut()) {
            *entry = (0..8).fold(value, |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 });
        }
        Self(out)
    }
}

impl Crc32c {
    /// TensorFlow's masked checksum: rotated by 15 bits, a constant added.
    pub(super) fn masked(&self, bytes: &[u8]) -> u32 {
        let step = |crc: u32, byte: &u8| {
            let entry = self.0.get(((crc ^ u32::from(*byte)) & 0xff) as usize).copied().unwrap_or_default();
            entry ^ crc >> 8
        };
        let crc = !bytes.iter().fold(!0, step);
        crc.rotate_right(15).wrapping_add(0xa282_ead8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        // RFC 3720 B.4: 32 zero bytes have the CRC-32C 8a9136aa.
        let want = 0x8a91_36aa_u32.rotate_right(15).wrapping_add(0xa282_ead8);
        assert_eq!(Crc32c::default().masked(&[0; 32]), want);
    }
}
