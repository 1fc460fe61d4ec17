//! The grammar: global flags and the list of subcommands. Each subcommand's own flags stand in its file.

use super::context::Context;
use super::error::AppError;
use crate::config::load::FlagValue;
use crate::config::settings::{Graphics, LogLevel};
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};
use std::ffi::OsString;

/// Browse, preview, label and review the images of a lakehouse in the terminal.
#[derive(Debug, Parser)]
#[command(
    name = "lakelens",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    override_usage = "lakelens [OPTIONS] [PATH|URI]\n       lakelens [OPTIONS] COMMAND ...",
    after_help = "\
Examples:
  lakelens ~/photos                            look through a folder
  lakelens demo                                try it on generated pictures
  lakelens project create flowers --from ~/photos --recursive
  lakelens export flowers labels.csv --format csv

Exit codes: 0 done, 1 failed, 2 usage, 3 configuration, 4 authentication,
5 network, 6 conflict, 7 bad data, 70 bug, 130 interrupted.",
    after_long_help = "\
Examples:
  lakelens ~/photos                            look through a folder
  lakelens demo                                try it on generated pictures
  lakelens project create flowers --from ~/photos --recursive
  lakelens export flowers labels.csv --format csv

Every global option can also be set by a variable (LAKELENS_STORE, ...) or in the
config file: the option wins over the variable, the variable over the file.
`lakelens config show` says what holds and why.

Exit codes: 0 done, 1 failed, 2 usage, 3 configuration, 4 authentication,
5 network, 6 conflict, 7 bad data, 70 bug, 130 interrupted."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    /// Folder, picture or URI to open; without it, the Home screen
    #[arg(value_name = "PATH|URI")]
    pub(crate) path: Option<OsString>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Options that every subcommand takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Named connection [env: LAKELENS_PROFILE]
    #[arg(long, global = true, value_name = "NAME")]
    profile: Option<String>,
    /// Where labels live, such as sqlite:PATH [env: LAKELENS_STORE]
    #[arg(long, global = true, value_name = "URI")]
    store: Option<OsString>,
    /// Config file [env: LAKELENS_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<OsString>,
    /// Folder for data, state and cache [env: LAKELENS_DATA_DIR]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<OsString>,
    /// Refuse everything that changes data [env: LAKELENS_READ_ONLY]
    #[arg(long, global = true)]
    read_only: bool,
    /// How pictures are shown [env: LAKELENS_GRAPHICS]
    #[arg(long, global = true, value_name = "KIND", value_parser = PossibleValuesParser::new(Graphics::NAMES))]
    graphics: Option<String>,
    /// Write a log file into the state folder [env: LAKELENS_LOG]
    #[arg(long, global = true, value_name = "LEVEL", value_parser = PossibleValuesParser::new(LogLevel::NAMES))]
    log: Option<String>,
    /// No colours [env: LAKELENS_NO_COLOR, NO_COLOR]
    #[arg(long, global = true)]
    no_color: bool,
    /// Only ASCII characters for lines and marks [env: LAKELENS_ASCII]
    #[arg(long, global = true)]
    ascii: bool,
    /// Name that edits carry [env: LAKELENS_USER]
    #[arg(long, global = true, value_name = "NAME")]
    user: Option<String>,
}

impl Global {
    /// The flags that were given, as settings.
    pub(crate) fn values(&self) -> Vec<FlagValue> {
        let os = |value: &Option<OsString>| value.as_deref().map(crate::domain::text::encode_os);
        let switch = |given: bool| given.then(|| "true".to_owned());
        let rows = [
            ("profile", "--profile", self.profile.clone()),
            ("store", "--store", os(&self.store)),
            ("data_dir", "--data-dir", os(&self.data_dir)),
            ("read_only", "--read-only", switch(self.read_only)),
            ("graphics", "--graphics", self.graphics.clone()),
            ("log", "--log", self.log.clone()),
            ("no_color", "--no-color", switch(self.no_color)),
            ("ascii", "--ascii", switch(self.ascii)),
            ("user", "--user", self.user.clone()),
        ];
        rows.into_iter().filter_map(|(key, flag, value)| value.map(|value| FlagValue { key, flag, value })).collect()
    }
}

/// `--json` of a subcommand that gives one document.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Json {
    /// One JSON document on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

/// `--json` and `--jsonl` of a subcommand that gives a list.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct JsonOrLines {
    /// One JSON document on stdout
    #[arg(long)]
    pub(crate) json: bool,
    /// One JSON object a line
    #[arg(long)]
    pub(crate) jsonl: bool,
}

/// `--json` of a subcommand whose list can be long: always one object a line.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Lines {
    /// One JSON object a line
    #[arg(long, visible_alias = "jsonl")]
    pub(crate) json: bool,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(super::demo::DemoArgs),
    Ls(super::ls::LsArgs),
    Show(super::show::ShowArgs),
    Info(super::info::InfoArgs),
    Project(super::project::ProjectArgs),
    Import(Box<super::import::ImportArgs>),
    Export(super::export::ExportArgs),
    Status(super::status::StatusArgs),
    Label(super::label::LabelArgs),
    History(super::history::HistoryArgs),
    Replay(super::replay::ReplayArgs),
    Diff(super::diff::DiffArgs),
    Snapshot(super::snapshot::SnapshotArgs),
    List(super::list::ListArgs),
    Dedupe(super::dedupe::DedupeArgs),
    Undo(super::undo::UndoArgs),
    Redo(super::undo::RedoArgs),
    Review(super::review::ReviewArgs),
    Agreement(super::agreement::AgreementArgs),
    Double(super::double::DoubleArgs),
    Gold(super::gold::GoldArgs),
    Queue(super::queue::QueueArgs),
    Auth(super::auth::AuthArgs),
    Sql(super::sql::SqlArgs),
    Table(Box<super::table::TableArgs>),
    Cache(super::cache::CacheArgs),
    Config(super::config::ConfigArgs),
    Doctor(super::doctor::DoctorArgs),
    Bench(super::bench::BenchArgs),
    Completions(super::completions::CompletionsArgs),
    Man(super::man::ManArgs),
}

impl Command {
    /// Runs the subcommand; `demo`, `diff` and `table` take the context with them, because they may open the screen.
    pub(crate) fn run(self, mut context: Context) -> Result<(), AppError> {
        if let Self::Demo(args) = self {
            return super::demo::run(&args, context);
        }
        if let Self::Table(args) = self {
            return super::table::run(*args, context);
        }
        if let Self::Diff(args) = self {
            return super::diff::run(&args, context);
        }
        let done = self.run_in(&mut context);
        // What was printed before an error is part of the result.
        let flushed = context.out.flush();
        done.and(flushed)
    }

    fn run_in(self, context: &mut Context) -> Result<(), AppError> {
        match self {
            // Handled above.
            Self::Demo(_) | Self::Diff(_) | Self::Table(_) => Ok(()),
            Self::Ls(args) => super::ls::run(&args, context),
            Self::Show(args) => super::show::run(&args, context),
            Self::Info(args) => super::info::run(&args, context),
            Self::Project(args) => super::project::run(&args, context),
            Self::Import(args) => super::import::run(&args, context),
            Self::Export(args) => super::export::run(&args, context),
            Self::Status(args) => super::status::run(&args, context),
            Self::Label(args) => super::label::run(&args, context),
            Self::History(args) => super::history::run(&args, context),
            Self::Replay(args) => super::replay::run(&args, context),
            Self::Snapshot(args) => super::snapshot::run(&args, context),
            Self::List(args) => super::list::run(&args, context),
            Self::Dedupe(args) => super::dedupe::run(&args, context),
            Self::Undo(args) => super::undo::run_undo(&args, context),
            Self::Redo(args) => super::undo::run_redo(&args, context),
            Self::Review(args) => super::review::run(&args, context),
            Self::Agreement(args) => super::agreement::run(&args, context),
            Self::Double(args) => super::double::run(&args, context),
            Self::Gold(args) => super::gold::run(&args, context),
            Self::Queue(args) => super::queue::run(&args, context),
            Self::Auth(args) => super::auth::run(&args, context),
            Self::Sql(args) => super::sql::run(&args, context),
            Self::Cache(args) => super::cache::run(&args, context),
            Self::Config(args) => super::config::run(&args, context),
            Self::Doctor(args) => super::doctor::run(&args, context),
            Self::Bench(args) => super::bench::run(&args, context),
            Self::Completions(args) => super::completions::run(&args, context),
            Self::Man(args) => super::man::run(&args, context),
        }
    }
}
