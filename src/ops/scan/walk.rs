//! Walks a source folder in natural path order, one file a step.

use super::super::OpsError;
use crate::domain::natural::{NaturalOrder, NaturalSort};
use crate::domain::project::ScanSettings;
use crate::domain::text::{decode_os, encode_os};
use crate::lake::open_plain;
use crate::media::sniff::{is_picture_name, sniff};
use crate::store::records::NewSample;
use globset::{GlobBuilder, GlobMatcher};
use std::fs::{self, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Bytes read to see whether a file without a telling name is a picture.
const HEAD: u64 = 4096;

/// What the next entry of the source is.
pub(super) enum Step {
    File(NewSample),
    Skipped { path: String, reason: String },
}

pub(super) struct Walk {
    root: PathBuf,
    /// The root without links: where a link may lead.
    real_root: PathBuf,
    glob: Option<Glob>,
    recursive: bool,
    hidden: bool,
    stack: Vec<Level>,
    /// The root itself has not been read yet.
    fresh: bool,
}

struct Level {
    /// Relative to the root, with a slash at its end unless empty.
    prefix: String,
    /// Each marked with its kind; a folder with a slash at its end, since it sorts as its files do, whose paths go on so.
    entries: NaturalOrder,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Folder,
    File,
    Link,
    Other,
}

impl Kind {
    fn mark(self) -> u8 {
        match self {
            Self::Folder => 0,
            Self::File => 1,
            Self::Link => 2,
            Self::Other => 3,
        }
    }

    fn of_mark(mark: u8) -> Self {
        match mark {
            0 => Self::Folder,
            1 => Self::File,
            2 => Self::Link,
            _ => Self::Other,
        }
    }
}

pub(super) struct Glob {
    matcher: GlobMatcher,
    /// Without a slash it is matched against the file name, in every folder.
    name_only: bool,
}

impl Walk {
    pub(super) fn new(root: &Path, settings: &ScanSettings) -> Result<Self, OpsError> {
        let real_root = fs::canonicalize(root).map_err(|e| OpsError::file("scan", root, &e))?;
        fs::read_dir(root).map_err(|e| OpsError::file("scan", root, &e))?;
        Ok(Self {
            root: root.to_owned(),
            real_root,
            glob: Glob::new(&settings.glob)?,
            recursive: settings.recursive,
            hidden: settings.hidden,
            stack: Vec::new(),
            fresh: true,
        })
    }

    /// The next file or the next thing that was left out; nothing at the end.
    pub(super) fn next_step(&mut self) -> Option<Step> {
        if std::mem::take(&mut self.fresh)
            && let Some(failed) = self.enter(String::new())
        {
            return Some(failed);
        }
        loop {
            let level = self.stack.last_mut()?;
            let Some((name, mark)) = level.entries.next() else {
                self.stack.pop();
                continue;
            };
            let path = format!("{}{name}", level.prefix);
            let step = match Kind::of_mark(mark) {
                Kind::Folder if self.recursive => self.enter(path),
                Kind::Folder => None,
                Kind::File => self.file(path, &name),
                Kind::Link => self.link(path, &name),
                Kind::Other => self.skip_if_wanted(path, &name, "it is a pipe, a socket or a device"),
            };
            if step.is_some() {
                return step;
            }
        }
    }

    fn on_disk(&self, path: &str) -> PathBuf {
        self.root.join(decode_os(path))
    }

    /// Reads a folder and goes on inside it; a step when it cannot be read.
    fn enter(&mut self, prefix: String) -> Option<Step> {
        let folder = self.on_disk(&prefix);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                let reason = OpsError::file("read the folder", &folder, &error).to_string();
                return Some(Step::Skipped { path: prefix, reason });
            }
        };
        let mut found = NaturalSort::default();
        for entry in entries.filter_map(Result::ok) {
            let mut name = encode_os(&entry.file_name());
            if !self.hidden && name.starts_with('.') {
                continue;
            }
            let kind = match entry.file_type() {
                Ok(kind) if kind.is_dir() => Kind::Folder,
                Ok(kind) if kind.is_file() => Kind::File,
                Ok(kind) if kind.is_symlink() => Kind::Link,
                _ => Kind::Other,
            };
            if kind == Kind::Folder {
                name.push('/');
            }
            found.push_marked(name, kind.mark());
        }
        self.stack.push(Level { prefix, entries: found.sorted() });
        None
    }

    /// A link to a file inside the source is a file; other links are left out, so that no loop is walked and nothing
    /// outside the source is read.
    fn link(&self, path: String, name: &str) -> Option<Step> {
        let reason = match fs::canonicalize(self.on_disk(&path)) {
            Err(_) => "it is a link that leads nowhere",
            Ok(target) if !target.starts_with(&self.real_root) => {
                "it is a link that leads out of the source; copy the file"
            }
            Ok(target) if target.is_dir() => {
                "it is a link to a folder of the source, which is scanned under its own name"
            }
            Ok(_) => return self.file(path, name),
        };
        Some(Step::Skipped { path, reason: reason.to_owned() })
    }

    /// A picture, something left out with a reason, or nothing for what a glob leaves out.
    fn file(&self, path: String, name: &str) -> Option<Step> {
        if self.glob.as_ref().is_some_and(|g| !g.takes(&path, name)) {
            return None;
        }
        let on_disk = self.on_disk(&path);
        let meta = match fs::metadata(&on_disk) {
            Ok(meta) => meta,
            Err(error) => return Some(Step::Skipped { path, reason: format!("it cannot be read: {error}") }),
        };
        let reason = if meta.len() == 0 {
            "the file is empty".to_owned()
        } else {
            match self.is_picture(&on_disk, name) {
                Ok(()) => return Some(Step::File(sample(path, &meta))),
                Err(reason) => reason,
            }
        };
        Some(Step::Skipped { path, reason })
    }

    fn is_picture(&self, on_disk: &Path, name: &str) -> Result<(), String> {
        if is_picture_name(name) {
            return Ok(());
        }
        let bare = !name.trim_start_matches('.').contains('.');
        if !bare && self.glob.is_none() {
            return Err("it is not a picture by its name".to_owned());
        }
        let mut head = Vec::new();
        let file = open_plain(on_disk).map_err(|e| e.to_string())?;
        file.take(HEAD).read_to_end(&mut head).map_err(|e| format!("it cannot be read: {e}"))?;
        sniff(&head, name).map(drop).map_err(|e| e.to_string())
    }

    fn skip_if_wanted(&self, path: String, name: &str, reason: &str) -> Option<Step> {
        is_picture_name(name).then(|| Step::Skipped { path, reason: reason.to_owned() })
    }
}

/// The etag is the modification time in nanoseconds and the size, both in hexadecimal.
fn sample(path: String, meta: &Metadata) -> NewSample {
    let since = meta.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
    let etag = format!("{:x}-{:x}", since.map_or(0, |d| d.as_nanos()), meta.len());
    NewSample { path, size: meta.len(), etag, ..NewSample::default() }
}

/// Whether a part of a path starts with a dot.
pub(super) fn is_hidden(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with('.'))
}

impl Glob {
    pub(super) fn new(text: &str) -> Result<Option<Self>, OpsError> {
        if text.is_empty() {
            return Ok(None);
        }
        // Cameras write `.JPG`: case is not told apart.
        let built = GlobBuilder::new(text).case_insensitive(true).literal_separator(true).build();
        let matcher =
            built.map_err(|e| OpsError::Invalid(format!("the glob is not understood: {e}")))?.compile_matcher();
        Ok(Some(Self { matcher, name_only: !text.contains('/') }))
    }

    pub(super) fn takes(&self, path: &str, name: &str) -> bool {
        self.matcher.is_match(decode_os(if self.name_only { name } else { path }))
    }
}
