//! What decides about connections, read from the files, variables and settings of this computer.

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

/// The workspaces of this run.
#[must_use]
pub fn connections(loaded: &Loaded, environment: &Environment, net: Net) -> Connections {
    Connections::new(source(loaded, environment), net)
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
