//! `lakelens project guideline`: the text that says what to label and how, kept with the project.

use crate::cli::context::Context;
use crate::cli::error::{AppError, Kind};
use crate::cli::grammar::Json;
use crate::cli::stores;
use crate::domain::text::{encode_os, printable};
use crate::ops::guideline::{LONGEST, SETTING};
use clap::Args;
use serde_json::json;
use std::ffi::OsString;
use std::io::Read;

/// Set, show or remove the guideline of a project
#[derive(Debug, Args)]
#[command(after_help = "\
It is Markdown: headings, lists, emphasis, quotes, code. `g i` shows it on every screen.

Examples:
  lakelens project guideline flowers GUIDE.md
  lakelens project guideline flowers              what it says now
  lakelens project guideline flowers --remove")]
pub(super) struct GuidelineArgs {
    /// The project
    #[arg(value_name = "NAME")]
    name: String,
    /// The text; `-` reads it from standard input. Without it, the guideline is printed
    #[arg(value_name = "FILE", conflicts_with = "remove")]
    file: Option<OsString>,
    /// Take the guideline away
    #[arg(long)]
    remove: bool,
    #[command(flatten)]
    json: Json,
}

pub(super) fn run(args: &GuidelineArgs, context: &mut Context) -> Result<(), AppError> {
    let Some(file) = args.file.as_ref().filter(|_| !args.remove) else {
        return if args.remove { change(args, None, context) } else { show(args, context) };
    };
    let text = read(file)?;
    change(args, Some(&text), context)
}

fn show(args: &GuidelineArgs, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open(context)?;
    let project = stores::project(store.as_mut(), &args.name)?;
    let text = store.setting(project.id, SETTING)?;
    if args.json.json {
        return context.out.json(&json!({ "project": project.name, "guideline": text }));
    }
    let Some(text) = text else {
        let name = printable(&project.name);
        context.note(&format!("no guideline yet; `lakelens project guideline {name} FILE.md` sets one"));
        return Ok(());
    };
    text.lines().try_for_each(|line| context.out.line(&printable(line)))
}

fn change(args: &GuidelineArgs, text: Option<&str>, context: &mut Context) -> Result<(), AppError> {
    let mut store = stores::open_to_change(context)?;
    let project = stores::project(store.as_mut(), &args.name)?;
    store.set_setting(project.id, SETTING, text)?;
    if args.json.json {
        return context.out.json(&json!({ "project": project.name, "guideline": text }));
    }
    let name = printable(&project.name);
    context.out.line(&match text {
        Some(text) => format!("{name}: a guideline of {} lines; `g i` shows it", text.lines().count()),
        None => format!("{name}: no guideline any more"),
    })
}

/// The text of a file, with what is wrong with it and what to do.
fn read(file: &OsString) -> Result<String, AppError> {
    let shown = printable(&encode_os(file)).into_owned();
    let mut bytes = Vec::new();
    let most = LONGEST as u64 + 1;
    let done = if file == "-" {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|f| f.take(most).read_to_end(&mut bytes))
    };
    done.map_err(|e| AppError::failed(format!("the guideline `{shown}` cannot be read")).because(e))?;
    if bytes.len() > LONGEST {
        let message = format!("`{shown}` is longer than {} KB", LONGEST / 1_000);
        return Err(AppError::new(Kind::Data, message).hint("a guideline is a page or two; shorten it"));
    }
    let text = String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        AppError::new(Kind::Data, format!("`{shown}` is no UTF-8 text: byte {at} is none"))
            .hint("save it as UTF-8 and try again")
    })?;
    if text.trim().is_empty() {
        return Err(AppError::new(Kind::Data, format!("`{shown}` is empty")).hint("--remove takes a guideline away"));
    }
    Ok(text)
}
