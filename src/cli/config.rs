//! `lakelens config`: what holds and where it came from, where the file is, whether it is right, and editing it.

use super::context::{Context, describe};
use super::error::{AppError, Kind};
use super::grammar::Json;
use super::output::Table;
use crate::config::keys::{KEYS, Key, Kind as KeyKind};
use crate::config::private_file;
use crate::config::settings::Settings;
use crate::domain::text::printable;
use clap::{Args, Subcommand};
use serde_json::json;
use toml::Value;

/// Show, check and edit the settings
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens config show                 every setting, its value and where it comes from
  lakelens config check                exit code 3 when something cannot be read
  lakelens config edit")]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Every setting, its value and where it comes from
    #[command(after_help = "Examples:\n  lakelens config show\n  lakelens config show --json")]
    Show(Json),
    /// Where the config file and the other files are
    #[command(after_help = "Examples:\n  lakelens config path\n  cat $(lakelens config path --file)")]
    Path {
        /// Only the path of the config file
        #[arg(long)]
        file: bool,
        #[command(flatten)]
        json: Json,
    },
    /// Say what in the config file and the variables cannot be read; exit code 3 if anything
    #[command(after_help = "Examples:\n  lakelens config check\n  lakelens --config new.toml config check --json")]
    Check(Json),
    /// Open the config file in $VISUAL or $EDITOR; a new one lists every setting
    #[command(after_help = "Examples:\n  lakelens config edit\n  EDITOR=nano lakelens config edit")]
    Edit(Json),
}

pub(super) fn run(args: &ConfigArgs, context: &mut Context) -> Result<(), AppError> {
    match &args.command {
        ConfigCommand::Show(json) => show(context, json.json),
        ConfigCommand::Path { file, json } => path(context, *file, json.json),
        ConfigCommand::Check(json) => check(context, json.json),
        ConfigCommand::Edit(json) => edit(context, json.json),
    }
}

fn show(context: &mut Context, as_json: bool) -> Result<(), AppError> {
    let settings = &context.loaded.settings;
    if as_json {
        let row = |key: &crate::config::keys::Key| {
            json!({ "key": key.name, "value": value(key, settings), "origin": context.loaded.origin(key).to_string(),
                    "variable": key.variable(), "help": key.help })
        };
        let rows: Vec<_> = KEYS.iter().map(row).collect();
        let document = json!({ "settings": rows, "user": context.loaded.user });
        return context.out.json(&document);
    }
    let mut table = Table::new(&["SETTING", "VALUE", "FROM"]);
    for key in KEYS {
        table.row([key.name, &value(key, settings).to_string(), &context.loaded.origin(key).to_string()]);
    }
    context.out.table(&table)?;
    context.warn_of_problems();
    Ok(())
}

/// The value of a setting as it may be shown: the address of a store without the password it may hold.
fn value(key: &Key, settings: &Settings) -> Value {
    match key.get(settings) {
        Value::String(text) if key.name == "store" => Value::String(crate::store::locate::shown(&text)),
        other => other,
    }
}

fn path(context: &mut Context, only_file: bool, as_json: bool) -> Result<(), AppError> {
    let paths = context.loaded.paths.clone();
    let shown = |p: &std::path::Path| crate::domain::text::encode_os(p.as_os_str());
    if as_json {
        return context.out.json(&json!({
            "config": shown(&paths.config_file), "exists": paths.config_file.exists(), "data": shown(&paths.data),
            "state": shown(&paths.state), "cache": shown(&paths.cache), "themes": shown(&paths.themes()),
        }));
    }
    if only_file {
        return context.out.line(&printable(&shown(&paths.config_file)));
    }
    let missing = if paths.config_file.exists() { "" } else { "  (does not exist)" };
    for (name, path, note) in [
        ("config", paths.config_file.clone(), missing),
        ("data", paths.data.clone(), ""),
        ("state", paths.state.clone(), ""),
        ("cache", paths.cache.clone(), ""),
        ("themes", paths.themes(), ""),
    ] {
        context.out.line(&format!("{name:<7} {}{note}", printable(&shown(&path))))?;
    }
    Ok(())
}

fn check(context: &mut Context, as_json: bool) -> Result<(), AppError> {
    let problems = super::diagnosis::problems(context);
    let wrong = problems.iter().filter(|p| !p.warning).count();
    if as_json {
        let row = |p: &crate::config::load::Problem| {
            json!({ "level": if p.warning { "warning" } else { "error" }, "place": p.place, "message": p.message,
                    "hint": p.hint })
        };
        let rows: Vec<_> = problems.iter().map(row).collect();
        let file = context.loaded.paths.config_file.display().to_string();
        context.out.json(&json!({ "config": file, "ok": wrong == 0, "problems": rows }))?;
    } else {
        for problem in &problems {
            context.out.line(describe(problem).trim_end())?;
        }
    }
    if wrong > 0 {
        let message = format!("{wrong} of the settings cannot be read");
        return Err(AppError::new(Kind::Config, message).hint("`lakelens config edit` opens the file"));
    }
    if !as_json && problems.is_empty() {
        context.out.line("every setting can be read")?;
    }
    Ok(())
}

fn edit(context: &mut Context, as_json: bool) -> Result<(), AppError> {
    let file = context.loaded.paths.config_file.clone();
    let shown = printable(&file.display().to_string()).into_owned();
    if !file.exists() {
        private_file::replace(&file, template().as_bytes())
            .map_err(|e| AppError::new(Kind::Config, format!("{shown} cannot be made")).because(e))?;
    }
    let editor = context.environment.editor();
    let (program, arguments) = editor.split_first().map_or(("vi", &[] as &[String]), |(p, a)| (p.as_str(), a));
    let status = std::process::Command::new(program).args(arguments).arg(&file).status().map_err(|e| {
        AppError::failed(format!("the editor `{}` cannot be started", printable(program)))
            .because(e)
            .hint("set VISUAL or EDITOR to the editor you use")
    })?;
    if !status.success() {
        return Err(AppError::failed(format!("the editor ended with {status}")));
    }
    if as_json {
        context.out.json(&json!({ "config": shown }))?;
    }
    Ok(())
}

/// A config file in which every setting is a comment with its default.
pub(super) fn template() -> String {
    let defaults = Settings::default();
    let mut out = String::from("# Settings of lakelens. Every line is a default: remove the `#` to change it.\n\n");
    let mut section = "";
    for key in KEYS {
        let (table, name) = key.name.rsplit_once('.').unwrap_or(("", key.name));
        if key.kind == KeyKind::Table {
            out.push_str(&format!("\n# {}\n# [{}]\n", key.help, key.name));
            continue;
        }
        if table != section {
            out.push_str(&format!("\n# [{table}]\n"));
            section = table;
        }
        let choices = match key.kind {
            KeyKind::Choice(names) => format!(": {}", names.join(", ")),
            _ => String::new(),
        };
        out.push_str(&format!("# {}{choices}\n# {name} = {}\n", key.help, key.get(&defaults)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_valid_with_and_without_its_comment_marks() {
        let text = template();
        assert!(text.parse::<toml::Table>().unwrap().is_empty());
        let name = |line: &str| line.split_once(" = ").is_some_and(|(name, _)| !name[2..].contains(' '));
        let setting = |line: &&str| line.starts_with("# [") || (line.starts_with("# ") && name(line));
        let lines: Vec<&str> = text.lines().filter(setting).filter_map(|l| l.strip_prefix("# ")).collect();
        let table: toml::Table = lines.join("\n").parse().unwrap();
        for key in KEYS {
            let value = key.name.split('.').try_fold(toml::Value::Table(table.clone()), |v, k| v.get(k).cloned());
            assert_eq!(value.as_ref(), Some(&key.get(&Settings::default())), "{}", key.name);
        }
    }
}
