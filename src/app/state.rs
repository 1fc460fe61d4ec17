//! The state: everything the screens show and keys change, as one tree with a branch for each screen.

use super::effect::NewProject;
use super::messages::{Level, Messages};
use super::overlays::Overlay;
use super::picture::{PictureRef, PictureState};
use super::places::Places;
use super::preview_report::Preview;
use super::registry::{self, Scope};
use super::screens::Screen;
use super::screens::lake::LakeState;
use super::screens::profiles::ProfileRow;
use super::screens::sql::SqlState;
use super::screens::viewing::Viewing;
use super::slots::Slots;
use super::tasks::Tasks;
use super::team::Team;
use crate::config::settings::Settings;
use crate::domain::class::LabelSet;
use crate::domain::ids::SampleId;
use crate::domain::key::KeyPress;
use crate::domain::lake_path::LakePath;
use crate::domain::project::{Counts, Project};
use crate::keymap::Keymap;
use crate::term::caps::Caps;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What the state machine is started with.
#[derive(Clone, Debug)]
pub struct Start {
    /// Columns and rows.
    pub size: (u16, u16),
    /// The terminal, as guessed before the probe.
    pub caps: Caps,
    /// Settings.
    pub settings: Arc<Settings>,
    /// Keys.
    pub keymap: Arc<Keymap>,
    /// Who edits.
    pub user: String,
    /// The folder the program was started in, in `encode_os` form.
    pub base: String,
    /// Named local volumes: the opened folder, home, `[lake.local]`.
    pub volumes: Vec<(String, LakePath)>,
    /// Recents, bookmarks, last session.
    pub places: Places,
    /// Seed for everything random, such as a jump to a random sample.
    pub seed: u64,
}

/// The project that is open, with its counts as of the last edit.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenProject {
    /// The project.
    pub project: Project,
    /// Its counts.
    pub counts: Counts,
}

/// Whether everything is safely stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SaveState {
    /// Edits on their way to the store.
    pub unsent: usize,
    /// Why they cannot be stored now, if they cannot.
    pub waiting: Option<String>,
    /// Edits that met somebody else's.
    pub conflicts: usize,
    /// What waits between this machine and a remote store.
    pub outbox: OutboxState,
}

impl SaveState {
    /// Nothing is on its way: the store's counts are newer than the screen's own.
    #[must_use]
    pub fn settled(&self) -> bool {
        self.unsent == 0 && self.outbox.unsent == 0
    }
}

/// What waits between this machine, where it is safe, and a remote store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutboxState {
    /// Edits that the store has not confirmed.
    pub unsent: u64,
    /// Samples on which the person has to decide.
    pub conflicts: u64,
    /// Why nothing is sent at the moment, where there is a reason.
    pub waiting: Option<String>,
}

/// Everything.
#[derive(Clone, Debug)]
pub struct State {
    /// Milliseconds since the start, as of the last event.
    pub clock: u64,
    /// Calendar time of the last event.
    pub now: Timestamp,
    /// Columns and rows.
    pub size: (u16, u16),
    /// The terminal.
    pub caps: Caps,
    /// Settings.
    pub settings: Arc<Settings>,
    /// Keys.
    pub keymap: Arc<Keymap>,
    /// Who edits.
    pub user: String,
    /// Nothing may be changed.
    pub read_only: bool,
    /// Screens, the one that is shown last. Never empty.
    pub screens: Vec<Screen>,
    /// What lies above the screen, the top one last.
    pub overlays: Vec<Overlay>,
    /// The last key and when it came: a held key changes nothing twice.
    pub last_key: Option<(KeyPress, u64)>,
    /// Keys of an unfinished sequence.
    pub pending: Vec<KeyPress>,
    /// Generations.
    pub slots: Slots,
    /// What is known of pictures.
    pub pictures: Pictures,
    /// The line to the terminal, and the panel that tells of it.
    pub preview: Preview,
    /// Tasks of this run.
    pub tasks: Tasks,
    /// Toasts and messages.
    pub messages: Messages,
    /// Whether everything is stored.
    pub save: SaveState,
    /// The project that is open.
    pub project: Option<OpenProject>,
    /// Others who work on it.
    pub team: Team,
    /// Recents, bookmarks, last session.
    pub places: Places,
    /// Named local volumes.
    pub volumes: Vec<(String, LakePath)>,
    /// The name of the theme in use.
    pub theme: String,
    /// How the large picture is looked at.
    pub viewing: Viewing,
    /// The picture takes the whole Lake screen.
    pub large_picture: bool,
    /// Something on the screen may have changed.
    pub dirty: bool,
    /// The program is about to end.
    pub leaving: bool,
    /// State of the random numbers.
    pub seed: u64,
    /// The SQL screen.
    pub sql: SqlState,
    /// The profiles that there are, as far as is known.
    pub profiles: Vec<ProfileRow>,
    /// The profile in use.
    pub profile: Option<String>,
    /// Comments that were typed and are not in the store, by picture.
    pub unsaid: BTreeMap<SampleId, String>,
    /// What goes on a list, while its name is asked.
    pub for_list: Vec<SampleId>,
    /// The project that is being made, while its questions are asked.
    pub draft: Option<NewProject>,
    base: String,
}

impl State {
    /// A state on the given screen.
    #[must_use]
    pub fn new(start: Start, first: Screen) -> Self {
        Self {
            clock: 0,
            now: Timestamp::UNIX_EPOCH,
            size: start.size,
            read_only: start.settings.read_only,
            theme: start.settings.theme.name(start.caps.light).to_owned(),
            caps: start.caps,
            settings: start.settings,
            keymap: start.keymap,
            user: start.user,
            screens: vec![first],
            overlays: Vec::new(),
            last_key: None,
            pending: Vec::new(),
            slots: Slots::default(),
            pictures: Pictures::default(),
            preview: Preview::default(),
            tasks: Tasks::default(),
            messages: Messages::default(),
            save: SaveState::default(),
            project: None,
            team: Team::default(),
            places: start.places,
            volumes: start.volumes,
            viewing: Viewing::default(),
            large_picture: false,
            dirty: true,
            leaving: false,
            seed: start.seed | 1,
            sql: SqlState::default(),
            profiles: Vec::new(),
            profile: None,
            unsaid: BTreeMap::new(),
            for_list: Vec::new(),
            draft: None,
            base: start.base,
        }
    }

    /// The screen that is shown.
    #[must_use]
    pub fn screen(&self) -> Option<&Screen> {
        self.screens.last()
    }

    /// Where keys and actions are looked up: boxes and a zoomed picture first, then the screen, then everywhere.
    #[must_use]
    pub fn scopes(&self) -> Vec<Scope> {
        let boxes = self.boxes().map(|_| Scope::Boxes);
        let zoom = self.zoomed().map(|_| Scope::Zoom);
        boxes.into_iter().chain(zoom).chain(self.screen().map(|s| s.scope(self))).chain([Scope::Global]).collect()
    }

    /// The Lake screen, if it is shown.
    #[must_use]
    pub fn lake(&self) -> Option<&LakeState> {
        match self.screens.last() {
            Some(Screen::Lake(lake)) => Some(lake),
            _ => None,
        }
    }

    /// The Lake screen, if it is shown.
    pub fn lake_mut(&mut self) -> Option<&mut LakeState> {
        match self.screens.last_mut() {
            Some(Screen::Lake(lake)) => Some(lake),
            _ => None,
        }
    }

    /// What relative paths are relative to: the folder on the Lake screen, else the one the program was started in.
    #[must_use]
    pub fn base(&self) -> String {
        let shown = self.lake().and_then(|l| l.here.path.as_local().map(str::to_owned));
        shown.unwrap_or_else(|| self.base.clone())
    }

    /// The folder a named local volume stands for.
    #[must_use]
    pub fn place(&self, volume: &str) -> Option<LakePath> {
        self.volumes.iter().find(|(name, _)| name == volume).map(|(_, path)| path.clone())
    }

    /// The label set of the open project; empty without one.
    #[must_use]
    pub fn labels(&self) -> LabelSet {
        self.project.as_ref().map(|p| p.project.labels.clone()).unwrap_or_default()
    }

    /// Says something. Text from outside must be made printable before.
    pub fn say(&mut self, level: Level, text: impl Into<String>) {
        let text = self.with_keys(&text.into());
        self.messages.say(level, text, self.clock);
        self.dirty = true;
    }

    /// Replaces every `[action.id]` of a text by the key that does it now, so that a text never names a key that was
    /// changed: `[label.queue] chooses another` becomes `` `O` chooses another ``.
    #[must_use]
    pub fn with_keys(&self, text: &str) -> String {
        // What this screen calls it first; then what the screen does where it is bound.
        let here: Vec<&str> = self.scopes().iter().map(|s| s.name()).collect();
        let key_of = |name: &str| {
            let there =
                || registry::SCOPES.iter().find_map(|s| self.keymap.keys_for(&[s.name()], name).into_iter().next());
            self.keymap.keys_for(&here, name).into_iter().next().or_else(there)
        };
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('[') {
            let Some((name, tail)) = after.split_once(']').filter(|(name, _)| registry::is_known(name)) else {
                out.push_str(before);
                out.push('[');
                rest = after;
                continue;
            };
            let key = key_of(name).map_or_else(|| format!(":{name}"), |k| format!("`{k}`"));
            out.push_str(before);
            out.push_str(&key);
            rest = tail;
        }
        out + rest
    }

    /// A random number, reproducible from the seed of the start (xorshift64).
    pub fn random(&mut self) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed
    }
}

/// How many pictures are remembered at most.
const REMEMBERED: usize = 4_096;

/// What is known of pictures; forgets the oldest half when it grows too large.
#[derive(Clone, Debug, Default)]
pub struct Pictures {
    known: HashMap<PictureRef, (u64, PictureState)>,
    age: u64,
}

impl Pictures {
    /// Takes news from the presenter.
    pub fn set(&mut self, picture: PictureRef, state: PictureState) {
        if self.known.len() >= REMEMBERED {
            let keep_from = self.age.saturating_sub(REMEMBERED as u64 / 2);
            self.known.retain(|_, (age, _)| *age >= keep_from);
        }
        self.age += 1;
        self.known.insert(picture, (self.age, state));
    }

    /// What is known of a picture.
    #[must_use]
    pub fn get(&self, picture: &PictureRef) -> Option<&PictureState> {
        self.known.get(picture).map(|(_, state)| state)
    }
}
