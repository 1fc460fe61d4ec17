//! What a profile can say: the official names, variables and ways of signing in, and a value with the place it came from.

use crate::remote::secret::Secret;
use std::fmt;

/// Which way of signing in an attribute belongs to; values of two families at once are an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Azure Entra ID.
    Azure,
    /// User name and password, which Databricks no longer takes.
    Basic,
    /// A token in a variable of another name.
    EnvOidc,
    /// A token in a file.
    FileOidc,
    /// Google accounts.
    Google,
    /// A service on this machine that gives tokens.
    MetadataService,
    /// A service principal of Databricks.
    Oauth,
    /// A personal access token.
    Pat,
}

impl Family {
    /// The name in the official message.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Azure => "azure",
            Self::Basic => "basic",
            Self::EnvOidc => "env-oidc",
            Self::FileOidc => "file-oidc",
            Self::Google => "google",
            Self::MetadataService => "metadata-service",
            Self::Oauth => "oauth",
            Self::Pat => "pat",
        }
    }
}

/// One attribute.
#[derive(Debug)]
pub struct Attribute {
    /// Its name in files.
    pub name: &'static str,
    /// Its variables, the first one first; empty where only a file can set it.
    pub variables: &'static [&'static str],
    /// Its way of signing in.
    pub family: Option<Family>,
    /// Whether it must not be shown.
    pub secret: bool,
}

const fn plain(name: &'static str, variables: &'static [&'static str]) -> Attribute {
    Attribute { name, variables, family: None, secret: false }
}

const fn auth(name: &'static str, variables: &'static [&'static str], family: Family) -> Attribute {
    Attribute { name, variables, family: Some(family), secret: false }
}

const fn secret(name: &'static str, variables: &'static [&'static str], family: Family) -> Attribute {
    Attribute { name, variables, family: Some(family), secret: true }
}

/// All attributes that are understood, in the order of the official table. `profile` and `config_file` are not among
/// them: they say where to look.
pub const ATTRIBUTES: &[Attribute] = &[
    plain("host", &["DATABRICKS_HOST"]),
    plain("account_id", &["DATABRICKS_ACCOUNT_ID"]),
    plain("workspace_id", &["DATABRICKS_WORKSPACE_ID"]),
    plain("cloud", &["DATABRICKS_CLOUD"]),
    plain("discovery_url", &["DATABRICKS_DISCOVERY_URL"]),
    secret("token", &["DATABRICKS_TOKEN"], Family::Pat),
    auth("oidc_token_env", &["DATABRICKS_OIDC_TOKEN_ENV"], Family::EnvOidc),
    auth("oidc_token_filepath", &["DATABRICKS_OIDC_TOKEN_FILEPATH", "DATABRICKS_OIDC_TOKEN_FILE"], Family::FileOidc),
    auth("username", &["DATABRICKS_USERNAME"], Family::Basic),
    secret("password", &["DATABRICKS_PASSWORD"], Family::Basic),
    auth("client_id", &["DATABRICKS_CLIENT_ID"], Family::Oauth),
    secret("client_secret", &["DATABRICKS_CLIENT_SECRET"], Family::Oauth),
    auth("google_service_account", &["DATABRICKS_GOOGLE_SERVICE_ACCOUNT"], Family::Google),
    secret("google_credentials", &["GOOGLE_CREDENTIALS"], Family::Google),
    auth("azure_workspace_resource_id", &["DATABRICKS_AZURE_RESOURCE_ID"], Family::Azure),
    auth("azure_use_msi", &["ARM_USE_MSI"], Family::Azure),
    secret("azure_client_secret", &["ARM_CLIENT_SECRET"], Family::Azure),
    auth("azure_client_id", &["ARM_CLIENT_ID"], Family::Azure),
    auth("azure_tenant_id", &["ARM_TENANT_ID"], Family::Azure),
    plain("azure_environment", &["ARM_ENVIRONMENT"]),
    plain("databricks_cli_path", &["DATABRICKS_CLI_PATH"]),
    plain("auth_type", &["DATABRICKS_AUTH_TYPE"]),
    plain("cluster_id", &["DATABRICKS_CLUSTER_ID"]),
    plain("warehouse_id", &["DATABRICKS_WAREHOUSE_ID"]),
    plain("serverless_compute_id", &["DATABRICKS_SERVERLESS_COMPUTE_ID"]),
    plain("scopes", &[]),
    secret("metadata_service_url", &["DATABRICKS_METADATA_SERVICE_URL"], Family::MetadataService),
];

/// Official attributes that mean nothing here; they are passed over without a warning.
pub const PASSED_OVER: &[&str] = &[
    "group_id",
    "token_audience",
    "http_timeout_seconds",
    "debug_truncate_bytes",
    "debug_headers",
    "rate_limit",
    "retry_timeout_seconds",
    "max_connection_pools",
    "max_connections_per_pool",
    "disable_async_token_refresh",
    "disable_experimental_files_api_client",
    "disable_oauth_refresh_token",
    "authorization_details",
];

/// The attribute with this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Attribute> {
    ATTRIBUTES.iter().find(|a| a.name == name)
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An explicit argument, as the user knows it, such as `--profile`.
    Argument(String),
    /// This variable.
    Variable(&'static str),
    /// The configuration file.
    File {
        /// Its path.
        file: String,
        /// The section.
        section: String,
        /// The line, from 1.
        line: usize,
    },
}

impl Origin {
    /// The origin in words; it may hold text from outside.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Argument(name) => name.clone(),
            Self::Variable(name) => format!("the variable {name}"),
            Self::File { file, section, line } => format!("{file} [{section}], line {line}"),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

/// The value of an attribute. Every value is kept as a secret; only [`Value::shown`] decides what may be seen.
#[derive(Clone, Debug)]
pub struct Value {
    /// Of what.
    pub attribute: &'static Attribute,
    /// The value; never empty.
    pub value: Secret,
    /// From where.
    pub origin: Origin,
}

impl Value {
    /// The value, where it may be seen. It is text from outside.
    #[must_use]
    pub fn shown(&self) -> Option<&str> {
        // A host may hold a password; it is shown only once it has been understood.
        (!self.attribute.secret && self.attribute.name != "host").then(|| self.value.expose())
    }
}

/// The values of one profile, each attribute at most once.
#[derive(Clone, Debug, Default)]
pub struct Values(Vec<Value>);

impl Values {
    /// Adds a value unless the attribute has one already; an empty one counts as not set.
    ///
    /// Returns the value that stands in its way.
    pub fn add(&mut self, value: Value) -> Option<&Value> {
        if value.value.is_empty() {
            return None;
        }
        match self.0.iter().position(|v| v.attribute.name == value.attribute.name) {
            Some(index) => self.0.get(index),
            None => {
                self.0.push(value);
                None
            }
        }
    }

    /// The value of this attribute.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|v| v.attribute.name == name)
    }

    /// The text of this attribute.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).map(|v| v.value.expose())
    }

    /// Whether the attribute is switched on.
    #[must_use]
    pub fn switch(&self, name: &str) -> bool {
        let on = |t: &str| matches!(t.trim().to_ascii_lowercase().as_str(), "1" | "t" | "true" | "yes" | "on");
        self.text(name).is_some_and(on)
    }

    /// All of them, in the order of [`ATTRIBUTES`].
    pub fn iter(&self) -> impl Iterator<Item = &Value> {
        ATTRIBUTES.iter().filter_map(|a| self.get(a.name))
    }

    /// The families that have a value, in the order of their names, each with its first value.
    #[must_use]
    pub fn families(&self) -> Vec<(Family, &Value)> {
        let mut found: Vec<(Family, &Value)> = Vec::new();
        for value in self.iter() {
            if let Some(family) = value.attribute.family
                && !found.iter().any(|(f, _)| *f == family)
            {
                found.push((family, value));
            }
        }
        found.sort_by_key(|(family, _)| family.name());
        found
    }
}
