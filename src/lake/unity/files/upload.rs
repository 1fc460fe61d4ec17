//! New files in a volume by the Files API of a workspace.
//!
//! What always holds: a file is sent as a whole in one request, and the server shows it when all of it has come; one of
//! this machine is read piece by piece, and opened anew when it must be sent anew; the folders above it are made first,
//! each once; nothing leaves its volume.

use super::{ApiVolume, DIRECTORIES, FILES};
use crate::lake::remote::{Asked, RemoteError, RemoteWriter, Trouble};
use crate::lake::sending::{check_path, parent, pieces, size_of};
use crate::remote::error::{Kind, RemoteError as Failure};
use crate::remote::http::request::Request;
use bytes::Bytes;
use std::path::Path;

/// Bytes of a file at most, by the API.
const LARGEST: u64 = 5 << 30;
/// Bytes that are read at once.
const STEP: u64 = 1 << 20;

impl ApiVolume {
    fn put(&self, path: &str, overwrite: bool) -> Request {
        self.workspace.put(FILES).at(path).about(format!("`{path}`")).query("overwrite", overwrite)
    }

    /// Makes a folder of the volume and all above it, unless that was done.
    async fn make(&self, folder: &str) -> Result<(), Failure> {
        if self.made.has(folder) {
            return Ok(());
        }
        let path = self.path(folder);
        let about = format!("the folder `{path}`");
        match self.workspace.put(DIRECTORIES).at(&path).about(&about).done().await {
            Err(error) if error.status() == Some(409) => {
                let remedy = "rename or remove the file that has the name of a folder, or write elsewhere";
                return Err(Failure::new(Kind::Invalid, about, error.place(), error.why()).with_remedy(remedy));
            }
            made => made?,
        }
        self.made.add(folder);
        Ok(())
    }

    /// Sends a file once its folder is there; again where somebody has removed that meanwhile.
    async fn send(&self, inside: &str, request: impl Fn() -> Request) -> Result<(), Failure> {
        let Some(folder) = parent(inside) else { return request().done().await };
        self.make(folder).await?;
        match request().done().await {
            Err(error) if error.kind() == Kind::NotFound => {
                self.made.forget(folder);
                self.make(folder).await?;
                request().done().await
            }
            other => other,
        }
    }

    /// Says it for whoever writes: which privilege is missing, and what has become of the file.
    fn told(&self, doing: &'static str, path: &str, error: Failure) -> RemoteError {
        let network = ["IP ACL", "Source IP"].iter().any(|words| error.why().contains(words));
        let error = match error.kind() {
            Kind::Permission if !network => {
                let volume = self.root.trim_start_matches("/Volumes/").replace('/', ".");
                error.with_remedy(format!(
                    "ask the owner for GRANT WRITE VOLUME ON VOLUME {volume}, with USE CATALOG and USE SCHEMA above it"
                ))
            }
            Kind::Cut => error.with_remedy("try again; what is there is the old file or the new one, never a part"),
            _ => error,
        };
        RemoteError::told(doing, path, &error)
    }
}

impl RemoteWriter for ApiVolume {
    // That only one of two with `overwrite=false` is taken is documented nowhere.
    fn decides(&self) -> bool {
        false
    }

    fn create<'a>(&'a self, inside: &'a str, bytes: Bytes) -> Asked<'a, bool> {
        Box::pin(async move {
            let path = self.path(inside);
            check_path("write", &path, inside)?;
            let request = || self.put(&path, false).body(bytes.clone()).not_repeatable();
            match self.send(inside, request).await {
                Ok(()) => Ok(true),
                Err(error) if error.status() == Some(409) => Ok(false),
                Err(error) => Err(self.told("write", &path, error)),
            }
        })
    }

    fn upload<'a>(&'a self, inside: &'a str, from: &'a Path) -> Asked<'a, ()> {
        Box::pin(async move {
            let path = self.path(inside);
            check_path("write", &path, inside)?;
            let size = size_of(&path, from)?;
            if size > LARGEST {
                let why = format!("it has {size} bytes, and a volume takes no file of more than 5 GiB this way");
                let remedy = "write it to a bucket instead, or to this machine and copy it with `databricks fs cp`";
                return Err(RemoteError::new(Trouble::Other, "write", &path, &why, remedy));
            }
            let request = || {
                let from = from.to_owned();
                self.put(&path, true).body_again(size, move || pieces(from.clone(), size, STEP))
            };
            self.send(inside, request).await.map_err(|error| self.told("write", &path, error))
        })
    }

    fn remove<'a>(&'a self, inside: &'a str) -> Asked<'a, ()> {
        Box::pin(async move {
            let path = self.path(inside);
            check_path("remove", &path, inside)?;
            match self.workspace.delete(FILES).at(&path).about(format!("`{path}`")).done().await {
                Err(error) if error.kind() != Kind::NotFound => Err(self.told("remove", &path, error)),
                _ => Ok(()),
            }
        })
    }

    fn remove_folder<'a>(&'a self, inside: &'a str) -> Asked<'a, ()> {
        Box::pin(async move {
            let path = self.path(inside);
            check_path("remove", &path, inside)?;
            self.made.forget(inside);
            match self.workspace.delete(DIRECTORIES).at(&path).about(format!("the folder `{path}`")).done().await {
                // It is not empty: the API says so with this status and a reason.
                Err(error) if error.status() == Some(400) || error.kind() == Kind::NotFound => Ok(()),
                Err(error) => Err(self.told("remove", &path, error)),
                Ok(()) => Ok(()),
            }
        })
    }
}
