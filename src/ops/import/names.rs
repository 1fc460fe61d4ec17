//! Which picture of the project a name in a file means.
//!
//! By path: the name is the path below the project's source, or the same written as a whole (`/Volumes/…`, `s3://…`), or
//! below the folder that is imported. By name: the file name alone decides, as long as only one picture has it. By suffix:
//! one of the two paths ends with the other. A name without a picture's ending also stands for the one picture that has it
//! with one.

use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::lake_path::LakePath;
use crate::domain::picture_name::is_picture_name;
use crate::domain::project::Project;
use crate::domain::queue::Queue;
use crate::domain::sample::Sample;
use crate::ops::{OpsError, Watch};
use crate::store::Store;
use crate::store::records::{Direction, From};
use std::hash::{Hash, Hasher};

/// How names are matched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Matching {
    /// By the whole path.
    #[default]
    Path,
    /// By the file name alone.
    Name,
    /// By the end of the path.
    Suffix,
}

impl Matching {
    /// All ways.
    pub const ALL: [Self; 3] = [Self::Path, Self::Name, Self::Suffix];

    /// The name in flags.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Name => "name",
            Self::Suffix => "suffix",
        }
    }
}

/// What a name leads to.
pub(super) enum Hit {
    /// This picture.
    One(Box<Sample>),
    /// Nothing.
    None,
    /// So many pictures.
    Several(usize),
}

/// Endings that are tried for a name without one.
const ENDINGS: [&str; 14] =
    ["jpg", "jpeg", "png", "JPG", "JPEG", "PNG", "webp", "bmp", "tif", "tiff", "gif", "TIF", "TIFF", "BMP"];
/// Samples of one page.
const PAGE: usize = 2000;

/// Finds pictures by name.
pub(super) struct Names {
    matching: Matching,
    project: ProjectId,
    source: String,
    /// Where the imported folder lies below the source, with a slash at the end.
    below: Option<String>,
    index: Option<Index>,
}

/// File names of the project, hashed: sixteen bytes a picture.
struct Index {
    names: Vec<(u64, SampleId)>,
    stems: Vec<(u64, SampleId)>,
}

impl Names {
    /// `opened` is the folder that names in the files may be relative to.
    pub(super) fn new(project: &Project, matching: Matching, opened: &str) -> Self {
        let source = project.source.trim_end_matches('/').to_owned();
        let below = opened.strip_prefix(&source).and_then(|rest| rest.strip_prefix('/'));
        let below = below.map(|b| b.trim_matches('/')).filter(|b| !b.is_empty()).map(|b| format!("{b}/"));
        Self { matching, project: project.id, source, below, index: None }
    }

    /// The path below the source that a name would have in the project.
    pub(super) fn path_of(&self, name: &str) -> String {
        let slashes =
            if name.contains('\\') && !name.contains('/') { name.replace('\\', "/") } else { name.to_owned() };
        let mut text = slashes.trim();
        while let Some(rest) = text.strip_prefix("./") {
            text = rest;
        }
        if (text.starts_with('/') || text.contains(":/"))
            && let Ok(path) = LakePath::parse(text, "/")
            && let Some(rest) = path.to_string().strip_prefix(&self.source).and_then(|rest| rest.strip_prefix('/'))
        {
            return rest.to_owned();
        }
        text.to_owned()
    }

    pub(super) fn find(&mut self, store: &mut dyn Store, name: &str, watch: &mut Watch<'_>) -> Result<Hit, OpsError> {
        let path = self.path_of(name);
        if path.is_empty() {
            return Ok(Hit::None);
        }
        match self.matching {
            Matching::Path => self.by_path(store, &path),
            matching => self.by_index(store, &path, matching, watch),
        }
    }

    fn by_path(&self, store: &mut dyn Store, path: &str) -> Result<Hit, OpsError> {
        let plain = plain(path).into_iter().map(str::to_owned);
        let below = self.below.as_ref().map(|below| format!("{below}{path}"));
        let spellings: Vec<String> = [path.to_owned()].into_iter().chain(below).chain(plain).collect();
        for spelling in &spellings {
            if let Some(sample) = store.sample_by_path(self.project, spelling)? {
                return Ok(Hit::One(Box::new(sample)));
            }
        }
        if is_picture_name(path) {
            return Ok(Hit::None);
        }
        for spelling in &spellings {
            let mut found = Vec::new();
            for ending in ENDINGS {
                found.extend(store.sample_by_path(self.project, &format!("{spelling}.{ending}"))?);
            }
            match (found.pop(), found.len()) {
                (Some(one), 0) => return Ok(Hit::One(Box::new(one))),
                (Some(_), n) => return Ok(Hit::Several(n + 1)),
                (None, _) => {}
            }
        }
        Ok(Hit::None)
    }

    /// How many pictures have this file name; for the remedy when paths do not match.
    pub(super) fn of_this_name(
        &mut self,
        store: &mut dyn Store,
        name: &str,
        watch: &mut Watch<'_>,
    ) -> Result<usize, OpsError> {
        let path = self.path_of(name);
        Ok(match self.by_index(store, &path, Matching::Name, watch)? {
            Hit::One(_) => 1,
            Hit::None => 0,
            Hit::Several(n) => n,
        })
    }

    fn by_index(
        &mut self,
        store: &mut dyn Store,
        path: &str,
        matching: Matching,
        watch: &mut Watch<'_>,
    ) -> Result<Hit, OpsError> {
        if self.index.is_none() {
            self.index = Some(Index::build(store, self.project, watch)?);
        }
        let Some(index) = &self.index else { return Ok(Hit::None) };
        let name = file_name(path);
        let mut ids = Index::of(&index.names, name);
        let whole = !ids.is_empty() || is_picture_name(name);
        if !whole {
            ids = Index::of(&index.stems, name);
        }
        let mut found = Vec::new();
        for id in ids {
            let sample = store.sample(id)?;
            let text = if whole { sample.path.as_str() } else { stem(&sample.path) };
            let fits = match matching {
                Matching::Suffix => is_suffix(text, path) || is_suffix(path, text),
                _ => file_name(text) == name,
            };
            if fits {
                found.push(sample);
            }
        }
        // Of several pictures that the name ends with, the one with the longest path is meant.
        let ends = |s: &Sample| is_suffix(path, if whole { s.path.as_str() } else { stem(&s.path) });
        if matching == Matching::Suffix
            && let Some(longest) = found.iter().filter(|s| ends(s)).map(|s| s.path.len()).max()
        {
            found.retain(|s| ends(s) && s.path.len() == longest);
        }
        Ok(match (found.pop(), found.len()) {
            (Some(one), 0) => Hit::One(Box::new(one)),
            (Some(_), n) => Hit::Several(n + 1),
            (None, _) => Hit::None,
        })
    }
}

/// The paths that a name may have where the pictures do not lie as a data set for training has them, below `images` and a
/// folder for each part: `images/train/a/b` is `a/b` then.
fn plain(path: &str) -> Vec<&str> {
    let Some(rest) = path.strip_prefix("images/") else { return Vec::new() };
    let part = rest.split_once('/').filter(|(part, _)| ["train", "val", "test"].contains(part));
    [rest].into_iter().chain(part.map(|(_, rest)| rest)).collect()
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn stem(path: &str) -> &str {
    let start = path.len() - file_name(path).len();
    path.get(start..).and_then(|name| name.rfind('.')).filter(|dot| *dot > 0).map_or(path, |dot| &path[..start + dot])
}

/// Whether `whole` ends with the path `end`, at the border of a folder.
fn is_suffix(whole: &str, end: &str) -> bool {
    whole.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

fn hash(text: &str) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

impl Index {
    fn build(store: &mut dyn Store, project: ProjectId, watch: &mut Watch<'_>) -> Result<Self, OpsError> {
        let (mut names, mut stems) = (Vec::new(), Vec::new());
        let (queue, mut from) = (Queue::default(), From::Edge);
        loop {
            watch.check()?;
            let page = store.page(project, &queue, &from, Direction::Forward, PAGE)?;
            let Some(last) = page.last() else { break };
            from = From::After(last.cursor.clone());
            for queued in &page {
                let name = file_name(&queued.sample.path);
                names.push((hash(name), queued.sample.id));
                stems.push((hash(stem(name)), queued.sample.id));
            }
        }
        names.sort_unstable();
        stems.sort_unstable();
        Ok(Self { names, stems })
    }

    fn of(list: &[(u64, SampleId)], name: &str) -> Vec<SampleId> {
        let wanted = hash(name);
        let start = list.partition_point(|(h, _)| *h < wanted);
        let rest = list.get(start..).unwrap_or_default();
        rest.iter().take_while(|(h, _)| *h == wanted).map(|(_, id)| *id).take(1000).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_paths() {
        assert!(is_suffix("a/b/c.jpg", "b/c.jpg") && is_suffix("c.jpg", "c.jpg"));
        assert!(!is_suffix("ab/c.jpg", "b/c.jpg"));
        assert_eq!((stem("a.b/c.d.jpg"), stem("a.b/c"), stem(".x")), ("a.b/c.d", "a.b/c", ".x"));
    }
}
