//! Passwords that a connection asks for when it is made, because they expire.

use super::secret::Secret;
use futures::future::BoxFuture;

/// Gives the password of each new connection: a token that lives for an hour, or a text that never changes.
pub trait PasswordSource: Send + Sync {
    /// The password now. `refused` was not taken just now and must not be given again; a newer one, which another
    /// connection asked for in the meantime, may be.
    ///
    /// The error is a sentence without capital and full stop that says what happened and what to do, without secrets.
    fn password<'a>(&'a self, refused: Option<&'a Secret>) -> BoxFuture<'a, Result<Secret, String>>;
}

/// A password that does not change.
pub struct Fixed(pub Secret);

impl PasswordSource for Fixed {
    fn password<'a>(&'a self, _refused: Option<&'a Secret>) -> BoxFuture<'a, Result<Secret, String>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}
