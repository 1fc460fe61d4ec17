//! Which files count as pictures by their name, before anybody has looked inside.

/// Extensions of picture formats, lower case: those that decode, and those that get a placeholder that says why not.
const EXTENSIONS: [&str; 37] = [
    "jpg", "jpeg", "jpe", "jfif", "png", "apng", "gif", "webp", "bmp", "dib", "tif", "tiff", "ico", "cur", "tga",
    "pnm", "pbm", "pgm", "ppm", "pam", "qoi", "hdr", "exr", "ff", "farbfeld", "dds", "heic", "heif", "avif", "avifs",
    "jp2", "j2k", "jpf", "jpx", "jxl", "mpo", "pfm",
];

/// Whether the extension of a file name is that of a picture format, in any case.
#[must_use]
pub fn is_picture_name(name: &str) -> bool {
    let Some((stem, extension)) = name.rsplit_once('.') else { return false };
    if stem.is_empty() || extension.len() > 8 {
        return false;
    }
    EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_extension_only() {
        assert!(is_picture_name("IMG_1.JPG") && is_picture_name("a.b.TiFf"));
        assert!(!is_picture_name("notes.txt") && !is_picture_name("png") && !is_picture_name(".png"));
    }
}
