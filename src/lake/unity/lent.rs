//! Credentials that a catalog lends for one volume or one table, and the bucket that is read and written with them.
//!
//! Why here: with them nobody needs keys of the cloud, only the profile of the workspace. What always holds: they are
//! asked for anew ahead of their end, once for all that wait, and once more when the bucket takes them no longer; while
//! they are good, a catalog that does not answer is no failure; they cannot be printed; the right to write is asked for
//! when something is first written, of volumes only.

use super::is_unknown;
use crate::domain::lake_path::LakePath;
use crate::lake::object::{CloudSettings, LentBucket};
use crate::lake::place::Stat;
use crate::lake::remote::{Asked, Mark, Page, Piece, RemoteError, RemoteVolume, RemoteWriter, Trouble, Version};
use crate::remote::error::{Kind, RemoteError as Failure};
use crate::remote::http::Workspace;
use crate::remote::lenient;
use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Mutex;

/// They are asked for anew this long before they end, in seconds; of short ones, after half of their time.
const EARLY: i64 = 300;
/// They are used for so many seconds at least, whatever the clocks say: the clock of the server may be another.
const LEAST: i64 = 30;
/// The versions of the interface that lend: that of open-source servers, and that of Databricks.
const VERSIONS: [&str; 2] = ["2.1", "2.0"];

/// What is said where nobody is let in from outside of the workspace.
const OUTSIDE: [&str; 3] = ["external access", "external data access", "outside of databricks"];

/// What is to be done with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Right {
    Read,
    /// Which is to read as well.
    Write,
}

/// For what they are lent; by id.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    /// The files of a volume.
    Volume(String),
    /// The files of a table.
    Table(String),
}

impl Wanted {
    fn what(&self) -> &'static str {
        match self {
            Self::Volume(_) => "volume",
            Self::Table(_) => "table",
        }
    }

    fn body(&self, right: Right) -> Value {
        match (self, right) {
            (Self::Volume(id), Right::Read) => json!({ "volume_id": id, "operation": "READ_VOLUME" }),
            (Self::Volume(id), Right::Write) => json!({ "volume_id": id, "operation": "WRITE_VOLUME" }),
            (Self::Table(id), _) => json!({ "table_id": id, "operation": "READ" }),
        }
    }

    /// Asks for a right.
    async fn ask(&self, workspace: &Workspace, right: Right) -> Result<Lent, Failure> {
        let asked = match self.ask_at(workspace, VERSIONS[0], right).await {
            Err(first) if is_unknown(&first) => {
                let second = self.ask_at(workspace, VERSIONS[1], right).await;
                second.map_err(|error| if is_unknown(&error) { first } else { error })
            }
            other => other,
        };
        asked.map_err(|error| self.explained(error, right))
    }

    async fn ask_at(&self, workspace: &Workspace, version: &str, right: Right) -> Result<Lent, Failure> {
        let address = format!("/api/{version}/unity-catalog/temporary-{}-credentials", self.what());
        let request = workspace.post(&address).body_json(&self.body(right));
        request.about(format!("credentials for the {}", self.what())).repeatable().json().await
    }

    /// What a refusal asks for: the privilege, or the switch of the metastore, which is off at first.
    fn explained(&self, error: Failure, right: Right) -> Failure {
        let why = error.why().to_ascii_lowercase();
        let engine = match self {
            Self::Table(_) => "; or name an engine with warehouse_id or cluster_id in the profile",
            Self::Volume(_) => "",
        };
        let what = if why.contains("external use schema") {
            "ask the owner of the catalog for GRANT EXTERNAL USE SCHEMA ON SCHEMA, and an administrator whether the \
             metastore has external data access on"
        } else if OUTSIDE.iter().any(|words| why.contains(words)) {
            "ask an administrator to turn on external data access in the details of the metastore"
        } else if right == Right::Write && error.kind() == Kind::Permission {
            "ask the owner of the volume for GRANT WRITE VOLUME ON VOLUME, and the owner of the catalog for GRANT \
             EXTERNAL USE SCHEMA ON SCHEMA"
        } else {
            return error;
        };
        error.with_remedy(format!("{what}{engine}"))
    }
}

/// What was lent.
#[derive(Deserialize)]
struct Lent {
    #[serde(default)]
    aws_temp_credentials: Option<Aws>,
    #[serde(default)]
    azure_user_delegation_sas: Option<Sas>,
    #[serde(default)]
    azure_aad: Option<Aad>,
    #[serde(default)]
    gcp_oauth_token: Option<Oauth>,
    #[serde(default, deserialize_with = "lenient::opt_int64")]
    expiration_time: Option<i64>,
    /// Where the files lie.
    #[serde(default)]
    url: String,
}

#[derive(Deserialize)]
struct Aws {
    access_key_id: String,
    secret_access_key: String,
    #[serde(default)]
    session_token: Option<String>,
}

#[derive(Deserialize)]
struct Sas {
    sas_token: String,
}

#[derive(Deserialize)]
struct Aad {
    aad_token: String,
}

#[derive(Deserialize)]
struct Oauth {
    oauth_token: String,
}

impl Lent {
    /// The bucket, opened at a folder of it.
    fn open(&self, cloud: &CloudSettings, root: &Root, shown: &str) -> Result<LentBucket, RemoteError> {
        let mut variables = std::collections::BTreeMap::new();
        let mut set = |name: &str, value: &str| drop(variables.insert(name.to_owned(), value.to_owned()));
        match self {
            Self { aws_temp_credentials: Some(aws), .. } => {
                set("AWS_ACCESS_KEY_ID", &aws.access_key_id);
                set("AWS_SECRET_ACCESS_KEY", &aws.secret_access_key);
                set("AWS_SESSION_TOKEN", aws.session_token.as_deref().unwrap_or_default());
            }
            Self { azure_user_delegation_sas: Some(sas), .. } => set("AZURE_STORAGE_SAS_TOKEN", &sas.sas_token),
            Self { azure_aad: Some(aad), .. } => set("AZURE_STORAGE_TOKEN", &aad.aad_token),
            Self { gcp_oauth_token: Some(oauth), .. } => set("GOOGLE_BEARER_TOKEN", &oauth.oauth_token),
            _ => return Err(unfit(shown, "the catalog lent no credentials that are understood")),
        }
        LentBucket::open(&cloud.lent(variables), root.scheme, &root.authority, &root.path)
    }

    /// When others are to be asked for, in seconds; never where they do not end.
    fn renewal(&self, now: i64) -> Option<i64> {
        let until = self.expiration_time? / 1000;
        let early = EARLY.min((until - now) / 2);
        Some((until - early).max(now + LEAST))
    }
}

fn unfit(place: &str, why: &str) -> RemoteError {
    RemoteError::new(Trouble::Other, "open", place, why, "read it on a cluster instead")
}

/// A folder of a bucket.
#[derive(Clone, Debug)]
struct Root {
    scheme: &'static str,
    authority: String,
    path: String,
}

impl Root {
    fn parse(location: &str) -> Option<Self> {
        match LakePath::parse(location, "/") {
            Ok(LakePath::Remote { scheme, authority, path }) if scheme != "dbfs" => {
                Some(Self { scheme, authority, path })
            }
            _ => None,
        }
    }
}

/// What is lent now.
struct Held {
    bucket: Arc<LentBucket>,
    /// When others are to be asked for, in seconds.
    renewal: Option<i64>,
}

/// Files that are read and written with what a catalog lends, for as long as somebody does.
pub(super) struct Lease {
    workspace: Workspace,
    wanted: Wanted,
    cloud: CloudSettings,
    /// What is read, as a person names it.
    shown: String,
    /// Where the files lie as the catalog said before; the answer that lends may say it better.
    location: String,
    held: Mutex<Option<Held>>,
    /// The same to write with; not asked for before something is written.
    held_to_write: Mutex<Option<Held>>,
}

impl Lease {
    /// Of these files; nothing is asked yet. Paths are those below `location`.
    pub(super) fn new(
        workspace: Workspace,
        wanted: Wanted,
        cloud: &CloudSettings,
        (shown, location): (&str, &str),
    ) -> Self {
        let (shown, location, cloud) = (shown.to_owned(), location.to_owned(), cloud.clone());
        Self { workspace, wanted, cloud, shown, location, held: Mutex::default(), held_to_write: Mutex::default() }
    }

    /// The bucket with credentials that are good for a while. Who comes while they are asked for waits for the same.
    pub(super) async fn bucket(&self) -> Result<Arc<LentBucket>, RemoteError> {
        self.bucket_to(Right::Read).await
    }

    fn held(&self, right: Right) -> &Mutex<Option<Held>> {
        match right {
            Right::Read => &self.held,
            Right::Write => &self.held_to_write,
        }
    }

    async fn bucket_to(&self, right: Right) -> Result<Arc<LentBucket>, RemoteError> {
        let mut held = self.held(right).lock().await;
        let now = Timestamp::now().as_second();
        if let Some(held) = held.as_ref().filter(|held| held.renewal.is_none_or(|at| at > now)) {
            return Ok(Arc::clone(&held.bucket));
        }
        let error = match self.lend(now, right).await {
            Ok(new) => return Ok(Arc::clone(&held.insert(new).bucket)),
            Err(error) => error,
        };
        let Some(old) = held.as_mut() else { return Err(error) };
        // The old ones may be good for some minutes more; if not, the bucket says so.
        tracing::warn!(%error, place = self.shown, "credentials are not lent anew");
        old.renewal = Some(now + LEAST);
        Ok(Arc::clone(&old.bucket))
    }

    async fn lend(&self, now: i64, right: Right) -> Result<Held, RemoteError> {
        let doing = if right == Right::Read { "open" } else { "write to" };
        let told = |error| RemoteError::told(doing, &self.shown, &error);
        let lent = self.wanted.ask(&self.workspace, right).await.map_err(told)?;
        let location = match &self.wanted {
            Wanted::Volume(_) if !lent.url.is_empty() => &lent.url,
            _ => &self.location,
        };
        let root =
            Root::parse(location).ok_or_else(|| unfit(location, "its files lie where this version does not read"))?;
        let root = match &self.wanted {
            Wanted::Volume(_) => root,
            // The log of a table may name files by their whole address.
            Wanted::Table(_) => Root { path: String::new(), ..root },
        };
        Ok(Held { bucket: Arc::new(lent.open(&self.cloud, &root, &self.shown)?), renewal: lent.renewal(now) })
    }

    /// Asks the bucket; once more with other credentials where it refuses those that are held.
    async fn ask<T, A>(&self, right: Right, question: impl Fn(Arc<LentBucket>) -> A) -> Result<T, RemoteError>
    where
        A: Future<Output = Result<T, RemoteError>>,
    {
        let used = self.bucket_to(right).await?;
        match question(Arc::clone(&used)).await {
            Err(error) if error.trouble == Trouble::Denied => {
                self.forget(right, &used).await;
                question(self.bucket_to(right).await.map_err(|_| error)?).await
            }
            other => other,
        }
    }

    /// Forgets what is held if it is still this, and not what somebody else was lent meanwhile.
    async fn forget(&self, right: Right, used: &Arc<LentBucket>) {
        let mut held = self.held(right).lock().await;
        if held.as_ref().is_some_and(|held| Arc::ptr_eq(&held.bucket, used)) {
            *held = None;
        }
    }
}

impl RemoteVolume for Lease {
    fn page<'a>(&'a self, folder: &'a str, deep: bool, from: &'a Mark) -> Asked<'a, Page> {
        Box::pin(self.ask(Right::Read, move |bucket| async move { bucket.page(folder, deep, from).await }))
    }

    fn stat<'a>(&'a self, path: &'a str) -> Asked<'a, Stat> {
        Box::pin(self.ask(Right::Read, move |bucket| async move { bucket.stat(path).await }))
    }

    fn read<'a>(&'a self, path: &'a str, range: Range<u64>, version: Option<&'a Version>) -> Asked<'a, Piece> {
        Box::pin(self.ask(Right::Read, move |bucket| {
            let range = range.clone();
            async move { bucket.read(path, range, version).await }
        }))
    }

    fn lists_deep(&self) -> bool {
        true
    }

    fn writer(&self) -> Option<&dyn RemoteWriter> {
        match &self.wanted {
            Wanted::Volume(_) => Some(self),
            // What is lent of a managed table is good for reading only.
            Wanted::Table(_) => None,
        }
    }
}

impl RemoteWriter for Lease {
    fn create<'a>(&'a self, path: &'a str, bytes: Bytes) -> Asked<'a, bool> {
        Box::pin(self.ask(Right::Write, move |bucket| {
            let bytes = bytes.clone();
            async move { bucket.create(path, bytes).await }
        }))
    }

    fn upload<'a>(&'a self, path: &'a str, from: &'a Path) -> Asked<'a, ()> {
        Box::pin(self.ask(Right::Write, move |bucket| async move { bucket.upload(path, from).await }))
    }

    fn remove<'a>(&'a self, path: &'a str) -> Asked<'a, ()> {
        Box::pin(self.ask(Right::Write, move |bucket| async move { bucket.remove(path).await }))
    }
}
