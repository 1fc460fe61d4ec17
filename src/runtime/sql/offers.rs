//! The engines that can be chosen: what the settings and profiles name at once, then what the workspace has.

use super::{Work, lock};
use crate::app::screens::profiles::ProfileRow;
use crate::app::screens::sql::{News, Offer};
use crate::domain::text::printable;
use crate::remote::compute::{Machine, Machines};
use crate::remote::connections::Listed;
use crate::remote::profile::auth::AuthKind;
use crate::runtime::engines::{EngineName, Wanted};

/// Tells of the engines, twice: before any server is asked, and after.
pub(super) fn tell(work: &Work, typed: Option<&str>, tell: &dyn Fn(News)) {
    let mut offers: Vec<Offer> = Vec::new();
    let mut problem = None;
    let mut add = |engine: EngineName, detail: String| {
        let name = engine.to_string();
        lock(&work.known).entry(name.clone()).or_insert(engine);
        match offers.iter_mut().find(|offer| offer.name == name) {
            Some(offer) if offer.detail.is_empty() => offer.detail = detail,
            Some(_) => {}
            None => offers.push(Offer { name: name.clone(), detail }),
        }
        name
    };
    let mut chosen = None;
    match typed.map(EngineName::parse) {
        Some(Ok(Some(engine))) => chosen = Some(add(engine, "as you typed it".to_owned())),
        Some(Ok(None)) => problem = Some("what you typed is no address of an engine".to_owned()),
        Some(Err(error)) => problem = Some(printable(&error.to_string()).into_owned()),
        None => {}
    }
    let connections = work.connections.fresh();
    if let Ok(engine) = EngineName::choose(&work.store, &Wanted::default(), &work.connections) {
        let name =
            add(named(engine, connections.source().default_profile().map(|c| c.name)), "as it is set up".to_owned());
        chosen = chosen.or(Some(name));
    }
    for profile in connections.profiles() {
        let wanted = Wanted { profile: Some(profile.name.clone()), ..Wanted::default() };
        if let Ok(engine) = EngineName::choose("", &wanted, &work.connections) {
            add(engine, "of the profile".to_owned());
        }
    }
    tell(News::Engines { offers: offers.clone(), chosen: chosen.clone(), problem: problem.clone(), more: true });
    let mut add = |engine: EngineName, detail: String| {
        let name = engine.to_string();
        lock(&work.known).entry(name.clone()).or_insert(engine);
        offers.retain(|offer| offer.name != name);
        offers.push(Offer { name, detail });
    };
    // Only of the workspace in use: signing in to others is for the person to say.
    let profile = connections.source().default_profile().map(|c| c.name);
    if connections.source().has_default()
        && let Ok(workspace) = connections.workspace(None)
    {
        for of in [Machines::Warehouses, Machines::Clusters] {
            match workspace.wait(of.list(&workspace)) {
                Ok(found) => found.iter().for_each(|machine| {
                    let (name, detail) = offered(machine, of, &found);
                    add(EngineName::Machine { profile: profile.clone(), of, name }, detail);
                }),
                Err(error) => {
                    let why = printable(&error.headline()).into_owned();
                    problem.get_or_insert(why);
                }
            }
        }
    }
    tell(News::Engines { offers, chosen, problem, more: false });
}

/// What a machine is called by, and what is said of it: its name, or its id where others have the same name.
fn offered(machine: &Machine, of: Machines, all: &[Machine]) -> (String, String) {
    let (noun, doing) = (of.noun(), printable(machine.doing()));
    let alone = all.iter().filter(|other| other.name == machine.name).count() == 1;
    match (machine.name.is_empty(), alone) {
        (true, _) => (machine.id.clone(), format!("{noun}, {doing}")),
        (false, true) => (machine.name.clone(), format!("{noun}, {doing}")),
        (false, false) => (machine.id.clone(), format!("{noun} `{}`, {doing}", printable(&machine.name))),
    }
}

/// The profiles that there are. No server is asked.
pub(super) fn profiles(work: &Work) -> Vec<ProfileRow> {
    let row = |listed: Listed| {
        let way = listed.auth.map(AuthKind::name);
        let parts = [way, listed.cloud, listed.host.as_deref()];
        let detail = parts.into_iter().flatten().map(|t| printable(t).into_owned()).collect::<Vec<_>>().join("   ");
        let problem = listed.problem.map(|(what, remedy)| printable(&format!("{what}; {remedy}")).into_owned());
        ProfileRow { name: listed.name, detail, problem, used: listed.is_default }
    };
    work.connections.fresh().profiles().into_iter().map(row).collect()
}

/// The same engine with the name of the profile that is used when none is asked for.
fn named(engine: EngineName, profile: Option<String>) -> EngineName {
    match engine {
        EngineName::Machine { profile: None, of, name } => EngineName::Machine { profile, of, name },
        other => other,
    }
}
