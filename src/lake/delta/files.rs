//! The files of a table, wherever the lake reaches them, in the form in which the Delta reader asks for them.
//!
//! Why not the stores that the reader would make itself: the ways of the lake have the credentials, the patience with
//! servers and the words for what goes wrong already. What always holds: files are made, never replaced ([`super::put`]); a
//! listing is of one folder, in the order of the names; only plain files of this machine are opened.

use super::put::is_part;
use crate::lake::listing::EntryKind;
use crate::lake::open_plain;
use crate::lake::remote::{Mark, RemoteError, RemoteVolume, Trouble};
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Attributes, CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use std::future::Future;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

/// Bytes of one piece of a file that is read whole.
const PIECE: u64 = 4 << 20;

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Where the files are. Paths are whole ones, without the leading slash.
#[derive(Clone)]
pub(super) enum Files {
    /// On this machine.
    Here,
    /// In a bucket or a volume.
    There(Arc<dyn RemoteVolume>),
}

/// A file of a folder.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) modified: SystemTime,
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Files")
    }
}

impl std::fmt::Display for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the lake")
    }
}

pub(super) fn failed(path: &str, error: RemoteError) -> Error {
    match error.trouble {
        Trouble::NotFound => Error::NotFound { path: path.to_owned(), source: Box::new(error) },
        _ => Error::Generic { store: "lake", source: Box::new(error) },
    }
}

pub(super) fn local(path: &str, error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::NotFound => Error::NotFound { path: path.to_owned(), source: Box::new(error) },
        _ => Error::Generic { store: "lake", source: Box::new(error) },
    }
}

pub(super) fn place(path: &str) -> PathBuf {
    PathBuf::from(format!("/{path}"))
}

/// Runs work with files on a thread that may wait for them.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|source| Error::JoinError { source })?
}

impl Files {
    /// Size and time of a file.
    pub(super) async fn stat(&self, path: &str) -> Result<(u64, SystemTime)> {
        match self {
            Self::Here => {
                let path = path.to_owned();
                aside(move || {
                    let meta = std::fs::metadata(place(&path)).map_err(|e| local(&path, e))?;
                    Ok((meta.len(), meta.modified().unwrap_or(SystemTime::UNIX_EPOCH)))
                })
                .await
            }
            Self::There(volume) => {
                let stat = volume.stat(path).await.map_err(|e| failed(path, e))?;
                if stat.kind != EntryKind::File {
                    let source = Box::new(std::io::Error::from(std::io::ErrorKind::IsADirectory));
                    return Err(Error::NotFound { path: path.to_owned(), source });
                }
                let modified = stat.modified.map_or(SystemTime::UNIX_EPOCH, SystemTime::from);
                Ok((stat.size.unwrap_or(0), modified))
            }
        }
    }

    /// Bytes of a file, all of the range.
    pub(super) async fn read(&self, path: &str, range: Range<u64>) -> Result<Bytes> {
        match self {
            Self::Here => {
                let path = path.to_owned();
                aside(move || {
                    let generic = |e| Error::Generic { store: "lake", source: e };
                    let file = open_plain(&place(&path)).map_err(|e| generic(Box::new(e)))?;
                    let wanted = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(0);
                    let mut bytes = vec![0; wanted];
                    file.read_exact_at(&mut bytes, range.start).map_err(|e| local(&path, e))?;
                    Ok(Bytes::from(bytes))
                })
                .await
            }
            Self::There(volume) => {
                let mut bytes = Vec::new();
                while range.start + (bytes.len() as u64) < range.end {
                    let from = range.start + bytes.len() as u64;
                    let piece = volume.read(path, from..range.end, None).await.map_err(|e| failed(path, e))?;
                    if piece.bytes.is_empty() {
                        let source = Box::new(std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
                        return Err(Error::Generic { store: "lake", source });
                    }
                    bytes.extend_from_slice(&piece.bytes);
                }
                Ok(Bytes::from(bytes))
            }
        }
    }

    /// The files of a folder by name; none where there is no such folder.
    pub(super) async fn folder(&self, path: &str) -> Result<Vec<Entry>> {
        let found = match self {
            Self::Here => {
                let path = path.to_owned();
                aside(move || read_folder(&path)).await
            }
            Self::There(volume) => pages(volume.as_ref(), path).await,
        };
        match found {
            Ok(mut entries) => {
                entries.sort_by(|a, b| a.name.cmp(&b.name));
                Ok(entries)
            }
            Err(Error::NotFound { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    async fn answer(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        let (size, modified) = self.stat(path.as_ref()).await?;
        let meta =
            ObjectMeta { location: path.clone(), last_modified: modified.into(), size, e_tag: None, version: None };
        let range = match &options.range {
            Some(range) => {
                range.as_range(size).map_err(|e| Error::Generic { store: "lake", source: e.to_string().into() })?
            }
            None => 0..size,
        };
        let body = if options.head { stream::empty().boxed() } else { self.body(path.as_ref(), range.clone()) };
        Ok(GetResult {
            payload: GetResultPayload::Stream(body),
            meta,
            range,
            attributes: Attributes::default(),
            extensions: Default::default(),
        })
    }

    /// The bytes piece by piece.
    fn body(&self, path: &str, range: Range<u64>) -> BoxStream<'static, Result<Bytes>> {
        let (files, path) = (self.clone(), path.to_owned());
        stream::try_unfold(range.start, move |from| {
            let (files, path) = (files.clone(), path.clone());
            async move {
                if from >= range.end {
                    return Ok(None);
                }
                let to = (from + PIECE).min(range.end);
                Ok(Some((files.read(&path, from..to).await?, to)))
            }
        })
        .boxed()
    }
}

fn read_folder(path: &str) -> Result<Vec<Entry>> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(place(path)).map_err(|e| local(path, e))? {
        let entry = entry.map_err(|e| local(path, e))?;
        let (Ok(name), Ok(meta)) = (entry.file_name().into_string(), std::fs::metadata(entry.path())) else { continue };
        if meta.is_file() {
            out.push(Entry { name, size: meta.len(), modified: meta.modified().unwrap_or(SystemTime::UNIX_EPOCH) });
        }
    }
    Ok(out)
}

async fn pages(volume: &dyn RemoteVolume, path: &str) -> Result<Vec<Entry>> {
    let (mut out, mut mark) = (Vec::new(), Mark::default());
    loop {
        let page = volume.page(path, false, &mark).await.map_err(|e| failed(path, e))?;
        out.extend(page.entries.into_iter().filter(|e| e.kind == EntryKind::File).map(|e| Entry {
            name: e.name,
            size: e.size.unwrap_or(0),
            modified: e.modified.map_or(SystemTime::UNIX_EPOCH, SystemTime::from),
        }));
        match page.next {
            Some(next) => mark = next,
            None => return Ok(out),
        }
    }
}

fn never<T>(operation: &str) -> Result<T> {
    Err(Error::NotImplemented { operation: operation.to_owned(), implementer: "a table of the lake".to_owned() })
}

impl ObjectStore for Files {
    fn put_opts<'a, 'b, 'c>(&'a self, to: &'b Path, what: PutPayload, with: PutOptions) -> Answer<'c, PutResult>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(async move {
            if with.mode != PutMode::Create {
                return never("replace");
            }
            match self.create(to.as_ref(), what.into()).await? {
                true => Ok(PutResult { e_tag: None, version: None, extensions: Default::default() }),
                false => Err(Error::AlreadyExists { path: to.to_string(), source: "it is there already".into() }),
            }
        })
    }

    fn put_multipart_opts<'a, 'b, 'c>(
        &'a self,
        _: &'b Path,
        _: PutMultipartOptions,
    ) -> Answer<'c, Box<dyn MultipartUpload>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(async { never("put") })
    }

    fn get_opts<'a, 'b, 'c>(&'a self, location: &'b Path, options: GetOptions) -> Answer<'c, GetResult>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(async move { self.answer(location, options).await })
    }

    fn delete_stream(&self, _: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        stream::once(async { never("delete") }).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (files, folder) = (self.clone(), prefix.map(ToString::to_string).unwrap_or_default());
        let listed = async move {
            let mut entries = files.folder(&folder).await?;
            entries.retain(|entry| !is_part(&entry.name));
            let meta = move |entry: Entry| {
                let path = if folder.is_empty() { entry.name } else { format!("{folder}/{}", entry.name) };
                Ok(ObjectMeta {
                    location: Path::parse(path)?,
                    last_modified: entry.modified.into(),
                    size: entry.size,
                    e_tag: None,
                    version: None,
                })
            };
            Ok::<_, Error>(stream::iter(entries.into_iter().map(meta)))
        };
        stream::once(listed).try_flatten().boxed()
    }

    fn list_with_delimiter<'a, 'b, 'c>(&'a self, _: Option<&'b Path>) -> Answer<'c, ListResult>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(async { never("list folders") })
    }

    fn copy_opts<'a, 'b, 'd, 'c>(&'a self, _: &'b Path, _: &'d Path, _: CopyOptions) -> Answer<'c, ()>
    where
        'a: 'c,
        'b: 'c,
        'd: 'c,
        Self: 'c,
    {
        Box::pin(async { never("copy") })
    }
}
