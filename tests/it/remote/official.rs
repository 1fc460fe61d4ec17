//! Our rules against the programs whose rules they are: the official Python SDK and the file reader of the Go SDK.
//!
//! Runs where `LAKELENS_DATABRICKS_PYTHON` names a Python that has `databricks-sdk`, and `LAKELENS_GO_INI` the program
//! of `official.go`; each part says `skipped: …` otherwise.

use lakelens::remote::ini::Ini;
use lakelens::remote::profile::auth::{AuthKind, Programs};
use lakelens::remote::profile::error::ProfileError;
use lakelens::remote::profile::host::Cloud;
use lakelens::remote::profile::{Inputs, ProfileFile, Resolved, resolve};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

const PYTHON: &str = "LAKELENS_DATABRICKS_PYTHON";
const GO: &str = "LAKELENS_GO_INI";

/// The program that a variable names; says so where it names none.
fn program(variable: &str) -> Option<Command> {
    let found = std::env::var_os(variable);
    if found.is_none() {
        println!("skipped: {variable} is not set, so the official rules are not compared");
    }
    found.map(Command::new)
}

fn python(what: &str) -> Option<Command> {
    let mut command = program(PYTHON)?;
    command.args(["-c", include_str!("official.py"), what]);
    Some(command)
}

fn answers(mut command: Command, asked: &Value) -> Vec<Value> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let text = asked.to_string();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn samples<S: Strategy>(strategy: &S, count: usize) -> Vec<S::Value> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

/// Lines that are right, lines that are odd, lines that are wrong.
fn texts() -> Vec<String> {
    let line = select(vec![
        "[a]",
        "[DEFAULT]",
        "[a]",
        "[b] ; c",
        "[ b ]",
        "[]",
        "[x",
        "k = 1",
        "k=2",
        "l : x=y%41",
        "K = 3",
        "  l = 4",
        "\tk = 5",
        "   more",
        "k",
        "= x",
        "# c",
        "; c",
        " # c",
        "",
        "  ",
        "l = \"q\"",
        "l = 'q'",
        "l = \"q",
        "l = `q`",
        "l = `q",
        "l = 'a'b'",
        "l = x # y",
        "l = x;y",
        "l = x\\",
        "k =",
        "k:",
        "l = \"\"\"q\"\"\"",
        "l = \"\"\"q",
        "\"k\" = 6",
        "`k` = 6",
        "- = 7",
        "l = ü",
        "l = a\rb",
        "l = \u{a0}x",
        "l = %(k)s",
        "k k = 1",
        "l = ]",
        "]",
        "l = \"",
        "l = x\u{1c}",
    ]);
    let lines = proptest::collection::vec(line, 0..6);
    let strategy = (any::<bool>(), any::<bool>(), lines).prop_map(|(headed, windows, lines)| {
        let end = if windows { "\r\n" } else { "\n" };
        let head = if headed { format!("[a]{end}") } else { String::new() };
        head + &lines.join(end) + end
    });
    samples(&strategy, 3000)
}

fn sections(ini: &Ini) -> BTreeMap<String, BTreeMap<String, String>> {
    let keys = |s: &lakelens::remote::ini::Section| {
        s.entries.iter().map(|e| (e.key.clone(), e.value.expose().to_owned())).collect()
    };
    ini.sections.iter().map(|s| (s.name.clone(), keys(s))).collect()
}

/// What a reader made of a text, without sections that are empty; nothing if it refuses.
fn seen(answer: &Value) -> Option<BTreeMap<String, BTreeMap<String, String>>> {
    serde_json::from_value(answer.get("sections")?.clone()).ok()
}

/// Without a remark a file is the same to us and to this reader; what we refuse it refuses as well.
fn compare_files(command: Command, texts: &[String]) {
    let answers = answers(command, &json!(texts));
    let mut silent = 0;
    for (text, answer) in texts.iter().zip(&answers) {
        let filled = |mut all: BTreeMap<String, BTreeMap<String, String>>| {
            all.retain(|_, keys| !keys.is_empty());
            all
        };
        let theirs = seen(answer).map(filled);
        match Ini::parse(text.as_bytes()) {
            // To Go a backslash or an open quote swallows the lines below, whatever they are.
            Err(_) if ["x\\", "`q", "\"\"\"q"].iter().any(|open| text.contains(open)) => {}
            Err(error) => assert_eq!(theirs, None, "{text:?}: we say {error}"),
            Ok(ini) if ini.remarks.is_empty() => {
                silent += 1;
                assert_eq!(theirs, Some(filled(sections(&ini))), "{text:?}: {answer}");
            }
            Ok(_) => {}
        }
    }
    assert!(silent > texts.len() / 20, "only {silent} of {} texts have no remark", texts.len());
}

#[test]
fn files_without_a_remark_are_the_same_to_python() {
    if let Some(command) = python("files") {
        compare_files(command, &texts());
    }
}

#[test]
fn files_without_a_remark_are_the_same_to_go() {
    if let Some(command) = program(GO) {
        compare_files(command, &texts());
    }
}

/// What a profile is made from: file keys, and the variables of the same attributes.
const KEYS: [(&str, &str, &[&str]); 8] = [
    (
        "host",
        "DATABRICKS_HOST",
        &["x", "https://adb-1.2.azuredatabricks.net/", "Q.databricks.azure.us", "https://d.cloud.databricks.com:443"],
    ),
    ("token", "DATABRICKS_TOKEN", &["dapi1", "dapi2"]),
    ("client_id", "DATABRICKS_CLIENT_ID", &["app1", "app2"]),
    ("client_secret", "DATABRICKS_CLIENT_SECRET", &["dose1"]),
    ("azure_client_id", "ARM_CLIENT_ID", &["az1"]),
    ("azure_client_secret", "ARM_CLIENT_SECRET", &["secret1"]),
    ("cluster_id", "DATABRICKS_CLUSTER_ID", &["c1", "c2"]),
    ("auth_type", "DATABRICKS_AUTH_TYPE", &["pat", "oauth-m2m", "azure-client-secret", "azure-cli", "databricks-cli"]),
];

#[derive(Clone, Debug)]
struct Case {
    variables: BTreeMap<String, String>,
    file: Option<String>,
    programs: Programs,
}

fn pairs(most: usize, as_file: bool) -> impl Strategy<Value = Vec<(String, String)>> {
    (subsequence(KEYS.to_vec(), 0..=most), any::<[usize; 8]>()).prop_map(move |(keys, choices)| {
        let pair = |((key, variable, values), choice): (&(&str, &str, &[&str]), &usize)| {
            let name = if as_file { key } else { variable };
            ((*name).to_owned(), values[choice % values.len()].to_owned())
        };
        keys.iter().zip(&choices).map(pair).collect()
    })
}

fn cases() -> Vec<Case> {
    let profile = proptest::option::of(select(vec!["a", "b", "a", "b", "DEFAULT", "missing", "__settings__"]));
    let default = proptest::option::of(select(vec!["a", "b", "missing"]));
    // Parts of every kind, and parts that are a whole way of signing in.
    let whole = select(vec![vec![0, 1], vec![0, 2, 3], vec![0, 4, 5], vec![0, 6], vec![0, 1, 2, 7]]);
    let whole = (whole, any::<usize>()).prop_map(|(keys, choice)| {
        let pair = |key: usize| (KEYS[key].0.to_owned(), KEYS[key].2[choice % KEYS[key].2.len()].to_owned());
        keys.into_iter().map(pair).collect::<Vec<_>>()
    });
    let whole = whole.boxed();
    let section = || prop_oneof![pairs(4, true), whole.clone(), whole.clone()];
    let file = proptest::option::weighted(0.8, (section(), section(), section(), default)).prop_map(|parts| {
        let (first, a, b, default) = parts?;
        let mut text = String::new();
        for (name, pairs) in [("DEFAULT", first), ("a", a), ("b", b)] {
            if !pairs.is_empty() {
                text.push_str(&format!("[{name}]\n"));
                pairs.iter().for_each(|(k, v)| text.push_str(&format!("{k} = {v}\n")));
            }
        }
        let default = default.map(|name| format!("[__settings__]\ndefault_profile = {name}\n"));
        Some(text + &default.unwrap_or_default())
    });
    let strategy = (prop_oneof![Just(Vec::new()), pairs(3, false)], profile, file, any::<bool>(), any::<bool>());
    let case = strategy.prop_map(|(variables, profile, file, az, databricks)| {
        let mut variables: BTreeMap<String, String> = variables.into_iter().collect();
        profile.map(|name| variables.insert("DATABRICKS_CONFIG_PROFILE".to_owned(), name.to_owned()));
        Case { variables, file, programs: Programs { az, databricks } }
    });
    samples(&case, 2000)
}

fn ours(case: &Case) -> Resolved {
    let file = ProfileFile::read("cfg", Ok(case.file.as_ref().map(|t| t.as_bytes().to_vec())));
    let inputs =
        Inputs { profile: None, arguments: &[], variables: &case.variables, file: &file, programs: case.programs };
    resolve(&inputs)
}

/// The program that is to sign in is missing: we say so in a warning, because only asking it shows who is signed in.
fn lacks_program(kind: AuthKind, programs: Programs) -> bool {
    (kind == AuthKind::AzureCli && !programs.az) || (kind == AuthKind::DatabricksCli && !programs.databricks)
}

#[test]
fn connections_are_those_of_the_python_sdk() {
    let Some(command) = python("cases") else { return };
    let cases = cases();
    let row = |c: &Case| json!({ "variables": c.variables, "file": c.file, "az": c.programs.az, "databricks": c.programs.databricks });
    let answers = answers(command, &cases.iter().map(row).collect());
    let mut agreed: BTreeMap<String, usize> = BTreeMap::new();
    for (case, theirs) in cases.iter().zip(&answers) {
        let what = compare(case, &ours(case), theirs);
        *agreed.entry(what).or_default() += 1;
    }
    println!("{agreed:?}");
    for kind in ["pat", "oauth-m2m", "azure-client-secret", "azure-cli", "databricks-cli", "error", "two families"] {
        assert!(agreed.get(kind).is_some_and(|n| *n >= 10), "{kind} hardly occurs: {agreed:?}");
    }
}

/// Fails where the two differ; says what they agree on.
fn compare(case: &Case, ours: &Resolved, theirs: &Value) -> String {
    let error = theirs["error"].as_str();
    let ways = match &ours.ways {
        Ok(ways) => ways,
        Err(ProfileError::TwoFamilies(_)) => {
            let message = ours.ways.as_ref().unwrap_err().to_string();
            assert!(error.is_some_and(|e| e.contains(&message)), "{case:?}: we say {message}, they {theirs}");
            return "two families".to_owned();
        }
        Err(ours) => {
            // Theirs goes on without a host where a service principal of Azure is complete, and fails later.
            assert!(error.is_some() || theirs["host"].is_null(), "{case:?}: we say {ours}, they {theirs}");
            return "error".to_owned();
        }
    };
    let kind = ways[0].kind();
    let elsewhere =
        matches!(kind, AuthKind::AzureClientSecret | AuthKind::AzureCli) && ours.cloud != Some(Cloud::Azure);
    if lacks_program(kind, case.programs) || elsewhere {
        assert!(error.is_some(), "{case:?}: {theirs}");
        return "ours goes on".to_owned();
    }
    let host = ours.host.as_ref().map(|h| h.as_str().to_owned());
    assert_eq!(theirs["auth"].as_str(), Some(kind.name()), "{case:?}: {theirs}");
    assert_eq!(theirs["host"].as_str().map(str::to_lowercase), host, "{case:?}: {theirs}");
    for (name, _, _) in KEYS.iter().filter(|(name, _, _)| !matches!(*name, "host" | "auth_type")) {
        assert_eq!(theirs["values"][name].as_str(), ours.values.text(name), "{name}, {case:?}: {theirs}");
    }
    kind.name().to_owned()
}
