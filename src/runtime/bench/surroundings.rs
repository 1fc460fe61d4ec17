//! What the program that is measured finds around it: a home of its own, an SSH connection, tmux.

use super::pty::Launch;
use super::scratch::Scratch;
use super::{BenchError, Graphics, LinkRequest};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Where the program writes its log.
pub(super) fn log_file(scratch: &Scratch) -> PathBuf {
    scratch.join("data/state/lakelens.log")
}

/// The program, opened on what its screen needs; `folder` holds the pictures.
pub(super) fn launch(request: &LinkRequest, scratch: &Scratch, folder: &Path) -> Result<Launch, BenchError> {
    // With a configuration file of its own the program shows no hints for the first run.
    scratch.write("config.toml", b"")?;
    let mut args: Vec<OsString> = vec!["--log".into(), "debug".into()];
    args.extend(request.screen.arguments(folder));
    let variables = variables(request, scratch)?;
    Ok(Launch { program: request.program.clone(), args, variables, folder: scratch.folder("home")? })
}

/// All variables of the program: nothing of the person's own leaks in.
pub(super) fn variables(request: &LinkRequest, scratch: &Scratch) -> Result<Vec<(String, OsString)>, BenchError> {
    let place = |name: &str| scratch.join(name).into_os_string();
    let term = match (request.tmux, request.graphics) {
        (true, _) => "tmux-256color",
        (false, Graphics::Kitty) => "xterm-kitty",
        (false, _) => "xterm-256color",
    };
    let mut variables: Vec<(String, OsString)> = [
        ("HOME", place("home")),
        ("XDG_CONFIG_HOME", place("home/config")),
        ("XDG_DATA_HOME", place("home/share")),
        ("XDG_STATE_HOME", place("home/state")),
        ("XDG_CACHE_HOME", place("home/cache")),
        ("LAKELENS_DATA_DIR", place("data")),
        ("LAKELENS_CONFIG", place("config.toml")),
        ("LAKELENS_USER", "bench".into()),
        ("PATH", request.path.clone()),
        ("LANG", "C.UTF-8".into()),
        ("TERM", term.into()),
        ("COLORTERM", "truecolor".into()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    if !request.local {
        variables.push(("SSH_CONNECTION".to_owned(), "192.0.2.1 50000 192.0.2.2 22".into()));
    }
    if request.tmux {
        variables.push(("TMUX".to_owned(), "/nonexistent/tmux,1,0".into()));
        let mut path = tmux(scratch)?.into_os_string();
        path.push(":");
        path.push(&request.path);
        variables.retain(|(name, _)| name != "PATH");
        variables.push(("PATH".to_owned(), path));
    }
    Ok(variables)
}

/// The `tmux` program of the tmux that the scripted terminal plays: it answers the two questions that are asked.
fn tmux(scratch: &Scratch) -> Result<PathBuf, BenchError> {
    let script =
        "#!/bin/sh\ncase \"$1\" in\nshow-options) echo on ;;\ndisplay-message) echo '0 0 off bottom' ;;\nesac\n";
    scratch.script("tmux", script)
}
