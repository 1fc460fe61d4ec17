//! Exit codes and reports.

use super::Home;
use serde_json::Value;

#[test]
fn each_kind_has_its_code_and_its_json_report() {
    let home = Home::new();
    let cases: [(&[&str], i32, &str); 4] = [
        (&["config", "nothing", "--json"], 2, "usage"),
        (&["--graphics", "crayon", "config", "show", "--json"], 2, "usage"),
        (&["--config", "missing.toml", "config", "check", "--json"], 3, "config"),
        (&["man", "--dir", "/proc/nowhere", "--json"], 1, "failed"),
    ];
    for (args, code, kind) in cases {
        let ran = home.run(args);
        assert_eq!(ran.code, code, "{args:?}: {ran:?}");
        let report: Value = serde_json::from_str(ran.err.lines().last().unwrap()).unwrap();
        assert_eq!(
            (report["error"]["kind"].as_str(), report["error"]["code"].as_i64()),
            (Some(kind), Some(code.into()))
        );
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new();
    let script = format!("{} completions bash | head -n 1", env!("CARGO_BIN_EXE_lakelens"));
    // Bash says in PIPESTATUS how the program before the pipe ended.
    let output = std::process::Command::new("bash")
        .args(["-c", &format!("{script}; exit ${{PIPESTATUS[0]}}")])
        .env("HOME", home.dir.path())
        .output()
        .unwrap();
    let ran = super::ran(output);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
}
