//! Unity Catalog: catalogs, schemas, tables and volumes of a Databricks workspace or of an open-source server.
//!
//! Files of a volume come through the Files API where the server has one. An open-source server has none: its volumes
//! are read and written where they lie, in a folder of this machine or in a bucket with credentials that the server lends
//! for it. The files of a table are read the same way, of every server that lends.
//! What always holds: nothing is asked before the first look into the catalog; a server that leaves lists out, sends
//! numbers as text or adds kinds of tables is read all the same; a folder of this machine is opened only for a server of
//! this machine.

mod files;
mod lent;
mod levels;

use self::files::ApiVolume;
use self::lent::{Lease, Wanted};
use self::levels::{Level, LevelVolume};
use super::listing::EntryKind;
use super::object::CloudSettings;
use super::place::LOCAL_CATALOG;
use super::reach::{Reach, Reached};
use super::remote::{Asked, RemoteError, RemoteVolume};
use crate::domain::lake_path::LakePath;
use crate::remote::error::Kind;
use crate::remote::http::Workspace;
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Where the catalog is asked.
const API: &str = "/api/2.1/unity-catalog";
/// It is asked anew after so many seconds which volume bears a name.
const KEPT: i64 = 3600;

/// Makes the client of the workspace: reads the profile, signs in to nothing yet. Nothing where no workspace is named.
pub type Connect = Box<dyn Fn() -> Result<Option<Workspace>, RemoteError> + Send + Sync>;

/// The client of a workspace, made when first needed and shared by all that ask it.
pub struct Session {
    connect: Connect,
    /// Raised when the client is to be another.
    revision: Arc<AtomicU64>,
    /// The client, and of which revision.
    made: Mutex<Option<(u64, Workspace)>>,
}

impl Session {
    /// Made by this when first needed.
    #[must_use]
    pub fn new(connect: Connect) -> Self {
        Self::following(connect, Arc::default())
    }

    /// The same, made anew when `revision` has changed.
    #[must_use]
    pub fn following(connect: Connect, revision: Arc<AtomicU64>) -> Self {
        Self { connect, revision, made: Mutex::default() }
    }

    fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    /// The client; nothing where no workspace is named. A profile that does not work is read again the next time.
    pub(crate) fn workspace(&self) -> Result<Option<Workspace>, RemoteError> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.revision();
        if made.as_ref().is_none_or(|(revision, _)| *revision != now) {
            *made = None;
            *made = (self.connect)()?.map(|workspace| (now, workspace));
        }
        Ok(made.as_ref().map(|(_, workspace)| workspace.clone()))
    }
}

/// A volume as the catalog describes it.
#[derive(Clone, Debug, Deserialize)]
struct VolumeInfo {
    #[serde(default)]
    volume_id: String,
    #[serde(default)]
    storage_location: String,
}

/// How a volume is read.
#[derive(Clone)]
enum Way {
    Volume(Arc<dyn RemoteVolume>),
    Folder(PathBuf),
}

/// An open volume, and until when the name is taken to mean it, in seconds.
type Open = (Way, Option<i64>);

/// What was lent, by revision of the session and id of the table.
type Leases = Arc<Mutex<HashMap<(u64, String), Arc<Lease>>>>;

/// The catalog of one workspace.
pub struct Unity {
    session: Arc<Session>,
    cloud: CloudSettings,
    /// By revision of the session and full name.
    open: Mutex<HashMap<(u64, String), Open>>,
    tables: Leases,
}

impl Unity {
    /// The catalog of a session; buckets are reached with these settings and lent credentials.
    #[must_use]
    pub fn new(session: Arc<Session>, cloud: CloudSettings) -> Self {
        Self { session, cloud, open: Mutex::default(), tables: Arc::default() }
    }

    async fn volume(&self, workspace: &Workspace, name: [&str; 3]) -> Result<Way, RemoteError> {
        let full = (self.session.revision(), name.join("."));
        let now = Timestamp::now().as_second();
        let known = self.open.lock().unwrap_or_else(PoisonError::into_inner).get(&full).cloned();
        if let Some((way, _)) = known.filter(|(_, until)| until.is_none_or(|until| until > now)) {
            return Ok(way);
        }
        let opened = self.open_volume(workspace, name).await?;
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(full, opened.clone());
        Ok(opened.0)
    }

    async fn open_volume(&self, workspace: &Workspace, name: [&str; 3]) -> Result<Open, RemoteError> {
        let root = format!("/Volumes/{}", name.join("/"));
        let fail = |error| RemoteError::told("open", &root, &error);
        let asked =
            workspace.get(&format!("{API}/volumes")).part(&name.join(".")).about(format!("the volume `{root}`"));
        let info: VolumeInfo = asked.json().await.map_err(fail)?;
        let api = ApiVolume::new(workspace.clone(), &root);
        // A workspace of Databricks is known by its name; of others only the answer tells whether they have files.
        let missing = match workspace.host().zone() {
            Some(_) => None,
            None => api.is_missing().await,
        };
        let Some(missing) = missing else { return Ok((Way::Volume(Arc::new(api)), None)) };
        let here = info.storage_location.strip_prefix("file:").map(|rest| format!("/{}", rest.trim_start_matches('/')));
        let same_machine = workspace.host().as_str().starts_with("http://");
        match here {
            Some(folder) if same_machine => Ok((Way::Folder(PathBuf::from(folder)), None)),
            Some(_) => Err(fail(missing.with_remedy("its files lie on the machine of the server: open them there"))),
            None => {
                let wanted = Wanted::Volume(info.volume_id);
                let lease = Lease::new(workspace.clone(), wanted, &self.cloud, (&root, &info.storage_location));
                lease.bucket().await?;
                Ok((Way::Volume(Arc::new(lease)), Some(Timestamp::now().as_second() + KEPT)))
            }
        }
    }
}

/// What is needed to read the files of tables, and those that are read already.
struct Lender {
    revision: u64,
    cloud: CloudSettings,
    leases: Leases,
}

impl Lender {
    /// The files of a table: with credentials that are lent by now, or that are kept from before.
    async fn table(&self, workspace: &Workspace, id: &str, at: (&str, &str)) -> Result<Arc<Lease>, RemoteError> {
        let key = (self.revision, id.to_owned());
        let known = self.leases.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let lease = known
            .unwrap_or_else(|| Arc::new(Lease::new(workspace.clone(), Wanted::Table(id.to_owned()), &self.cloud, at)));
        lease.bucket().await?;
        self.leases.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&lease));
        Ok(lease)
    }
}

/// Whether a server does not know an address at all.
fn is_unknown(error: &crate::remote::error::RemoteError) -> bool {
    error.kind() == Kind::NotFound || matches!(error.status(), Some(404 | 405 | 501))
}

impl Reach for Unity {
    fn reach<'a>(&'a self, path: &'a LakePath) -> Asked<'a, Reached> {
        Box::pin(async move {
            let level = match path {
                LakePath::Root => Level::Catalogs,
                LakePath::Catalog(c) if c != LOCAL_CATALOG => Level::Schemas(c.clone()),
                LakePath::Schema(c, s) if c != LOCAL_CATALOG => Level::Contents(c.clone(), s.clone()),
                LakePath::Table(c, s, t) if c != LOCAL_CATALOG => Level::Table(c.clone(), s.clone(), t.clone()),
                LakePath::Volume { catalog, schema, volume, path } if catalog != LOCAL_CATALOG => {
                    let Some(workspace) = self.session.workspace()? else { return Ok(Reached::Nothing) };
                    let found = match self.volume(&workspace, [catalog, schema, volume]).await? {
                        Way::Volume(volume) => Reached::Volume(volume, path.clone()),
                        Way::Folder(folder) => Reached::Folder(inside(&folder, path)?),
                    };
                    return Ok(found);
                }
                _ => return Ok(Reached::Nothing),
            };
            let Some(workspace) = self.session.workspace()? else { return Ok(Reached::Nothing) };
            let (revision, cloud, leases) = (self.session.revision(), self.cloud.clone(), Arc::clone(&self.tables));
            let lender = Lender { revision, cloud, leases };
            Ok(Reached::Volume(Arc::new(LevelVolume::new(workspace, level, lender)), String::new()))
        })
    }
}

fn inside(folder: &Path, path: &str) -> Result<PathBuf, RemoteError> {
    super::place::resolve(folder, path).map_err(|_| {
        let why = "it leads out of its volume";
        RemoteError::new(super::remote::Trouble::Other, "open", path, why, "use a path below it, without `..`")
    })
}

/// What kind of entry a level of the catalog holds.
fn kind_of(level: &Level) -> EntryKind {
    match level {
        Level::Catalogs => EntryKind::Catalog,
        Level::Schemas(_) => EntryKind::Schema,
        Level::Contents(..) => EntryKind::Volume,
        Level::Table(..) => EntryKind::Table,
    }
}
