//! The engine that reads tables on the screen: the one that the settings and the profile name for everything.

use super::{EngineSource, NoEngine};
use crate::runtime::compute::{self, Standing};
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
        let opened = name.open(&connections).map_err(&missing)?;
        // Looking at rows starts no cluster, because that costs money; a warehouse starts by itself.
        if let Some(Ok(Standing::Stopped(what))) = opened.machine.as_ref().map(compute::standing) {
            return Err(NoEngine::Unusable(format!("{what}; any statement of :sql offers to start it")));
        }
        Ok(opened.engine)
    })
}
