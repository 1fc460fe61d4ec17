//! The way to each screen: what is prepared before, which keys lead there, which key asks for the next picture.

use super::pty::{Launch, Window};
use super::scratch::Scratch;
use super::{BenchError, CELL, Place};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// The project that is made where a screen needs one.
const PROJECT: &str = "bench-link";

/// A step on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Waits until this text is on the screen.
    Text(&'static str),
    /// Waits until any picture is.
    Picture,
    /// Presses a key.
    Key(char),
}

impl Place {
    /// The window in which the picture of the screen gets 80 x 40 cells; the gallery gets that of Label.
    pub(super) fn window(self) -> Window {
        let (columns, rows) = match self {
            Self::Lake => (161, 47),
            Self::Label | Self::Review | Self::Gallery => (118, 45),
        };
        Window { columns, rows, cell: CELL }
    }

    /// From the start of the program to the screen.
    pub(super) fn way(self) -> &'static [Step] {
        match self {
            Self::Lake => &[],
            Self::Label => &[Step::Text(PROJECT), Step::Key('\r')],
            Self::Gallery => &[
                Step::Text(PROJECT),
                Step::Key('\r'),
                Step::Picture,
                Step::Key('g'),
                Step::Key('o'),
                Step::Text("page 1"),
            ],
            Self::Review => &[
                Step::Text(PROJECT),
                Step::Key('\r'),
                Step::Picture,
                Step::Key('g'),
                Step::Key('r'),
                Step::Text("review:"),
            ],
        }
    }

    /// The key that asks for the next picture, or page.
    pub(super) fn next_key(self) -> char {
        match self {
            Self::Lake => 'j',
            Self::Label | Self::Gallery | Self::Review => 'n',
        }
    }

    /// What the program is opened with.
    pub(super) fn arguments(self, folder: &Path) -> Vec<OsString> {
        match self {
            Self::Lake => vec![folder.as_os_str().to_owned()],
            Self::Label | Self::Gallery | Self::Review => Vec::new(),
        }
    }

    /// Makes what the screen needs with the program's own subcommands: a project of the pictures, and for Review an answer
    /// for each.
    pub(super) fn prepare(
        self,
        launch: &Launch,
        scratch: &Scratch,
        folder: &Path,
        count: usize,
    ) -> Result<(), BenchError> {
        if self == Self::Lake {
            return Ok(());
        }
        let from = folder.as_os_str();
        run(
            launch,
            &[
                "project".as_ref(),
                "create".as_ref(),
                PROJECT.as_ref(),
                "--from".as_ref(),
                from,
                "--classes".as_ref(),
                "one,two".as_ref(),
            ],
        )?;
        if self != Self::Review {
            return Ok(());
        }
        let mut lines = String::new();
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .map_err(|e| BenchError::file(folder, e))?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort();
        for name in names.iter().take(count) {
            // Writing to a string cannot fail.
            let _ = writeln!(lines, "{{\"path\":\"{name}\",\"label\":[\"one\"]}}");
        }
        let answers = scratch.write("answers.jsonl", lines.as_bytes())?;
        run(launch, &["label".as_ref(), PROJECT.as_ref(), "--from".as_ref(), answers.as_os_str()])
    }
}

/// Runs a subcommand of the program to its end.
fn run(launch: &Launch, args: &[&std::ffi::OsStr]) -> Result<(), BenchError> {
    let mut command = Command::new(&launch.program);
    command.args(args).env_clear().envs(launch.variables.iter().map(|(k, v)| (k, v)));
    let output = command.current_dir(&launch.folder).stdin(Stdio::null()).output();
    let failed = |error| BenchError::Start { program: launch.program.display().to_string(), error };
    let output = output.map_err(failed)?;
    match output.status.success() {
        true => Ok(()),
        false => Err(BenchError::Prepare(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
    }
}
