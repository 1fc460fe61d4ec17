//! `auth status`: what would be used and why; nothing of a secret anywhere.

use super::{Home, Ran, has_keys};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;

const FILE: &str = "\
[dev]
host = https://adb-12.3.azuredatabricks.net/?o=1
token = dapi0123456789abcdef0123456789abcdef
cluster_id = 0101-abc
hots = x
[prod]
host = dbc-1.cloud.databricks.com
client_id = app-1
client_secret = dose5ecret
[broken]
host = http://example.com
token = dapi5ecret
";
const SECRETS: [&str; 4] = ["dapi0123", "dose5ecret", "dapi5ecret", "5ecretVariable"];

fn home(mode: u32) -> Home {
    let home = Home::new();
    let path = home.write(".databrickscfg", FILE);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    home
}

/// Runs with the log on, and sees that no secret is anywhere.
fn run(home: &Home, args: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = home.command(&[&["--log", "debug"], args].concat());
    let ran = super::ran(command.envs(variables.iter().copied()).output().unwrap());
    let log = std::fs::read_to_string(home.path("data/state/lakelens.log")).unwrap();
    assert!(log.contains("connection resolved"), "{log}");
    for text in [&ran.out, &ran.err, &log] {
        assert!(!SECRETS.iter().any(|s| text.contains(s)), "{text}");
    }
    ran
}

fn told(home: &Home, ran: &Ran) -> String {
    ran.out.replace(home.dir.path().to_str().unwrap(), "~")
}

#[test]
fn a_profile_is_told_with_the_place_of_each_value() {
    let home = home(0o600);
    let ran = run(&home, &["auth", "status", "dev"], &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    insta::assert_snapshot!(told(&home, &ran), @r"
    profile   dev  (the argument PROFILE)
    file      ~/.databrickscfg
    host      https://adb-12.3.azuredatabricks.net
    cloud     azure
    sign in   pat, personal access token

    VALUE       IS                                    FROM
    host        https://adb-12.3.azuredatabricks.net  ~/.databrickscfg [dev], line 2
    token       set, 36 characters                    ~/.databrickscfg [dev], line 3
    cluster_id  0101-abc                              ~/.databrickscfg [dev], line 4

    warning: the key `hots` in ~/.databrickscfg [dev], line 5 is ignored: there is no such attribute
    hint: did you mean `host`?

    No server was asked: whether it accepts this is not known.
    ");
}

#[test]
fn json_has_the_same_and_keeps_its_keys() {
    let home = home(0o644);
    let variables = [("DATABRICKS_TOKEN", "5ecretVariable")];
    let ran = run(&home, &["auth", "status", "--profile", "dev", "--json"], &variables);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    has_keys(&document, &["ok", "profile", "profile_from", "file", "host", "cloud", "auth", "values", "warnings"]);
    assert_eq!(document["profile_from"], "--profile");
    assert_eq!((&document["auth"], &document["server_asked"]), (&"pat".into(), &false.into()));
    let values = document["values"].as_array().unwrap();
    let token = values.iter().find(|v| v["name"] == "token").unwrap();
    assert_eq!((&token["value"], &token["characters"]), (&Value::Null, &14.into()));
    assert_eq!(token["from"], "the variable DATABRICKS_TOKEN");
    let warnings = document["warnings"].to_string();
    for word in ["wins over", "is sent to the host", "can be read or written by others", "chmod 600"] {
        assert!(warnings.contains(word), "{word}: {warnings}");
    }
}

#[test]
fn without_a_default_every_profile_is_listed() {
    let home = home(0o700);
    let ran = run(&home, &["auth", "status"], &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    insta::assert_snapshot!(told(&home, &ran), @r"
    PROFILE  HOST                                  CLOUD  SIGN IN    PROBLEM
    dev      https://adb-12.3.azuredatabricks.net  azure  pat
    prod     https://dbc-1.cloud.databricks.com    aws    oauth-m2m
    broken   -                                     -      -          the host from ~/.databrickscfg [broken], line 11 is not usable: `http://example.com` is not encrypted: everybody on the way could read the token; http:// is only for this machine

    warning: ~/.databrickscfg holds secrets and has the mode 0700, not 0600
    hint: chmod 600 ~/.databrickscfg

    No profile is the default: name one with `--profile NAME`, or set DATABRICKS_CONFIG_PROFILE.
    No server was asked: whether it accepts this is not known.
    ");
    let ran = run(&home, &["auth", "status", "--json"], &[]);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    let names: Vec<&str> =
        document["profiles"].as_array().unwrap().iter().map(|p| p["profile"].as_str().unwrap()).collect();
    assert_eq!((names, &document["file"]["mode"]), (vec!["dev", "prod", "broken"], &"0700".into()));
    let ran = run(&home, &["auth", "status", "prod"], &[]);
    assert!(ran.out.contains("holds secrets and has the mode 0700"), "{}", ran.out);
}

#[test]
fn our_own_setting_names_the_profile_as_well() {
    let home = home(0o600);
    home.write(".config/lakelens/config.toml", "profile = \"prod\"\n");
    let ran = run(&home, &["auth", "status", "--json"], &[("DATABRICKS_CONFIG_PROFILE", "dev")]);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&document["profile"], &document["auth"]), (&"prod".into(), &"oauth-m2m".into()));
    assert!(document["profile_from"].as_str().unwrap().ends_with("config.toml:1"), "{document}");
    let ran = run(&home, &["auth", "status", "--json"], &[("LAKELENS_PROFILE", "dev")]);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["profile_from"], "the variable LAKELENS_PROFILE");
}

#[test]
fn what_is_wrong_has_its_exit_code_and_says_what_to_do() {
    let home = home(0o600);
    type Row<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], i32, &'a str, &'a str);
    let cases: [Row; 5] = [
        (&["broken"], &[], 3, "is not encrypted", "hint: write https://"),
        (&["prd"], &[], 3, "has no prd profile configured", "did you mean `prod`?"),
        (&["dev"], &[("ARM_CLIENT_SECRET", "5ecretVariable")], 3, "azure and pat", "DATABRICKS_AUTH_TYPE"),
        (&[], &[("DATABRICKS_HOST", "x")], 4, "cannot configure default credentials", "databricks auth login"),
        (&[], &[("DATABRICKS_CONFIG_FILE", "/dev/zero")], 3, "not a regular file", "DATABRICKS_CONFIG_FILE"),
    ];
    for (args, variables, code, message, remedy) in cases {
        let ran = run(&home, &[&["auth", "status"], args].concat(), variables);
        assert_eq!(ran.code, code, "{args:?}: {ran:?}");
        assert!(ran.err.contains(message) && ran.err.contains(remedy), "{args:?}: {}", ran.err);
        assert!(ran.out.contains("No server was asked"), "{args:?}: {}", ran.out);
    }
    let ran = run(&home, &["auth", "status", "broken", "--json"], &[]);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &document["ok"], &document["host"]), (3, &false.into(), &Value::Null));
    assert!(ran.err.contains("\"kind\":\"config\""), "{}", ran.err);
}

#[test]
fn hostile_and_huge_files_are_refused_without_their_content() {
    let home = home(0o600);
    home.write("token", "dapi5ecret\n");
    let ran = run(&home, &["auth", "status", "dev"], &[("DATABRICKS_CONFIG_FILE", "token")]);
    assert!(ran.code == 3 && ran.err.contains("line 1 is neither"), "{ran:?}");
    let huge = std::fs::File::create(home.path("huge")).unwrap();
    huge.set_len(100 << 20).unwrap();
    let ran = run(&home, &["auth", "status", "dev"], &[("DATABRICKS_CONFIG_FILE", "~/huge")]);
    assert!(ran.code == 3 && ran.err.contains("104857600 bytes"), "{ran:?}");
    home.write("odd", "[a\u{1b}[2Jb]\nhost = x\ntoken = dapi5ecret\nclient_id = \u{202e}x\nauth_type = pat\n");
    let ran = run(&home, &["auth", "status"], &[("DATABRICKS_CONFIG_FILE", "odd")]);
    assert!(ran.code == 0 && ran.out.contains("a\\x1b[2Jb") && !ran.out.contains('\u{1b}'), "{ran:?}");
    let ran = run(&home, &["auth", "status", "a\u{1b}[2Jb"], &[("DATABRICKS_CONFIG_FILE", "odd")]);
    assert!(ran.out.contains("\\u{202e}x") && !ran.out.contains(['\u{1b}', '\u{202e}']), "{ran:?}");
}

#[test]
fn a_home_without_a_file_says_how_to_begin() {
    let home = Home::new();
    let ran = run(&home, &["auth", "status"], &[]);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.out.contains(".databrickscfg  (does not exist)"), "{}", ran.out);
    assert!(ran.err.contains("no host is set") && ran.err.contains("hint: set DATABRICKS_HOST"), "{}", ran.err);
}
