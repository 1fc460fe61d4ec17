//! From a page of a cloud store to entries of a folder.
//!
//! Buckets have no folders, only keys with slashes; some tools put empty objects in their place. What always holds: a
//! name that is a folder is never listed as an empty file besides, even if the two come on different pages.

use super::time_of;
use crate::lake::listing::EntryKind;
use crate::lake::remote::{Mark, Page, RemoteEntry, RemoteError, Trouble};
use object_store::list::PaginatedListResult;

/// What Hadoop ends the name of an empty object with that stands for a folder.
const HADOOP: &str = "_$folder$";

/// The keys below a folder begin with this.
pub(super) fn prefix_of(folder: &str) -> Option<String> {
    (!folder.is_empty()).then(|| format!("{folder}/"))
}

/// A refusal of a page in the middle most likely means its token.
pub(super) fn forgotten(error: RemoteError, from: &Mark) -> RemoteError {
    let token = from.token.is_some() && matches!(error.trouble, Trouble::Other | Trouble::NotFound);
    if token { error.as_trouble(Trouble::Forgotten) } else { error }
}

/// The entries of a page. Empty objects are held back until it is known that no folder has their name: keys come in the
/// order of their bytes, so `a/` may come pages after `a`.
pub(super) fn page_of(listed: PaginatedListResult, prefix: &str, deep: bool, from: &Mark) -> Page {
    let below = |key: &str| {
        let name = key.strip_prefix(prefix).unwrap_or_default();
        (!name.is_empty()).then(|| name.to_owned())
    };
    let folder = |name| RemoteEntry { name, kind: EntryKind::Folder, size: None, modified: None };
    let folders: Vec<RemoteEntry> =
        listed.result.common_prefixes.iter().filter_map(|key| below(key.as_ref())).map(folder).collect();
    let mut entries = Vec::with_capacity(listed.result.objects.len() + folders.len());
    let mut held = from.held.clone();
    let mut last = folders.last().map(|f| format!("{}/", f.name)).unwrap_or_default();
    for object in &listed.result.objects {
        let Some(name) = below(object.location.as_ref()) else { continue };
        if name > last {
            last.clone_from(&name);
        }
        if name.ends_with(HADOOP) && object.size == 0 {
            continue;
        }
        let (size, modified) = (Some(object.size), time_of(object));
        let entry = RemoteEntry { name, kind: EntryKind::File, size, modified };
        if object.size == 0 && !deep { held.push(entry) } else { entries.push(entry) }
    }
    held.retain(|empty| !folders.iter().any(|folder| folder.name == empty.name));
    let after = if last.is_empty() { from.after.clone() } else { format!("{prefix}{last}") };
    let next = listed.page_token.map(|token| Mark { token: Some(token), after, held: Vec::new() });
    let still = |empty: &RemoteEntry| next.is_some() && format!("{}/", empty.name) > last;
    let (held, known): (Vec<_>, Vec<_>) = held.into_iter().partition(still);
    entries.extend(folders);
    entries.extend(known);
    Page { entries, next: next.map(|mark| Mark { held, ..mark }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::path::Path;
    use object_store::{ListResult, ObjectMeta};

    fn listed(folders: &[&str], objects: &[(&str, u64)], token: Option<&str>) -> PaginatedListResult {
        let object = |(key, size): &(&str, u64)| ObjectMeta {
            location: Path::parse(key).unwrap(),
            last_modified: std::time::SystemTime::UNIX_EPOCH.into(),
            size: *size,
            e_tag: None,
            version: None,
        };
        let result = ListResult {
            common_prefixes: folders.iter().map(|f| Path::parse(f).unwrap()).collect(),
            objects: objects.iter().map(object).collect(),
            extensions: Default::default(),
        };
        PaginatedListResult { result, page_token: token.map(str::to_owned) }
    }

    fn names(page: &Page) -> Vec<&str> {
        page.entries.iter().map(|e| e.name.as_str()).collect()
    }

    #[test]
    fn markers_of_folders_are_no_files() {
        let here = listed(&["d/x/"], &[("d/", 0), ("d/x", 0), ("d/y_$folder$", 0), ("d/a.jpg", 7)], None);
        let page = page_of(here, "d/", false, &Mark::default());
        assert_eq!(names(&page), ["a.jpg", "x"]);
        assert_eq!(page.entries[1].kind, EntryKind::Folder);
        assert_eq!(page.next, None);
    }

    #[test]
    fn a_marker_waits_for_the_page_that_decides() {
        let first = page_of(listed(&[], &[("d/x", 0), ("d/x-1", 5)], Some("t")), "d/", false, &Mark::default());
        assert_eq!(names(&first), ["x-1"]);
        let mark = first.next.unwrap();
        assert_eq!((mark.after.as_str(), mark.held.len()), ("d/x-1", 1));
        let folder = page_of(listed(&["d/x/"], &[], None), "d/", false, &mark);
        assert_eq!(names(&folder), ["x"]);
        let file = page_of(listed(&[], &[("d/z", 1)], Some("u")), "d/", false, &mark);
        assert_eq!(names(&file), ["z", "x"]);
        assert!(file.next.unwrap().held.is_empty());
        let empty = page_of(listed(&[], &[], Some("u")), "d/", false, &mark);
        assert!(empty.entries.is_empty());
        assert_eq!(empty.next.unwrap().held.len(), 1);
    }

    #[test]
    fn a_deep_page_gives_paths() {
        let page = page_of(listed(&[], &[("d/a/b.jpg", 3), ("d/c", 0)], None), "d/", true, &Mark::default());
        assert_eq!(names(&page), ["a/b.jpg", "c"]);
    }
}
