//! Where the journal of a remote store lies.

use std::path::{Path, PathBuf};

/// The longest readable part of a journal's name.
const READABLE: usize = 60;

/// The journal of the store `place` (as [`crate::store::Store::place`] says it, without secrets) inside `folder`: a name
/// that a person recognises, and a number that tells places apart whose readable names are the same.
#[must_use]
pub fn journal_path(folder: &Path, place: &str) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '_' };
    let readable: String = place.chars().map(plain).take(READABLE).collect();
    folder.join(format!("{readable}-{:016x}.journal", fingerprint(place)))
}

/// FNV-1a with 64 bits: the same on every machine and in every version, because files are named with it.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_journals_of_their_own_with_harmless_names() {
        let of = |place| journal_path(Path::new("/j"), place);
        let a = of("postgres://ann@db.example:5432/labels (schema lakelens)");
        assert_eq!(a, of("postgres://ann@db.example:5432/labels (schema lakelens)"));
        assert_ne!(a, of("postgres://ann@db.example:5432/labels_(schema lakelens)"));
        assert_eq!(of("../../x").parent(), Some(Path::new("/j")));
        assert!(of(&"x".repeat(500)).file_name().unwrap().len() < 100);
        // The published test vectors of FNV-1a.
        assert_eq!((fingerprint(""), fingerprint("a")), (0xcbf2_9ce4_8422_2325, 0xaf63_dc4c_8601_ec8c));
    }
}
