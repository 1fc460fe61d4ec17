//! Completion of half-typed paths.

use super::Lake;
use crate::domain::lake_path::LakePath;
use crate::domain::natural::natural_key;
use crate::lake::lister::Source;
use crate::lake::listing::EntryKind;
use crate::lake::local::FolderReader;

/// Entries looked at: a folder of millions must not make the prompt wait.
const LOOKED_AT: usize = 50_000;
/// Completions offered.
const OFFERED: usize = 200;

impl Lake {
    /// Ways to go on with a half-typed path, in full, folders first and with a slash at their end. Names that start with
    /// a dot are offered only after a dot. Case is looked at only where it makes a difference. Nothing where nothing fits
    /// or the folder cannot be read.
    #[must_use]
    pub fn complete(&self, text: &str, base: &str) -> Vec<String> {
        let typed = if text == "~" { "~/" } else { text };
        let (head, prefix) = typed.rsplit_once('/').map_or(("", typed), |(head, tail)| (&typed[..=head.len()], tail));
        let folder = match head {
            "" => LakePath::Local(base.to_owned()),
            "/" => LakePath::Local("/".to_owned()),
            _ => match self.folder_of(head, base) {
                Some(path) => path,
                None => return Vec::new(),
            },
        };
        let mut found = self.matching(&folder, prefix);
        if found.iter().any(|(name, _)| name.starts_with(prefix)) {
            found.retain(|(name, _)| name.starts_with(prefix));
        }
        found.sort_by_cached_key(|(name, kind)| (!kind.is_container(), natural_key(name)));
        let whole =
            |(name, kind): (String, EntryKind)| format!("{head}{name}{}", if kind.is_container() { "/" } else { "" });
        found.into_iter().take(OFFERED).map(whole).collect()
    }

    /// The place that the part up to the last slash names. `/Volumes/…` with too few parts is a catalog or a schema.
    fn folder_of(&self, head: &str, base: &str) -> Option<LakePath> {
        let volumes = head.strip_prefix("dbfs:").unwrap_or(head).strip_prefix("/Volumes/");
        let parts: Option<Vec<&str>> = volumes.map(|rest| rest.split('/').filter(|p| !p.is_empty()).collect());
        match parts.as_deref() {
            Some([]) => Some(LakePath::Root),
            Some([c]) => Some(LakePath::Catalog((*c).to_owned())),
            Some([c, s]) => Some(LakePath::Schema((*c).to_owned(), (*s).to_owned())),
            _ => self.parse(head, base).ok(),
        }
    }

    fn matching(&self, folder: &LakePath, prefix: &str) -> Vec<(String, EntryKind)> {
        let lower = prefix.to_lowercase();
        let fits =
            |name: &str| (prefix.starts_with('.') || !name.starts_with('.')) && name.to_lowercase().starts_with(&lower);
        match self.source(folder) {
            Source::Given(entries) => entries.into_iter().filter(|(name, _)| fits(name)).collect(),
            Source::Failed(_) => Vec::new(),
            // What is known already; nobody waits for a server while typing.
            Source::Remote(remotes, path, given) => {
                let mut names = given;
                if let Some(table) = remotes.kept().peek(&path) {
                    names.extend(table.names(LOOKED_AT));
                }
                names.into_iter().filter(|(name, _)| fits(name)).collect()
            }
            Source::Folder(folder) => {
                let Ok(mut reader) = FolderReader::open(&folder) else { return Vec::new() };
                let next = move || reader.next_entry().ok().flatten();
                std::iter::from_fn(next).take(LOOKED_AT).filter(|(name, _)| fits(name)).collect()
            }
        }
    }
}
