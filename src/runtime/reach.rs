//! The lake of a run: the folders of this machine, and the ways to other machines that the settings and the variables
//! name. The screens and the subcommands get the same one.

use crate::config::environment::Environment;
use crate::config::load::Loaded;
use crate::config::settings::Settings;
use crate::config::workspaces;
use crate::lake::bytes::ByteCache;
use crate::lake::bytes::disk::FileCache;
use crate::lake::dbfs::Dbfs;
use crate::lake::object::{
    AwsFile, AwsFiles, AzureSettings, CloudSettings, GoogleSettings, ObjectStores, ReadAwsFiles, S3Settings,
};
use crate::lake::reach::{Reach, Remotes};
use crate::lake::remote::{RemoteError, Trouble};
use crate::lake::unity::{Connect, Session, Unity};
use crate::lake::{Lake, Place};
use crate::remote::ini;
use crate::runtime::connections::Shared;
use std::sync::Arc;

/// Bytes of pictures behind servers that are kept in memory: a few large photos, so that one is fetched once for all
/// sizes in which it is shown.
const IN_MEMORY: usize = 96 << 20;

/// The lake with these places. Nothing is connected before something is asked for.
#[must_use]
pub fn lake(places: Vec<Place>, loaded: &Loaded, environment: &Environment, connections: &Shared) -> Lake {
    let settings = &loaded.settings;
    let (net, cloud) = (connections.net().clone(), cloud(settings, environment));
    let session = Arc::new(Session::following(connect(connections.clone()), connections.revision()));
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
/// The files are read when that is first asked for, and again as long as they give no client.
fn connect(connections: Shared) -> Connect {
    Box::new(move || {
        let connections = connections.fresh();
        if !connections.source().has_default() {
            return Ok(None);
        }
        connections.workspace(None).map(Some).map_err(|error| {
            let name = connections.source().default_profile().map_or_else(|| "the workspace".to_owned(), |c| c.name);
            RemoteError::new(Trouble::Settings, "connect to", &name, error.why(), error.remedy())
        })
    })
}

fn cloud(settings: &Settings, environment: &Environment) -> CloudSettings {
    CloudSettings {
        variables: Arc::new(environment.variables.clone()),
        aws_files: Some(aws_files(environment.clone())),
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

/// The files are read when a bucket of S3 is opened.
fn aws_files(environment: Environment) -> ReadAwsFiles {
    Arc::new(move || {
        let [credentials, config] = workspaces::read_aws(&environment, ini::LARGEST as u64);
        let file = |found: workspaces::Found| AwsFile { path: found.path, bytes: found.bytes };
        AwsFiles { credentials: file(credentials), config: file(config) }
    })
}
