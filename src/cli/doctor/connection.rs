//! The connection to a workspace, step by step.

use super::Check;
use crate::cli::context::Context;
use crate::remote::checkup::{self, Step};
use crate::remote::connections::{Connections, unusable};
use crate::remote::error::RemoteError;
use crate::remote::net::Net;
use crate::remote::profile::Chosen;
use crate::runtime::connections;

/// The checks of the profile that was asked for, or else of the connection that would be used, where there is one.
pub(super) fn checks(name: Option<&str>, context: &Context, checks: &mut Vec<Check>) {
    let source = connections::source(&context.loaded, &context.environment);
    if name.is_none() && !source.has_default() {
        let profiles = source.file.profiles();
        if !profiles.is_empty() {
            let detail = format!("none is used unless it is named; there are {}", profiles.join(", "));
            let remedy = Some("`lakelens doctor PROFILE` checks one".to_owned());
            checks.push(Check { remedy, ..Check::ok("profile", detail) });
        }
        return;
    }
    let asked = name.map(|name| Chosen { name: name.to_owned(), why: "the argument PROFILE".to_owned() });
    let resolved = source.resolve(asked.as_ref());
    let chosen = resolved.profile.clone().or(asked);
    if let Err(error) = &resolved.ways {
        let error = unusable(error, chosen.as_ref().map(|c| c.name.as_str()), &source.file.path);
        checks.push(bad("profile", &error));
        return;
    }
    let host = resolved.host.as_ref().map(ToString::to_string).unwrap_or_default();
    let profile = chosen.map_or_else(|| "the variables".to_owned(), |c| format!("{} ({})", c.name, c.why));
    checks.push(Check::ok("profile", format!("{profile}, {host}")));
    for warning in resolved.warnings {
        checks.push(Check { remedy: Some(warning.remedy), ..Check::ok("profile", warning.message) });
    }
    match Connections::new(source, Net::default()).workspace(name) {
        Err(error) => checks.push(bad("client", &error)),
        Ok(workspace) => {
            let steps = workspace.wait(checkup::steps(&workspace));
            checks.extend(steps.into_iter().map(check));
        }
    }
}

fn check(step: Step) -> Check {
    match step.result {
        Ok(detail) => Check::ok(step.name, detail),
        Err(error) => bad(step.name, &error),
    }
}

fn bad(name: &str, error: &RemoteError) -> Check {
    Check::bad(name, format!("{}: {}", error.headline(), error.why()), error.remedy())
}
