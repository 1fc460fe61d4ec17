//! Signing in: every way against our workspace and against programs; once for all, ahead of time, again when refused.

use super::http::{quick, wire};
use crate::support::workspace::{FakeWorkspace, Fault, PRINCIPAL, TENANT, TOKEN};
use lakelens::remote::connections::{Connections, Source};
use lakelens::remote::error::Kind;
use lakelens::remote::http::Workspace;
use lakelens::remote::http::wire::{Limits, Tools, Wire};
use lakelens::remote::net::Net;
use lakelens::remote::profile::attribute::{Origin, Value as Attribute, find};
use lakelens::remote::profile::auth::{Credentials, Programs};
use lakelens::remote::profile::host::AzureCloud;
use lakelens::remote::profile::{Connection, ProfileFile};
use lakelens::remote::secret::Secret;
use lakelens::remote::tls;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const LIST: &str = "/api/2.1/unity-catalog/catalogs";

fn machine(secret: &str) -> Vec<Credentials> {
    vec![Credentials::OauthM2m { client_id: PRINCIPAL.0.to_owned(), client_secret: Secret::new(secret) }]
}

fn set(connection: &mut Connection, name: &str, value: &str) {
    let (attribute, value) = (find(name).unwrap(), Secret::new(value));
    connection.values.add(Attribute { attribute, value, origin: Origin::Argument("the test".to_owned()) });
}

async fn ask(workspace: &Workspace) -> Result<Value, lakelens::remote::error::RemoteError> {
    workspace.get(LIST).json().await
}

#[test]
fn a_token_is_fetched_once_for_all_and_again_when_it_is_refused() {
    let fake = FakeWorkspace::start();
    let workspace = Workspace::with(fake.connection(machine(PRINCIPAL.1)), wire());
    let many = || futures::future::join_all((0..20).map(|_| ask(&workspace)));
    assert!(workspace.wait(many()).iter().all(Result::is_ok));
    assert_eq!(fake.world().tokens_given, 1);
    assert_eq!(fake.world().asked("/.well-known"), 1);
    // All of them find their token gone at once.
    fake.world().tokens.retain(|token, _| token == TOKEN);
    assert!(workspace.wait(many()).iter().all(Result::is_ok));
    assert_eq!(fake.world().tokens_given, 2);
    // A server that takes no token at all is not asked for ever.
    fake.fault(&format!("GET {LIST}"), usize::MAX, Fault::Expired);
    let before = fake.world().asked(LIST);
    assert_eq!(workspace.wait(ask(&workspace)).unwrap_err().kind(), Kind::SignIn);
    let world = fake.world();
    assert_eq!((world.tokens_given, world.asked(LIST)), (3, before + 2));
}

#[test]
fn a_token_is_renewed_before_it_ends_while_the_old_one_is_used() {
    let fake = FakeWorkspace::start();
    fake.world().token_life = Duration::from_secs(2);
    let workspace = Workspace::with(fake.connection(machine(PRINCIPAL.1)), wire());
    // Two lives, and nobody is ever refused.
    while fake.world().tokens_given < 3 {
        workspace.wait(ask(&workspace)).unwrap();
        workspace.wait(tokio::task::yield_now());
    }
    let world = fake.world();
    let tokens: Vec<&String> = world.seen.iter().filter_map(|s| s.headers.get("authorization")).collect();
    assert!(tokens.iter().filter(|t| t.starts_with("Bearer")).count() > 2);
}

#[test]
fn a_clock_that_is_wrong_changes_nothing() {
    // What a token says of its life counts from when it came; one that says nothing is asked for again when refused.
    for said in [0, 1, 60, u64::MAX / 2] {
        let fake = FakeWorkspace::start();
        fake.world().token_life_said = Some(said);
        let workspace = Workspace::with(fake.connection(machine(PRINCIPAL.1)), wire());
        assert!(workspace.wait(ask(&workspace)).is_ok(), "{said}");
    }
}

#[test]
fn a_wrong_secret_is_told_without_the_secret() {
    let fake = FakeWorkspace::start();
    let workspace = Workspace::with(fake.connection(machine("wr0ng-5ecret")), wire());
    let error = workspace.wait(ask(&workspace)).unwrap_err();
    let text = format!("{error} {error:?}");
    assert_eq!((error.kind(), error.code()), (Kind::SignIn, Some("invalid_client")));
    assert!(
        text.contains(PRINCIPAL.0) && text.contains("Client authentication failed") && text.contains("***"),
        "{text}"
    );
    assert!(!text.contains("5ecret"), "{text}");
    // The workspace itself was never asked without a token.
    assert_eq!(fake.world().asked(LIST), 0);
}

#[test]
fn documents_that_are_missing_or_wrong_have_a_usual_place_and_secrets_go_nowhere_unencrypted() {
    let fake = FakeWorkspace::start();
    fake.fault("GET /.well-known", 1, Fault::Status(404, None, ""));
    fake.fault("GET /oidc/.well-known", 1, Fault::Page(200));
    let workspace = Workspace::with(fake.connection(machine(PRINCIPAL.1)), wire());
    assert!(workspace.wait(ask(&workspace)).is_ok());
    fake.fault("GET /oidc/.well-known", 1, Fault::Body(r#"{"token_endpoint":"http://thief.example.com/token"}"#));
    let workspace = Workspace::with(fake.connection(machine(PRINCIPAL.1)), wire());
    let error = workspace.wait(ask(&workspace)).unwrap_err();
    assert_eq!(error.kind(), Kind::Protocol);
    assert!(error.why().contains("not https"), "{error}");
}

#[test]
fn service_principals_of_azure_find_their_directory() {
    let fake = FakeWorkspace::start();
    let azure = |tenant: Option<&str>, secret: &str| Credentials::AzureClientSecret {
        tenant: tenant.map(str::to_owned),
        client_id: PRINCIPAL.0.to_owned(),
        client_secret: Secret::new(secret),
        azure: AzureCloud::Public,
    };
    let login = || wire().azure_login(format!("{}/azure", fake.host()));
    for tenant in [None, Some(TENANT)] {
        let workspace = Workspace::with(fake.connection(vec![azure(tenant, PRINCIPAL.1)]), login());
        assert!(workspace.wait(ask(&workspace)).is_ok());
    }
    assert_eq!(fake.world().asked("/aad/auth"), 1);
    let mut connection = fake.connection(vec![azure(None, PRINCIPAL.1)]);
    set(&mut connection, "azure_workspace_resource_id", "/subscriptions/s/workspaces/w");
    let workspace = Workspace::with(connection, login());
    assert!(workspace.wait(ask(&workspace)).is_ok());
    let headers = fake.world().seen.last().unwrap().headers.clone();
    assert_eq!(headers["x-databricks-azure-workspace-resource-id"], "/subscriptions/s/workspaces/w");
    assert_ne!(headers["x-databricks-azure-sp-management-token"], headers["authorization"]);
    let workspace = Workspace::with(fake.connection(vec![azure(Some("nowhere"), PRINCIPAL.1)]), login());
    let error = workspace.wait(ask(&workspace)).unwrap_err();
    assert!(error.kind() == Kind::SignIn && error.why().contains("AADSTS90002"), "{error}");
}

/// A program in a folder, which writes down how it was called.
fn script(folder: &Path, name: &str, body: &str) -> PathBuf {
    let path = folder.join(name);
    let log = folder.join(format!("{name}.log"));
    fs::write(&path, format!("#!/bin/sh\necho \"$@\" >> '{}'\n{body}\n", log.display())).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    path
}

fn with_tools(tools: Tools) -> Wire {
    tls::install();
    let limits = Limits { program: Duration::from_millis(1500), ..quick() };
    Wire::with(&Net::default(), limits, tools).unwrap()
}

#[test]
fn people_sign_in_with_the_programs_where_they_did() {
    let (fake, folder) = (FakeWorkspace::start(), tempfile::tempdir().unwrap());
    let said = |name: &str| fs::read_to_string(folder.path().join(format!("{name}.log"))).unwrap_or_default();
    let azure = || Credentials::AzureCli { tenant: Some("t".to_owned()), azure: AzureCloud::Public };
    let databricks = || Credentials::DatabricksCli { program: None };
    let token = format!(r#"echo '{{"access_token":"{TOKEN}","token_type":"Bearer","expiry":"2099-01-01T00:00:00Z"}}'"#);
    let az =
        format!(r#"echo '{{"accessToken":"{TOKEN}","expiresOn":"2099-01-01 00:00:00.000000","tokenType":"Bearer"}}'"#);
    let tools = |az: &str, databricks: &str| Tools {
        az: Some(script(folder.path(), "az", az)),
        databricks: Some(script(folder.path(), "databricks", databricks)),
    };
    let ready = |ways, tools| Workspace::with(fake.connection(ways), with_tools(tools));

    let workspace = ready(vec![azure(), databricks()], tools(&az, "exit 1"));
    assert!(workspace.wait(ask(&workspace)).is_ok() && workspace.wait(ask(&workspace)).is_ok());
    assert_eq!(
        said("az"),
        "account get-access-token --resource 2ff814a6-3304-4ab8-85cb-cd0e6f879c1d --output json --tenant t\n"
    );
    assert_eq!(said("databricks"), "");

    // Nobody is signed in with `az`: the next one is asked.
    let refuses = "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1";
    let workspace = ready(vec![azure(), databricks()], tools(refuses, &token));
    assert!(workspace.wait(ask(&workspace)).is_ok());
    assert_eq!(workspace.way().map(|w| w.name()), Some("databricks-cli"));
    assert_eq!(said("databricks"), "auth token --profile fake\n");

    let workspace =
        ready(vec![azure(), databricks()], tools(refuses, "echo 'Error: no OAuth token for dapi-5ecret' >&2; exit 1"));
    let error = workspace.wait(ask(&workspace)).unwrap_err();
    for part in ["Please run 'az login'", "no OAuth token", "run `az login`", "databricks auth login --profile fake"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    for (body, says) in [
        (format!("echo '{TOKEN}'"), "something else than a token in JSON"),
        ("exec sleep 100".to_owned(), "was stopped"),
        ("exit 3".to_owned(), "ended with code 3"),
    ] {
        let workspace = ready(vec![databricks()], tools("exit 1", &body));
        let error = workspace.wait(ask(&workspace)).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(error.kind() == Kind::SignIn && text.contains(says) && !text.contains(TOKEN), "{text}");
    }
    let missing = Tools { databricks: Some(folder.path().join("gone")), az: None };
    let workspace = ready(vec![databricks()], missing);
    assert!(
        workspace.wait(ask(&workspace)).unwrap_err().to_string().contains("install it and run `databricks auth login")
    );
}

fn source(text: &str) -> Source {
    Source {
        file: ProfileFile::read("~/.databrickscfg", Ok(Some(text.as_bytes().to_vec()))),
        mode: None,
        variables: BTreeMap::new(),
        tools: Tools::default(),
        programs: Programs::default(),
        preferred: None,
    }
}

#[test]
fn profiles_become_clients_once() {
    let fake = FakeWorkspace::start();
    let host = fake.host();
    let text = format!(
        "[DEFAULT]\nhost={host}\ntoken={TOKEN}\n[m2m]\nhost={host}\nclient_id={}\nclient_secret={}\n[half]\nhost={host}\n",
        PRINCIPAL.0, PRINCIPAL.1
    );
    tls::install();
    let connections = Connections::with(source(&text), Net::default(), quick());
    let (first, again) = (connections.workspace(None).unwrap(), connections.workspace(Some("DEFAULT")).unwrap());
    assert!(first.wait(ask(&first)).is_ok() && again.wait(ask(&again)).is_ok());
    let m2m = connections.workspace(Some("m2m")).unwrap();
    let shared = connections.clone().workspace(Some("m2m")).unwrap();
    assert!(m2m.wait(ask(&m2m)).is_ok() && shared.wait(ask(&shared)).is_ok());
    assert_eq!(fake.world().tokens_given, 1);
    for (name, says) in [("half", "nothing to sign in with"), ("m2n", "did you mean `m2m`?")] {
        let error = connections.workspace(Some(name)).unwrap_err();
        assert!(error.to_string().contains(says) && error.to_string().contains(name), "{error}");
    }
    let listed = connections.profiles();
    let shown: Vec<_> = listed.iter().map(|p| (p.name.as_str(), p.auth.map(|a| a.name()), p.is_default)).collect();
    assert_eq!(shown, [("DEFAULT", Some("pat"), true), ("m2m", Some("oauth-m2m"), false), ("half", None, false)]);
}
