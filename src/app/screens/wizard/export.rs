//! The export wizard: a format, a place, what of the project; what would be lost, and the export itself.

use super::asking::{ask, pick, pick_project, project_of, project_title};
use super::path;
use super::{Line, Page, Run, Said, Tone, line_of, line_of_field, right};
use crate::app::effect::{Effect, ExportOrder, Job};
use crate::app::screens::{Screen, navigation, projects};
use crate::app::state::State;
use crate::domain::lake_path::LakePath;
use crate::domain::project::{Project, Task};
use crate::domain::text::{decode_os, encode_os, grouped, printable};
use crate::ops::options::export::{
    AS_OF, BEFORE, By, CHOICES, Export, FILTER, FORMAT, Format, IMAGES, Images, PARTS, SEED, SHARDS,
};
use crate::ops::options::{Choice, Field, applies};
use crate::ops::report::ExportReport;
use std::path::PathBuf;

/// The state of the export wizard.
#[derive(Clone, Debug)]
pub struct ExportState {
    /// The project that is written.
    pub from: Option<Project>,
    /// All projects.
    pub projects: Vec<Project>,
    /// What is written, and where.
    pub wanted: Export,
    /// The place was typed, and stays when the format changes.
    pub named: bool,
    /// The folder for a place that was not typed.
    pub base: String,
    /// What runs.
    pub run: Option<Run>,
    /// What the last task of exactly these choices told, and whether it only counted.
    pub told: Option<(ExportReport, bool)>,
    /// Why it told nothing.
    pub problem: Option<String>,
    /// The line under the cursor.
    pub cursor: usize,
}

/// Something that is chosen.
#[derive(Clone, Copy)]
enum Row {
    From,
    Dest,
    Choice(&'static Choice<Export>),
    Field(&'static Field<Export>),
}

/// The format that is offered first: one that has a place for what the project asks for.
fn usual(project: Option<&Project>) -> Format {
    match project.map(|p| p.task) {
        Some(Task::Detection | Task::Segmentation) => Format::from_name("coco").unwrap_or(Format::Csv),
        _ => Format::Csv,
    }
}

impl ExportState {
    fn new(from: Option<Project>, base: String) -> Self {
        let format = usual(from.as_ref());
        let mut made = Self {
            from,
            projects: Vec::new(),
            wanted: Export::new(PathBuf::new(), format),
            named: false,
            base,
            run: None,
            told: None,
            problem: None,
            cursor: 1,
        };
        made.follow();
        made
    }

    /// What is chosen, in the order of the screen: what means nothing for the format is left out.
    fn rows(&self) -> Vec<Row> {
        let format = self.wanted.format.name();
        let mut rows = vec![Row::From, Row::Choice(&FORMAT), Row::Dest, Row::Field(&FILTER)];
        for choice in CHOICES.into_iter().filter(|c| c.flag != FORMAT.flag && applies(c.only, format)) {
            rows.push(Row::Choice(choice));
            if let Some(split) = self.wanted.split.as_ref().filter(|_| choice.flag == "split") {
                rows.extend(matches!(split.by, By::Before(_)).then_some(Row::Field(&BEFORE)));
                rows.extend([Row::Field(&PARTS), Row::Field(&SEED)]);
            }
        }
        rows.extend(applies(SHARDS.only, format).then_some(Row::Field(&SHARDS)));
        rows.push(Row::Field(&AS_OF));
        rows
    }

    fn row(&self) -> Option<Row> {
        self.rows().get(self.cursor).copied()
    }

    /// The place follows the project and the format until it is typed.
    fn follow(&mut self) {
        let format = self.wanted.format;
        if format == Format::Folders && self.wanted.images == Images::None {
            self.wanted.images = Images::Copy;
        }
        let Some(project) = self.from.as_ref().filter(|_| !self.named) else { return };
        let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
        let name: String = project.name.chars().map(plain).collect();
        let ending = match (format.name(), self.wanted.images) {
            (name @ ("csv" | "jsonl" | "parquet"), _) => format!(".{name}"),
            ("coco", Images::None) => ".json".to_owned(),
            ("csv-boxes", Images::None) => ".csv".to_owned(),
            (name, _) => format!("-{name}"),
        };
        self.wanted.dest = PathBuf::from(decode_os(&format!("{}{name}{ending}", path::folder(&self.base))));
    }

    fn dest(&self) -> String {
        if let Some(far) = &self.wanted.far {
            return far.to_string();
        }
        encode_os(self.wanted.dest.as_os_str())
    }

    pub(super) fn ready(&self) -> Result<(), String> {
        match &self.from {
            None => Err("choose the project first".to_owned()),
            Some(_) if self.wanted.dest.file_name().is_none() && self.wanted.far.is_none() => {
                Err("say where to write first".to_owned())
            }
            Some(_) => Ok(()),
        }
    }

    /// Whether a dry run of these choices has ended well.
    pub(super) fn counted(&self) -> Result<bool, String> {
        Ok(self.told.as_ref().is_some_and(|(_, dry)| *dry))
    }

    /// The projects have come.
    pub(super) fn known(&mut self, all: Vec<Project>) {
        let id = self.from.as_ref().map(|p| p.id);
        self.from = all.iter().find(|p| Some(p.id) == id).cloned();
        self.projects = all;
    }

    pub(super) fn told(&mut self, told: ExportReport) {
        let dry = self.run.is_some_and(|run| run.dry);
        (self.told, self.problem) = (Some((told, dry)), None);
    }
}

fn wizard(state: &mut State) -> Option<&mut ExportState> {
    match state.screens.last_mut() {
        Some(Screen::Export(wizard)) => Some(wizard),
        _ => None,
    }
}

/// Opens the wizard. While an export runs, the one that is there is shown.
fn open(state: &mut State, from: Option<Project>) -> Vec<Effect> {
    let busy = |s: &Screen| matches!(s, Screen::Export(wizard) if wizard.run.is_some());
    if !state.screens.iter().any(busy) {
        state.screens.retain(|s| !matches!(s, Screen::Export(_)));
    }
    let fresh = ExportState::new(from, state.base());
    navigation::go(state, Screen::Export(Box::new(fresh)))
}

/// Exports the project under the cursor of the list of projects.
pub(super) fn open_for_row(state: &mut State) -> Vec<Effect> {
    let from = projects::current(state).map(|(project, _)| project);
    open(state, from)
}

/// Exports the open project.
pub(super) fn open_for_project(state: &mut State) -> Vec<Effect> {
    let from = state.project.as_ref().map(|p| p.project.clone());
    open(state, from)
}

/// Something was chosen: what was counted before counts no longer.
fn changed(state: &mut State) -> Vec<Effect> {
    let Some(wizard) = wizard(state) else { return Vec::new() };
    (wizard.told, wizard.problem) = (None, None);
    wizard.follow();
    wizard.run.take().map(|run| Effect::Cancel(run.id)).into_iter().collect()
}

pub(super) fn shift(state: &mut State, forward: bool) -> Vec<Effect> {
    let Some(wizard) = wizard(state) else { return Vec::new() };
    match wizard.row() {
        Some(Row::Choice(choice)) => {
            choice.step(&mut wizard.wanted, forward);
            changed(state)
        }
        _ => Vec::new(),
    }
}

pub(super) fn change(state: &mut State) -> Vec<Effect> {
    let Some(here) = wizard(state) else { return Vec::new() };
    let (row, wanted, projects) = (here.row(), here.wanted.clone(), here.projects.clone());
    match row {
        Some(Row::From) => pick_project(state, &projects, |state, id| {
            if let Some(wizard) = wizard(state) {
                let untouched = wizard.wanted.format == usual(wizard.from.as_ref());
                wizard.from = project_of(&wizard.projects, id);
                if untouched {
                    wizard.wanted.format = usual(wizard.from.as_ref());
                }
            }
            changed(state)
        }),
        Some(Row::Dest) => return ask_dest(state),
        Some(Row::Choice(choice)) => pick(state, choice, (choice.get)(&wanted), chosen),
        Some(Row::Field(field)) => {
            let submit: fn(&mut State, &str) -> Result<Vec<Effect>, String> = match field.flag {
                "filter" => |state, text| typed(state, &FILTER, text),
                "as-of" => |state, text| typed(state, &AS_OF, text),
                "split" => |state, text| typed(state, &BEFORE, text),
                "parts" => |state, text| typed(state, &PARTS, text),
                "shards" => |state, text| typed(state, &SHARDS, text),
                _ => |state, text| typed(state, &SEED, text),
            };
            ask(state, field, &(field.get)(&wanted), submit);
        }
        None => {}
    }
    Vec::new()
}

fn chosen(state: &mut State, value: &str) -> Vec<Effect> {
    let (flag, name) = value.split_once(' ').unwrap_or_default();
    if let (Some(wizard), Some(choice)) = (wizard(state), CHOICES.into_iter().find(|c| c.flag == flag)) {
        (choice.set)(&mut wizard.wanted, name);
    }
    changed(state)
}

fn typed(state: &mut State, field: &Field<Export>, text: &str) -> Result<Vec<Effect>, String> {
    if let Some(wizard) = wizard(state) {
        (field.set)(&mut wizard.wanted, text)?;
    }
    Ok(changed(state))
}

fn ask_dest(state: &mut State) -> Vec<Effect> {
    let Some(wizard) = wizard(state) else { return Vec::new() };
    let text = wizard.dest();
    path::ask(state, "write to", &text, "a file, or a folder, here or anywhere in the lake", |state, text| {
        let path = LakePath::parse(text.trim(), &state.base())?;
        let Some(local) = path.as_local() else {
            if let Some(wizard) = self::wizard(state) {
                (wizard.wanted.far, wizard.named) = (Some(path), true);
            }
            return Ok(changed(state));
        };
        if local.trim_matches('/').is_empty() {
            return Err("`/` is no place for an export; name a file or a folder".to_owned());
        }
        let dest = PathBuf::from(decode_os(local));
        if let Some(wizard) = self::wizard(state) {
            (wizard.wanted.dest, wizard.wanted.far, wizard.named) = (dest, None, true);
        }
        Ok(changed(state))
    })
}

/// Starts the dry run or the export.
pub(super) fn start(state: &mut State, dry: bool) -> Vec<Effect> {
    let Some(here) = wizard(state) else { return Vec::new() };
    let Some(from) = here.from.clone() else { return Vec::new() };
    let older = here.run.take().map(|run| Effect::Cancel(run.id));
    let wanted = here.wanted.clone();
    let what = if dry { "dry run of exporting" } else { "export" };
    let title = format!("{what} {} as {}", project_title(&from), wanted.format.name());
    let id = state.tasks.start_whole(title, state.clock);
    if !dry {
        state.tasks.ask_about(id);
    }
    if let Some(wizard) = wizard(state) {
        (wizard.run, wizard.told, wizard.problem) = (Some(Run { id, dry }), None, None);
        wizard.cursor = wizard.cursor.min(wizard.rows().len().saturating_sub(1));
    }
    let order = ExportOrder { project: from.id, wanted, dry_run: dry };
    older.into_iter().chain([Effect::Start(id, Job::Export(Box::new(order)))]).collect()
}

pub(super) fn page(state: &State, wizard: &ExportState) -> Page {
    let lines: Vec<Line> = wizard.rows().into_iter().map(|row| line(wizard, row)).collect();
    let (said, empty) = result(state, wizard);
    Page {
        title: wizard.from.as_ref().map(project_title).unwrap_or_default(),
        subtitle: "export labels".to_owned(),
        right: right(state, wizard.run, wizard.told.as_ref().map(|(_, dry)| *dry)),
        cursor: wizard.cursor.min((lines.len() + said.len()).saturating_sub(1)),
        lines,
        tabs: vec!["result".to_owned()],
        tab: 0,
        said,
        empty,
    }
}

fn line(wizard: &ExportState, row: Row) -> Line {
    match row {
        Row::From => {
            let value = wizard.from.as_ref().map(project_title);
            let missing = value.is_none();
            let about = if missing { "choose a project".to_owned() } else { String::new() };
            Line { title: "project".to_owned(), value: value.unwrap_or_default(), about, missing, path: false }
        }
        Row::Dest => {
            let value = printable(&wizard.dest()).into_owned();
            Line { title: "write to".to_owned(), value, path: true, ..Line::default() }
        }
        // Where nothing can be copied, that is said before it is refused.
        Row::Choice(choice) if choice.flag == IMAGES.flag && wizard.wanted.images == Images::Reference => {
            let about = "linked into the folder; an edit of one is an edit of both".to_owned();
            Line { about, ..line_of(choice, &wizard.wanted) }
        }
        Row::Choice(choice) => line_of(choice, &wizard.wanted),
        Row::Field(field) => line_of_field(field, &wizard.wanted),
    }
}

fn result(state: &State, wizard: &ExportState) -> (Vec<Said>, (String, Tone)) {
    let nothing = |text: &str, tone: Tone| (Vec::new(), (text.to_owned(), tone));
    if let Some(run) = wizard.run {
        let what = if run.dry { "counting; nothing is written" } else { "writing; it goes on when you leave" };
        return nothing(&state.with_keys(&format!("{what}. [wizard.cancel] stops it.")), Tone::Quiet);
    }
    match (&wizard.told, &wizard.problem) {
        (Some((report, dry)), _) => (counters(state, report, *dry), (String::new(), Tone::Quiet)),
        (None, Some(why)) => nothing(&printable(why), Tone::Bad),
        (None, None) => {
            let text = "[wizard.count] counts, and says what the format cannot say; [wizard.go] starts.";
            nothing(&state.with_keys(text), Tone::Quiet)
        }
    }
}

fn counters(state: &State, report: &ExportReport, dry: bool) -> Vec<Said> {
    let counter = |what: &str, n: u64| Said::new(what, format!("{:>11}", grouped(n)));
    let mut said = vec![match (report.images, dry) {
        (0, true) => Said::new("nothing", "would be written: no picture fits").tone(Tone::Warning),
        (_, true) => {
            let text = state.with_keys("nothing is written yet; [wizard.go] starts");
            Said::new("possible", text).tone(Tone::Good)
        }
        (_, false) => Said::new("done", printable(&report.dest)).tone(Tone::Good),
    }];
    said.push(counter("pictures", report.images));
    said.push(counter("labels", report.annotations));
    for loss in &report.loss {
        let what = printable(&loss.what).into_owned();
        let text = format!("{:>11}  {what}", grouped(loss.count));
        said.push(Said { detail: what, ..Said::new("is lost", text).tone(Tone::Warning) });
    }
    if report.loss.is_empty() {
        said.push(Said::new("is lost", format!("{:>11}", "nothing")));
    }
    if report.unchanged {
        said.push(Said::new("nothing", "changed: these rows are there already").tone(Tone::Warning));
    }
    if let Some(version) = report.version {
        said.push(Said::new("version", format!("{version:>11}")));
    }
    if !dry && !report.manifest.is_empty() {
        said.push(Said::new("manifest", printable(&report.manifest)).tone(Tone::Quiet));
    }
    said
}
