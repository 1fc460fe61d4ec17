//! The ids of warehouses and clusters that people name by their names, kept on this computer.
//!
//! Why: mirrors and journals of tables belong to a machine by its id, and a person who names it by its name must find
//! them without a network as well. What always holds: the workspace is asked first and believed, the kept id is only for
//! when it cannot be reached; a name that means another machine than before is told, for as long as it may matter.

use crate::config::private_file;
use crate::domain::text::printable;
use crate::remote::compute::Machines;
use crate::remote::error::{Kind, RemoteError};
use crate::remote::http::Workspace;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long the workspace is waited for where an id is kept.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of the file at most.
const LARGEST: u64 = 1 << 20;
/// Names that are kept at most; the oldest goes first.
const MOST: usize = 500;

/// Where they are kept. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MachineIds {
    file: PathBuf,
    /// Nothing is written in read-only mode.
    may_write: bool,
}

/// What a name meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    /// The address of the workspace.
    host: String,
    /// `warehouse` or `cluster`.
    kind: String,
    name: String,
    /// The id that it means.
    id: String,
    /// The id that it meant before, where that was another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<String>,
}

/// What a name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meant {
    /// The id.
    pub id: String,
    /// The id that the name meant before, where that was another.
    pub before: Option<String>,
}

impl MachineIds {
    /// Kept in this file of the data folder.
    #[must_use]
    pub fn new(folder: &Path, may_write: bool) -> Self {
        Self { file: folder.join("machines.json"), may_write }
    }

    /// What a name means: what the workspace says, or, where it cannot be reached, what it said last. Waits for it.
    ///
    /// # Errors
    /// The workspace's, where it answers, or where nothing is kept.
    pub fn find(&self, workspace: &Workspace, of: Machines, name: &str) -> Result<Meant, RemoteError> {
        // What looks like an id is one: a table that is labelled offline must not ask for it.
        if of.is_id(name) {
            return Ok(Meant { id: name.to_owned(), before: None });
        }
        let mut all = self.read();
        let host = workspace.host().to_string();
        let at = all.iter().position(|k| k.host == host && k.kind == of.noun() && k.name == name);
        let known = at.map(|at| all.remove(at));
        let id = match asked(workspace, of, name, known.is_some()) {
            Ok(id) => id,
            Err(error) => match known {
                Some(known) if error.kind().is_network() => {
                    tracing::info!(%error, name, id = known.id, "the workspace is not reached; its last answer is used");
                    return Ok(known.meant());
                }
                _ => return Err(error),
            },
        };
        let before = match &known {
            Some(known) if known.id != id => Some(known.id.clone()),
            Some(known) => known.before.clone(),
            None => None,
        };
        let now = Kept { host, kind: of.noun().to_owned(), name: name.to_owned(), id, before };
        let meant = now.meant();
        if known.as_ref() != Some(&now) {
            all.push(now);
            self.write(&all);
        }
        Ok(meant)
    }

    /// A file that cannot be read holds nothing that the workspace could not say again.
    fn read(&self) -> Vec<Kept> {
        let text = private_file::read_text(&self.file, LARGEST).unwrap_or_default().unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn write(&self, all: &[Kept]) {
        let newest = all.get(all.len().saturating_sub(MOST)..).unwrap_or_default();
        let Ok(text) = serde_json::to_vec_pretty(newest) else { return };
        if self.may_write
            && let Err(error) = private_file::replace(&self.file, &text)
        {
            tracing::warn!(%error, "the ids of machines are not kept");
        }
    }
}

/// The id that the workspace says; where one is kept, it is not waited for longer than a person would.
fn asked(workspace: &Workspace, of: Machines, name: &str, kept: bool) -> Result<String, RemoteError> {
    let found = async {
        if !kept {
            return of.find(workspace, name).await;
        }
        let late =
            |_| RemoteError::new(Kind::Timeout, format!("the {} `{name}`", of.noun()), workspace.place(), "no answer");
        tokio::time::timeout(PATIENCE, of.find(workspace, name)).await.map_err(late)?
    };
    workspace.wait(found).map(|machine| machine.id)
}

impl Kept {
    fn meant(&self) -> Meant {
        Meant { id: self.id.clone(), before: self.before.clone() }
    }
}

/// That a name means another machine than before, and how to reach that one.
#[must_use]
pub fn moved(profile: Option<&str>, of: Machines, name: &str, meant: &Meant) -> Option<String> {
    let before = meant.before.as_deref()?;
    let (noun, name) = (of.noun(), printable(name));
    let folder = if of == Machines::Clusters { "clusters/" } else { "" };
    let profile = printable(profile.unwrap_or("PROFILE"));
    Some(format!(
        "`{name}` now means the {noun} {}, and meant {} before: what was labelled through that one, and what waits to be \
         sent to it, is under --store databricks://{profile}/{folder}{}",
        printable(&meant.id),
        printable(before),
        printable(before),
    ))
}
