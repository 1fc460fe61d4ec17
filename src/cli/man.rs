//! `lakelens man`: the manual page, made from the grammar.

use super::context::Context;
use super::error::AppError;
use clap::Args;
use std::ffi::OsString;

/// Print the manual page
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens man | man -l -
  lakelens man --dir ~/.local/share/man/man1     one page for each subcommand")]
pub(crate) struct ManArgs {
    /// Write one page for the program and one for each subcommand into this folder
    #[arg(long, value_name = "DIR")]
    dir: Option<OsString>,
    #[command(flatten)]
    json: super::grammar::Json,
}

pub(super) fn run(args: &ManArgs, context: &mut Context) -> Result<(), AppError> {
    if let Some(dir) = &args.dir {
        let shown = crate::domain::text::encode_os(dir);
        let dir = context.environment.directory.join(dir);
        let cannot = |e| AppError::failed(format!("the pages cannot be written to {shown}")).because(e);
        std::fs::create_dir_all(&dir).map_err(cannot)?;
        clap_mangen::generate_to(super::command(), &dir).map_err(cannot)?;
        if args.json.json {
            return context.out.json(&serde_json::json!({ "dir": shown }));
        }
        return context.out.line(&format!("manual pages are in {}", crate::domain::text::printable(&shown)));
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(super::command()).render(&mut page)?;
    if args.json.json {
        return context.out.json(&serde_json::json!({ "page": String::from_utf8_lossy(&page) }));
    }
    context.out.bytes(&page)
}
