//! How the large picture is looked at, on every screen that shows one: closer, elsewhere, brighter, one channel, exactly.
//!
//! What always holds: none of it changes data; another picture is shown whole again, unless the settings say otherwise,
//! and is not asked for exactly; the look stays for all pictures until it is reset, and the status line says so; class
//! keys go on to work.

use super::label::state::picture;
use super::{Screen, adjudicate, conflicts};
use crate::app::effect::Effect;
use crate::app::messages::Level;
use crate::app::picture::{Channel, Look, PictureRef, PictureState, Window};
use crate::app::registry::{Scope, Spec};
use crate::app::state::State;
use crate::app::zoom::{Room, View, Way, screen_pixels};
use crate::domain::geometry::BoxN;
use crate::domain::sample::Sample;
use crate::media::info::ImageInfo;
use crate::term::caps::Protocol;

const SCREENS: &[Scope] =
    &[Scope::Label, Scope::SecondPass, Scope::Review, Scope::Adjudicate, Scope::Conflicts, Scope::Lake, Scope::Table];
const ZOOMED: &[Scope] = &[Scope::Zoom];
/// Brightness and contrast go this many steps either way.
const STEPS: i8 = 10;
/// Share of the part that an arrow moves it by.
const PAN: f64 = 0.25;
/// The same for a far move: what was at one edge is then at the other.
const PAN_FAR: f64 = 0.9;

/// How the large picture is looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Viewing {
    /// What is zoomed in on; nothing while the whole picture is shown.
    pub zoom: Option<View>,
    /// The colours. They stay when the picture changes.
    pub look: Look,
    /// Every pixel is wanted now and not when nothing happens for a moment.
    pub exact: bool,
    /// The picture that all but the look is about.
    of: Option<PictureRef>,
}

/// The actions.
pub const SPECS: &[Spec] = &[
    Spec::looks(SCREENS, "view.closer", "zoom", "Zoom in around the middle", 10, sized, |s, _| closer(s)),
    Spec::looks(SCREENS, "view.farther", "zoom out", "Zoom out around the middle", 0, zoomed, |s, _| farther(s)),
    Spec::looks(SCREENS, "view.whole", "whole picture", "Show the whole picture again", 1, zoomed, |s, _| {
        s.viewing.zoom = None;
        Vec::new()
    }),
    Spec::looks(
        SCREENS,
        "view.pixels",
        "1:1",
        "Show one pixel of the picture as one pixel of the terminal",
        0,
        sized,
        |s, _| pixels(s),
    ),
    Spec::moves(ZOOMED, "view.pan", "look around", "Move the part that is shown by a quarter", 1, |s, args| {
        pan(s, args, PAN)
    }),
    Spec::moves(ZOOMED, "view.pan-far", "look further", "Move to the next part of the picture", 0, |s, args| {
        pan(s, args, PAN_FAR)
    }),
    Spec::looks(
        SCREENS,
        "view.exact",
        "exact",
        "Send every pixel of this picture now, not only when nothing happens for a moment",
        0,
        on_picture,
        |s, _| exact(s),
    ),
    Spec::looks(SCREENS, "look.brighter", "brighter", "Show all pictures brighter", 0, on_picture, |s, _| {
        look(s, |l| l.brightness = step(l.brightness, 1))
    }),
    Spec::looks(SCREENS, "look.darker", "darker", "Show all pictures darker", 0, on_picture, |s, _| {
        look(s, |l| l.brightness = step(l.brightness, -1))
    }),
    Spec::looks(
        SCREENS,
        "look.more-contrast",
        "more contrast",
        "Show all pictures with more contrast",
        0,
        on_picture,
        |s, _| look(s, |l| l.contrast = step(l.contrast, 1)),
    ),
    Spec::looks(
        SCREENS,
        "look.less-contrast",
        "less contrast",
        "Show all pictures with less contrast",
        0,
        on_picture,
        |s, _| look(s, |l| l.contrast = step(l.contrast, -1)),
    ),
    Spec::looks(
        SCREENS,
        "look.channel",
        "channel",
        "Show all pictures in red, green, blue alone, then in all colours again",
        0,
        on_picture,
        |s, _| look(s, |l| l.channel = next_channel(l.channel)),
    ),
    Spec::looks(
        SCREENS,
        "look.reset",
        "own colours",
        "Show pictures in their own colours again",
        0,
        changed,
        |s, _| {
            s.viewing.look = Look::default();
            s.say(Level::Info, "pictures are shown in their own colours");
            Vec::new()
        },
    ),
];

/// The large picture of the screen and its sample, if it has one.
pub(in crate::app) fn current(state: &State) -> Option<(PictureRef, Option<&Sample>)> {
    match state.screen()? {
        Screen::Lake(lake) => lake.picture_at(lake.here.cursor).map(|p| (p, None)),
        Screen::Table(table) => table.current_picture().map(|p| (p, None)),
        screen => {
            let sample = match screen {
                Screen::Adjudicate(_) => &adjudicate::current(state)?.sample,
                Screen::Conflicts(_) => conflicts::current(state)?.sample.as_ref()?,
                screen => screen.walk()?.sample()?,
            };
            Some((picture(&state.project.as_ref()?.project, sample), Some(sample)))
        }
    }
}

impl State {
    /// The size in pixels of a picture, where it is known: as it was read, or else as the scan found it.
    #[must_use]
    pub fn picture_size(&self, picture: &PictureRef, sample: Option<&Sample>) -> Option<(u32, u32)> {
        let read = match self.pictures.get(picture) {
            Some(PictureState::Shown { info, .. }) => Some(size_of(info)),
            Some(PictureState::Failed { .. }) => return None,
            Some(PictureState::Waiting) | None => None,
        };
        let scanned = || sample.and_then(|s| s.width.zip(s.height));
        read.or_else(scanned).filter(|(w, h)| *w > 0 && *h > 0)
    }

    /// The part of a picture that is shown where the large picture stands: all of it, unless one has zoomed in.
    #[must_use]
    pub fn window_of(&self, picture: &PictureRef, sample: Option<&Sample>) -> Window {
        let about = self.viewing.of.as_ref() == Some(picture) || self.settings.keep_zoom;
        let view = self.viewing.zoom.filter(|_| about);
        let room = || self.zoom_room(self.picture_size(picture, sample)?);
        view.zip(room()).map_or(Window::ALL, |(view, room)| room.window(view))
    }

    /// What is zoomed in on, in which room; nothing while the whole picture is on the screen.
    #[must_use]
    pub fn zoomed(&self) -> Option<(Room, View, Window)> {
        let view = self.viewing.zoom?;
        let (picture, sample) = current(self)?;
        let room = self.zoom_room(self.picture_size(&picture, sample)?)?;
        let window = room.window(view);
        (window != Window::ALL).then_some((room, view, window))
    }

    fn zoom_room(&self, picture: (u32, u32)) -> Option<Room> {
        let cells = self.picture_room()?;
        Some(Room { room: screen_pixels(&self.caps, (cells.w, cells.h)), picture })
    }
}

fn size_of(info: &ImageInfo) -> (u32, u32) {
    (info.width, info.height)
}

/// After every event: what was asked of one picture is not asked of another.
pub fn follow(state: &mut State) {
    if state.viewing == Viewing::default() {
        return;
    }
    let now = current(state).map(|(picture, _)| picture);
    if state.viewing.of == now {
        return;
    }
    state.viewing.exact = false;
    if !state.settings.keep_zoom {
        state.viewing.zoom = None;
    }
    state.viewing.of = now;
}

/// Looks at a part of the picture under the eye, so that it takes about `share` of the room; nothing shows all of it.
pub(super) fn show_part(state: &mut State, part: Option<BoxN>, share: f64) {
    let Some(room) = room(state) else { return };
    look_at(state, part.and_then(|part| room.around(part, share)));
}

/// The room of the picture under the eye.
fn room(state: &State) -> Option<Room> {
    let (picture, sample) = current(state)?;
    state.zoom_room(state.picture_size(&picture, sample)?)
}

fn on_picture(state: &State) -> Result<(), String> {
    if state.caps.protocol == Protocol::None {
        return Err("pictures are switched off for this terminal".to_owned());
    }
    let Some((picture, _)) = current(state) else { return Err("there is no picture under the cursor".to_owned()) };
    match state.pictures.get(&picture) {
        Some(PictureState::Failed { .. }) => Err("this picture cannot be shown".to_owned()),
        _ => Ok(()),
    }
}

fn sized(state: &State) -> Result<(), String> {
    on_picture(state)?;
    room(state).map(|_| ()).ok_or_else(|| "the picture is still loading".to_owned())
}

fn zoomed(state: &State) -> Result<(), String> {
    sized(state)?;
    state.zoomed().map(|_| ()).ok_or_else(|| "the whole picture is shown; [view.closer] zooms in".to_owned())
}

fn changed(state: &State) -> Result<(), String> {
    let changed = state.viewing.look != Look::default();
    changed.then_some(()).ok_or_else(|| "pictures are shown in their own colours".to_owned())
}

/// Looks at a part of the picture under the eye.
pub(super) fn look_at(state: &mut State, view: Option<View>) {
    state.viewing.of = current(state).map(|(picture, _)| picture);
    state.viewing.zoom = view;
}

fn closer(state: &mut State) -> Vec<Effect> {
    let Some(room) = room(state) else { return Vec::new() };
    match room.closer(state.viewing.zoom) {
        Some(view) => look_at(state, Some(view)),
        None => state.say(Level::Info, "this is as close as it goes: every pixel of the picture is a block"),
    }
    Vec::new()
}

fn farther(state: &mut State) -> Vec<Effect> {
    if let Some((room, view)) = room(state).zip(state.viewing.zoom) {
        look_at(state, room.farther(view));
    }
    Vec::new()
}

fn pixels(state: &mut State) -> Vec<Effect> {
    let Some(room) = room(state) else { return Vec::new() };
    match room.one_to_one(state.viewing.zoom) {
        Some(view) => look_at(state, Some(view)),
        None => {
            state.viewing.zoom = None;
            state.say(Level::Info, "the whole picture is shown one to one or larger; [view.closer] zooms in");
        }
    }
    Vec::new()
}

fn pan(state: &mut State, args: &[String], share: f64) -> Vec<Effect> {
    let way = match args.first().map(String::as_str) {
        Some("left") => Way::Left,
        Some("right") => Way::Right,
        Some("up") => Way::Up,
        Some("down") => Way::Down,
        _ => {
            let text = "say where to: `view.pan left`, `right`, `up` or `down`, on a key of the key map";
            state.say(Level::Info, text);
            return Vec::new();
        }
    };
    if let Some((room, view, _)) = state.zoomed() {
        look_at(state, Some(room.panned(view, way, share)));
    }
    Vec::new()
}

fn exact(state: &mut State) -> Vec<Effect> {
    let Some((picture, _)) = current(state) else { return Vec::new() };
    if matches!(state.pictures.get(&picture), Some(PictureState::Shown { exact: true, .. })) {
        state.say(Level::Info, "every pixel is on the screen already");
    }
    (state.viewing.of, state.viewing.exact) = (Some(picture), true);
    Vec::new()
}

fn look(state: &mut State, change: impl FnOnce(&mut Look)) -> Vec<Effect> {
    let before = state.viewing.look;
    change(&mut state.viewing.look);
    let now = state.viewing.look;
    let text = match (now == before, now == Look::default()) {
        (true, _) => format!("{}: further it does not go", look_words(now)),
        (false, true) => "pictures are shown in their own colours".to_owned(),
        (false, false) => format!("all pictures: {}; [look.reset] shows their own colours", look_words(now)),
    };
    state.say(Level::Info, text);
    Vec::new()
}

fn step(now: i8, by: i8) -> i8 {
    now.saturating_add(by).clamp(-STEPS, STEPS)
}

fn next_channel(channel: Channel) -> Channel {
    match channel {
        Channel::All => Channel::Red,
        Channel::Red => Channel::Green,
        Channel::Green => Channel::Blue,
        Channel::Blue => Channel::All,
    }
}

/// What a look does, in words: `brightness +3, contrast -1, red only`; empty for own colours.
#[must_use]
pub fn look_words(look: Look) -> String {
    let steps = |name: &str, n: i8| (n != 0).then(|| format!("{name} {n:+}"));
    let channel = match look.channel {
        Channel::All => None,
        Channel::Red => Some("red only".to_owned()),
        Channel::Green => Some("green only".to_owned()),
        Channel::Blue => Some("blue only".to_owned()),
    };
    let parts = [steps("brightness", look.brightness), steps("contrast", look.contrast), channel];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
