//! The official order of values, the official chain of ways to sign in, and the official errors, as a table.

use lakelens::remote::profile::attribute::Origin;
use lakelens::remote::profile::auth::{Credentials, Programs};
use lakelens::remote::profile::error::ProfileError;
use lakelens::remote::profile::host::{AzureCloud, Cloud};
use lakelens::remote::profile::{Argument, Inputs, ProfileFile, Resolved, default_profile, resolve};
use lakelens::remote::secret::Secret;
use std::collections::BTreeMap;

const FILE: &str = "\
[DEFAULT]
host = https://dbc-1.cloud.databricks.com
token = dapiDEFAULT
[dev]
host = adb-12.3.azuredatabricks.net
token = dapiDEV
cluster_id = 0101-abc
[nohost]
token = dapiNOHOST
[justhost]
host = https://adb-12.3.azuredatabricks.net/
[m2m]
host = https://1.2.gcp.databricks.com
client_id = app
client_secret = doseM2M
[sp]
host = https://x.databricks.azure.us
azure_client_id = app
azure_client_secret = secretSP
azure_tenant_id = tenant
[open]
host = http://127.0.0.1:8080
auth_type = none
[mixed]
host = x
token = dapiMIXED
client_id = app
client_secret = dose
auth_type = oauth-m2m
[hollow]
";
const AZURE: &str = "https://adb-12.3.azuredatabricks.net";

/// A case: what is asked for and installed, and what comes out.
#[derive(Default)]
struct Case<'a> {
    profile: Option<&'a str>,
    arguments: &'a [(&'a str, &'a str)],
    variables: &'a [(&'a str, &'a str)],
    file: Option<&'a str>,
    programs: Programs,
}

impl Case<'_> {
    fn resolve(&self) -> Resolved {
        let arguments = self.arguments.iter().map(|(name, value)| Argument {
            name: (*name).to_owned(),
            value: Secret::new(*value),
            from: format!("--{name}"),
        });
        let arguments: Vec<Argument> = arguments.collect();
        let file = ProfileFile::read("cfg", Ok(self.file.map(|t| t.as_bytes().to_vec())));
        let variables = variables(self.variables);
        let profile = self.profile.map(|name| (name, "--profile"));
        let inputs =
            Inputs { profile, arguments: &arguments, variables: &variables, file: &file, programs: self.programs };
        resolve(&inputs)
    }

    /// The first way to sign in and the host, or the message.
    fn outcome(&self) -> Result<(String, String), String> {
        let connection = self.resolve().connection().map_err(|e| e.to_string())?;
        Ok((connection.ways[0].kind().name().to_owned(), connection.host.to_string()))
    }
}

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

const BOTH: Programs = Programs { az: true, databricks: true };
const NONE: Programs = Programs { az: false, databricks: false };
const AZ: Programs = Programs { az: true, databricks: false };

#[test]
fn the_official_chain() {
    type Row<'a> = (&'a str, Option<&'a str>, &'a [(&'a str, &'a str)], Option<&'a str>, Programs, (&'a str, &'a str));
    let rows: &[Row] = &[
        (
            "host and token from variables",
            None,
            &[("DATABRICKS_HOST", "x"), ("DATABRICKS_TOKEN", "t")],
            None,
            NONE,
            ("pat", "https://x"),
        ),
        ("the default profile", None, &[], Some(FILE), NONE, ("pat", "https://dbc-1.cloud.databricks.com")),
        ("a profile by our argument", Some("dev"), &[], Some(FILE), NONE, ("pat", AZURE)),
        ("by the variable", None, &[("DATABRICKS_CONFIG_PROFILE", "dev")], Some(FILE), NONE, ("pat", AZURE)),
        (
            "ours before the variable",
            Some("m2m"),
            &[("DATABRICKS_CONFIG_PROFILE", "dev")],
            Some(FILE),
            NONE,
            ("oauth-m2m", "https://1.2.gcp.databricks.com"),
        ),
        (
            "variables before the profile",
            Some("dev"),
            &[("DATABRICKS_HOST", "y")],
            Some(FILE),
            NONE,
            ("pat", "https://y"),
        ),
        (
            "an empty variable is not set",
            Some("dev"),
            &[("DATABRICKS_HOST", " "), ("DATABRICKS_TOKEN", "")],
            Some(FILE),
            NONE,
            ("pat", AZURE),
        ),
        (
            "Azure's service principal",
            Some("sp"),
            &[],
            Some(FILE),
            NONE,
            ("azure-client-secret", "https://x.databricks.azure.us"),
        ),
        ("az before databricks", Some("justhost"), &[], Some(FILE), BOTH, ("azure-cli", AZURE)),
        (
            "az is not tried outside Azure",
            None,
            &[("DATABRICKS_HOST", "x.cloud.databricks.com")],
            None,
            BOTH,
            ("databricks-cli", "https://x.cloud.databricks.com"),
        ),
        ("a token before az", Some("dev"), &[], Some(FILE), BOTH, ("pat", AZURE)),
        ("auth_type in the file settles two", Some("mixed"), &[], Some(FILE), NONE, ("oauth-m2m", "https://x")),
        (
            "auth_type by a variable wins",
            Some("mixed"),
            &[("DATABRICKS_AUTH_TYPE", "pat")],
            Some(FILE),
            NONE,
            ("pat", "https://x"),
        ),
        (
            "auth_type forces a program",
            Some("dev"),
            &[("DATABRICKS_AUTH_TYPE", "databricks-cli")],
            Some(FILE),
            NONE,
            ("databricks-cli", AZURE),
        ),
        ("nobody signs in", Some("open"), &[], Some(FILE), BOTH, ("none", "http://127.0.0.1:8080")),
        (
            "a default profile by settings",
            None,
            &[],
            Some("[a]\nhost = h\ntoken = t\n[__settings__]\ndefault_profile = a\n"),
            NONE,
            ("pat", "https://h"),
        ),
        (
            "settings before DEFAULT",
            None,
            &[],
            Some("[DEFAULT]\nhost = d\ntoken = t\n[a]\nhost = h\ntoken = t\n[__settings__]\ndefault_profile = a\n"),
            NONE,
            ("pat", "https://h"),
        ),
        (
            "a named profile without a file",
            Some("a"),
            &[("DATABRICKS_HOST", "x"), ("DATABRICKS_TOKEN", "t")],
            None,
            NONE,
            ("pat", "https://x"),
        ),
        (
            "a program by its path",
            None,
            &[("DATABRICKS_HOST", "x"), ("DATABRICKS_CLI_PATH", "/opt/databricks")],
            None,
            NONE,
            ("databricks-cli", "https://x"),
        ),
    ];
    for (name, profile, variables, file, programs, (auth, host)) in rows {
        let case = Case { profile: *profile, variables, file: *file, programs: *programs, ..Case::default() };
        assert_eq!(case.outcome(), Ok(((*auth).to_owned(), (*host).to_owned())), "{name}");
    }
}

#[test]
fn the_official_errors() {
    type Row<'a> = (&'a str, Option<&'a str>, &'a [(&'a str, &'a str)], Option<&'a str>, &'a str, &'a str);
    let rows: &[Row] = &[
        ("nothing at all", None, &[], None, "cannot configure default credentials: no host is set", "DATABRICKS_HOST"),
        ("a token and no host", None, &[("DATABRICKS_TOKEN", "t")], Some(FILE), "no host is set", "DATABRICKS_HOST"),
        (
            "a host, and the file is not read",
            None,
            &[("DATABRICKS_HOST", "x")],
            Some(FILE),
            "nothing to sign in with",
            "DATABRICKS_TOKEN",
        ),
        ("a profile without host", Some("nohost"), &[], Some(FILE), "no host is set", "DATABRICKS_HOST"),
        (
            "half a service principal",
            Some("justhost"),
            &[("ARM_CLIENT_ID", "a")],
            Some(FILE),
            "azure_client_secret is not set, which `azure-client-secret` needs",
            "set azure_client_secret",
        ),
        (
            "two families",
            Some("dev"),
            &[("ARM_CLIENT_SECRET", "s")],
            Some(FILE),
            "more than one authorization method configured: azure and pat",
            "DATABRICKS_AUTH_TYPE",
        ),
        (
            "three families",
            Some("dev"),
            &[("ARM_CLIENT_SECRET", "s"), ("DATABRICKS_CLIENT_ID", "c")],
            Some(FILE),
            "more than one authorization method configured: azure and oauth and pat",
            "pat: token from cfg [dev], line 6",
        ),
        ("no such profile", Some("dve"), &[], Some(FILE), "cfg has no dve profile configured", "did you mean `dev`?"),
        ("an empty profile", Some("hollow"), &[], Some(FILE), "cfg has no hollow profile configured", "no keys"),
        (
            "a reserved name",
            Some("__settings__"),
            &[],
            Some(FILE),
            "__settings__ is a reserved section name and cannot be used as a profile",
            "auth status",
        ),
        (
            "a reserved default",
            None,
            &[],
            Some("[__settings__]\ndefault_profile = __settings__\n"),
            "reserved section name",
            "auth status",
        ),
        (
            "a way that is not spoken",
            Some("justhost"),
            &[("DATABRICKS_USERNAME", "u"), ("DATABRICKS_PASSWORD", "p")],
            Some(FILE),
            "`basic` is not supported by lakelens",
            "databricks auth login",
        ),
        (
            "machine identity",
            Some("justhost"),
            &[("ARM_USE_MSI", "true")],
            Some(FILE),
            "`azure-msi` is not supported",
            "lakelens can use pat",
        ),
        (
            "the browser",
            Some("dev"),
            &[("DATABRICKS_AUTH_TYPE", "external-browser")],
            Some(FILE),
            "not supported by lakelens",
            "databricks auth login",
        ),
        (
            "a mistyped way",
            Some("dev"),
            &[("DATABRICKS_AUTH_TYPE", "oauth-m2n")],
            Some(FILE),
            "`oauth-m2n` is unknown",
            "did you mean `oauth-m2m`?",
        ),
        (
            "a forced way that lacks something",
            Some("dev"),
            &[("DATABRICKS_AUTH_TYPE", "oauth-m2m")],
            Some(FILE),
            "auth_type is `oauth-m2m`, and client_id and client_secret are not set",
            "DATABRICKS_AUTH_TYPE",
        ),
        (
            "unencrypted",
            None,
            &[("DATABRICKS_HOST", "http://x.com"), ("DATABRICKS_TOKEN", "t")],
            None,
            "the host from the variable DATABRICKS_HOST is not usable: `http://x.com` is not encrypted",
            "https://",
        ),
        ("a broken file", None, &[], Some("[a]\nhost\n"), "cfg cannot be read: line 2 is neither", "key = value"),
    ];
    for (name, profile, variables, file, message, remedy) in rows {
        let case = Case { profile: *profile, variables, file: *file, ..Case::default() };
        let error = case.resolve().connection().expect_err(name);
        assert!(error.to_string().contains(message), "{name}: {error}");
        assert!(error.remedies().join("\n").contains(remedy), "{name}: {:?}", error.remedies());
    }
}

#[test]
fn a_broken_file_does_not_matter_where_it_is_not_needed() {
    let set = [("DATABRICKS_HOST", "x"), ("DATABRICKS_TOKEN", "t")];
    let case = Case { variables: &set, file: Some("broken"), ..Case::default() };
    assert!(case.outcome().is_ok());
    let unused = case.resolve().file_unused.unwrap();
    assert_eq!(unused, "not used, because host is set by the variable DATABRICKS_HOST");
    let case = Case { profile: Some("a"), variables: &set, file: Some("broken"), ..Case::default() };
    assert!(case.outcome().is_err());
}

#[test]
fn each_value_says_where_it_came_from() {
    let case = Case {
        profile: Some("dev"),
        arguments: &[("cluster_id", "mine")],
        variables: &[("DATABRICKS_TOKEN", "t"), ("DATABRICKS_WAREHOUSE_ID", "w")],
        file: Some(FILE),
        ..Case::default()
    };
    let resolved = case.resolve();
    let origin = |name: &str| resolved.values.get(name).unwrap().origin.clone();
    assert_eq!(origin("cluster_id"), Origin::Argument("--cluster_id".to_owned()));
    assert_eq!(origin("token"), Origin::Variable("DATABRICKS_TOKEN"));
    assert_eq!(origin("host"), Origin::File { file: "cfg".into(), section: "dev".into(), line: 5 });
    assert_eq!(resolved.values.text("cluster_id"), Some("mine"));
    assert_eq!(resolved.profile.as_ref().unwrap().why, "--profile");
    let warnings: Vec<&str> = resolved.warnings.iter().map(|w| w.message.as_str()).collect();
    assert_eq!(
        warnings,
        [
            "token from the variable DATABRICKS_TOKEN wins over the one in cfg [dev], line 6",
            "cluster_id from --cluster_id wins over the one in cfg [dev], line 7",
            "token from the variable DATABRICKS_TOKEN is sent to the host from cfg [dev], line 5",
        ]
    );
}

#[test]
fn programs_are_tried_one_after_the_other_and_secrets_alone() {
    let ways = |profile, programs| {
        let case = Case { profile: Some(profile), file: Some(FILE), programs, ..Case::default() };
        case.resolve().ways.map(|ways| ways.iter().map(|w| w.kind().name()).collect::<Vec<_>>())
    };
    assert_eq!(ways("justhost", BOTH), Ok(vec!["azure-cli", "databricks-cli"]));
    assert_eq!(ways("justhost", AZ), Ok(vec!["azure-cli"]));
    assert_eq!(ways("dev", BOTH), Ok(vec!["pat"]));
    assert_eq!(ways("justhost", NONE), Err(ProfileError::NoCredentials { half: None, azure: true }));
    let forced = [("DATABRICKS_AUTH_TYPE", "azure-cli")];
    let case = Case { profile: Some("justhost"), variables: &forced, file: Some(FILE), ..Case::default() };
    assert!(case.resolve().warnings[0].message.contains("`az`"), "{:?}", case.resolve().warnings);
}

#[test]
fn credentials_hold_what_a_token_request_needs() {
    let connection = |profile| {
        let case = Case { profile: Some(profile), file: Some(FILE), ..Case::default() };
        case.resolve().connection().unwrap()
    };
    assert_eq!(connection("dev").ways, [Credentials::Pat(Secret::new("dapiDEV"))]);
    let m2m = Credentials::OauthM2m { client_id: "app".into(), client_secret: Secret::new("doseM2M") };
    assert_eq!((connection("m2m").ways, connection("m2m").cloud), (vec![m2m], Some(Cloud::Gcp)));
    let azure = AzureCloud::UsGovernment;
    let sp = Credentials::AzureClientSecret {
        tenant: Some("tenant".into()),
        client_id: "app".into(),
        client_secret: Secret::new("secretSP"),
        azure,
    };
    assert_eq!(connection("sp").ways, [sp]);
    assert_eq!(azure.login(), "https://login.microsoftonline.us/");
    assert_eq!(connection("open").cloud, None);
}

#[test]
fn the_cloud_can_be_named() {
    let cloud = |variables: &[(&str, &str)]| {
        let case = Case { variables, programs: BOTH, ..Case::default() };
        case.resolve().cloud
    };
    assert_eq!(cloud(&[("DATABRICKS_HOST", "x.example.com")]), None);
    assert_eq!(cloud(&[("DATABRICKS_HOST", "x.example.com"), ("DATABRICKS_CLOUD", "GCP")]), Some(Cloud::Gcp));
    let resource = ("DATABRICKS_AZURE_RESOURCE_ID", "/subscriptions/1");
    assert_eq!(cloud(&[("DATABRICKS_HOST", "x.example.com"), resource]), Some(Cloud::Azure));
    let alone = Case { variables: &[resource], programs: AZ, ..Case::default() };
    assert_eq!(alone.resolve().ways, Err(ProfileError::NoHost { resource: true }));
}

#[test]
fn unknown_keys_are_named_unless_they_may_be_a_token() {
    let file = "[a]\nhost = h\ntoken = t\nhots = h\nskip_verify = true\nrate_limit = 5\ndapi0123456789abcdef==\n";
    let case = Case { profile: Some("a"), file: Some(file), ..Case::default() };
    let resolved = case.resolve();
    let told: Vec<String> = resolved.warnings.iter().map(|w| format!("{} | {}", w.message, w.remedy)).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].contains("`hots`") && told[0].contains("did you mean `host`?"), "{told:?}");
    assert!(told[1].contains("certificates are always checked"), "{told:?}");
    assert!(told[2].contains("a key of 20 characters") && !told.join("").contains("dapi"), "{told:?}");
}

#[test]
fn the_default_is_what_nothing_else_names() {
    let of = |pairs: &[(&str, &str)], text: &str| {
        let file = ProfileFile::read("cfg", Ok(Some(text.as_bytes().to_vec())));
        default_profile(&variables(pairs), &file).map(|c| c.name)
    };
    assert_eq!(of(&[], "[a]\nhost = x\n"), None);
    assert_eq!(of(&[], "[DEFAULT]\n[a]\nhost = x\n"), None);
    assert_eq!(of(&[], FILE).as_deref(), Some("DEFAULT"));
    assert_eq!(of(&[("DATABRICKS_CONFIG_PROFILE", "dev")], FILE).as_deref(), Some("dev"));
    let missing = ProfileFile::read("cfg", Ok(None));
    assert_eq!(default_profile(&BTreeMap::new(), &missing), None);
    let unreadable = ProfileFile::read("cfg", Err("permission denied".to_owned()));
    assert_eq!(unreadable.content.unwrap_err().to_string(), "cfg cannot be read: permission denied");
}
