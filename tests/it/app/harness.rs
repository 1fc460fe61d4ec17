//! Drives the state machine with keys and scripted answers, without a terminal, a clock, or a store.

use jiff::Timestamp;
use lakelens::app::effect::{Effect, Query, Write};
use lakelens::app::event::{At, Event, Reply, Wrote};
use lakelens::app::picture::PictureState;
use lakelens::app::places::Places;
use lakelens::app::screens::Screen;
use lakelens::app::screens::label::state::{LabelState, picture};
use lakelens::app::slots::Slot;
use lakelens::app::state::{OpenProject, Start, State};
use lakelens::app::update::update;
use lakelens::config::settings::Settings;
use lakelens::domain::class::LabelSet;
use lakelens::domain::edit::Outcome;
use lakelens::domain::ids::{ProjectId, Rev, SampleId};
use lakelens::domain::key::KeyPress;
use lakelens::domain::lake_path::LakePath;
use lakelens::domain::project::{Counts, Project, ScanSettings, Task};
use lakelens::domain::sample::{Answer, Sample, Status};
use lakelens::keymap::Keymap;
use lakelens::media::info::ImageInfo;
use lakelens::term::caps::{Caps, Depth, Protocol};
use lakelens::theme::{Palette, Theme};
use lakelens::ui::{Drawn, render};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use std::fmt::Write as _;
use std::sync::Arc;

/// A state machine under test.
pub(crate) struct Harness {
    pub(crate) state: State,
    /// Effects since the last look.
    pub(crate) effects: Vec<Effect>,
    clock: u64,
}

impl Harness {
    /// A machine on a screen, with default settings and keys, in a 16-colour Unicode terminal that shows pictures.
    pub(crate) fn new(screen: Screen) -> Self {
        let caps = Caps {
            depth: Depth::Ansi16,
            protocol: Protocol::Kitty { shared_memory: false },
            cell: (10, 20),
            unicode: true,
            ..Caps::default()
        };
        let start = Start {
            size: (80, 24),
            caps,
            settings: Arc::new(Settings::default()),
            keymap: Arc::new(keymap()),
            user: "ann".to_owned(),
            base: "/data".to_owned(),
            volumes: vec![("photos".to_owned(), LakePath::Local("/data/photos".to_owned()))],
            places: Places::default(),
            seed: 7,
        };
        Self { state: State::new(start, screen), effects: Vec::new(), clock: 0 }
    }

    /// A machine on the Label screen of a project with these classes and so many unlabeled samples, all pictures shown.
    pub(crate) fn labelling(classes: &[&str], samples: usize) -> Self {
        let label = LabelState { auto_advance: true, ..LabelState::default() };
        let mut harness = Self::new(Screen::Label(Box::new(label)));
        harness.open(project(classes), samples);
        let effects = lakelens::app::screens::label::walk::resume(&mut harness.state, None);
        harness.effects.extend(effects);
        let page = (1..=samples).map(sample).collect();
        harness.reply(Slot::WalkForward, Reply::Page { samples: page, end: true });
        harness.show_all();
        harness.effects.clear();
        harness
    }

    /// Makes a project the open one.
    pub(crate) fn open(&mut self, project: Project, samples: usize) {
        let counts = Counts { status: [(Status::Unlabeled, samples as u64)].into(), ..Counts::default() };
        self.state.project = Some(OpenProject { project, counts });
    }

    /// Says that every picture of the walk is on the screen.
    pub(crate) fn show_all(&mut self) {
        self.show_as((320, 240));
    }

    /// The same, of this width and height.
    pub(crate) fn show_as(&mut self, (width, height): (u32, u32)) {
        let open = self.state.project.clone().unwrap();
        let shown: Vec<_> = self.state.label().unwrap().walk.iter().map(|s| picture(&open.project, s)).collect();
        for picture in shown {
            let info = ImageInfo {
                format: "jpeg".to_owned(),
                width,
                height,
                bytes: 22_000,
                frames: 1,
                orientation: 1,
                ..ImageInfo::default()
            };
            self.event(Event::Picture(picture, PictureState::Shown { exact: true, info: Arc::new(info) }));
        }
    }

    /// An event, 100 ms after the one before.
    pub(crate) fn event(&mut self, event: Event) {
        self.event_after(100, event);
    }

    /// Keys as a held key gives them: 30 ms apart.
    pub(crate) fn quick_keys(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            let press = KeyPress::parse(key).unwrap();
            self.event_after(30, Event::Key { press, repeat: false });
        }
    }

    fn event_after(&mut self, pause: u64, event: Event) {
        self.clock += pause;
        let now = Timestamp::from_second(1_790_000_000).unwrap() + jiff::SignedDuration::from_millis(self.clock as i64);
        let effects = update(&mut self.state, event, At { clock: self.clock, now });
        self.effects.extend(effects);
    }

    /// An event no later than the one before, as when keys come in a burst.
    pub(crate) fn event_at_once(&mut self, event: Event) {
        self.clock = self.clock.saturating_sub(100);
        self.event(event);
    }

    /// Keys in the notation of the key map, separated by spaces: `j j <enter> 2 u`.
    pub(crate) fn keys(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            let press = KeyPress::parse(key).unwrap();
            self.event(Event::Key { press, repeat: false });
        }
        self
    }

    /// Types text into a field.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.event(Event::Key { press: KeyPress::char(c), repeat: false });
        }
        self
    }

    /// Time passes, so that what has come by itself can have been read.
    pub(crate) fn read(&mut self) -> &mut Self {
        for _ in 0..4 {
            self.event(Event::Tick);
        }
        self
    }

    /// An answer to the newest question of a slot.
    pub(crate) fn reply(&mut self, slot: Slot, reply: Reply) {
        let tag = self.effects.iter().rev().find_map(|e| match e {
            Effect::Ask(tag, _) if tag.slot == slot => Some(*tag),
            _ => None,
        });
        self.event(Event::Reply(tag.unwrap_or_else(|| panic!("nothing was asked for {slot:?}")), reply));
    }

    /// The questions since the last look.
    pub(crate) fn asked(&self) -> Vec<Query> {
        self.effects.iter().filter_map(|e| if let Effect::Ask(_, q) = e { Some(q.clone()) } else { None }).collect()
    }

    /// The changes to the store since the last look.
    pub(crate) fn writes(&self) -> Vec<Write> {
        self.effects.iter().filter_map(|e| if let Effect::Write(w) = e { Some(w.clone()) } else { None }).collect()
    }

    /// Takes every edit that was sent as saved.
    pub(crate) fn save_all(&mut self) {
        for write in self.writes() {
            if let Write::Edits(edits) = write {
                let saved = edits.into_iter().map(|e| (e, Outcome::Saved { rev: Rev(1) })).collect();
                self.event(Event::Wrote(Wrote::Edits(saved, None)));
            }
        }
        self.effects.clear();
    }

    /// Draws the screen at a size: the text, then a line for each row that says where styles change.
    pub(crate) fn screen(&mut self, width: u16, height: u16) -> String {
        let (buffer, drawn) = self.draw(width, height);
        let mut out = text_of(&buffer);
        for area in drawn.pictures {
            let c = area.cells;
            let name = lakelens::domain::text::printable(area.picture.path.name());
            writeln!(out, "picture {name} at {},{} {}x{}", c.x, c.y, c.w, c.h).unwrap();
        }
        out + &styles_of(&buffer)
    }

    /// Draws the screen at a size.
    pub(crate) fn draw(&mut self, width: u16, height: u16) -> (Buffer, Drawn) {
        self.event(Event::Resized(width, height));
        let palette = palette(self.state.caps.depth);
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let drawn = render(&self.state, &palette, &mut buffer);
        (buffer, drawn)
    }

    /// Draws the screen for a terminal that shows only ASCII.
    pub(crate) fn draw_ascii(&mut self, width: u16, height: u16) -> (Buffer, Drawn) {
        self.event(Event::Resized(width, height));
        let palette = Theme::load("mono", None).0.resolve(self.state.caps.depth, true);
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let drawn = render(&self.state, &palette, &mut buffer);
        (buffer, drawn)
    }
}

fn palette(depth: Depth) -> Palette {
    let (theme, problems) = Theme::load("terminal", None);
    assert!(problems.is_empty(), "{problems:?}");
    theme.resolve(depth, false)
}

/// The text of a buffer, without blanks at line ends.
pub(crate) fn text_of(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut x = 0;
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += u16::try_from(unicode_width::UnicodeWidthStr::width(symbol)).unwrap().max(1);
        }
        writeln!(out, "{}", line.trim_end()).unwrap();
    }
    out
}

/// Where styles change, row by row: `3: 0 cyan bold, 12 -`.
fn styles_of(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut runs: Vec<String> = Vec::new();
        let mut last = "-".to_owned();
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let mut parts = Vec::new();
            if cell.fg != Color::Reset {
                parts.push(cell.fg.to_string().to_lowercase());
            }
            if cell.bg != Color::Reset {
                parts.push(format!("on {}", cell.bg).to_lowercase());
            }
            if cell.modifier != Modifier::empty() {
                parts.push(format!("{:?}", cell.modifier).to_lowercase());
            }
            let style = if parts.is_empty() { "-".to_owned() } else { parts.join(" ") };
            if style != last {
                runs.push(format!("{x} {style}"));
                last = style;
            }
        }
        if !runs.is_empty() {
            writeln!(out, "{y}: {}", runs.join(", ")).unwrap();
        }
    }
    out
}

/// A classification project on `/data/flowers`.
pub(crate) fn project(classes: &[&str]) -> Project {
    Project {
        id: ProjectId(1),
        name: "flowers".to_owned(),
        version: 1,
        parent: None,
        task: Task::Classification,
        source: "/data/flowers".to_owned(),
        scan: ScanSettings::default(),
        labels: LabelSet::from_names(classes, 1),
        created_by: "ann".to_owned(),
        created_at: Timestamp::UNIX_EPOCH,
        trashed_at: None,
    }
}

/// The n-th unlabeled sample.
pub(crate) fn sample(n: usize) -> Sample {
    Sample {
        id: SampleId(n as i64),
        project: ProjectId(1),
        path: format!("daisy/{n:04}.jpg"),
        size: 22_000,
        etag: format!("e{n}"),
        width: Some(320),
        height: Some(240),
        orientation: None,
        missing: false,
        rev: Rev(0),
        answer: Answer::default(),
        predictions: Vec::new(),
        reviews: Vec::new(),
        notes: Vec::new(),
        likeness: None,
    }
}

/// The default keys; every action they name must be in the registry.
fn keymap() -> Keymap {
    let (keymap, problems) = Keymap::load("vim", &toml::Table::new(), &lakelens::app::registry::is_known);
    assert!(problems.is_empty(), "{problems:?}");
    keymap
}
