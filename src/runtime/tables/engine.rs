//! The engine that reads tables on the screen: the one that the settings and the profile name for everything.

use super::{EngineSource, NoEngine};
use crate::runtime::connections::Shared;
use crate::runtime::engines::{EngineError, EngineName, Wanted};
use std::sync::Arc;

/// Opens the engine of the store, or else of the profile. What somebody corrects in the profile counts at the next try.
#[must_use]
pub fn source(store: String, connections: Shared) -> EngineSource {
    Arc::new(move || {
        let profile = connections.fresh().source().default_profile().map(|chosen| chosen.name);
        let missing = |error: EngineError| match error {
            EngineError::NotSaid => NoEngine::NotSaid(profile.clone()),
            other => NoEngine::Unusable(other.to_string()),
        };
        let name = EngineName::choose(&store, &Wanted::default(), &connections).map_err(&missing)?;
        Ok(name.open(&connections).map_err(&missing)?.engine)
    })
}
