//! What pictures are called inside a data set.
//!
//! What always holds: a name that can be kept is kept, with its folders; no two pictures get the same one, nor, where a
//! format names files after pictures, two that only differ in their endings; no name leads out of the data set; the same
//! project gives the same names.

use super::split::hash;
use crate::formats::folders::safe_name;
use std::collections::HashSet;

/// Hands out names.
#[derive(Debug, Default)]
pub(super) struct Naming {
    by_stem: bool,
    /// Hashes of the names that were given, in lower case, without endings where those do not tell files apart.
    taken: HashSet<u64>,
}

impl Naming {
    pub(super) fn new(by_stem: bool) -> Self {
        Self { by_stem, taken: HashSet::new() }
    }

    /// The name for a picture of this path, and whether it is another one than its own.
    pub(super) fn name(&mut self, path: &str) -> (String, bool) {
        let plain = plain(path);
        if self.take(&plain) {
            let changed = plain != path;
            return (plain, changed);
        }
        let (stem, ending) = cut(&plain);
        for number in 1_u64.. {
            // First with the ending, which is what told the two apart.
            let tail = if number == 1 { ending.to_lowercase() } else { format!("{}{number}", ending.to_lowercase()) };
            let name = format!("{stem}_{tail}{}{ending}", if ending.is_empty() { "" } else { "." });
            if self.take(&name) {
                return (name, true);
            }
        }
        (plain, true)
    }

    fn take(&mut self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.taken.insert(hash(0, if self.by_stem { cut(&name).0 } else { &name }))
    }
}

/// The name without its ending, and the ending without the dot.
fn cut(name: &str) -> (&str, &str) {
    let base = name.rfind('/').map_or(0, |at| at + 1);
    match name.rfind('.').filter(|dot| *dot > base) {
        Some(dot) => (name.get(..dot).unwrap_or(name), name.get(dot + 1..).unwrap_or_default()),
        None => (name, ""),
    }
}

/// The path with all parts that every file system and every format can hold; schemes and roots are left out.
fn plain(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && !part.ends_with(':')).collect();
    let made: Vec<String> =
        parts.into_iter().map(|part| if is_plain(part) { part.to_owned() } else { safe_name(part) }).collect();
    if made.is_empty() { "_".to_owned() } else { made.join("/") }
}

fn is_plain(part: &str) -> bool {
    // The private-use characters are the bytes of a name that is not UTF-8.
    let odd = |c: char| c.is_control() || c == '\\' || ('\u{f700}'..='\u{f7ff}').contains(&c);
    part != "." && part != ".." && part.len() <= 240 && !part.contains(odd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_kept_where_they_can_be() {
        let mut names = Naming::new(true);
        for (path, want) in [
            ("a/x.jpg", "a/x.jpg"),
            ("b/x.jpg", "b/x.jpg"),
            ("a/x.png", "a/x_png.png"),
            ("a/X.JPEG", "a/X_jpeg.JPEG"),
            ("a/é \"q\",日本.jpg", "a/é \"q\",日本.jpg"),
            ("../../etc/x", "_/_/etc/x"),
            ("s3://bucket/a.jpg", "bucket/a.jpg"),
            ("c\n\\.jpg", "c__.jpg"),
        ] {
            assert_eq!(names.name(path).0, want);
        }
        let mut names = Naming::new(false);
        assert_eq!((names.name("x.jpg"), names.name("x.png")), (("x.jpg".into(), false), ("x.png".into(), false)));
        assert_eq!((names.name("a\nb.jpg").0, names.name("a\tb.jpg").0), ("a_b.jpg".into(), "a_b_jpg.jpg".into()));
    }

    proptest! {
        #[test]
        fn no_name_leads_out_and_no_two_meet(paths in prop::collection::hash_set("[a./\\\\\n]{0,6}", 1..20), stems in any::<bool>()) {
            let mut names = Naming::new(stems);
            let mut seen = HashSet::new();
            for path in paths {
                let name = names.name(&path).0;
                let parts = std::path::Path::new(&name).components().collect::<Vec<_>>();
                let plain = parts.iter().all(|p| matches!(p, std::path::Component::Normal(_)));
                prop_assert!(plain && !name.is_empty() && name.split('/').count() == parts.len(), "{:?}", name);
                let key = if stems { cut(&name).0.to_lowercase() } else { name.to_lowercase() };
                prop_assert!(seen.insert(key), "{:?} twice", name);
            }
        }
    }
}
