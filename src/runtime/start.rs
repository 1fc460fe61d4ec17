//! Opening the screen: everything is put together here, the first frame before anything is listed or asked.

use super::connections::Shared;
use super::crash::{self, Trail};
use super::event_loop::EventLoop;
use super::files::Files;
use super::message::{Message, Sender};
use super::pool::{Caches, DecodePool, Opener, default_threads};
use super::screen::{Parts, Screen};
use super::services::{Services, StorePlace};
use super::tables::{Sheets, Tables, engine};
use super::{Left, OpenError, OpenRequest, signals};
use crate::app::messages::Level;
use crate::app::picture::SESSION;
use crate::app::places::Places;
use crate::app::registry;
use crate::app::screens::Screen as AppScreen;
use crate::app::screens::home::HomeState;
use crate::app::screens::lake::LakeState;
use crate::app::screens::table::rows::CellKey;
use crate::app::state::{Start, State};
use crate::app::update;
use crate::config::environment::Environment;
use crate::config::load::Loaded;
use crate::config::places::{Place as Remembered, Remembered as RememberedFile};
use crate::domain::ids::ProjectId;
use crate::domain::lake_path::LakePath;
use crate::domain::picture_name::is_picture_name;
use crate::domain::text::{encode_os, printable};
use crate::keymap::Keymap;
use crate::lake::remote::Stop;
use crate::lake::{Lake, Place};
use crate::media::Limits;
use crate::media::cache::DiskCache;
use crate::ops::reading;
use crate::term::guard::{terminal, window_size};
use crate::term::probe::Probe;
use crate::term::surroundings::{Surroundings, Wish};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc::unbounded_channel;

/// Opens the screen and returns when the person leaves it, with what stays behind.
///
/// # Errors
/// When the terminal cannot be used, or the project that was asked for cannot be opened.
pub fn open(request: OpenRequest) -> Result<Left, OpenError> {
    let started = Instant::now();
    let store =
        StorePlace::of(&request.loaded, &request.environment, &request.connections).opened_by(request.store.clone());
    // Before there is a loop: a store on a server waits for it on the calling thread.
    let project = request.project.as_deref().map(|name| store.project_named(name)).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(OpenError::Runtime)?;
    runtime.block_on(run(request, store, project, started))
}

async fn run(
    request: OpenRequest,
    store: StorePlace,
    project: Option<ProjectId>,
    started: Instant,
) -> Result<Left, OpenError> {
    let OpenRequest { target, welcome, loaded, environment, connections, .. } = request;
    let (queue, mut messages) = unbounded_channel::<Message>();
    let sender = Sender(queue);
    let base = encode_os(environment.directory.as_os_str());
    let home = environment.get("HOME").map(str::to_owned);
    let volumes = volumes(&loaded, target.as_ref(), home.as_deref());
    let lake = lake_of(&volumes, &loaded, &environment, &connections);
    let descriptor = terminal()?;
    let size = window_size(&descriptor).map_or((80, 24), |s| (s.columns, s.rows));
    let surroundings = surroundings(&loaded, &descriptor);
    let caps = Probe::guess(&surroundings);
    let probe = Probe::new(surroundings);
    let patience = probe.patience();
    let (send, sheets) = (sender.clone(), Sheets::default());
    let opener = opener(lake.clone(), sheets.clone());
    let pool = DecodePool::spawn(default_threads(), caches(&loaded), Limits::default(), opener, move |d| {
        send.send(Message::Decoded(d));
    })
    .map_err(OpenError::Runtime)?;
    let theme = loaded.settings.theme.name(caps.light).to_owned();
    let themes = Some(loaded.paths.themes());
    let mouse = loaded.settings.mouse;
    let parts =
        Parts { terminal: descriptor, sender: sender.clone(), probe, caps: caps.clone(), pool, theme, themes, mouse };
    let screen = Screen::open(parts)?;
    let trail = Trail::default();
    let restorer = screen.restorer();
    crash::install(loaded.paths.state.clone(), trail.clone(), move || restorer.restore_now());
    signals::listen(&sender).map_err(OpenError::Runtime)?;
    let mut state = state_of(&loaded, size, caps, base, volumes, target);
    let mut first = update::start(&mut state);
    first.push(crate::app::screens::profiles::known(&mut state));
    if let Some(id) = project {
        first.extend(crate::app::screens::label::walk::begin(&mut state, id));
    }
    if let Some(text) = welcome {
        state.say(Level::Info, text);
    }
    let files = Files::start(lake.clone(), sender.clone());
    let tables = Tables::new(
        lake.clone(),
        engine::source(loaded.settings.store.clone(), connections.clone()),
        sheets,
        sender.clone(),
    );
    let services = Services::start(store, (files, tables), lake, loaded, connections, sender);
    let probe_until = Some(started + patience);
    let mut event_loop = EventLoop { state, screen, services, trail, started, probe_until, reported: started };
    event_loop.run(&mut messages, first).await;
    let unsent = event_loop.state.save.unsent;
    if unsent > 0 {
        return Err(OpenError::Unsaved(unsent, event_loop.state.save.waiting.clone().unwrap_or_default()));
    }
    Ok(Left { unsent: event_loop.state.save.outbox.unsent })
}

/// What is known of the terminal before it is asked: the environment, the window, the settings.
fn surroundings(loaded: &Loaded, terminal: &impl std::os::fd::AsFd) -> Surroundings {
    let found = Surroundings::from_process(window_size(terminal));
    let settings = &loaded.settings;
    let wish = Wish::from_name(settings.graphics.name()).unwrap_or_default();
    Surroundings { wish, ascii: settings.ascii, no_color: found.no_color || settings.no_color, ..found }
}

/// The named local volumes: the opened folder, home, the root, and what the config names.
fn volumes(loaded: &Loaded, target: Option<&LakePath>, home: Option<&str>) -> Vec<(String, LakePath)> {
    let mut out: Vec<(String, LakePath)> = Vec::new();
    if let Some(path) = target.filter(|p| p.as_local().is_some()) {
        out.push((path.name().to_owned(), path.clone()));
    }
    for (name, folder) in &loaded.settings.lake_local {
        let folder = match (folder.strip_prefix('~'), home) {
            (Some(rest), Some(home)) => format!("{home}{rest}"),
            _ => folder.clone(),
        };
        out.extend(LakePath::parse(&folder, "/").ok().map(|path| (name.clone(), path)));
    }
    out.extend(home.map(|home| ("home".to_owned(), LakePath::Local(home.to_owned()))));
    out.push(("root".to_owned(), LakePath::Local("/".to_owned())));
    let mut seen = std::collections::HashSet::new();
    out.retain(|(name, _)| seen.insert(name.clone()));
    out
}

fn lake_of(volumes: &[(String, LakePath)], loaded: &Loaded, environment: &Environment, connections: &Shared) -> Lake {
    let place = |(name, path): &(String, LakePath)| {
        path.as_local().map(|folder| Place { name: name.clone(), folder: folder.to_owned() })
    };
    super::reach::lake(volumes.iter().filter_map(place).collect(), loaded, environment, connections)
}

/// What is kept of decoded pictures, by the settings.
fn caches(loaded: &Loaded) -> Caches {
    let settings = &loaded.settings;
    let memory = usize::try_from(settings.cache_memory_mb << 20).unwrap_or(usize::MAX);
    let disk = (settings.cache_disk_mb > 0 && !settings.read_only)
        .then(|| DiskCache::new(&loaded.paths.thumbnails(), settings.cache_disk_mb << 20));
    Caches { memory, disk }
}

/// Opens the bytes of a picture, on a decoder's thread.
fn opener(lake: Lake, sheets: Sheets) -> Opener {
    Arc::new(move |picture, cancel| {
        if let (LakePath::Table(..), Some(cell)) = (&*picture.path, CellKey::of(&picture.etag)) {
            return sheets.open(cell);
        }
        let stamp = if picture.etag.starts_with(SESSION) { "" } else { &picture.etag };
        reading::open(&lake, &picture.path, stamp, &Stop::flag(Arc::clone(cancel)))
    })
}

fn state_of(
    loaded: &Loaded,
    size: (u16, u16),
    caps: crate::term::caps::Caps,
    base: String,
    volumes: Vec<(String, LakePath)>,
    target: Option<LakePath>,
) -> State {
    let settings = &loaded.settings;
    let (keymap, key_problems) = Keymap::load(settings.keymap.name(), &settings.keys, &registry::is_known);
    let remembered = RememberedFile::read(&loaded.paths.places_file());
    let start = Start {
        size,
        caps,
        settings: Arc::new(settings.clone()),
        keymap: Arc::new(keymap),
        user: loaded.user.clone(),
        base,
        volumes,
        places: places_of(&remembered),
        seed: u64::from(std::process::id()) ^ jiff::Timestamp::now().as_microsecond().unsigned_abs(),
    };
    let mut state = State::new(start, first_screen(target, settings.hidden));
    let said = |p: &crate::config::load::Problem| match &p.hint {
        Some(hint) => format!("{}: {}; {hint}", p.place, p.message),
        None => format!("{}: {}", p.place, p.message),
    };
    let problems = loaded.problems.iter().map(said).chain(key_problems.iter().map(ToString::to_string));
    for problem in problems {
        state.say(Level::Warning, printable(&problem));
    }
    state
}

/// A folder opens as itself, a file opens its folder with the cursor on it; without a target the Home screen.
fn first_screen(target: Option<LakePath>, hidden: bool) -> AppScreen {
    let Some(target) = target else { return AppScreen::Home(HomeState::default()) };
    // Of a place behind a server nothing is known yet but its name.
    let is_file = match target.as_local() {
        Some(path) => std::path::Path::new(&crate::domain::text::decode_os(path)).is_file(),
        None => is_picture_name(target.name()),
    };
    let (path, wanted) = match target.parent().filter(|_| is_file) {
        Some(parent) => (parent, Some(target.name().to_owned())),
        None => (target, None),
    };
    AppScreen::Lake(Box::new(LakeState::new(path, wanted, hidden)))
}

fn places_of(remembered: &RememberedFile) -> Places {
    let path = |place: &Remembered| if let Remembered::Path(path) = place { Some(path.clone()) } else { None };
    Places {
        recents: remembered.recents.iter().filter_map(|r| path(&r.place)).collect(),
        bookmarks: remembered.bookmarks.values().cloned().collect(),
        last_project: None,
    }
}
