//! Walks a source behind a server, one file a step. Which files are taken is decided as for folders of this machine,
//! except that nothing is opened: a file without any extension is taken only where a glob chooses it.

use super::super::OpsError;
use super::walk::{Glob, Step, is_hidden};
use crate::domain::picture_name::is_picture_name;
use crate::domain::project::ScanSettings;
use crate::lake::LakeError;
use crate::lake::far::{FarFolder, Pages};
use crate::lake::listing::{EntryKind, stamp};
use crate::lake::remote::{RemoteEntry, Trouble};
use crate::store::records::NewSample;

pub(super) struct FarWalk {
    folder: FarFolder,
    glob: Option<Glob>,
    recursive: bool,
    hidden: bool,
    /// Folders that are still to be read, relative to the source, each with a slash at its end.
    waiting: Vec<String>,
    /// The listing at work, and what its paths begin with.
    open: Option<(String, Pages)>,
    page: std::vec::IntoIter<RemoteEntry>,
}

impl FarWalk {
    pub(super) fn new(folder: FarFolder, settings: &ScanSettings) -> Result<Self, OpsError> {
        let glob = Glob::new(&settings.glob)?;
        let (recursive, hidden) = (settings.recursive, settings.hidden);
        let page = Vec::new().into_iter();
        Ok(Self { folder, glob, recursive, hidden, waiting: vec![String::new()], open: None, page })
    }

    /// The next file or the next thing that was left out; nothing at the end.
    pub(super) fn next_step(&mut self, cancelled: &dyn Fn() -> bool) -> Result<Option<Step>, OpsError> {
        loop {
            if let Some(entry) = self.page.next() {
                let prefix = self.open.as_ref().map_or("", |(prefix, _)| prefix);
                let path = format!("{prefix}{}", entry.name);
                if let Some(step) = self.step(path, &entry) {
                    return Ok(Some(step));
                }
                continue;
            }
            if self.open.is_none() {
                let Some(prefix) = self.waiting.pop() else { return Ok(None) };
                let deep = self.recursive && self.folder.lists_deep();
                let pages = self.folder.pages(prefix.trim_end_matches('/'), deep);
                self.open = Some((prefix, pages));
            }
            let Some((_, pages)) = &mut self.open else { continue };
            match pages.next_page(cancelled) {
                Ok(Some(entries)) => self.page = entries.into_iter(),
                Ok(None) => self.open = None,
                Err(error) if error.trouble == Trouble::Cancelled => return Err(OpsError::Cancelled),
                // Going on would take every file of this folder for missing.
                Err(error) => return Err(LakeError::from(error).into()),
            }
        }
    }

    fn step(&mut self, path: String, entry: &RemoteEntry) -> Option<Step> {
        if !self.hidden && is_hidden(&entry.name) {
            return None;
        }
        if entry.kind != EntryKind::File {
            if self.recursive {
                self.waiting.push(format!("{path}/"));
            }
            return None;
        }
        let name = path.rsplit('/').next().unwrap_or(&path);
        if self.glob.as_ref().is_some_and(|glob| !glob.takes(&path, name)) {
            return None;
        }
        let reason = match entry.size {
            Some(0) => "the file is empty",
            _ if is_picture_name(name) || self.glob.is_some() => {
                let (size, etag) = (entry.size.unwrap_or(0), stamp(entry.size, entry.modified).unwrap_or_default());
                return Some(Step::File(NewSample { path, size, etag, ..NewSample::default() }));
            }
            _ => "it is not a picture by its name",
        };
        Some(Step::Skipped { path, reason: reason.to_owned() })
    }
}
