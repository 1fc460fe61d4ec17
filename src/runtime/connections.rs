//! What decides about connections, read from the files, variables and settings of this computer, and the connections of
//! the whole program.
//!
//! Why: the token and the pace of a workspace hold only if everything asks through one client. What always holds: nothing
//! is read before something is asked for; every part of the program that has a clone of [`Shared`] has the same clients.

use crate::config::environment::Environment;
use crate::config::keys;
use crate::config::load::{Loaded, Origin};
use crate::config::workspaces::{self, Found};
use crate::remote::connections::{Connections, Source};
use crate::remote::http::wire::Tools;
use crate::remote::ini::LARGEST;
use crate::remote::net::Net;
use crate::remote::profile::auth::Programs;
use crate::remote::profile::{Chosen, ProfileFile};
use crate::runtime::machine_ids::MachineIds;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The configuration file of the Databricks tools, the variables, the programs that sign in, and our own setting.
#[must_use]
pub fn source(loaded: &Loaded, environment: &Environment) -> Source {
    let Found { path, bytes, mode } = workspaces::read(environment, LARGEST as u64);
    let (az, databricks) = workspaces::programs(environment);
    let command = environment.get("DATABRICKS_CLI_PATH").unwrap_or("databricks");
    let tools = Tools {
        az: workspaces::find("az", environment),
        databricks: workspaces::find(command, environment).filter(|_| databricks),
    };
    Source {
        file: ProfileFile::read(&path, bytes),
        mode,
        variables: environment.variables.clone(),
        tools,
        programs: Programs { az, databricks },
        preferred: preferred(loaded),
    }
}

/// Reads what decides.
type Read = Arc<dyn Fn() -> Source + Send + Sync>;

/// The connections of the whole program. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Shared {
    read: Read,
    net: Net,
    made: Arc<OnceLock<Connections>>,
    /// The profile that was chosen while the program runs.
    chosen: Arc<Mutex<Option<Chosen>>>,
    /// Raised when another is chosen.
    revision: Arc<AtomicU64>,
    machines: MachineIds,
}

impl Shared {
    /// Those that the files, variables and settings of this computer name. Nothing is read yet.
    #[must_use]
    pub fn new(loaded: &Loaded, environment: &Environment, net: Net) -> Self {
        let machines = MachineIds::new(&loaded.paths.tables(), !loaded.settings.read_only);
        let (loaded, environment) = (loaded.clone(), environment.clone());
        let chosen: Arc<Mutex<Option<Chosen>>> = Arc::default();
        let of_read = Arc::clone(&chosen);
        let read = Arc::new(move || {
            let found = source(&loaded, &environment);
            let chosen = of_read.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Source { preferred: chosen.or(found.preferred.clone()), ..found }
        });
        Self { read, net, made: Arc::default(), chosen, revision: Arc::default(), machines }
    }

    /// The threads on which servers are talked to.
    #[must_use]
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// What the names of warehouses and clusters mean.
    #[must_use]
    pub fn machines(&self) -> &MachineIds {
        &self.machines
    }

    /// The connections, as the files were when they were first asked for.
    #[must_use]
    pub fn get(&self) -> &Connections {
        self.made.get_or_init(|| Connections::new((self.read)(), self.net.clone()))
    }

    /// Uses a profile where none is asked for, from now on.
    pub fn use_profile(&self, name: &str) {
        let chosen = Chosen { name: name.to_owned(), why: "what was chosen on the screen".to_owned() };
        *self.chosen.lock().unwrap_or_else(PoisonError::into_inner) = Some(chosen);
        let _ = self.fresh();
        self.revision.fetch_add(1, Ordering::AcqRel);
    }

    /// How often another profile was chosen; what was made for the one before is of no use then.
    #[must_use]
    pub fn revision(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.revision)
    }

    /// The connections, after the files were read again: what somebody corrected counts, and clients that there are stay.
    #[must_use]
    pub fn fresh(&self) -> &Connections {
        let known = self.made.get().is_some();
        let connections = self.get();
        if known {
            connections.renew((self.read)());
        }
        connections
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("read", &self.made.get().is_some()).finish_non_exhaustive()
    }
}

/// The profile that our own settings name.
fn preferred(loaded: &Loaded) -> Option<Chosen> {
    let name = loaded.settings.profile.clone();
    let why = match loaded.origin(keys::find("profile")?) {
        Origin::Variable(name) => format!("the variable {name}"),
        origin => origin.to_string(),
    };
    (!name.is_empty()).then_some(Chosen { name, why })
}
