//! Keys: what the defaults bind, how the user's tables change them, and that no table is the end of the program.

use lakelens::domain::class::LabelSet;
use lakelens::domain::key::{Key, KeyPress};
use lakelens::domain::problem::Problem;
use lakelens::keymap::{Keymap, Lookup, PRESETS, SCOPES, default_letters_taken, locate, show_all};
use proptest::prelude::*;

fn press(text: &str) -> Vec<KeyPress> {
    text.split(' ').map(|k| KeyPress::parse(k).unwrap()).collect()
}

fn load(preset: &str, text: &str) -> (Keymap, Vec<Problem>) {
    let all = Keymap::load("vim", &toml::Table::new(), &|_| true).0;
    let ids: Vec<String> = all.actions().map(str::to_owned).collect();
    let table: toml::Table = text.parse().unwrap();
    let keys = table.get("keys").and_then(toml::Value::as_table).cloned().unwrap_or_default();
    Keymap::load(preset, &keys, &|id| ids.iter().any(|i| i == id))
}

fn run(map: &Keymap, scopes: &[&str], keys: &str) -> String {
    match map.lookup(scopes, &press(keys)) {
        Lookup::Run(calls) => {
            let words = |c: &lakelens::keymap::Call| format!("{} {}", c.action, c.args.join(" ")).trim_end().to_owned();
            calls.iter().map(words).collect::<Vec<_>>().join(", ")
        }
        Lookup::Prefix(_) => "…".to_owned(),
        Lookup::None => "-".to_owned(),
    }
}

const LABEL: [&str; 2] = ["label", "global"];

#[test]
fn presets_are_sound_and_bind_the_keys_that_never_change_meaning() {
    for preset in PRESETS {
        let (map, problems) = load(preset, "");
        assert_eq!(problems, [], "{preset}");
        let always = [
            ("1", "label.hotkey 1"),
            ("0", "label.hotkey 0"),
            ("<enter>", "label.accept"),
            ("<space>", "select"),
            ("n", "label.next"),
            ("p", "label.previous"),
            ("s", "label.skip"),
            ("u", "edit.undo"),
            ("<C-r>", "edit.redo"),
            ("x", "label.clear"),
            ("f", "label.flag"),
            ("g", "…"),
            ("g l", "go.lake"),
            (":", "app.palette"),
            ("?", "app.help"),
            ("<esc>", "app.back"),
            ("q", "app.close"),
            ("Q", "app.quit"),
            ("<left>", "label.previous"),
            ("<C-z>", "app.suspend"),
        ];
        for (keys, action) in always {
            assert_eq!(run(&map, &LABEL, keys), action, "{preset}: {keys}");
        }
    }
    let vim = load("vim", "").0;
    let arrows = load("arrows", "").0;
    for (keys, action) in [("h", "label.previous"), ("l", "label.next"), ("j", "cursor.down"), ("k", "cursor.up")] {
        assert_eq!(run(&vim, &LABEL, keys), action);
        assert_eq!(run(&arrows, &LABEL, keys), "-");
    }
    assert_eq!(run(&arrows, &LABEL, "g h"), "go.home");
    assert_eq!(run(&arrows, &["lake", "global"], "<left>"), "lake.parent");
}

#[test]
fn no_default_needs_a_key_that_a_terminal_or_multiplexer_takes() {
    let (map, _) = load("vim", "");
    let taken = [
        "<C-b>", "<C-a>", "<C-g>", "<C-o>", "<C-t>", "<C-p>", "<C-n>", "<C-s>", "<C-q>", "<C-h>", "<C-i>", "<C-m>",
        "<C-j>",
    ];
    for scope in SCOPES {
        for (keys, calls) in map.bindings(&[scope]) {
            for key in keys.iter().map(ToString::to_string) {
                assert!(!taken.contains(&key.as_str()), "[{scope}] {key} runs {calls:?}");
                let reply = key.starts_with("<A-") || key == "<S-enter>";
                assert!(!reply, "[{scope}] {key} is not told apart everywhere");
            }
        }
    }
}

/// What writes at once on a screen of pictures, by what it means there.
const WRITES: [&str; 8] = ["skip", "flag", "unsure", "empty", "clear", "propagate", "mark", "accept"];

#[test]
fn a_key_that_writes_means_the_same_on_every_screen_of_pictures() {
    for preset in PRESETS {
        let map = load(preset, "").0;
        let scopes = ["label", "gallery", "review"];
        for scope in scopes {
            for (keys, calls) in map.bindings(&[scope]) {
                let meaning = |calls: &[lakelens::keymap::Call]| {
                    calls
                        .first()
                        .map(|c| c.action.rsplit('.').next().unwrap_or_default().to_owned())
                        .unwrap_or_default()
                };
                let here = meaning(&calls);
                let keys = keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
                // `Enter` is "go on", and `x` says no, in the way of each screen; a rejection asks why.
                if !WRITES.contains(&here.as_str()) || ["<enter>", "x", "a"].contains(&keys.as_str()) {
                    continue;
                }
                for other in scopes.iter().filter(|s| **s != scope) {
                    let there = run(&map, &[other], &keys);
                    let there = there.rsplit('.').next().unwrap_or_default();
                    assert!(there == "-" || there == here, "{preset}: {keys} is {here} on {scope}, {there} on {other}");
                }
            }
        }
        // Nobody who means to select in Gallery writes on Label, and nobody who means to trust an answer selects.
        assert_eq!((run(&map, &LABEL, "V"), run(&map, &["gallery", "global"], "*")), ("-".to_owned(), "-".to_owned()));
    }
}

#[test]
fn letters_handed_out_to_classes_are_free_on_the_label_screen() {
    let names: Vec<String> = (0..44).map(|i| format!("class {i}")).collect();
    let set = LabelSet::from_names(&names, 1);
    for preset in PRESETS {
        let map = load(preset, "").0;
        for class in set.live().filter(|c| !c.hotkey.is_empty() && !c.hotkey.starts_with(|c: char| c.is_ascii_digit()))
        {
            let first: String = class.hotkey.chars().take(1).collect();
            assert_eq!(run(&map, &LABEL, &first), "-", "{preset}: hotkey {}", class.hotkey);
        }
    }
    let taken = default_letters_taken("label");
    for key in ["n", "p", "s", "u", "g", "?", "h"] {
        assert!(taken.iter().any(|t| t == key), "{key} is not in {taken:?}");
    }
    let reserved: Vec<&str> = taken.iter().map(String::as_str).collect();
    assert_eq!(set.problems(&reserved), Vec::<String>::new());
    // A class key comes before the keys of boxes, so those are no class keys either.
    let boxes = default_letters_taken("boxes");
    assert!(["d", "o", "b"].iter().all(|key| boxes.iter().any(|t| t == key)), "{boxes:?}");
    assert_eq!(set.problems(&boxes.iter().map(String::as_str).collect::<Vec<_>>()), Vec::<String>::new());
    assert!(!taken.iter().any(|t| t == "1" || t == "<enter>" || t == ";"), "{taken:?}");
}

#[test]
fn comments_have_one_key_everywhere() {
    for preset in PRESETS {
        let map = load(preset, "").0;
        for scope in SCOPES {
            let m = run(&map, &[scope], "m");
            assert!(m == "comments.open" || m == "-", "{preset}, {scope}: {m}");
        }
        let boxes = ["boxes", "label", "global"];
        assert_eq!((run(&map, &boxes, "m"), run(&map, &boxes, "X")), ("comments.open".into(), "boxes.extremes".into()));
        assert_eq!(map.keys_for(&boxes, "comments.open"), ["m"]);
    }
}

#[test]
fn inner_scopes_hide_outer_ones_and_share_started_sequences() {
    let (map, problems) =
        load("vim", "[keys.lake]\n\"g x\" = \"lake.sort\"\n\"q\" = \"none\"\n[keys.label]\n\"g\" = \"none\"\n");
    assert_eq!(problems, []);
    let lake = ["lake", "global"];
    let Lookup::Prefix(next) = map.lookup(&lake, &press("g")) else { panic!("g starts sequences") };
    let shown: Vec<String> = next.iter().map(|(k, a)| format!("{k} {a}")).collect();
    assert!(shown.contains(&"x lake.sort".to_owned()) && shown.contains(&"h go.home".to_owned()), "{shown:?}");
    assert_eq!(run(&map, &lake, "q"), "-", "an unbound key hides the outer binding");
    assert_eq!(run(&map, &["home", "global"], "q"), "app.close");
    assert_eq!(run(&map, &LABEL, "g"), "-");
    assert_eq!(run(&map, &["input"], "q"), "-");
}

#[test]
fn the_users_keys_replace_and_lists_run_in_order() {
    let (map, problems) = load(
        "vim",
        "[keys.gallery]\n\"<space>\" = [\"gallery.select\", \"cursor.right\"]\n[keys.label]\n\"s\" = \"none\"\n\"s s\" = \"label.skip\"\n\"s 1\" = \"label.hotkey 1\"\n",
    );
    assert_eq!(problems, []);
    assert_eq!(run(&map, &["gallery", "global"], "<space>"), "gallery.select, cursor.right");
    assert_eq!(run(&map, &LABEL, "s"), "…");
    assert_eq!(run(&map, &LABEL, "s s"), "label.skip");
    assert_eq!(map.keys_for(&LABEL, "label.skip"), ["s s"]);
    assert_eq!(map.keys_for(&LABEL, "label.hotkey 1"), ["1", "s 1"]);
}

#[test]
fn every_mistake_is_listed_at_once_with_its_line() {
    let text = "theme = \"dark\"\n\n[keys.label]\n\"g\" = \"app.help\"\n\"s s\" = \"label.skip\"\n\"<X-a>\" = \"label.skip\"\n\
                \"i\" = \"label.skpi\"\n\"o\" = 3\n\"v\" = []\n\n[keys.galery]\n\"a\" = \"select\"\n\n[keys.global]\n\"g\" = \"app.help\"\n";
    let (map, mut problems) = load("vim", text);
    locate(&mut problems, "config.toml", text);
    let mut shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    shown.sort();
    let expected = [
        "config.toml:11:7: there is no scope `galery`; did you mean `gallery`?",
        "config.toml:15:1: `g` cannot be bound together with `g E`: one is the start of the other; unbind it with \"g E\" = \"none\"",
        "config.toml:4:1: `g` cannot be bound together with `g B`: one is the start of the other; unbind it with \"g B\" = \"none\"",
        "config.toml:5:1: `s s` cannot be bound together with `s`: one is the start of the other; unbind it with \"s\" = \"none\"",
        "config.toml:6:1: `<X-a>` has an unknown modifier; use C- (control), A- (alt) or S- (shift)",
        "config.toml:7:1: there is no action `label.skpi`; did you mean `label.skip`?",
        "config.toml:8:1: an action, or a list of actions, is expected here; such as \"go.home\", [\"select\", \"cursor.down\"], or \"none\"",
        "config.toml:9:1: an action, or a list of actions, is expected here; such as \"go.home\", [\"select\", \"cursor.down\"], or \"none\"",
    ];
    assert_eq!(shown, expected);
    assert_eq!(run(&map, &LABEL, "s"), "label.skip", "what was there before a mistake still holds");
}

#[test]
fn unknown_presets_and_actions_that_are_not_there_yet() {
    let (map, problems) = load("vmi", "");
    assert_eq!(problems[0].to_string(), "keymap: there is no key map `vmi`; did you mean `vim`?");
    assert_eq!(run(&map, &LABEL, "s"), "label.skip");
    let (map, problems) = Keymap::load("vim", &toml::Table::new(), &|id| id == "app.help");
    assert_eq!(problems, []);
    assert_eq!(map.actions().collect::<Vec<_>>(), ["app.help"]);
    assert_eq!(map.lookup(&["global"], &press("g")), Lookup::None, "a prefix of nothing is nothing");
}

#[test]
fn keys_read_as_people_say_them() {
    let (map, _) = load("vim", "");
    assert_eq!(map.keys_for(&LABEL, "label.next"), ["l", "n", "Right"]);
    assert_eq!(map.keys_for(&LABEL, "edit.redo"), ["Ctrl-r"]);
    assert_eq!(map.keys_for(&["global"], "app.help"), ["?", "F1"]);
    assert_eq!(map.keys_for(&LABEL, "lake.sort"), Vec::<String>::new());
    assert_eq!(show_all(&press("g <space> <S-up>")), "g Space Shift-Up");
}

fn any_key() -> impl Strategy<Value = KeyPress> {
    let named = proptest::sample::select(vec![
        Key::Enter,
        Key::Esc,
        Key::Tab,
        Key::BackTab,
        Key::Backspace,
        Key::Delete,
        Key::Insert,
        Key::Left,
        Key::Right,
        Key::Up,
        Key::Down,
        Key::Home,
        Key::End,
        Key::PageUp,
        Key::PageDown,
    ]);
    let chars = any::<char>().prop_filter("printable", |c| !c.is_control()).prop_map(Key::Char);
    let ascii = (b' '..=b'~').prop_map(|b| Key::Char(char::from(b)));
    let key = prop_oneof![3 => ascii, 1 => chars, 2 => named, 1 => (1u8..=24).prop_map(Key::F)];
    (key, any::<[bool; 3]>()).prop_map(|(key, [ctrl, alt, shift])| KeyPress { key, ctrl, alt, shift }.normalised())
}

proptest! {
    #[test]
    fn a_key_that_is_printed_reads_back_the_same(key in any_key()) {
        prop_assert_eq!(KeyPress::parse(&key.to_string()), Ok(key));
        prop_assert_eq!(key.normalised(), key, "folding twice changes nothing");
    }

    #[test]
    fn any_text_is_a_key_or_an_error(text in "\\PC{0,12}|<[CASM]-.{0,4}>|<.{0,6}>") {
        if let Ok(key) = KeyPress::parse(&text) {
            prop_assert_eq!(KeyPress::parse(&key.to_string()), Ok(key));
        }
    }

    #[test]
    fn no_table_is_the_end_of_the_program(
        rows in proptest::collection::vec(("(global|label|input|x)", "([a-c]|<C-a>|<x>| ){1,3}( [a-c]){0,2}", "(none|app.help|go.home 1|zzz|)"), 0..12)
    ) {
        let mut table = toml::Table::new();
        for (scope, keys, action) in rows {
            let scope = table.entry(scope).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            scope.as_table_mut().unwrap().insert(keys, toml::Value::String(action));
        }
        let (map, _) = Keymap::load("arrows", &table, &|id| id != "zzz");
        for (keys, calls) in map.bindings(&["label", "global"]) {
            prop_assert_eq!(map.lookup(&["label", "global"], &keys), Lookup::Run(calls));
            for part in 1..keys.len() {
                prop_assert!(matches!(map.lookup(&["label", "global"], &keys[..part]), Lookup::Prefix(_)));
            }
        }
    }
}

#[test]
fn a_sequence_taken_away_inside_leaves_what_is_bound_outside() {
    let table: toml::Table = "label.'d c d' = 'none'\nglobal.'d c a' = 'app.help'".parse().unwrap();
    let (map, _) = Keymap::load("arrows", &table, &|_| true);
    let press = |text: &str| KeyPress::parse(text).unwrap();
    for part in [&[press("d")][..], &[press("d"), press("c")]] {
        assert!(matches!(map.lookup(&["label", "global"], part), Lookup::Prefix(_)), "{part:?}");
    }
    let whole = [press("d"), press("c"), press("a")];
    assert!(matches!(map.lookup(&["label", "global"], &whole), Lookup::Run(_)));
}

/// A default key must run something on the screen it is bound for. Actions that this build does not have yet are left out
/// of the key map, so they are only listed.
#[test]
fn defaults_bind_actions_where_they_apply() {
    let specs: Vec<_> = lakelens::app::registry::all().collect();
    let (mut wrong, mut missing) = (Vec::new(), std::collections::BTreeSet::new());
    for preset in PRESETS {
        let map = load(preset, "").0;
        for scope in SCOPES {
            for (keys, calls) in map.bindings(&[scope]) {
                for call in calls {
                    let Some(spec) = specs.iter().find(|s| s.name == call.action) else {
                        missing.insert(call.action);
                        continue;
                    };
                    // What is bound everywhere may apply on some screens only.
                    let applies =
                        scope == "global" || spec.scopes.iter().any(|x| x.name() == scope || x.name() == "global");
                    if !applies {
                        wrong.push(format!(
                            "{preset} [{scope}] {}: {} does not apply there",
                            show_all(&keys),
                            call.action
                        ));
                    }
                }
            }
        }
    }
    if !missing.is_empty() {
        println!("skipped: keys of actions that this build does not have: {missing:?}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
