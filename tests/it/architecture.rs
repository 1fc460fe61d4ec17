//! Holds the layers and the house rules: what may use what, how long files and functions get, what stands nowhere.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Module, and the modules it may use besides itself. `domain` may be used by all.
const LAYERS: [(&str, &[&str]); 16] = [
    ("domain", &[]),
    ("remote", &[]),
    ("formats", &[]),
    ("media", &[]),
    ("term", &[]),
    ("lake", &["remote"]),
    ("store", &["remote"]),
    ("predict", &["remote"]),
    ("config", &["term::caps"]),
    ("theme", &["term::caps"]),
    ("keymap", &["term::caps"]),
    ("ops", &["lake", "store", "predict", "media", "formats"]),
    // The state machine sees the plain records of the layers below, never their services.
    (
        "app",
        &[
            "keymap",
            "theme",
            "lake::listing",
            "lake::table_info",
            "media::info",
            "term::caps",
            "config::settings",
            "config::places",
            "ops::report",
            "ops::options",
        ],
    ),
    (
        "ui",
        &["app", "theme", "keymap", "term::caps", "lake::listing", "lake::table_info", "media::info", "ops::report"],
    ),
    (
        "runtime",
        &[
            "remote", "formats", "media", "term", "lake", "store", "predict", "config", "theme", "keymap", "ops",
            "app", "ui",
        ],
    ),
    (
        "cli",
        &[
            "remote", "formats", "media", "term", "lake", "store", "predict", "config", "theme", "keymap", "ops",
            "app", "runtime",
        ],
    ),
];
/// Text that may stand only in the modules, or folders of one, named with it.
const ONLY_IN: [(&str, &[&str]); 10] = [
    ("println!", &["cli"]),
    ("eprintln!", &["cli"]),
    ("print!(", &["cli"]),
    ("Color::Rgb", &["theme", "term"]),
    ("std::env", &["config", "term"]),
    ("std::fs", &["lake", "store", "media", "formats", "config", "theme", "keymap", "ops", "runtime", "cli", "term"]),
    // The measuring tool's relay is a connection on this machine.
    ("std::net", &["remote", "store", "predict", "lake", "runtime/bench"]),
    (".clear()?", &[]),
    ("thread::sleep", &[]),
    ("viuer::", &["cli"]),
];
const FILE_LINES: usize = 600;
const FUNCTION_LINES: usize = 100;

struct Source {
    path: PathBuf,
    module: String,
    /// Code without the `#[cfg(test)]` module at the end, comments and strings blanked.
    code: String,
    lines: usize,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    rust_files(&root().join("src"), &mut paths);
    paths.sort();
    paths.iter().map(|p| source(p)).collect()
}

fn source(path: &Path) -> Source {
    let text = fs::read_to_string(path).unwrap();
    let relative = path.strip_prefix(root().join("src")).unwrap().to_owned();
    let first = relative.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    let body = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    Source {
        module: first.trim_end_matches(".rs").to_owned(),
        code: blank(body),
        lines: text.lines().count(),
        path: relative,
    }
}

/// Replaces comments and the insides of strings and characters by spaces, line by line, so that brackets count right.
fn blank(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut i = 0;
    while i < chars.len() {
        let start = i;
        match at(i) {
            '/' if at(i + 1) == '/' => i += chars[i..].iter().take_while(|c| **c != '\n').count(),
            'r' if at(i + 1) == '"' || (at(i + 1) == '#' && (at(i + 2) == '"' || at(i + 2) == '#')) => {
                let hashes = chars[i + 1..].iter().take_while(|c| **c == '#').count();
                let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
                i += hashes + 2;
                while i < chars.len() && !chars[i..].starts_with(&close) {
                    i += 1;
                }
                i += close.len();
            }
            '"' => {
                i += 1;
                while i < chars.len() && at(i) != '"' {
                    i += if at(i) == '\\' { 2 } else { 1 };
                }
                i += 1;
            }
            '\'' if at(i + 1) == '\\' => {
                i += 3 + chars[(i + 3).min(chars.len())..].iter().take_while(|c| **c != '\'').count()
            }
            '\'' if at(i + 2) == '\'' => i += 3,
            c => {
                out.push(c);
                i += 1;
                continue;
            }
        }
        out.extend(chars[start..i.min(chars.len())].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
    }
    out
}

/// Every `crate::a::b` of the code, with `use crate::{…}` lists opened one level.
fn uses(code: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (start, _) in code.match_indices("crate::") {
        let rest = &code[start + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut item = String::new();
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 || (c == ',' && depth == 1) {
                    out.push(std::mem::take(&mut item).trim().to_owned());
                } else {
                    item.push(c);
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            out.push(rest.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':')).collect());
        }
    }
    out.retain(|u| !u.is_empty());
    out
}

#[test]
fn layers_hold() {
    let allowed: BTreeMap<&str, &[&str]> = LAYERS.into_iter().collect();
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|s| s.module != "main" && s.module != "lib") {
        let Some(may) = allowed.get(source.module.as_str()) else {
            wrong.push(format!("{}: module `{}` is not in the table of layers", source.path.display(), source.module));
            continue;
        };
        for used in uses(&source.code) {
            let fine = used.starts_with(&format!("{}::", source.module))
                || used == source.module
                || used.starts_with("domain")
                || may.iter().any(|m| used == *m || used.starts_with(&format!("{m}::")));
            if !fine {
                wrong.push(format!("{}: uses crate::{used}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "layers are broken:\n{}", wrong.join("\n"));
}

#[test]
fn house_rules_hold() {
    let mut wrong = Vec::new();
    for source in sources() {
        let file = source.path.display();
        let name = source.path.file_stem().unwrap().to_string_lossy().into_owned();
        if matches!(name.as_str(), "utils" | "util" | "helpers" | "common" | "misc" | "mod") {
            wrong.push(format!("{file}: a module needs a name that says what it holds"));
        }
        if source.lines > FILE_LINES {
            wrong.push(format!("{file}: {} lines, at most {FILE_LINES}", source.lines));
        }
        for (text, modules) in ONLY_IN {
            let binary = source.module == "main";
            let allowed = modules.iter().any(|m| source.path.starts_with(m) || source.module == *m);
            if source.code.contains(text) && !binary && !allowed {
                wrong.push(format!("{file}: `{text}` may stand only in {modules:?}"));
            }
        }
        if source.code.contains(".unwrap()") {
            wrong.push(format!("{file}: `.unwrap()` outside tests"));
        }
        wrong.extend(long_functions(&source.code).into_iter().map(|f| format!("{file}: {f}")));
    }
    assert!(wrong.is_empty(), "house rules are broken:\n{}", wrong.join("\n"));
}

/// Functions over the limit, by counting lines from `fn` to the brace that closes it.
fn long_functions(code: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (start, _) in code.match_indices("fn ") {
        if start > 0 && code[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[start..];
        let Some(open) = rest.find(['{', ';']).filter(|i| rest[*i..].starts_with('{')) else { continue };
        let mut depth = 0;
        let end = rest[open..].char_indices().find_map(|(i, c)| {
            depth += match c {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
            (depth == 0).then_some(open + i)
        });
        let lines = rest[..end.unwrap_or(rest.len())].lines().count();
        if lines > FUNCTION_LINES {
            let name: String = rest.chars().skip(3).take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            out.push(format!("function `{name}` has {lines} lines, at most {FUNCTION_LINES}"));
        }
    }
    out
}

#[test]
fn the_checks_see_what_they_should() {
    assert_eq!(uses("use crate::{domain::x, term::{a, b}};crate::ui::y()"), ["domain::x", "term::{a, b}", "ui::y"]);
    let blanked = blank("a // crate::ui\n\"crate::x\" '{' b");
    assert!(!blanked.contains("crate") && !blanked.contains('{') && blanked.ends_with(" b"), "{blanked}");
    let long = format!("fn long() {{\n{}}}", "x;\n".repeat(200));
    assert_eq!(long_functions(&long).len(), 1);
}
