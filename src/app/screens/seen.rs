//! What has been on the screen: a key never answers a picture that the person cannot have seen.

use super::label::state::picture;
use crate::app::picture::PictureState;
use crate::app::state::State;
use crate::domain::sample::Sample;
use crate::term::caps::Protocol;

/// Whether the picture of a sample is, or was, on the screen.
#[must_use]
pub fn is_shown(state: &State, sample: &Sample) -> bool {
    let Some(open) = &state.project else { return false };
    matches!(state.pictures.get(&picture(&open.project, sample)), Some(PictureState::Shown { .. }))
}

/// Whether a sample may be answered from its thumbnail: it is shown, or this terminal shows no pictures at all, or the
/// settings say that it does not matter.
#[must_use]
pub fn may_answer(state: &State, sample: &Sample) -> bool {
    is_shown(state, sample) || state.caps.protocol == Protocol::None || !state.settings.require_visible
}

/// Whether it may be decided what stands of a sample whose picture is shown large: as [`may_answer`], and also where the
/// picture can never be shown, which the screen says in its place.
#[must_use]
pub fn may_decide(state: &State, sample: &Sample) -> bool {
    let Some(open) = &state.project else { return false };
    let failed = matches!(state.pictures.get(&picture(&open.project, sample)), Some(PictureState::Failed { .. }));
    failed || may_answer(state, sample)
}

/// Why nothing may be decided yet.
#[must_use]
pub fn not_seen(state: &State) -> String {
    match state.picture_room() {
        Some(room) if room.w == 0 || room.h == 0 => {
            "this window has no room for the picture; nothing is decided unseen, make it larger".to_owned()
        }
        _ => "the picture is not on the screen yet".to_owned(),
    }
}
