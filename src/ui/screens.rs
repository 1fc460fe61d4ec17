//! One file a screen.

pub mod adjudicate;
pub mod classes;
pub mod conflicts;
pub mod gallery;
pub mod home;
pub mod label;
pub mod lake;
pub mod objects;
pub mod projects;
pub mod review;
pub mod sql;
pub mod stats;
pub mod sweep;
pub mod table;
pub mod task_list;
mod thumbnail;
pub mod versions;
pub mod wizard;

use super::canvas::Canvas;
use crate::app::screens::Screen;
use crate::app::state::State;
use ratatui::layout::Rect;

/// Draws the screen that is shown.
pub fn render(state: &State, canvas: &mut Canvas, area: Rect) {
    match state.screen() {
        Some(Screen::Home(home)) => home::render(state, home, canvas, area),
        Some(Screen::Lake(lake)) => lake::render(state, lake, canvas, area),
        Some(Screen::Table(table)) => table::render(state, table, canvas, area),
        Some(Screen::Sql) => sql::render(state, canvas, area),
        Some(Screen::Projects(list)) => projects::render(state, list, canvas, area),
        Some(Screen::Label(label)) => label::render(state, label, canvas, area),
        Some(Screen::Review(review)) => review::render(state, review, canvas, area),
        Some(Screen::SecondPass(pass)) => label::render(state, &pass.label, canvas, area),
        Some(Screen::Stats(stats)) => stats::render(state, stats, canvas, area),
        Some(Screen::Gallery(gallery)) => gallery::render(state, gallery, canvas, area),
        Some(Screen::Sweep(sweep)) => sweep::render(state, sweep, canvas, area),
        Some(Screen::Objects(objects)) => objects::render(state, objects, canvas, area),
        Some(Screen::Classes(classes)) => classes::render(state, classes, canvas, area),
        Some(Screen::Conflicts(conflicts)) => conflicts::render(state, conflicts, canvas, area),
        Some(Screen::Adjudicate(here)) => adjudicate::render(state, here, canvas, area),
        Some(Screen::Versions(versions)) => versions::render(state, versions, canvas, area),
        Some(Screen::Tasks(list)) => task_list::render(state, list, canvas, area),
        Some(Screen::Import(_) | Screen::Export(_)) => wizard::render(state, canvas, area),
        None => {}
    }
}
