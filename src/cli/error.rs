//! The one error of the edge: what kind it is decides the exit code, and it is reported with its causes and hints.

use std::error::Error;
use std::fmt;

/// What kind of failure; each has an exit code that scripts rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It did not work.
    Failed,
    /// The command line makes no sense.
    Usage,
    /// The configuration is wrong.
    Config,
    /// The server does not accept who we are.
    Auth,
    /// The server cannot be reached.
    Network,
    /// Somebody else changed the same thing first.
    Conflict,
    /// Input data is wrong.
    Data,
    /// The program is wrong.
    Bug,
    /// The user stopped it.
    Interrupted,
}

impl Kind {
    /// The process exit code.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Config => 3,
            Self::Auth => 4,
            Self::Network => 5,
            Self::Conflict => 6,
            Self::Data => 7,
            Self::Bug => 70,
            Self::Interrupted => 130,
        }
    }

    /// The name in the JSON report.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Config => "config",
            Self::Auth => "auth",
            Self::Network => "network",
            Self::Conflict => "conflict",
            Self::Data => "data",
            Self::Bug => "bug",
            Self::Interrupted => "interrupted",
        }
    }
}

/// What went wrong, to which thing, why, and what to do.
#[derive(Debug)]
pub struct AppError {
    /// What kind.
    pub kind: Kind,
    /// What happened, to which thing.
    pub message: String,
    /// What to do, one sentence each.
    pub hints: Vec<String>,
    /// Why.
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl AppError {
    /// An error of this kind.
    #[must_use]
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new(), source: None }
    }

    /// It did not work.
    #[must_use]
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// The command line makes no sense.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds why.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The causes, outermost first, each once.
    #[must_use]
    pub fn causes(&self) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        let mut at = self.source.as_deref().map(|s| s as &dyn Error);
        while let Some(error) = at {
            let text = error.to_string();
            if out.last() != Some(&text) && text != self.message {
                out.push(text);
            }
            at = error.source();
        }
        out
    }

    /// Whether it only says that the reader of our output went away, which is not an error.
    #[must_use]
    pub fn is_broken_pipe(&self) -> bool {
        let mut at = self.source.as_deref().map(|s| s as &dyn Error);
        while let Some(error) = at {
            let io = error.downcast_ref::<std::io::Error>();
            if io.is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe) {
                return true;
            }
            at = error.source();
        }
        false
    }

    /// The report for people: `error:`, `caused by:`, `hint:` lines.
    #[must_use]
    pub fn report(&self) -> String {
        let mut out = format!("error: {}\n", lines(&self.message));
        for cause in self.causes() {
            out.push_str(&format!("  caused by: {}\n", lines(&cause)));
        }
        for hint in &self.hints {
            out.push_str(&format!("hint: {}\n", lines(hint)));
        }
        out
    }

    /// The report for programs: one object.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::json!({ "error": {
            "kind": self.kind.name(), "code": self.kind.exit_code(), "message": self.message,
            "causes": self.causes(), "hints": self.hints,
        }})
    }
}

/// Keeps the line breaks of a message that has several lines, and makes everything else harmless.
fn lines(text: &str) -> String {
    let shown: Vec<_> = text.lines().map(crate::domain::text::printable).collect();
    shown.join("\n  ")
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for AppError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|s| s as &(dyn Error + 'static))
    }
}

impl From<crate::lake::LakeError> for AppError {
    fn from(error: crate::lake::LakeError) -> Self {
        use crate::lake::LakeError;
        use crate::lake::remote::Trouble;
        let kind = match &error {
            LakeError::Remote(error) => match error.trouble {
                Trouble::NoCredentials | Trouble::Denied => Kind::Auth,
                Trouble::Unreachable | Trouble::Busy | Trouble::Cut => Kind::Network,
                Trouble::Settings => Kind::Config,
                Trouble::Cancelled => Kind::Interrupted,
                Trouble::NotFound | Trouble::Changed | Trouble::Forgotten | Trouble::Other => Kind::Failed,
            },
            _ => Kind::Failed,
        };
        // The messages of the lake already say why and what to do.
        Self::new(kind, error.to_string())
    }
}

impl From<crate::remote::error::RemoteError> for AppError {
    fn from(error: crate::remote::error::RemoteError) -> Self {
        use crate::remote::error::Kind as Remote;
        let kind = match error.kind() {
            Remote::SignIn | Remote::Permission => Kind::Auth,
            Remote::Config | Remote::Ambiguous => Kind::Config,
            Remote::Conflict | Remote::Exists => Kind::Conflict,
            Remote::Cancelled => Kind::Interrupted,
            other if other.is_network() => Kind::Network,
            _ => Kind::Failed,
        };
        Self::new(kind, format!("{}: {}", error.headline(), error.why())).hint(error.remedy())
    }
}

impl From<std::io::Error> for AppError {
    /// For writing results: other I/O errors say what they concern with [`AppError::because`].
    fn from(error: std::io::Error) -> Self {
        Self::failed("the output cannot be written").because(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn the_report_names_causes_and_hints_and_is_harmless() {
        let cause = io::Error::new(io::ErrorKind::NotFound, "no \u{1b}[31m file");
        let error = AppError::failed("`x` cannot be read").because(cause).hint("check the name");
        assert_eq!(error.report(), "error: `x` cannot be read\n  caused by: no \\x1b[31m file\nhint: check the name\n");
        assert_eq!(error.json()["error"]["code"], 1);
    }

    #[test]
    fn a_closed_pipe_is_recognised() {
        assert!(AppError::from(io::Error::from(io::ErrorKind::BrokenPipe)).is_broken_pipe());
        assert!(!AppError::from(io::Error::from(io::ErrorKind::StorageFull)).is_broken_pipe());
    }
}
