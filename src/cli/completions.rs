//! `lakelens completions SHELL`: the script that completes commands and options in a shell.

use super::context::Context;
use super::error::AppError;
use clap::Args;
use clap_complete::Shell;

/// Print the completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lakelens completions bash > ~/.local/share/bash-completion/completions/lakelens
  lakelens completions zsh > ~/.zfunc/_lakelens
  lakelens completions fish > ~/.config/fish/completions/lakelens.fish")]
pub(crate) struct CompletionsArgs {
    /// Which shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
    #[command(flatten)]
    json: super::grammar::Json,
}

pub(super) fn run(args: &CompletionsArgs, context: &mut Context) -> Result<(), AppError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "lakelens", &mut script);
    if args.json.json {
        let script = String::from_utf8_lossy(&script);
        return context.out.json(&serde_json::json!({ "shell": args.shell.to_string(), "script": script }));
    }
    context.out.bytes(&script)
}
