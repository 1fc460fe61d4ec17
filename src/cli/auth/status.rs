//! `lakelens auth status`: the profile, the server and the way of signing in, each with the place it came from. Nothing
//! is asked of any server unless `--check` is given, and no secret is shown.

use super::app_error;
use crate::cli::context::Context;
use crate::cli::error::AppError;
use crate::cli::grammar::Json;
use crate::cli::output::Table;
use crate::domain::text::printable;
use crate::remote::connections::{Connections, Source};
use crate::remote::error::RemoteError;
use crate::remote::net::Net;
use crate::remote::profile::attribute::{self, Value};
use crate::remote::profile::auth::AuthKind;
use crate::remote::profile::{Chosen, Resolved, Warning};
use crate::runtime::connections;
use clap::Args;
use serde_json::json;

/// What is said of every answer for which no server was asked.
const NOT_ASKED: &str = "No server was asked: whether it accepts this is not known.";

/// Show the profile, the host and the way of signing in, and where each value came from
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens auth status                 the profile that would be used, or all of them
  lakelens auth status dev
  lakelens auth status dev --check     sign in, and say as whom
  DATABRICKS_CONFIG_PROFILE=dev lakelens auth status --json | jq '{host, auth, ok}'

Secrets are never shown, and nothing is asked of the server without --check. Profiles
are those of ~/.databrickscfg (or DATABRICKS_CONFIG_FILE). Exit code 3 when the
configuration is wrong, 4 when there is nothing to sign in with or it is refused,
5 when the server cannot be reached.")]
pub(super) struct StatusArgs {
    /// Profile of the configuration file; without it, the one that would be used
    #[arg(value_name = "PROFILE")]
    name: Option<String>,
    /// Sign in, and say as whom
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    json: Json,
}

pub(super) fn run(args: &StatusArgs, context: &mut Context) -> Result<(), AppError> {
    let source = connections::source(&context.loaded, &context.environment);
    let argument = |name: &String| Chosen { name: name.clone(), why: "the argument PROFILE".to_owned() };
    let asked = args.name.as_ref().map(argument);
    let resolved = source.resolve(asked.as_ref());
    log(&resolved);
    let nothing = asked.is_none() && !source.has_default();
    if nothing && !source.file.profiles().is_empty() {
        return list(&source, args.json.json, context);
    }
    let warnings = warnings(&resolved, &source);
    let checked = (args.check && resolved.ways.is_ok()).then(|| check(args.name.as_deref(), &source));
    if args.json.json {
        context.out.json(&document(&resolved, &warnings, &source, checked.as_ref()))?;
    } else {
        text(&resolved, &warnings, &source, checked.as_ref(), context)?;
    }
    resolved.ways.map_err(|e| app_error(&e))?;
    checked.transpose().map(|_| ()).map_err(AppError::from)
}

/// Signs in, and gives the name that the server knows us by.
fn check(profile: Option<&str>, source: &Source) -> Result<String, RemoteError> {
    let workspace = Connections::new(source.clone(), Net::default()).workspace(profile)?;
    workspace.wait(workspace.me()).map(|person| person.user_name)
}

fn log(resolved: &Resolved) {
    let profile = resolved.profile.as_ref().map(|p| printable(&p.name).into_owned());
    let host = resolved.host.as_ref().map(ToString::to_string);
    let auth = resolved.ways.as_ref().ok().and_then(|w| w.first()).map(|w| w.kind().name());
    tracing::debug!(?profile, ?host, ?auth, warnings = resolved.warnings.len(), "connection resolved");
}

/// The warnings of the rules, and those about the file that only the file system knows.
fn warnings(resolved: &Resolved, source: &Source) -> Vec<Warning> {
    resolved.warnings.iter().cloned().chain(file_warning(source)).collect()
}

fn file_warning(source: &Source) -> Option<Warning> {
    let mode = source.mode? & 0o777;
    let path = &source.file.path;
    let stored = || source.file.profiles().iter().any(|p| holds_secret(source, p));
    let message = if mode & 0o077 != 0 {
        format!("{path} can be read or written by others: its mode is {mode:04o}")
    } else if mode & 0o177 != 0 && stored() {
        format!("{path} holds secrets and has the mode {mode:04o}, not 0600")
    } else {
        return None;
    };
    Some(Warning { message, remedy: format!("chmod 600 {path}") })
}

fn holds_secret(source: &Source, profile: &str) -> bool {
    let Ok(Some(ini)) = &source.file.content else { return false };
    let secret = |key: &str| attribute::find(key).is_some_and(|a| a.secret);
    ini.section(profile).is_some_and(|s| s.entries.iter().any(|e| secret(&e.key)))
}

/// What is shown of a value: itself, or only that it is set.
fn shown(value: &Value, resolved: &Resolved) -> String {
    match (&resolved.host, value.shown()) {
        (Some(host), _) if value.attribute.name == "host" => host.to_string(),
        (_, Some(text)) => text.to_owned(),
        _ => format!("set, {} characters", value.value.characters()),
    }
}

fn ways(resolved: &Resolved) -> Vec<AuthKind> {
    resolved.ways.as_ref().map(|ways| ways.iter().map(|w| w.kind()).collect()).unwrap_or_default()
}

fn document(
    resolved: &Resolved,
    warnings: &[Warning],
    source: &Source,
    checked: Option<&Result<String, RemoteError>>,
) -> serde_json::Value {
    let value = |v: &Value| {
        let open = v.shown().is_some() || (v.attribute.name == "host" && resolved.host.is_some());
        json!({ "name": v.attribute.name, "value": open.then(|| shown(v, resolved)), "secret": v.attribute.secret,
                "characters": v.value.characters(), "from": v.origin.to_string() })
    };
    let ways = ways(resolved);
    let mode = source.mode.map(|m| format!("{:04o}", m & 0o777));
    json!({
        "ok": resolved.ways.is_ok() && checked.is_none_or(Result::is_ok),
        "profile": resolved.profile.as_ref().map(|p| p.name.as_str()),
        "profile_from": resolved.profile.as_ref().map(|p| p.why.as_str()),
        "file": { "path": source.file.path, "mode": mode, "unused": resolved.file_unused },
        "host": resolved.host.as_ref().map(ToString::to_string),
        "cloud": resolved.cloud.map(|c| c.name()),
        "auth": ways.first().map(|k| k.name()),
        "auth_then": ways.iter().skip(1).map(|k| k.name()).collect::<Vec<_>>(),
        "values": resolved.values.iter().map(value).collect::<Vec<_>>(),
        "warnings": warnings.iter().map(warning_json).collect::<Vec<_>>(),
        "server_asked": checked.is_some(),
        "user": checked.and_then(|c| c.as_ref().ok()),
    })
}

fn text(
    resolved: &Resolved,
    warnings: &[Warning],
    source: &Source,
    checked: Option<&Result<String, RemoteError>>,
    context: &mut Context,
) -> Result<(), AppError> {
    let none = || "none".to_owned();
    let profile = resolved.profile.as_ref().map_or_else(none, |p| format!("{}  ({})", p.name, p.why));
    let file = match &resolved.file_unused {
        Some(why) => format!("{}  ({why})", source.file.path),
        None => source.file.path.clone(),
    };
    let host = match (&resolved.host, resolved.values.get("host")) {
        (Some(host), _) => host.to_string(),
        (None, Some(_)) => "not usable".to_owned(),
        (None, None) => none(),
    };
    let unknown = if resolved.host.is_some() { "unknown: the host is in no zone of Databricks" } else { "unknown" };
    let cloud = resolved.cloud.map_or(unknown, |c| c.name());
    let rows = [
        ("profile", profile),
        ("file", file),
        ("host", host),
        ("cloud", cloud.to_owned()),
        ("sign in", sign_in(resolved)),
    ];
    for (name, value) in &rows {
        context.out.line(&format!("{name:<8}  {}", printable(value)))?;
    }
    let mut table = Table::new(&["VALUE", "IS", "FROM"]);
    for value in resolved.values.iter() {
        table.row([value.attribute.name, &shown(value, resolved), &value.origin.to_string()]);
    }
    if resolved.values.iter().next().is_some() {
        context.out.line("")?;
        context.out.table(&table)?;
    }
    print_warnings(warnings, context)?;
    context.out.line(&match checked {
        None => format!("\n{NOT_ASKED}"),
        Some(Ok(user)) if user.is_empty() => "\nThe server accepts this.".to_owned(),
        Some(Ok(user)) => format!("\nThe server accepts this: you are {}.", printable(user)),
        Some(Err(_)) => "\nThe server was asked and does not accept this.".to_owned(),
    })
}

fn print_warnings(warnings: &[Warning], context: &mut Context) -> Result<(), AppError> {
    for warning in warnings {
        context.out.line(&format!("\nwarning: {}", printable(&warning.message)))?;
        context.out.line(&format!("hint: {}", printable(&warning.remedy)))?;
    }
    Ok(())
}

fn warning_json(warning: &Warning) -> serde_json::Value {
    json!({ "message": warning.message, "remedy": warning.remedy })
}

/// How it would sign in, in words.
fn sign_in(resolved: &Resolved) -> String {
    let ways = ways(resolved);
    let (Some(first), rest) = (ways.first(), ways.get(1..).unwrap_or_default()) else {
        return "not possible, see the error".to_owned();
    };
    let forced = resolved.values.get("auth_type").map(|v| format!("  (auth_type from {})", v.origin));
    let what = match first {
        AuthKind::Pat => "personal access token",
        AuthKind::OauthM2m => "service principal of Databricks",
        AuthKind::AzureClientSecret => "service principal of Azure",
        AuthKind::AzureCli => "whoever is signed in with `az login`",
        AuthKind::DatabricksCli => "whoever is signed in with `databricks auth login`",
        AuthKind::None => "nobody signs in",
    };
    let then = if rest.is_empty() {
        String::new()
    } else {
        format!(", then {}", rest.iter().map(|k| k.name()).collect::<Vec<_>>().join(", "))
    };
    format!("{}, {what}{then}{}", first.name(), forced.unwrap_or_default())
}

/// Every profile of the file, when none would be used.
fn list(source: &Source, as_json: bool, context: &mut Context) -> Result<(), AppError> {
    let names: Vec<String> = source.file.profiles().into_iter().map(str::to_owned).collect();
    let rows: Vec<(String, Resolved)> = names
        .into_iter()
        .map(|name| {
            let resolved = source.resolve(Some(&Chosen { name: name.clone(), why: "the list".to_owned() }));
            (name, resolved)
        })
        .collect();
    if as_json {
        let row = |(name, r): &(String, Resolved)| {
            json!({ "profile": name, "ok": r.ways.is_ok(), "host": r.host.as_ref().map(ToString::to_string),
                    "cloud": r.cloud.map(|c| c.name()), "auth": ways(r).first().map(|k| k.name()),
                    "problem": r.ways.as_ref().err().map(ToString::to_string), "warnings": r.warnings.len() })
        };
        let rows: Vec<_> = rows.iter().map(row).collect();
        let file = json!({ "path": source.file.path, "mode": source.mode.map(|m| format!("{:04o}", m & 0o777)) });
        let warnings: Vec<_> = file_warning(source).iter().map(warning_json).collect();
        return context.out.json(&json!({
            "profiles": rows, "profile": null, "file": file, "warnings": warnings, "server_asked": false,
        }));
    }
    let mut table = Table::new(&["PROFILE", "HOST", "CLOUD", "SIGN IN", "PROBLEM"]);
    for (name, r) in &rows {
        let host = r.host.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let auth = ways(r).first().map_or("-", |k| k.name());
        let problem = r.ways.as_ref().err().map(ToString::to_string).unwrap_or_default();
        table.row([name.as_str(), &host, r.cloud.map_or("-", |c| c.name()), auth, &problem]);
    }
    context.out.table(&table)?;
    print_warnings(file_warning(source).as_slice(), context)?;
    context
        .out
        .line("\nNo profile is the default: name one with `--profile NAME`, or set DATABRICKS_CONFIG_PROFILE.")?;
    context.out.line(NOT_ASKED)
}
