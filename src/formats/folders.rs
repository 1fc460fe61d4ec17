//! A folder for each class, the files in it: how classes and files are named so that every name works on every system
//! and no two files meet.

use std::collections::{HashMap, HashSet};

/// Names that Windows keeps for devices.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
/// Bytes of the longest name written; file systems allow 255.
const LONGEST: usize = 200;

/// A folder or file name that is safe everywhere: no separators, controls or characters that some system forbids, not
/// empty, not hidden, no device, not too long. Other letters of any script stay.
#[must_use]
pub fn safe_name(name: &str) -> String {
    let plain = |c: char| {
        let bad = c.is_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
        let invisible = crate::domain::text::printable(c.encode_utf8(&mut [0; 4])) != c.to_string();
        if bad || invisible { '_' } else { c }
    };
    let mut out: String = name.trim().chars().map(plain).collect();
    while out.len() > LONGEST {
        out.pop();
    }
    let mut out = out.trim_end_matches(['.', ' ']).to_owned();
    if out.starts_with('.') {
        out.replace_range(..1, "_");
    }
    let stem = out.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let numbered =
        |p: &str| stem.strip_prefix(p).is_some_and(|r| r.len() == 1 && r.chars().all(|c| c.is_ascii_digit()));
    if out.is_empty() || DEVICES.contains(&stem.as_str()) || numbered("com") || numbered("lpt") {
        out.insert(0, '_');
    }
    out
}

/// Hands out names, no two of them equal even without case, since many file systems do not tell case apart.
#[derive(Debug, Default)]
pub struct Names {
    folders: HashMap<String, String>,
    used_folders: HashSet<String>,
    used_files: HashSet<String>,
}

impl Names {
    /// Keeps names from being given to folders.
    pub fn reserve(&mut self, names: &[&str]) {
        self.used_folders.extend(names.iter().map(|n| n.to_lowercase()));
    }

    /// The folder of a class; the same for the same class.
    pub fn folder(&mut self, class: &str) -> String {
        if let Some(known) = self.folders.get(class) {
            return known.clone();
        }
        let safe = safe_name(class);
        let mut name = safe.clone();
        for n in 2_u64.. {
            if self.used_folders.insert(name.to_lowercase()) {
                break;
            }
            name = format!("{safe}_{n}");
        }
        self.folders.insert(class.to_owned(), name.clone());
        name
    }

    /// The file for a picture in a folder: its own name where that is free, else with the folders it came from in front,
    /// else numbered.
    pub fn file(&mut self, folder: &str, path: &str) -> String {
        let own = safe_name(path.rsplit('/').next().unwrap_or(path));
        let long = safe_name(&path.replace('/', "__"));
        for name in [&own, &long] {
            if self.take(folder, name) {
                return name.clone();
            }
        }
        let (stem, ending) = own.rsplit_once('.').map_or((own.as_str(), String::new()), |(s, e)| (s, format!(".{e}")));
        let mut name = String::new();
        for n in 2_u64.. {
            name = format!("{stem}_{n}{ending}");
            if self.take(folder, &name) {
                break;
            }
        }
        name
    }

    fn take(&mut self, folder: &str, name: &str) -> bool {
        self.used_files.insert(format!("{}/{}", folder.to_lowercase(), name.to_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn unsafe_names_become_safe() {
        let cases = [
            ("roses", "roses"),
            ("日本 é", "日本 é"),
            ("../../etc", "_._.._etc"),
            ("a/b\\c:d", "a_b_c_d"),
            ("", "_"),
            (".", "_"),
            ("con", "_con"),
            ("COM1.txt", "_COM1.txt"),
            ("x. ", "x"),
            ("\u{202e}\x1b", "__"),
        ];
        for (name, want) in cases {
            assert_eq!(safe_name(name), want, "{name:?}");
        }
    }

    #[test]
    fn names_never_meet() {
        let mut names = Names::default();
        assert_eq!(names.folder("a/b"), "a_b");
        assert_eq!(names.folder("a_b"), "a_b_2");
        assert_eq!(names.folder("A_B"), "A_B_3");
        assert_eq!(names.folder("a/b"), "a_b");
        assert_eq!(names.file("a_b", "x/1.jpg"), "1.jpg");
        assert_eq!(names.file("a_b", "y/1.JPG"), "y__1.JPG");
        assert_eq!(names.file("a_b", "y/1.JPG"), "1_2.JPG");
        assert_eq!(names.file("a_b_2", "x/1.jpg"), "1.jpg");
    }

    proptest! {
        #[test]
        fn every_name_is_one_plain_component(name in any::<String>()) {
            let safe = safe_name(&name);
            let mut parts = std::path::Path::new(&safe).components();
            prop_assert!(matches!(parts.next(), Some(std::path::Component::Normal(_))));
            prop_assert!(parts.next().is_none() && safe.len() <= LONGEST + 1);
        }
    }
}
