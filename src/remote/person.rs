//! Who we are to a workspace.

use super::error::RemoteError;
use super::http::Workspace;
use super::http::request::Request;
use serde::Deserialize;

/// Whoever signs in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Person {
    /// An e-mail address, or the id of a service principal; text from outside.
    #[serde(default, rename = "userName")]
    pub user_name: String,
    /// As people call them; text from outside.
    #[serde(default, rename = "displayName")]
    pub display_name: Option<String>,
}

impl Workspace {
    /// Who we are.
    ///
    /// # Errors
    /// When nobody can sign in, or the server knows no users.
    pub async fn me(&self) -> Result<Person, RemoteError> {
        self.ask_who().json().await
    }

    /// The question itself.
    pub(super) fn ask_who(&self) -> Request {
        self.get("/api/2.0/preview/scim/v2/Me").about("who we are")
    }
}
