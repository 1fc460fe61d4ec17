//! Which picture of the project a name in a file means.
//!
//! By path: the name is the path below the project's source, or the same written as a whole (`/Volumes/…`, `s3://…`), or
//! below the folder that is imported. By name: the file name alone decides, as long as only one picture has it. By suffix:
//! one of the two paths ends with the other. A name without a picture's ending also stands for the one picture that has it
//! with one. Letters with marks may be written either way that Unicode knows: a Mac takes them apart in names of files.

use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::lake_path::LakePath;
use crate::domain::picture_name::is_picture_name;
use crate::domain::project::Project;
use crate::domain::queue::Queue;
use crate::ops::options::import::Matching;
use crate::ops::{OpsError, Watch};
use crate::store::Store;
use crate::store::records::{Direction, From, Known};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};
use unicode_normalization::UnicodeNormalization;

/// What a name leads to.
pub(super) enum Hit {
    /// This picture.
    One(Known),
    /// Nothing.
    None,
    /// So many pictures.
    Several(usize),
}

impl Hit {
    fn of(mut all: Vec<Known>) -> Self {
        match (all.pop(), all.len()) {
            (Some(one), 0) => Self::One(one),
            (Some(_), n) => Self::Several(n + 1),
            (None, _) => Self::None,
        }
    }

    fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// Endings that are tried for a name without one.
const ENDINGS: [&str; 14] =
    ["jpg", "jpeg", "png", "JPG", "JPEG", "PNG", "webp", "bmp", "tif", "tiff", "gif", "TIF", "TIFF", "BMP"];
/// Samples of one page, and paths of one statement.
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

    /// What each of these names means, in their order. Many names cost a few statements, not one each.
    pub(super) fn find(
        &mut self,
        store: &mut dyn Store,
        names: &[&str],
        watch: &mut Watch<'_>,
    ) -> Result<Vec<Hit>, OpsError> {
        let paths: Vec<String> = names.iter().map(|name| self.path_of(name)).collect();
        match self.matching {
            Matching::Path => self.by_paths(store, &paths),
            matching => self.by_index(store, &paths, matching, watch),
        }
    }

    fn by_paths(&self, store: &mut dyn Store, paths: &[String]) -> Result<Vec<Hit>, OpsError> {
        let mut out: Vec<Hit> = Vec::with_capacity(paths.len());
        for chunk in paths.chunks(PAGE) {
            let found = store.known_paths(self.project, chunk)?;
            out.extend(found.into_iter().map(|known| known.map_or(Hit::None, Hit::One)));
        }
        let open = |out: &[Hit]| -> Vec<usize> {
            let missing =
                out.iter().zip(paths).enumerate().filter(|(_, (hit, path))| hit.is_none() && !path.is_empty());
            missing.map(|(i, _)| i).collect()
        };
        let others = |i: usize| paths.get(i).map(|path| self.spellings(path)).unwrap_or_default().into_iter();
        let asked = open(&out).into_iter().flat_map(|i| others(i).skip(1).map(move |text| (i, text)));
        self.ask(store, asked, &mut |i, known| {
            if let Some(slot) = out.get_mut(i).filter(|slot| slot.is_none()) {
                *slot = Hit::One(known);
            }
        })?;
        let bare = open(&out).into_iter().filter(|i| paths.get(*i).is_some_and(|path| !is_picture_name(path)));
        let ended =
            |i| others(i).enumerate().flat_map(|(n, text)| ENDINGS.map(|ending| (n, format!("{text}.{ending}"))));
        let asked = bare.flat_map(|i| ended(i).map(move |(n, text)| ((i, n), text)));
        // Of several spellings the first that leads anywhere counts.
        let mut found: BTreeMap<usize, (usize, Vec<Known>)> = BTreeMap::new();
        self.ask(store, asked, &mut |(i, n), known| {
            let (spelling, all) = found.entry(i).or_insert_with(|| (n, Vec::new()));
            if *spelling == n {
                all.push(known);
            }
        })?;
        for (i, (_, all)) in found {
            if let Some(slot) = out.get_mut(i) {
                *slot = Hit::of(all);
            }
        }
        Ok(out)
    }

    /// All paths that a path of a file may stand for, the likeliest first.
    fn spellings(&self, path: &str) -> Vec<String> {
        let plain = plain(path).into_iter().map(str::to_owned);
        let below = self.below.as_ref().map(|below| format!("{below}{path}"));
        let as_written: Vec<String> = [path.to_owned()].into_iter().chain(below).chain(plain).collect();
        let other = |text: &String| (!text.is_ascii()).then(|| [text.nfc().collect(), text.nfd().collect()]);
        let others: Vec<String> = as_written.iter().filter_map(other).flatten().collect();
        as_written.into_iter().chain(others).collect()
    }

    /// Looks paths up in order and gives those that are there.
    fn ask<K>(
        &self,
        store: &mut dyn Store,
        asked: impl Iterator<Item = (K, String)>,
        take: &mut dyn FnMut(K, Known),
    ) -> Result<(), OpsError> {
        let mut asked = asked.peekable();
        while asked.peek().is_some() {
            let (keys, paths): (Vec<K>, Vec<String>) = asked.by_ref().take(PAGE).unzip();
            for (key, known) in keys.into_iter().zip(store.known_paths(self.project, &paths)?) {
                if let Some(known) = known {
                    take(key, known);
                }
            }
        }
        Ok(())
    }

    /// How many pictures have each of these file names; for the remedy when paths do not match.
    pub(super) fn of_these_names(
        &mut self,
        store: &mut dyn Store,
        names: &[String],
        watch: &mut Watch<'_>,
    ) -> Result<Vec<usize>, OpsError> {
        let paths: Vec<String> = names.iter().map(|name| self.path_of(name)).collect();
        let hits = self.by_index(store, &paths, Matching::Name, watch)?;
        let count = |hit| match hit {
            Hit::One(_) => 1,
            Hit::None => 0,
            Hit::Several(n) => n,
        };
        Ok(hits.into_iter().map(count).collect())
    }

    fn by_index(
        &mut self,
        store: &mut dyn Store,
        paths: &[String],
        matching: Matching,
        watch: &mut Watch<'_>,
    ) -> Result<Vec<Hit>, OpsError> {
        if self.index.is_none() {
            self.index = Some(Index::build(store, self.project, watch)?);
        }
        let Some(index) = &self.index else { return Ok(Vec::new()) };
        let mut out = Vec::with_capacity(paths.len());
        let mut rest = paths;
        while !rest.is_empty() {
            // So many names at once as have not too many pictures between them.
            let (mut some, mut ids) = (Vec::new(), Vec::new());
            while let Some((path, after)) = rest.split_first().filter(|_| ids.len() < PAGE) {
                let (mine, whole) = index.candidates(path);
                ids.extend_from_slice(&mine);
                some.push((path, mine, whole));
                rest = after;
            }
            ids.sort_unstable();
            ids.dedup();
            let mut known = HashMap::with_capacity(ids.len());
            for chunk in ids.chunks(PAGE / 4) {
                known.extend(store.samples_by_id(chunk)?.into_iter().map(|s| (s.id, Known::from(s))));
            }
            let choose = |(path, mine, whole): (&String, Vec<SampleId>, bool)| {
                chosen(path, mine.iter().filter_map(|id| known.get(id)), whole, matching)
            };
            out.extend(some.into_iter().map(choose));
        }
        Ok(out)
    }
}

/// Which of the pictures with the right file name, or stem where it is not the whole name, a path means.
fn chosen<'a>(path: &str, all: impl Iterator<Item = &'a Known>, whole: bool, matching: Matching) -> Hit {
    if path.is_empty() {
        return Hit::None;
    }
    let text = |known: &'a Known| composed(if whole { &known.path } else { stem(&known.path) });
    let path = &*composed(path);
    let mut found: Vec<&Known> = all
        .filter(|known| match matching {
            Matching::Suffix => is_suffix(&text(known), path) || is_suffix(path, &text(known)),
            _ => file_name(&text(known)) == file_name(path),
        })
        .collect();
    // Of several pictures that the name ends with, the one with the longest path is meant.
    let ends = |known: &'a Known| is_suffix(path, &text(known));
    if matching == Matching::Suffix
        && let Some(longest) = found.iter().filter(|k| ends(k)).map(|k| k.path.len()).max()
    {
        found.retain(|k| ends(k) && k.path.len() == longest);
    }
    Hit::of(found.into_iter().cloned().collect())
}

/// Folders in which data sets for training have their pictures.
const PICTURES: [&str; 2] = ["images", "JPEGImages"];

/// The paths that a name may have where the pictures do not lie as a data set for training has them, below `images` and a
/// folder for each part: `images/train/a/b` is `a/b` then, and `JPEGImages/a` is `a`.
fn plain(path: &str) -> Vec<&str> {
    let found = PICTURES.into_iter().find_map(|folder| path.strip_prefix(folder)?.strip_prefix('/'));
    let Some(rest) = found else { return Vec::new() };
    let part = rest.split_once('/').filter(|(part, _)| ["train", "val", "test", "default"].contains(part));
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

/// A text with its letters and their marks put together.
fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

fn hash(text: &str) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    composed(text).hash(&mut hasher);
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

    /// The pictures that a path may mean by its file name, and whether that is a whole name or one without its ending.
    fn candidates(&self, path: &str) -> (Vec<SampleId>, bool) {
        let name = file_name(path);
        let ids = Self::of(&self.names, name);
        match !ids.is_empty() || is_picture_name(name) {
            true => (ids, true),
            false => (Self::of(&self.stems, name), false),
        }
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
