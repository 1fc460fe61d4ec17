//! The workspaces of this run: a profile by its name becomes a client once, and everybody shares it.
//!
//! Why: the pace and the token of a workspace hold only if the whole program asks through one client. What always holds:
//! nothing is asked of a server here; the same name gives the same client as long as the program runs.

use super::error::{Kind, RemoteError};
use super::http::Workspace;
use super::http::wire::{Limits, Tools, Wire};
use super::net::Net;
use super::profile::auth::{AuthKind, Programs};
use super::profile::error::ProfileError;
use super::profile::{Chosen, Connection, Inputs, ProfileFile, Resolved, default_profile, resolve};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What decides about connections, read once. It cannot be printed: variables hold tokens.
#[derive(Clone)]
pub struct Source {
    /// The configuration file of the Databricks tools.
    pub file: ProfileFile,
    /// Its permission bits.
    pub mode: Option<u32>,
    /// The variables of the process.
    pub variables: BTreeMap<String, String>,
    /// Where the programs that sign in were found.
    pub tools: Tools,
    /// Whether they can be used.
    pub programs: Programs,
    /// The profile of our own settings, and where it was set.
    pub preferred: Option<Chosen>,
}

impl Source {
    /// Puts a profile together; without one, that of our own settings, or else the one that the rules choose.
    #[must_use]
    pub fn resolve(&self, asked: Option<&Chosen>) -> Resolved {
        let profile = asked.or(self.preferred.as_ref()).map(|c| (c.name.as_str(), c.why.as_str()));
        let (variables, file, programs) = (&self.variables, &self.file, self.programs);
        resolve(&Inputs { profile, arguments: &[], variables, file, programs })
    }

    /// The profile that would be used when none is asked for.
    #[must_use]
    pub fn default_profile(&self) -> Option<Chosen> {
        self.preferred.clone().or_else(|| default_profile(&self.variables, &self.file))
    }

    /// Whether anything at all says how to connect when no profile is asked for.
    #[must_use]
    pub fn has_default(&self) -> bool {
        self.default_profile().is_some() || self.resolve(None).values.iter().next().is_some()
    }
}

/// A profile as a list shows it; nothing was asked of any server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name; text from outside.
    pub name: String,
    /// The server.
    pub host: Option<String>,
    /// The cloud it is in, where its name tells.
    pub cloud: Option<&'static str>,
    /// How it would sign in first.
    pub auth: Option<AuthKind>,
    /// Why it cannot be used, and what to do.
    pub problem: Option<(String, String)>,
    /// Whether it would be used when none is asked for.
    pub is_default: bool,
}

/// The workspaces of this run. Cheap to clone.
#[derive(Clone)]
pub struct Connections(Arc<Inner>);

struct Inner {
    source: Mutex<Arc<Source>>,
    net: Net,
    limits: Limits,
    wire: Mutex<Option<Wire>>,
    ready: Mutex<BTreeMap<Option<String>, Workspace>>,
}

impl Connections {
    /// The workspaces that a source names.
    #[must_use]
    pub fn new(source: Source, net: Net) -> Self {
        Self::with(source, net, Limits::default())
    }

    /// As [`Connections::new`], with another patience.
    #[must_use]
    pub fn with(source: Source, net: Net, limits: Limits) -> Self {
        let source = Mutex::new(Arc::new(source));
        Self(Arc::new(Inner { source, net, limits, wire: Mutex::default(), ready: Mutex::default() }))
    }

    /// What decides.
    #[must_use]
    pub fn source(&self) -> Arc<Source> {
        Arc::clone(&self.0.source.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets another source decide from now on, because files were changed. Clients that there are stay as they are.
    pub fn renew(&self, source: Source) {
        *self.0.source.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(source);
    }

    /// The threads on which requests run.
    #[must_use]
    pub fn net(&self) -> &Net {
        &self.0.net
    }

    /// What all clients share; made when it is first needed, because reading the system's certificates takes time.
    ///
    /// # Errors
    /// When the system's certificates cannot be used.
    pub fn wire(&self) -> Result<Wire, RemoteError> {
        let mut wire = self.0.wire.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wire) = wire.as_ref() {
            return Ok(wire.clone());
        }
        let made = Wire::with(&self.0.net, self.0.limits.clone(), self.source().tools.clone())?;
        Ok(wire.insert(made).clone())
    }

    /// The client of a profile; without a name, of what is used when none is asked for.
    ///
    /// # Errors
    /// When the profile cannot be used.
    pub fn workspace(&self, profile: Option<&str>) -> Result<Workspace, RemoteError> {
        let mut ready = self.0.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let key = profile.map(str::to_owned).or_else(|| self.source().default_profile().map(|c| c.name));
        if let Some(workspace) = ready.get(&key) {
            return Ok(workspace.clone());
        }
        let asked = profile.map(|name| Chosen { name: name.to_owned(), why: "what was asked for".to_owned() });
        let connection = self.connection(asked.as_ref())?;
        let workspace = Workspace::with(connection, self.wire()?);
        ready.insert(key, workspace.clone());
        Ok(workspace)
    }

    fn connection(&self, asked: Option<&Chosen>) -> Result<Connection, RemoteError> {
        let source = self.source();
        let resolved = source.resolve(asked);
        let name = resolved.profile.as_ref().or(asked).map(|p| p.name.clone());
        resolved.connection().map_err(|error| unusable(&error, name.as_deref(), &source.file.path))
    }

    /// The profiles of the file, in its order.
    #[must_use]
    pub fn profiles(&self) -> Vec<Listed> {
        let source = self.source();
        let default = source.default_profile();
        let row = |name: &str| {
            let resolved = source.resolve(Some(&Chosen { name: name.to_owned(), why: "the list".to_owned() }));
            let host = resolved.host.as_ref().map(ToString::to_string);
            let cloud = resolved.host.as_ref().and_then(|h| h.zone()).map(|zone| zone.cloud.name());
            let auth = resolved.ways.as_ref().ok().and_then(|w| w.first()).map(|w| w.kind());
            let problem = resolved.ways.as_ref().err().map(|e| (e.to_string(), e.remedies().join("; ")));
            let is_default = default.as_ref().is_some_and(|d| d.name == name);
            Listed { name: name.to_owned(), host, cloud, auth, problem, is_default }
        };
        source.file.profiles().into_iter().map(row).collect()
    }
}

/// A profile that gives no connection.
#[must_use]
pub fn unusable(error: &ProfileError, profile: Option<&str>, file: &str) -> RemoteError {
    let what = profile.map_or_else(|| "the connection".to_owned(), |name| format!("the profile `{name}`"));
    let kind = if error.is_about_credentials() { Kind::SignIn } else { Kind::Config };
    let place = profile.map_or_else(|| "the workspace".to_owned(), |name| format!("`{name}` of {file}"));
    RemoteError::new(kind, what, place, error.to_string()).with_remedy(error.remedies().join("; "))
}
