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
