//! Help, man page, completions: every command is there, with an example and `--json`.

use super::Home;

fn leaves(command: &clap::Command, path: &[String], out: &mut Vec<Vec<String>>) {
    for sub in command.get_subcommands() {
        let path: Vec<String> = path.iter().cloned().chain([sub.get_name().to_owned()]).collect();
        leaves(sub, &path, out);
        out.push(path);
    }
}

#[test]
fn the_grammar_is_sound() {
    lakelens::cli::command().debug_assert();
}

#[test]
fn every_subcommand_has_help_with_an_example_and_json() {
    let home = Home::new();
    let mut all = Vec::new();
    leaves(&lakelens::cli::command(), &[], &mut all);
    assert!(all.len() > 8, "{all:?}");
    for path in all {
        let args: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
        let help = home.ok(&args);
        assert!(help.contains("Examples:\n  "), "no example: {path:?}");
        let group = help.contains("Commands:");
        assert!(group || help.contains("--json"), "no --json: {path:?}");
        assert!(help.lines().all(|l| l.chars().count() <= 110), "too wide: {path:?}");
    }
}

#[test]
fn completions_and_man_pages_are_made() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = home.ok(&["completions", shell]);
        assert!(script.contains("lakelens") && script.contains("doctor"), "{shell}");
    }
    let page = home.ok(&["man"]);
    assert!(page.contains(".TH lakelens 1") && page.contains("Exit codes"), "{page}");
    home.ok(&["man", "--dir", "pages"]);
    assert!(home.path("pages/lakelens-config-show.1").exists());
    assert!(home.ok(&["--version"]).starts_with("lakelens "));
}

#[test]
fn mistyped_commands_are_suggested() {
    let home = Home::new();
    let ran = home.run(&["docter"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("did you mean the subcommand `lakelens doctor`?"), "{}", ran.err);
    for (word, meant) in [
        ("scan", "did you mean the subcommand `lakelens project rescan`?"),
        ("exprot", "did you mean the subcommand `lakelens export`?"),
        ("create", "did you mean the subcommand `lakelens project create` or `lakelens table create`?"),
        ("xyzzy\u{1b}", "`lakelens --help` lists the subcommands"),
    ] {
        let ran = home.run(&[word, "flowers"]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains("there is no subcommand") && ran.err.contains(meant), "{}", ran.err);
        assert!(!ran.err.contains('\u{1b}'), "{ran:?}");
    }
    let ran = home.run(&["config", "pth"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("'path'"), "{}", ran.err);
    let ran = home.run(&["some/where", "doctor"]);
    assert_eq!(ran.code, 2);
}
