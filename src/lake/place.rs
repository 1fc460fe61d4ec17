//! The door to the lake: local folders under their own paths, and again as volumes of the catalog `local`.
//!
//! What always holds: a path inside a volume never leads out of it by its text (`..`, a leading slash); only plain files
//! are opened for reading, so a pipe or a device never blocks a reader.

mod complete;

use super::bytes::RemoteFile;
use super::lister::{Lister, Publish, Source};
use super::listing::{Arrange, EntryKind};
use super::local::LocalError;
use super::reach::{Reached, Remotes};
use super::remote::{RemoteError, RemoteVolume, Stop};
use super::table_info::TableInfo;
use crate::domain::lake_path::LakePath;
use crate::domain::text::{decode_os, printable};
use crate::remote::net::Net;
use jiff::Timestamp;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The catalog under which the folders of this machine stand.
pub const LOCAL_CATALOG: &str = "local";
/// Its one schema.
pub const LOCAL_SCHEMA: &str = "default";

/// A folder of this machine with a name: a volume of the catalog `local`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The volume's name.
    pub name: String,
    /// The folder, absolute, in the form of [`crate::domain::text::encode_os`].
    pub folder: String,
}

/// Why a place of the lake cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The file system said no.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// It lies in a remote catalog or a cloud store, and nothing here leads there.
    #[error(
        "`{0}` needs a connection to a workspace, and none is set up: name one with --profile, or in ~/.databrickscfg; \
         `lakelens auth status` shows what there is"
    )]
    NeedsConnection(String),
    /// A server did not give what was asked for.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// There is no such catalog, schema or volume on this machine.
    #[error("there is no {what} `{name}` here; {hint}")]
    Unknown {
        /// `catalog`, `schema` or `volume`.
        what: &'static str,
        /// Its name.
        name: String,
        /// What to do.
        hint: &'static str,
    },
    /// A path that leads out of its volume or source.
    #[error("`{0}` leads out of its folder; use a path below it, without `..` and without a leading `/`")]
    Outside(String),
    /// The text of a path is not understood.
    #[error("{0}")]
    Path(String),
}

/// Size, time and kind of one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: EntryKind,
    /// Bytes; folders and catalogs have none.
    pub size: Option<u64>,
    /// Last change.
    pub modified: Option<Timestamp>,
}

/// A file that was found.
pub enum Found {
    /// On this machine.
    Here(PathBuf),
    /// Behind a server.
    There(Box<RemoteFile>),
}

/// Everything that can be reached. Cloning is cheap.
#[derive(Clone, Debug, Default)]
pub struct Lake {
    places: Arc<[Place]>,
    home: Option<Arc<str>>,
    remotes: Option<Arc<Remotes>>,
}

impl Lake {
    /// A lake with these places as volumes, the first of each name; `home` is what `~` stands for.
    #[must_use]
    pub fn new(places: Vec<Place>, home: Option<&str>) -> Self {
        let mut once: Vec<Place> = Vec::with_capacity(places.len());
        for place in places {
            if !once.iter().any(|p| p.name == place.name) {
                once.push(place);
            }
        }
        Self { places: once.into(), home: home.map(Arc::from), remotes: None }
    }

    /// The same lake, with ways to other machines.
    #[must_use]
    pub fn with_remotes(self, remotes: Arc<Remotes>) -> Self {
        Self { remotes: Some(remotes), ..self }
    }

    /// Forgets the listings of servers that were kept: they are to be read again.
    pub fn forget_listings(&self) {
        if let Some(remotes) = &self.remotes {
            remotes.kept().clear();
        }
    }

    /// The places, in order.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Reads a path as people type it: `~` is the home folder, a relative path stands below `base`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn parse(&self, text: &str, base: &str) -> Result<LakePath, LakeError> {
        LakePath::parse(&self.without_tilde(text), base).map_err(LakeError::Path)
    }

    fn without_tilde(&self, text: &str) -> String {
        match (text.strip_prefix('~'), &self.home) {
            (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => format!("{home}{rest}"),
            _ => text.to_owned(),
        }
    }

    /// Starts listing a place and publishes snapshots until the lister is dropped. What cannot be listed is published as
    /// failed, with the reason.
    #[must_use]
    pub fn list(&self, path: &LakePath, arrange: Arrange, publish: Publish) -> Lister {
        Lister::start(self.source(path), arrange, publish)
    }

    fn source(&self, path: &LakePath) -> Source {
        let given = |names: Vec<&str>, kind| Source::Given(names.into_iter().map(|n| (n.to_owned(), kind)).collect());
        match path {
            LakePath::Root => match &self.remotes {
                Some(remotes) => {
                    let local = (LOCAL_CATALOG.to_owned(), EntryKind::Catalog);
                    Source::Remote(Arc::clone(remotes), path.clone(), vec![local])
                }
                None => given(vec![LOCAL_CATALOG], EntryKind::Catalog),
            },
            LakePath::Catalog(c) if c == LOCAL_CATALOG => given(vec![LOCAL_SCHEMA], EntryKind::Schema),
            LakePath::Schema(c, s) if c == LOCAL_CATALOG && s == LOCAL_SCHEMA => {
                given(self.places.iter().map(|p| p.name.as_str()).collect(), EntryKind::Volume)
            }
            other => match self.local_path(other) {
                Ok(folder) => Source::Folder(folder),
                Err(error) => match (&self.remotes, error) {
                    (Some(remotes), LakeError::NeedsConnection(_)) => {
                        Source::Remote(Arc::clone(remotes), path.clone(), Vec::new())
                    }
                    (_, error) => Source::Failed(error.to_string()),
                },
            },
        }
    }

    /// The threads on which its servers are talked to.
    pub(crate) fn net(&self) -> Net {
        self.remotes.as_ref().map(|remotes| remotes.net().clone()).unwrap_or_default()
    }

    /// Where a path leads, on this machine or behind a server, which may have to be asked.
    pub(crate) fn reach(&self, path: &LakePath, stop: &Stop) -> Result<(Reached, Option<&Arc<Remotes>>), LakeError> {
        let missing = match self.local_path(path) {
            Ok(folder) => return Ok((Reached::Folder(folder), None)),
            Err(error) => error,
        };
        let (Some(remotes), LakeError::NeedsConnection(_)) = (&self.remotes, &missing) else { return Err(missing) };
        match remotes.reach(path, stop)? {
            Reached::Nothing => Err(missing),
            found => Ok((found, Some(remotes))),
        }
    }

    /// Finds a file to read. `stamp` tells its content from others, see [`super::listing::stamp`]; it may be empty. What
    /// is read later of a file behind a server is read only while `stop` allows it.
    ///
    /// # Errors
    /// When no way leads there. That the file itself is missing shows when it is read.
    pub fn find(&self, path: &LakePath, stamp: &str, stop: &Stop) -> Result<Found, LakeError> {
        if let Some(remotes) = self.remotes.as_ref().filter(|_| !stamp.is_empty())
            && path.as_local().is_none()
            && let Some(kept) = remotes.bytes().on_disk(path, stamp)
        {
            return Ok(Found::Here(kept));
        }
        match self.reach(path, stop)? {
            (Reached::Volume(volume, inside), Some(remotes)) => {
                let file = RemoteFile::new(Arc::clone(remotes), (volume, inside), path, stamp, stop.clone());
                Ok(Found::There(Box::new(file)))
            }
            (Reached::Folder(file), _) => Ok(Found::Here(file)),
            _ => Err(LakeError::NeedsConnection(printable(&path.to_string()).into_owned())),
        }
    }

    /// Where a path lies on this machine.
    ///
    /// # Errors
    /// When it does not lie on this machine, or names a volume that is not there.
    pub fn local_path(&self, path: &LakePath) -> Result<PathBuf, LakeError> {
        let unknown =
            |what, name: &str, hint| Err(LakeError::Unknown { what, name: printable(name).into_owned(), hint });
        match path {
            LakePath::Local(path) => Ok(PathBuf::from(decode_os(path))),
            LakePath::Volume { catalog, schema, volume, path } if catalog == LOCAL_CATALOG => {
                if schema != LOCAL_SCHEMA {
                    return unknown("schema", schema, "the catalog `local` has only the schema `default`");
                }
                match self.places.iter().find(|p| p.name == *volume) {
                    Some(place) => resolve(Path::new(&decode_os(&place.folder)), path),
                    None => unknown("volume", volume, "name it under [lake.local] in the configuration"),
                }
            }
            LakePath::Schema(c, s) if c == LOCAL_CATALOG => {
                unknown("schema", s, "the catalog `local` has only the schema `default`")
            }
            LakePath::Table(c, _, t) if c == LOCAL_CATALOG => unknown("table", t, "the catalog `local` has no tables"),
            other => Err(LakeError::NeedsConnection(printable(&other.to_string()).into_owned())),
        }
    }

    /// Kind, size and time of a place, following links. Waits for a server where it lies behind one.
    ///
    /// # Errors
    /// When it does not exist, may not be read, or cannot be reached.
    pub fn stat(&self, path: &LakePath) -> Result<Stat, LakeError> {
        self.stat_while(path, &Stop::never())
    }

    /// As [`Self::stat`], no longer than it is wanted.
    ///
    /// # Errors
    /// As [`Self::stat`], or that it is not wanted any more.
    pub fn stat_while(&self, path: &LakePath, stop: &Stop) -> Result<Stat, LakeError> {
        let bare = |kind| Ok(Stat { kind, size: None, modified: None });
        match path {
            LakePath::Root => return bare(EntryKind::Catalog),
            LakePath::Catalog(c) if c == LOCAL_CATALOG => return bare(EntryKind::Catalog),
            LakePath::Schema(c, s) if c == LOCAL_CATALOG && s == LOCAL_SCHEMA => return bare(EntryKind::Schema),
            _ => {}
        }
        let file = match self.reach(path, stop)? {
            (Reached::Volume(volume, inside), Some(remotes)) => {
                return Ok(remotes.wait(stop, volume.stat(&inside), "look at", path)?);
            }
            (Reached::Folder(file), _) => file,
            _ => return Err(LakeError::NeedsConnection(printable(&path.to_string()).into_owned())),
        };
        let meta = fs::metadata(&file).or_else(|e| fs::symlink_metadata(&file).map_err(|_| e));
        let meta = meta.map_err(|e| LocalError::new("look at", &file, &e))?;
        let kind = if meta.is_dir() { EntryKind::Folder } else { EntryKind::File };
        let modified = meta.modified().ok().and_then(|t| Timestamp::try_from(t).ok());
        Ok(Stat { kind, size: (!meta.is_dir()).then_some(meta.len()), modified })
    }

    /// What the catalog says of a table.
    ///
    /// # Errors
    /// When it does not exist, may not be seen, or the catalog cannot be reached.
    pub fn table(&self, path: &LakePath, stop: &Stop) -> Result<TableInfo, LakeError> {
        let told = match self.reach(path, stop)? {
            (Reached::Volume(volume, _), Some(remotes)) => remotes.wait(stop, volume.table(), "look at", path)?,
            _ => None,
        };
        let shown = printable(&path.to_string()).into_owned();
        told.ok_or_else(|| LakeError::Path(format!("`{shown}` is no table; `lakelens ls` shows what there is")))
    }

    /// The files of a catalog's table, which lie at `at`, with credentials that the catalog lends; nothing where it lends
    /// none for such places.
    ///
    /// # Errors
    /// That the catalog refuses, or cannot be reached.
    pub(crate) fn table_files(
        &self,
        (path, info, at): (&LakePath, &TableInfo, &LakePath),
        stop: &Stop,
    ) -> Result<Option<Arc<dyn RemoteVolume>>, LakeError> {
        match self.reach(path, stop)? {
            (Reached::Volume(volume, _), Some(remotes)) => {
                Ok(remotes.wait(stop, volume.table_files(info, at), "open", path)?)
            }
            _ => Ok(None),
        }
    }

    /// Opens a plain file for reading.
    ///
    /// # Errors
    /// When it does not exist, may not be read, is no plain file, or does not lie on this machine.
    pub fn open_file(&self, path: &LakePath) -> Result<File, LakeError> {
        Ok(open_plain(&self.local_path(path)?)?)
    }
}

/// Opens a plain file without ever waiting for the other end of a pipe.
pub(crate) fn open_plain(path: &Path) -> Result<File, LocalError> {
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    let open = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = open.map_err(|e| LocalError::new("open", path, &e))?;
    let meta = file.metadata().map_err(|e| LocalError::new("open", path, &e))?;
    match meta.file_type() {
        kind if kind.is_file() => Ok(file),
        kind if kind.is_dir() => Err(LocalError::because("open", path, "it is a folder, not a file")),
        _ => Err(LocalError::because("open", path, "it is a pipe, a socket or a device, not a file")),
    }
}

/// Joins a path in `encode_os` form below a folder.
///
/// # Errors
/// [`LakeError::Outside`] for `..`, a leading slash or a zero byte.
pub fn resolve(folder: &Path, relative: &str) -> Result<PathBuf, LakeError> {
    let bad = relative.starts_with('/') || relative.contains('\0') || relative.split('/').any(|part| part == "..");
    // Encoded bytes are all above 0x7f: decoding makes no slash and no dot.
    if bad {
        return Err(LakeError::Outside(printable(relative).into_owned()));
    }
    Ok(if relative.is_empty() { folder.to_owned() } else { folder.join(decode_os(relative)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_out_of_its_folder() {
        let root = Path::new("/data/set");
        for bad in ["../x", "a/../../x", "/etc/passwd", "..", "a/..", "a\0b"] {
            assert!(matches!(resolve(root, bad), Err(LakeError::Outside(_))), "{bad:?}");
        }
        for (good, want) in [("", "/data/set"), ("a/b.jpg", "/data/set/a/b.jpg"), ("..a/b..", "/data/set/..a/b..")] {
            assert_eq!(resolve(root, good).unwrap(), Path::new(want));
        }
    }

    #[test]
    fn places_are_volumes_and_the_rest_needs_a_connection() {
        let place = |name: &str, folder: &str| Place { name: name.to_owned(), folder: folder.to_owned() };
        let lake = Lake::new(vec![place("photos", "/p"), place("photos", "/other")], Some("/home/me"));
        assert_eq!(lake.places().len(), 1);
        let at = |text: &str| lake.local_path(&lake.parse(text, "/base").unwrap());
        assert_eq!(at("/Volumes/local/default/photos/a/b").unwrap(), Path::new("/p/a/b"));
        assert_eq!(at("~/x").unwrap(), Path::new("/home/me/x"));
        assert_eq!(at("~").unwrap(), Path::new("/home/me"));
        assert_eq!(at("x").unwrap(), Path::new("/base/x"));
        assert!(at("/Volumes/local/default/gone").unwrap_err().to_string().contains("gone"));
        assert!(matches!(at("s3://bucket/x"), Err(LakeError::NeedsConnection(_))));
        assert!(matches!(at("/Volumes/main/a/b"), Err(LakeError::NeedsConnection(_))));
    }
}
