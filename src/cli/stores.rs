//! Opening the store and finding projects, classes and samples by the names people type.
//!
//! What always holds: a name that is not there is never guessed, only suggested; a command that only reads makes no file.

use super::context::{Context, note};
use super::error::{AppError, Kind};
use crate::config::paths::expand;
use crate::config::private_file;
use crate::domain::class::{LabelClass, LabelSet};
use crate::domain::lake_path::LakePath;
use crate::domain::project::Project;
use crate::domain::queue::{Filter, Queue};
use crate::domain::sample::Sample;
use crate::domain::suggest::nearest;
use crate::domain::text::{encode_os, printable};
use crate::runtime::server::Server;
use crate::runtime::table_stores::TableStores;
use crate::store::locate::open_file;
use crate::store::records::{Direction, From as PageStart, Mode, Shelf};
use crate::store::sqlite::SqliteStore;
use crate::store::{Store, StoreError};
use std::path::{Path, PathBuf};
use std::time::Duration;

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        let kind = match &error {
            StoreError::NotAStore { .. } => Kind::Config,
            StoreError::Invalid { .. } | StoreError::Unsupported { .. } => Kind::Usage,
            StoreError::Interrupted => Kind::Interrupted,
            StoreError::Engine(error) => return error.clone().into(),
            _ => Kind::Failed,
        };
        // The messages of the store already say why and what to do.
        Self::new(kind, error.to_string())
    }
}

/// Where labels live.
pub(crate) enum Where {
    /// A file on this computer.
    File(PathBuf),
    /// A server, as the settings name it.
    Server(Box<Server>),
    /// The tables that were labelled through an engine.
    Tables(TableStores),
}

/// The store that the settings name.
pub(crate) fn place(context: &Context) -> Result<Where, AppError> {
    let store = context.loaded.settings.store.as_str();
    if store.is_empty() {
        return Ok(Where::File(context.loaded.paths.database()));
    }
    let path = store.strip_prefix("sqlite://").or_else(|| store.strip_prefix("sqlite:")).unwrap_or(store);
    if let Some(tables) = TableStores::of(store, &context.loaded, &context.connections)? {
        tables.ready()?;
        return Ok(Where::Tables(tables));
    }
    let scheme = path.split_once(':').filter(|(scheme, _)| scheme.chars().all(|c| c.is_ascii_alphanumeric()));
    let server = || Server::of(store, &context.loaded, &context.environment, &context.connections);
    match (scheme, server()) {
        (Some(("postgres" | "postgresql" | "lakebase", _)), Some(server)) => Ok(Where::Server(Box::new(server))),
        (Some((scheme, _)), _) => {
            Err(AppError::new(Kind::Config, format!("this version has no stores of the kind `{}`", printable(scheme)))
                .hint("use sqlite:PATH, postgres://…, lakebase://…, sc://HOST:PORT or databricks://PROFILE/WAREHOUSE, or leave the store empty for the database in the data folder"))
        }
        (None, _) => Ok(Where::File(expand(path, &context.environment))),
    }
}

/// Where the edits go: to the server at once, or through its journal, whose waiting edits are then seen as well.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    AtOnce,
    ThroughJournal,
}

fn connect(place: &Where, mode: Mode, way: Way) -> Result<Box<dyn Store>, StoreError> {
    match place {
        Where::File(file) => open_file(file, mode),
        Where::Tables(tables) => {
            let shelf = tables.open(mode, false)?;
            shelf.notice().into_iter().for_each(note);
            shelf.left_out().iter().for_each(|what| note(&format!("left out: {}", printable(what))));
            Ok(Box::new(shelf))
        }
        // Where nothing waits there is no journal, and a command that only reads makes none.
        Where::Server(server) => match way == Way::ThroughJournal && server.journal().exists() {
            true => server.open_kept(mode),
            false => server.open(mode),
        },
    }
}

/// How long a command that changes something waits for edits that an earlier run could not send.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it waits for a table to take what it changed: an engine may have to start for it.
const FOR_TABLES: Duration = Duration::from_secs(120);

/// Sends what a command has changed, where the store keeps changes on this machine first. Returns the word for scripts, and
/// says on stderr what still waits and why: it is safe, and sent with the next command or when the screen is opened.
pub(crate) fn sent(store: &mut dyn Store) -> Result<&'static str, AppError> {
    if store.outbox()?.unsent == 0 {
        return Ok("saved");
    }
    let left = store.send(FOR_TABLES)?;
    if left.unsent == 0 {
        return Ok("saved");
    }
    let why = left.waiting.unwrap_or_else(|| "it has not answered yet".to_owned());
    note(&format!("{} kept here, and sent with the next command: {}", count(left.unsent, "label"), printable(&why)));
    Ok("queued")
}

fn count(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { " is" } else { "s are" })
}

/// Sends what the screen has left in the journal, because what a command changes must come after it.
fn send_first(place: &Where) -> Result<(), AppError> {
    if !matches!(place, Where::Server(_)) {
        return Ok(());
    }
    // Where no journal was ever made, this opens the server itself, which has nothing to send.
    let left = connect(place, Mode::Write, Way::ThroughJournal)?.send(PATIENCE)?;
    if left.unsent == 0 {
        return Ok(());
    }
    let why = left.waiting.unwrap_or_else(|| "the server is slow".to_owned());
    Err(AppError::failed(format!("{} edits of this machine are not sent yet, and must go first: {why}", left.unsent))
        .hint("they are safe in the journal; try again once the server answers"))
}

/// Opens the file of the store without writing to it, for the checks of `doctor`.
pub(crate) fn open_to_check(file: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(file, Mode::Read)
}

/// Opens the store for reading; nothing if it does not exist yet and nobody named it.
pub(crate) fn open_to_read(context: &Context) -> Result<Option<Box<dyn Store>>, AppError> {
    let place = place(context)?;
    if matches!(&place, Where::File(file) if !file.exists() && context.loaded.settings.store.is_empty()) {
        return Ok(None);
    }
    // Another process may be writing: only an explicit wish opens the file without the means to wait for it.
    let mode = if context.loaded.settings.read_only { Mode::Read } else { Mode::Write };
    Ok(Some(connect(&place, mode, Way::ThroughJournal)?))
}

/// Opens the store for reading; a missing one is an error, because a project is asked for.
pub(crate) fn open(context: &Context) -> Result<Box<dyn Store>, AppError> {
    open_to_read(context)?.ok_or_else(no_projects)
}

/// Opens the store for writing; it must exist.
pub(crate) fn open_to_change(context: &Context) -> Result<Box<dyn Store>, AppError> {
    refuse_read_only(context)?;
    let place = place(context)?;
    if matches!(place, Where::File(_)) {
        return writable(open(context)?);
    }
    send_first(&place)?;
    writable(connect(&place, Mode::Write, Way::AtOnce)?)
}

/// Opens the store for writing, and makes it if need be.
pub(crate) fn open_or_create(context: &Context) -> Result<Box<dyn Store>, AppError> {
    refuse_read_only(context)?;
    let place = place(context)?;
    if let Where::File(file) = &place
        && let Some(folder) = file.parent()
    {
        private_file::create_folder(folder).map_err(|e| {
            AppError::failed(format!("the folder {} cannot be made", printable(&folder.display().to_string())))
                .because(e)
                .hint("choose another place with --data-dir or --store")
        })?;
    }
    let store = connect(&place, Mode::Create, Way::AtOnce)?;
    send_first(&place)?;
    writable(store)
}

fn refuse_read_only(context: &Context) -> Result<(), AppError> {
    if context.loaded.settings.read_only {
        return Err(AppError::failed("nothing is changed in read-only mode").hint("leave out --read-only to change it"));
    }
    Ok(())
}

fn writable(store: Box<dyn Store>) -> Result<Box<dyn Store>, AppError> {
    match store.read_only() {
        Some(why) => Err(StoreError::ReadOnly { place: store.place().to_owned(), why }.into()),
        None => Ok(store),
    }
}

fn no_projects() -> AppError {
    AppError::failed("there are no projects yet").hint("`lakelens project create NAME --from FOLDER` makes one")
}

/// How the first project comes into the store that the settings name.
pub(crate) fn first_project(context: &Context) -> &'static str {
    match place(context) {
        Ok(Where::Tables(_)) => {
            "no table was labelled through this connection yet: `lakelens table CATALOG.SCHEMA.TABLE` begins"
        }
        _ => "there are no projects yet: `lakelens project create NAME --from FOLDER` makes one",
    }
}

/// The live project with this name.
pub(crate) fn project(store: &mut dyn Store, name: &str) -> Result<Project, AppError> {
    if let Some(found) = store.project_by_name(name)? {
        return Ok(found);
    }
    let all = store.projects(Shelf::All)?;
    let error = AppError::failed(format!("there is no project `{}`", printable(name)));
    if all.iter().any(|p| p.trashed_at.is_some() && p.name.to_lowercase() == name.to_lowercase()) {
        return Err(error.hint(format!("it is in the trash: `lakelens project restore {}`", printable(name))));
    }
    let live: Vec<&str> = all.iter().filter(|p| p.trashed_at.is_none()).map(|p| p.name.as_str()).collect();
    Err(match (nearest(name, live.iter().copied()), live.len()) {
        (Some(near), _) => error.hint(format!("did you mean `{}`?", printable(near))),
        (None, 0) => error.hint("`lakelens project create NAME --from FOLDER` makes one"),
        (None, _) => error.hint("`lakelens project list` lists them"),
    })
}

/// The project in the trash with this name.
pub(crate) fn trashed(store: &mut dyn Store, name: &str) -> Result<Project, AppError> {
    let all = store.projects(Shelf::Trash)?;
    let wanted = name.to_lowercase();
    let mut found: Vec<&Project> = all.iter().filter(|p| p.name.to_lowercase() == wanted).collect();
    if let (Some(one), true) = (found.pop(), found.is_empty()) {
        return Ok(one.clone());
    }
    let shown = printable(name);
    let error = AppError::failed(format!("there is no project `{shown}` in the trash"));
    // After the pop, one is missing from a list that had several.
    if !found.is_empty() {
        let message = format!("{} projects called `{shown}` are in the trash", found.len() + 1);
        return Err(
            AppError::failed(message).hint("name one by its number: `lakelens project list --trash` shows them")
        );
    }
    if let Some(one) = name.strip_prefix('#').and_then(|n| all.iter().find(|p| p.id.to_string() == n)) {
        return Ok(one.clone());
    }
    if store.project_by_name(name)?.is_some() {
        return Err(error.hint(format!("it is in use: `lakelens project trash {shown}` puts it there")));
    }
    Err(error.hint("`lakelens project list --trash` lists what is there"))
}

/// The live class with this name.
pub(crate) fn class<'a>(labels: &'a LabelSet, name: &str) -> Result<&'a LabelClass, AppError> {
    labels.find(name).ok_or_else(|| {
        let error = AppError::failed(format!("there is no class `{}`", printable(name)));
        match nearest(name, labels.live().map(|c| c.name.as_str())) {
            Some(near) => error.hint(format!("did you mean `{}`?", printable(near))),
            None => error.hint(format!("the classes are {}", names(labels))),
        }
    })
}

fn names(labels: &LabelSet) -> String {
    let list: Vec<_> = labels.live().take(20).map(|c| printable(&c.name).into_owned()).collect();
    let more = if labels.live().nth(20).is_some() { ", …" } else { "" };
    if list.is_empty() { "not given yet".to_owned() } else { format!("{}{more}", list.join(", ")) }
}

/// The sample at a path: relative to the project's source, or an absolute path or URI below it.
pub(crate) fn sample(store: &mut dyn Store, project: &Project, path: &str) -> Result<Sample, AppError> {
    let relative = relative(project, path);
    if let Some(found) = store.sample_by_path(project.id, &relative)? {
        return Ok(found);
    }
    let error = AppError::failed(format!(
        "there is no picture `{}` in project `{}`",
        printable(path),
        printable(&project.name)
    ));
    let near = similar(store, project, &relative)?;
    Err(match near.as_slice() {
        [] => error.hint(format!("paths are relative to {}", printable(&project.source))),
        paths => error.hint(format!("did you mean {}?", paths.join(" or "))),
    })
}

/// Paths that end in the same file name, at most three.
fn similar(store: &mut dyn Store, project: &Project, path: &str) -> Result<Vec<String>, AppError> {
    let name = path.rsplit('/').next().unwrap_or(path);
    if name.is_empty() {
        return Ok(Vec::new());
    }
    let queue = Queue { filter: Filter { text: vec![name.to_owned()], ..Filter::default() }, ..Queue::default() };
    let page = store.page(project.id, &queue, &PageStart::Edge, Direction::Forward, 3)?;
    Ok(page.iter().map(|q| format!("`{}`", printable(&q.sample.path))).collect())
}

fn relative(project: &Project, path: &str) -> String {
    let cleaned = |text: &str| text.strip_prefix("./").unwrap_or(text).to_owned();
    let Ok(full) = LakePath::parse(path, &project.source) else { return cleaned(path) };
    let full = full.to_string();
    let below = full
        .strip_prefix(&project.source)
        .and_then(|rest| if project.source.ends_with('/') { Some(rest) } else { rest.strip_prefix('/') });
    below.map_or_else(|| cleaned(path), str::to_owned)
}

/// A text argument that names a path, in the form stores keep.
pub(crate) fn path_text(path: &std::ffi::OsStr) -> String {
    encode_os(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ProjectId;
    use jiff::Timestamp;

    #[test]
    fn paths_are_relative_to_the_source() {
        let mut project = Project {
            id: ProjectId(1),
            name: "p".into(),
            version: 1,
            parent: None,
            task: Default::default(),
            source: "/data/set".into(),
            scan: Default::default(),
            labels: LabelSet::default(),
            created_by: "me".into(),
            created_at: Timestamp::UNIX_EPOCH,
            trashed_at: None,
        };
        for path in ["a/b.jpg", "./a/b.jpg", "/data/set/a/b.jpg", "file:///data/set/a/b.jpg", "a/x/../b.jpg"] {
            assert_eq!(relative(&project, path), "a/b.jpg", "{path}");
        }
        assert_eq!(relative(&project, "/data/settle/a.jpg"), "/data/settle/a.jpg");
        project.source = "/".into();
        assert_eq!(relative(&project, "/a.jpg"), "a.jpg");
    }
}
