//! From settings and the standard variables to a client of one bucket.
//!
//! What always holds: our own settings win over variables, variables over files; `http` is only for servers on this machine unless it is
//! allowed in the settings; what is said of credentials names where they came from, never them.

use super::http::Connector;
use super::shared::{ReadAwsFiles, Shared, resolve};
use crate::lake::remote::{RemoteError, Trouble};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::list::PaginatedListStore;
use object_store::{ObjectStore, RetryConfig};
use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

/// The name and the key of every Azure emulator; published by Microsoft.
const EMULATOR: (&str, &str) =
    ("devstoreaccount1", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==");
/// The ends of the names of Azure's own servers.
const ZONES: [&str; 4] =
    ["core.windows.net", "core.chinacloudapi.cn", "core.usgovcloudapi.net", "fabric.microsoft.com"];
/// Where an Azure emulator listens when nobody says otherwise.
const EMULATOR_URL: &str = "http://127.0.0.1:10000";

/// What our own settings say of S3; empty texts count as not set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct S3Settings {
    /// The address of a server that speaks like S3.
    pub endpoint: String,
    /// The region of the buckets.
    pub region: String,
    /// Allow `http` to servers that are not on this machine.
    pub allow_http: bool,
    /// Sign nothing, for buckets that are open to everybody.
    pub anonymous: bool,
}

/// What our own settings say of Azure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AzureSettings {
    /// The address of the blob service, with the account's name where it is part of the path.
    pub endpoint: String,
    /// Sign nothing.
    pub anonymous: bool,
}

/// What our own settings say of Google Cloud Storage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoogleSettings {
    /// Sign nothing.
    pub anonymous: bool,
}

/// Everything that decides how cloud stores are reached. It cannot be printed: variables hold keys.
#[derive(Clone, Default)]
pub struct CloudSettings {
    /// The variables of the process.
    pub variables: Arc<BTreeMap<String, String>>,
    /// Gives what the AWS tools share; nothing where no files are to be read.
    pub aws_files: Option<ReadAwsFiles>,
    /// S3.
    pub s3: S3Settings,
    /// Azure.
    pub azure: AzureSettings,
    /// Google.
    pub google: GoogleSettings,
}

impl CloudSettings {
    /// The same servers with other credentials, which are all that is known of anybody.
    pub(crate) fn lent(&self, credentials: BTreeMap<String, String>) -> Self {
        let servers = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT", "AWS_REGION", "AWS_DEFAULT_REGION"];
        let more = ["AZURITE_BLOB_STORAGE_URL", "AWS_ALLOW_HTTP", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"];
        let profile = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];
        let mut variables = credentials;
        for name in servers.iter().chain(&more).chain(&profile) {
            if let Some(value) = self.variable(name) {
                variables.insert((*name).to_owned(), value.to_owned());
            }
        }
        let mut all = Self { variables: Arc::new(variables), ..self.clone() };
        (all.s3.anonymous, all.azure.anonymous, all.google.anonymous) = (false, false, false);
        all
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn shared(&self) -> Shared {
        self.aws_files.as_ref().map(|read| resolve(&read(), &self.variables)).unwrap_or_default()
    }
}

/// A client of one bucket.
pub(super) struct Store {
    pub(super) objects: Arc<dyn ObjectStore>,
    pub(super) pages: Arc<dyn PaginatedListStore>,
    signed: String,
    moved: Option<String>,
}

impl Store {
    /// Makes the client; nothing is asked yet. `region` is where the bucket turned out to be.
    pub(super) fn connect(
        settings: &CloudSettings,
        scheme: &'static str,
        authority: &str,
        region: Option<&str>,
    ) -> Result<Self, RemoteError> {
        let place = format!("{scheme}://{authority}");
        let wrong = |why: &str, remedy: &str| RemoteError::new(Trouble::Settings, "connect to", &place, why, remedy);
        let connector = Connector::new().map_err(|why| wrong(&why, "check the certificates of this machine"))?;
        let made = match scheme {
            "s3" => s3(settings, connector, authority, region),
            "gs" => google(settings, connector, authority),
            _ => azure(settings, connector, authority),
        };
        let made = made.map(|store| Self { moved: region.map(str::to_owned), ..store });
        made.map_err(|(why, remedy)| wrong(&why, &remedy))
    }

    /// With what requests are signed, in words.
    pub(super) fn signed_with(&self) -> &str {
        &self.signed
    }

    /// The region where the bucket turned out to be.
    pub(super) fn moved(&self) -> Option<&str> {
        self.moved.as_deref()
    }

    fn of<S: ObjectStore + PaginatedListStore>(store: S, signed: String) -> Self {
        let store = Arc::new(store);
        Self { objects: Arc::clone(&store) as _, pages: store, signed, moved: None }
    }
}

/// Why there is no client, and what to do.
pub(super) type Wrong = (String, String);

/// Our own service tries again; see [`super::http`].
fn once() -> RetryConfig {
    RetryConfig { max_retries: 0, ..RetryConfig::default() }
}

fn unbuilt(error: &object_store::Error) -> Wrong {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    (cause.to_string(), "check the variables and the settings of this kind of store".to_owned())
}

/// An address must be encrypted, or of this machine, or allowed.
fn check_address(url: &str, allowed: bool, name: &str) -> Result<(), Wrong> {
    let wrong = |why: &str, remedy: &str| Err((format!("{name} {why}"), remedy.to_owned()));
    let Some(rest) = url.strip_prefix("http://") else {
        return match url.starts_with("https://") {
            true => Ok(()),
            false => wrong("is no http(s) address", "write it as https://HOST or http://127.0.0.1:PORT"),
        };
    };
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let name_of = host.strip_prefix('[').and_then(|h| h.split(']').next());
    let bare = name_of.unwrap_or_else(|| host.rsplit_once(':').map_or(host, |(host, _)| host));
    let loopback = bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if loopback || allowed {
        return Ok(());
    }
    wrong("is not encrypted", "use https, or set lake.s3.allow_http = true if the network is yours")
}

fn s3(settings: &CloudSettings, connector: Connector, bucket: &str, region: Option<&str>) -> Result<Store, Wrong> {
    let own = &settings.s3;
    let shared = settings.shared();
    let told = own.anonymous
        || ["AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"].iter().any(|name| settings.variable(name).is_some());
    // What variables say comes before the files, all of it or nothing.
    let keys = if told { None } else { shared.keys? };
    let mut builder = AmazonS3Builder::new();
    for (name, value) in settings.variables.iter().filter(|(name, value)| name.starts_with("AWS_") && !value.is_empty())
    {
        match AmazonS3ConfigKey::from_str(&name.to_ascii_lowercase()) {
            Ok(AmazonS3ConfigKey::SecretAccessKey | AmazonS3ConfigKey::Token) if keys.is_some() => {}
            Ok(key) => builder = builder.with_config(key, value),
            Err(_) => {}
        }
    }
    builder = builder.with_bucket_name(bucket).with_http_connector(connector).with_retry(once());
    let endpoint = [own.endpoint.as_str()]
        .into_iter()
        .chain(["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"].iter().filter_map(|n| settings.variable(n)))
        .chain(shared.endpoint.as_deref())
        .find(|text| !text.is_empty());
    if let Some(endpoint) = endpoint {
        let allowed = own.allow_http || settings.variable("AWS_ALLOW_HTTP").is_some_and(|v| v == "true" || v == "1");
        check_address(endpoint, allowed, "the endpoint of S3")?;
        builder = builder.with_config(AmazonS3ConfigKey::S3Endpoint, endpoint).with_allow_http(true);
    }
    let variable = ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| settings.variable(name));
    let regions = [region, Some(own.region.as_str()), variable, shared.region.as_deref()];
    if let Some(region) = regions.into_iter().flatten().find(|region| !region.is_empty()) {
        builder = builder.with_region(region);
    }
    let signed = match (keys, settings.variable("AWS_ACCESS_KEY_ID")) {
        _ if own.anonymous => "nothing (lake.s3.anonymous)".to_owned(),
        (Some(keys), _) => {
            builder = builder.with_access_key_id(&keys.id).with_secret_access_key(keys.secret.expose());
            if let Some(token) = &keys.token {
                builder = builder.with_token(token.expose());
            }
            format!("the key {} of {}", shortened(&keys.id), keys.from)
        }
        (None, Some(id)) => format!("the key {} of AWS_ACCESS_KEY_ID", shortened(id)),
        (None, None) if settings.variable("AWS_WEB_IDENTITY_TOKEN_FILE").is_some() => {
            "the role of AWS_WEB_IDENTITY_TOKEN_FILE".to_owned()
        }
        (None, None) => "the role of this machine".to_owned(),
    };
    builder = builder.with_skip_signature(own.anonymous);
    builder.build().map(|store| Store::of(store, signed)).map_err(|e| unbuilt(&e))
}

/// The id of a key is no secret, and its end tells it from others.
fn shortened(id: &str) -> String {
    let end: String = id.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
    format!("…{end}")
}

/// `container@account.dfs.core.windows.net`: the blob endpoint of the same account serves both kinds of paths.
fn azure(settings: &CloudSettings, connector: Connector, authority: &str) -> Result<Store, Wrong> {
    let named = "write it as abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH";
    let (container, host) =
        authority.split_once('@').ok_or_else(|| ("it names no storage account".to_owned(), named.to_owned()))?;
    let account = host.split('.').next().unwrap_or_default();
    let mut builder = MicrosoftAzureBuilder::new();
    for (name, value) in
        settings.variables.iter().filter(|(name, value)| name.starts_with("AZURE_") && !value.is_empty())
    {
        match AzureConfigKey::from_str(&name.to_ascii_lowercase()) {
            // The account and the container are those of the path.
            Ok(AzureConfigKey::AccountName | AzureConfigKey::ContainerName | AzureConfigKey::UseEmulator) | Err(_) => {}
            Ok(key) => builder = builder.with_config(key, value),
        }
    }
    builder = builder.with_account(account).with_container_name(container);
    builder = builder.with_http_connector(connector).with_retry(once()).with_skip_signature(settings.azure.anonymous);
    let emulated = settings.variable("AZURE_STORAGE_USE_EMULATOR").is_some_and(|v| v == "true" || v == "1")
        || settings.variable("AZURITE_BLOB_STORAGE_URL").is_some();
    let mut endpoint = settings.azure.endpoint.clone();
    if endpoint.is_empty() && emulated && account == EMULATOR.0 {
        let url = settings.variable("AZURITE_BLOB_STORAGE_URL").unwrap_or(EMULATOR_URL);
        endpoint = format!("{}/{account}", url.trim_end_matches('/'));
    }
    if endpoint.is_empty() {
        // A path from somewhere else must not make us show our credentials to any other server.
        let zone = host.split_once('.').and_then(|(_, zone)| zone.strip_prefix("dfs.").or(zone.strip_prefix("blob.")));
        let zone = zone.filter(|zone| ZONES.contains(zone)).ok_or_else(|| {
            let remedy = "set lake.azure.endpoint to use another server".to_owned();
            (format!("{host} is no storage account of Azure"), remedy)
        })?;
        endpoint = format!("https://{account}.blob.{zone}");
    }
    check_address(&endpoint, false, "the endpoint of Azure")?;
    builder = builder.with_endpoint(endpoint).with_allow_http(true);
    let has =
        |names: &[&str]| names.iter().find(|name| settings.variable(name).is_some()).map(|name| (*name).to_owned());
    let found = has(&[
        "AZURE_STORAGE_ACCOUNT_KEY",
        "AZURE_STORAGE_ACCESS_KEY",
        "AZURE_STORAGE_SAS_TOKEN",
        "AZURE_STORAGE_SAS_KEY",
        "AZURE_STORAGE_TOKEN",
        "AZURE_CLIENT_SECRET",
        "AZURE_STORAGE_CLIENT_SECRET",
        "AZURE_FEDERATED_TOKEN_FILE",
    ]);
    let signed = match found {
        _ if settings.azure.anonymous => "nothing (lake.azure.anonymous)".to_owned(),
        Some(name) => format!("what {name} holds"),
        None if account == EMULATOR.0 => {
            builder = builder.with_access_key(EMULATOR.1);
            "the key of the emulator".to_owned()
        }
        None if settings.variable("AZURE_USE_AZURE_CLI").is_some() => "the account of `az login`".to_owned(),
        None => "the identity of this machine".to_owned(),
    };
    builder.build().map(|store| Store::of(store, signed)).map_err(|e| unbuilt(&e))
}

fn google(settings: &CloudSettings, connector: Connector, bucket: &str) -> Result<Store, Wrong> {
    let mut builder = GoogleCloudStorageBuilder::new();
    for (name, value) in
        settings.variables.iter().filter(|(name, value)| name.starts_with("GOOGLE_") && !value.is_empty())
    {
        if let Ok(key) = GoogleConfigKey::from_str(&name.to_ascii_lowercase()) {
            builder = builder.with_config(key, value);
        }
    }
    builder = builder.with_bucket_name(bucket).with_http_connector(connector).with_retry(once());
    builder = builder.with_skip_signature(settings.google.anonymous);
    let named = ["GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_KEY", "GOOGLE_APPLICATION_CREDENTIALS"];
    let signed = match named.iter().find(|name| settings.variable(name).is_some()) {
        _ if settings.google.anonymous => "nothing (lake.gs.anonymous)".to_owned(),
        Some(name) => format!("the account of {name}"),
        None => "the account of gcloud or of this machine".to_owned(),
    };
    builder.build().map(|store| Store::of(store, signed)).map_err(|e| unbuilt(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_spoken_to_in_the_open() {
        for fine in ["https://s3.example.com", "http://127.0.0.1:9000", "http://localhost:9000/x", "http://[::1]:9"] {
            assert!(check_address(fine, false, "it").is_ok(), "{fine}");
        }
        for bad in ["http://minio:9000", "http://127.0.0.1.evil.example", "ftp://x", "minio:9000"] {
            assert!(check_address(bad, false, "it").is_err(), "{bad}");
        }
        assert!(check_address("http://minio:9000", true, "it").is_ok());
        assert!(check_address("ftp://x", true, "it").is_err());
    }
}
