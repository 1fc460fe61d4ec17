//! Credentials that a catalog lends for one volume, and the bucket that is read with them.

use super::is_unknown;
use crate::domain::lake_path::LakePath;
use crate::lake::object::{CloudSettings, LentBucket};
use crate::lake::remote::{RemoteError, RemoteVolume, Trouble};
use crate::remote::error::RemoteError as Failure;
use crate::remote::http::Workspace;
use crate::remote::lenient;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// Where they are asked for: at open-source servers, and at Databricks.
const ADDRESSES: [&str; 2] =
    ["/api/2.1/unity-catalog/temporary-volume-credentials", "/api/2.0/unity-catalog/temporary-volume-credentials"];

/// What was lent. It cannot be printed.
#[derive(Deserialize)]
pub(super) struct Lent {
    #[serde(default)]
    aws_temp_credentials: Option<Aws>,
    #[serde(default)]
    azure_user_delegation_sas: Option<Sas>,
    #[serde(default)]
    gcp_oauth_token: Option<Oauth>,
    #[serde(default, deserialize_with = "lenient::opt_int64")]
    expiration_time: Option<i64>,
    /// Where the files lie.
    #[serde(default)]
    pub(super) url: String,
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
struct Oauth {
    oauth_token: String,
}

/// Asks for the right to read a volume.
pub(super) async fn volume(workspace: &Workspace, id: &str) -> Result<Lent, Failure> {
    let mut unknown = None;
    for address in ADDRESSES {
        let body = json!({ "volume_id": id, "operation": "READ_VOLUME" });
        let asked = workspace.post(address).body_json(&body).about("credentials for the volume").repeatable();
        match asked.json().await {
            Ok(lent) => return Ok(lent),
            Err(error) if is_unknown(&error) && unknown.is_none() => unknown = Some(error),
            Err(error) => return Err(unknown.filter(|_| is_unknown(&error)).unwrap_or(error)),
        }
    }
    Err(unknown
        .unwrap_or_else(|| Failure::new(crate::remote::error::Kind::NotFound, "credentials", id, "none were lent")))
}

impl Lent {
    /// Until when they are good, in seconds.
    pub(super) fn until(&self) -> Option<i64> {
        self.expiration_time.map(|ms| ms / 1000)
    }

    /// The bucket and the path in it.
    pub(super) fn open(&self, cloud: &CloudSettings, location: &str) -> Result<Arc<dyn RemoteVolume>, RemoteError> {
        let unfit = |why: &str| RemoteError::new(Trouble::Other, "open", location, why, "read it on a cluster instead");
        let Ok(LakePath::Remote { scheme, authority, path }) = LakePath::parse(location, "/") else {
            return Err(unfit("its files lie where this version does not read"));
        };
        let mut variables = std::collections::BTreeMap::new();
        let mut set = |name: &str, value: &str| drop(variables.insert(name.to_owned(), value.to_owned()));
        match (&self.aws_temp_credentials, &self.azure_user_delegation_sas, &self.gcp_oauth_token) {
            (Some(aws), ..) => {
                set("AWS_ACCESS_KEY_ID", &aws.access_key_id);
                set("AWS_SECRET_ACCESS_KEY", &aws.secret_access_key);
                set("AWS_SESSION_TOKEN", aws.session_token.as_deref().unwrap_or_default());
            }
            (_, Some(sas), _) => set("AZURE_STORAGE_SAS_TOKEN", &sas.sas_token),
            (_, _, Some(oauth)) => set("GOOGLE_BEARER_TOKEN", &oauth.oauth_token),
            _ => return Err(unfit("the catalog lent no credentials that are understood")),
        }
        Ok(Arc::new(LentBucket::open(&cloud.lent(variables), scheme, &authority, &path)?))
    }
}
