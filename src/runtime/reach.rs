//! The lake of a run: the folders of this machine, and the ways to other machines that the settings and the variables
//! name. The screens and the subcommands get the same one.

use crate::config::environment::Environment;
use crate::config::load::Loaded;
use crate::config::settings::Settings;
use crate::config::workspaces;
use crate::lake::bytes::ByteCache;
use crate::lake::bytes::disk::FileCache;
use crate::lake::dbfs::Dbfs;
use crate::lake::object::{AzureSettings, CloudSettings, GoogleSettings, ObjectStores, S3Settings};
use crate::lake::reach::{Reach, Remotes};
use crate::lake::remote::{RemoteError, Trouble};
use crate::lake::unity::{Connect, Session, Unity};
use crate::lake::{Lake, Place};
use crate::remote::http::Workspace;
use crate::remote::ini::LARGEST;
use crate::remote::net::Net;
use crate::remote::profile::auth::Programs;
use crate::remote::profile::{Inputs, ProfileFile, resolve};
use std::sync::Arc;

/// Bytes of pictures behind servers that are kept in memory: a few large photos, so that one is fetched once for all
/// sizes in which it is shown.
const IN_MEMORY: usize = 96 << 20;

/// The lake with these places. Nothing is connected before something is asked for.
#[must_use]
pub fn lake(places: Vec<Place>, loaded: &Loaded, environment: &Environment) -> Lake {
    let settings = &loaded.settings;
    let (net, cloud) = (Net::default(), cloud(settings, environment));
    let session = Arc::new(Session::new(connect(settings.profile.clone(), environment.clone(), net.clone())));
    let ways: Vec<Arc<dyn Reach>> = vec![
        Arc::new(ObjectStores::new(cloud.clone())),
        Arc::new(Dbfs::new(Arc::clone(&session))),
        Arc::new(Unity::new(session, cloud)),
    ];
    let disk = (settings.cache_disk_mb > 0 && !settings.read_only)
        .then(|| FileCache::new(&loaded.paths.fetched(), settings.cache_disk_mb << 20));
    let remotes = Remotes::new(net, ways, ByteCache::new(IN_MEMORY, disk));
    Lake::new(places, environment.get("HOME")).with_remotes(Arc::new(remotes))
}

/// Signs in with the profile that was chosen, or the one that the official tools would use; nothing where none is set up.
fn connect(profile: String, environment: Environment, net: Net) -> Connect {
    Box::new(move || {
        let wrong = |why: &str, remedy: &str| {
            let place = if profile.is_empty() { "the workspace" } else { profile.as_str() };
            RemoteError::new(Trouble::Settings, "connect to", place, why, remedy)
        };
        let found = workspaces::read(&environment, LARGEST as u64);
        let file = ProfileFile::read(&found.path, found.bytes);
        let (az, databricks) = workspaces::programs(&environment);
        let asked = (!profile.is_empty()).then_some((profile.as_str(), "the setting `profile`"));
        let (variables, programs) = (&environment.variables, Programs { az, databricks });
        let resolved = resolve(&Inputs { profile: asked, arguments: &[], variables, file: &file, programs });
        let nothing = resolved.values.iter().next().is_none() && resolved.profile.is_none() && profile.is_empty();
        if nothing && resolved.ways.is_err() {
            return Ok(None);
        }
        let connection = resolved.connection().map_err(|error| {
            let remedy = error.remedies().into_iter().next().unwrap_or_default();
            wrong(&error.to_string(), &remedy)
        })?;
        Workspace::new(connection, &net).map(Some).map_err(|error| wrong(error.why(), error.remedy()))
    })
}

fn cloud(settings: &Settings, environment: &Environment) -> CloudSettings {
    CloudSettings {
        variables: Arc::new(environment.variables.clone()),
        s3: S3Settings {
            endpoint: settings.lake_s3_endpoint.clone(),
            region: settings.lake_s3_region.clone(),
            allow_http: settings.lake_s3_allow_http,
            anonymous: settings.lake_s3_anonymous,
        },
        azure: AzureSettings {
            endpoint: settings.lake_azure_endpoint.clone(),
            anonymous: settings.lake_azure_anonymous,
        },
        google: GoogleSettings { anonymous: settings.lake_gs_anonymous },
    }
}
