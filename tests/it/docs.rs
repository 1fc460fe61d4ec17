//! The README tells the truth: its tables are made from the registry, the key map and the command line.
//!
//! `LAKELENS_WRITE_DOCS=1 cargo test --test it docs` writes them anew.

use lakelens::app::registry::{self, Scope, Spec};
use lakelens::keymap::Keymap;
use std::fmt::Write as _;
use std::path::PathBuf;

const SCOPES: [(Scope, &str); 20] = [
    (Scope::Label, "Label"),
    (Scope::Boxes, "Boxes"),
    (Scope::Gallery, "Gallery"),
    (Scope::Sweep, "Sweep"),
    (Scope::Objects, "Object grid"),
    (Scope::Review, "Review"),
    (Scope::Adjudicate, "Differences"),
    (Scope::Versions, "Versions"),
    (Scope::Conflicts, "Conflicts"),
    (Scope::Lake, "Folders"),
    (Scope::Table, "Table"),
    (Scope::Sql, "SQL"),
    (Scope::Projects, "Projects"),
    (Scope::Wizard, "Import, export"),
    (Scope::Classes, "Label set"),
    (Scope::Stats, "Statistics"),
    (Scope::Home, "Home"),
    (Scope::Tasks, "Tasks"),
    (Scope::Zoom, "Zoomed in"),
    (Scope::Global, "Everywhere"),
];

fn keys_table(keymap: &Keymap) -> String {
    let mut out = String::from("| screen | key | does |\n|---|---|---|\n");
    for (scope, title) in SCOPES {
        // What one key does on many screens, such as undo, stands once.
        let here = |s: &&Spec| s.scopes.contains(&scope) || scope == Scope::Global && s.scopes.len() > 2;
        for spec in registry::all().filter(here) {
            let keys = keys_of(keymap, scope, spec);
            if !keys.is_empty() {
                writeln!(out, "| {title} | {} | {} |", keys.join(", "), spec.help).unwrap();
            }
        }
    }
    out
}

fn keys_of(keymap: &Keymap, scope: Scope, spec: &Spec) -> Vec<String> {
    let code = |key: String| format!("`{}`", key.replace('|', "\\|"));
    if spec.name == "label.hotkey" {
        return vec![code("0-9".to_owned()), "letters".to_owned()];
    }
    keymap.keys_for(&[scope.name()], spec.name).into_iter().map(code).collect()
}

fn commands_table() -> String {
    let mut out = String::from("| command | does |\n|---|---|\n");
    for command in lakelens::cli::command().get_subcommands().filter(|c| !c.is_hide_set()) {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        writeln!(out, "| `lakelens {}` | {about} |", command.get_name()).unwrap();
    }
    out
}

fn between(readme: &str, name: &str) -> (usize, usize) {
    let open = readme.find(&format!("<!-- {name}:")).unwrap_or_else(|| panic!("README has no `{name}` mark"));
    let start = open + readme[open..].find("-->\n").unwrap() + 4;
    (start, start + readme[start..].find(&format!("<!-- /{name} -->")).unwrap())
}

#[test]
fn the_readme_is_current() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let mut readme = std::fs::read_to_string(&path).unwrap();
    let (keymap, _) = Keymap::load("vim", &toml::Table::new(), &registry::is_known);
    let mut stale = Vec::new();
    for (name, table) in [("keys", keys_table(&keymap)), ("commands", commands_table())] {
        let (start, end) = between(&readme, name);
        if readme[start..end] != table {
            readme.replace_range(start..end, &table);
            stale.push(name);
        }
    }
    if std::env::var_os("LAKELENS_WRITE_DOCS").is_some() {
        std::fs::write(&path, readme).unwrap();
    } else {
        assert!(stale.is_empty(), "README: {stale:?} are stale; run LAKELENS_WRITE_DOCS=1 cargo test --test it docs");
    }
}

#[test]
fn every_bound_action_exists_and_every_action_is_named_once() {
    for preset in ["vim", "arrows"] {
        let (keymap, problems) = Keymap::load(preset, &toml::Table::new(), &registry::is_known);
        assert!(problems.is_empty(), "{preset}: {problems:?}");
        let unknown: Vec<&str> =
            keymap.actions().filter(|a| !registry::is_known(a.split(' ').next().unwrap())).collect();
        assert!(unknown.is_empty(), "{preset} binds unknown actions: {unknown:?}");
    }
    for spec in registry::all() {
        let same = registry::all().filter(|s| s.name == spec.name && s.scopes.iter().any(|x| spec.scopes.contains(x)));
        assert_eq!(same.count(), 1, "{} stands twice in one scope", spec.name);
        assert!(
            !spec.help.is_empty() && !spec.help.ends_with('.'),
            "{}: one line of help without a full stop",
            spec.name
        );
    }
}
