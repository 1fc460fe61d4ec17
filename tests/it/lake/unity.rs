//! An open-source Unity Catalog server, started by `tests/servers/unity`: what it holds is browsed by the built program.

use super::servers::{address, azure};
use crate::cli::{Home, json_lines};
use lakelens::domain::lake_path::LakePath;
use lakelens::lake::object::CloudSettings;
use lakelens::lake::reach::{Reach, Reached};
use lakelens::lake::unity::{Session, Unity};
use lakelens::remote::http::Workspace;
use lakelens::remote::http::wire::Wire;
use lakelens::remote::net::Net;
use lakelens::remote::profile::host::Host;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde_json::{Value, json};
use std::sync::Arc;

/// The server, spoken to as any program would.
struct Server {
    address: String,
    client: reqwest::Client,
    net: Net,
}

impl Server {
    fn send(&self, request: reqwest::RequestBuilder) -> Value {
        self.net.wait(async {
            let answer = request.send().await.unwrap();
            let (status, text) = (answer.status(), answer.text().await.unwrap());
            assert!(status.is_success(), "{status}: {text}");
            serde_json::from_str(&text).unwrap()
        })
    }

    fn make(&self, what: &str, body: &Value) -> Value {
        let at = format!("{}/api/2.1/unity-catalog/{what}", self.address);
        let text = serde_json::to_vec(body).unwrap();
        self.send(self.client.post(at).header("content-type", "application/json").body(text))
    }

    /// A volume: managed where the server takes that, else in a folder of its own.
    fn volume(&self, catalog: &str) -> String {
        let body =
            json!({ "name": "pictures", "catalog_name": catalog, "schema_name": "default", "volume_type": "MANAGED" });
        let made = self.make("volumes", &body);
        made["storage_location"].as_str().unwrap().strip_prefix("file://").unwrap().to_owned()
    }

    /// A table of others' files, which needs a place that the catalog knows.
    fn table(&self, catalog: &str, files: &str) {
        let url = format!("file://{files}/{catalog}");
        let role = json!({ "role_arn": "arn:aws:iam::1:role/none" });
        self.make("credentials", &json!({ "name": catalog, "purpose": "STORAGE", "aws_iam_role": role }));
        self.make("external-locations", &json!({ "name": catalog, "url": url, "credential_name": catalog }));
        let column = |name: &str, kind: &str, position: usize| {
            json!({ "name": name, "type_text": kind, "type_name": kind.to_uppercase(), "type_json": format!("\"{kind}\""),
                    "position": position, "nullable": position > 0 })
        };
        let columns = [column("image_id", "string", 0), column("class", "string", 1)];
        self.make(
            "tables",
            &json!({ "name": "labels", "catalog_name": catalog, "schema_name": "default", "table_type": "EXTERNAL",
                     "data_source_format": "DELTA", "storage_location": format!("{url}/labels"), "columns": columns }),
        );
    }
}

#[test]
#[ignore = "needs an open-source Unity Catalog; tests/run starts it"]
fn what_an_open_server_holds_is_browsed() {
    let (Some(address), Some(files)) = (address("LAKELENS_UNITY"), address("LAKELENS_UNITY_FILES")) else { return };
    lakelens::remote::tls::install();
    let server = Server { address: address.clone(), client: reqwest::Client::new(), net: Net::default() };
    let (home, lab) = (Home::new(), format!("lab_{}", uuid::Uuid::now_v7().simple()));
    server.make("catalogs", &json!({ "name": lab }));
    for schema in ["default".to_owned()].into_iter().chain((0..120).map(|i| format!("s{i}"))) {
        server.make("schemas", &json!({ "name": schema, "catalog_name": lab }));
    }
    let folder = server.volume(&lab);
    server.table(&lab, &files);
    std::fs::create_dir_all(format!("{folder}/sub dir")).unwrap();
    std::fs::copy(home.picture("a.png"), format!("{folder}/sub dir/a #1.png")).unwrap();

    let run = |args: &[&str]| {
        let mut command = home.command(args);
        crate::cli::ran(command.env("DATABRICKS_HOST", &address).env("DATABRICKS_TOKEN", "none").output().unwrap())
    };
    let rows = |uri: &str| json_lines(&run(&["ls", uri, "--json"]).out);
    let told = |uri: &str| -> Vec<(String, String)> {
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        rows(uri).iter().map(|r| (text(r, "kind"), text(r, "name"))).collect()
    };
    assert!(told("lake:/").contains(&("catalog".to_owned(), lab.clone())));
    let schemas = told(&format!("lake:/{lab}"));
    assert!(schemas.len() >= 121 && schemas.contains(&("schema".to_owned(), "s119".to_owned())), "{schemas:?}");
    let both = [("table", "labels"), ("volume", "pictures")].map(|(k, n)| (k.to_owned(), n.to_owned()));
    let mut inside = told(&format!("lake:/{lab}/default"));
    inside.sort();
    assert_eq!(inside, both);
    let info = run(&["info", &format!("lake:/{lab}/default/labels"), "--json"]);
    let info: Value = serde_json::from_str(&info.out).unwrap_or_else(|_| panic!("{info:?}"));
    assert_eq!((&info["format"], &info["table_type"]), (&"DELTA".into(), &"EXTERNAL".into()), "{info}");
    let columns: Vec<_> = info["columns"].as_array().unwrap().iter().map(|c| (&c["name"], &c["nullable"])).collect();
    assert_eq!(columns, [(&"image_id".into(), &false.into()), (&"class".into(), &true.into())]);
    // It has no Files API and lends no keys for a folder: the files are read where they lie.
    let volume = format!("/Volumes/{lab}/default/pictures");
    assert_eq!(told(&volume), [("folder".to_owned(), "sub dir".to_owned())]);
    let picture = run(&["info", &format!("{volume}/sub dir/a #1.png"), "--json"]);
    assert!(picture.code == 0 && picture.out.contains("\"width\": 16"), "{picture:?}");
    // A name that does not exist is an empty list there: it is told all the same.
    for missing in ["lake:/nothing", &format!("lake:/{lab}/none"), &format!("lake:/{lab}/default/none")] {
        let ran = run(&["ls", missing]);
        assert!(ran.code == 1 && ran.err.contains(missing) && ran.err.contains("check the name"), "{ran:?}");
    }
}

/// The account and the key of every Azure emulator, published by Microsoft.
const EMULATOR: (&str, &str) =
    ("devstoreaccount1", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==");

#[test]
#[ignore = "needs an open-source Unity Catalog and a server like Azure Blob; tests/run starts them"]
fn a_volume_of_an_open_server_is_written_in_its_container() {
    let (Some(catalog), Some(container)) = (address("LAKELENS_UNITY"), address("LAKELENS_AZURE")) else { return };
    if std::env::var("LAKELENS_UNITY_SERVER").is_ok_and(|which| which.contains("Java")) {
        println!("skipped: the official server knows keys of clouds only from its settings, not those of an emulator");
        return;
    }
    lakelens::remote::tls::install();
    let net = Net::default();
    let server = Server { address: catalog.clone(), client: reqwest::Client::new(), net: net.clone() };
    let lab = format!("lab_{}", uuid::Uuid::now_v7().simple());
    let url = format!("abfss://lake@{}.dfs.core.windows.net/{lab}", EMULATOR.0);
    let key = json!({ "account_name": EMULATOR.0, "account_key": EMULATOR.1 });
    let credential = json!({ "name": lab, "purpose": "STORAGE", "azure_storage_key": key, "skip_validation": true });
    server.make("credentials", &credential);
    server.make("external-locations", &json!({ "name": lab, "url": url, "credential_name": lab }));
    server.make("catalogs", &json!({ "name": lab }));
    server.make("schemas", &json!({ "name": "default", "catalog_name": lab }));
    let volume = json!({ "name": "out", "catalog_name": lab, "schema_name": "default", "volume_type": "EXTERNAL",
                         "storage_location": format!("{url}/out") });
    server.make("volumes", &volume);

    let client = Workspace::open(Host::parse(&catalog).unwrap(), Wire::new(&net).unwrap());
    let session = Arc::new(Session::new(Box::new(move || Ok(Some(client.clone())))));
    let variables = [("AZURITE_BLOB_STORAGE_URL".to_owned(), container.clone())].into();
    let unity = Unity::new(session, CloudSettings { variables: Arc::new(variables), ..CloudSettings::default() });
    let path = LakePath::parse(&format!("/Volumes/{lab}/default/out"), "/").unwrap();
    let Reached::Volume(volume, _) = net.wait(unity.reach(&path)).unwrap() else { panic!("no volume") };
    let writer = volume.writer().unwrap();
    let (store, dir) = (azure(&container), tempfile::tempdir().unwrap());
    let there = |name: &str| {
        let at = Path::parse(format!("{lab}/out/{name}")).unwrap();
        net.wait(async { Some(store.get(&at).await.ok()?.bytes().await.unwrap()) })
    };
    let name = "new/a b%41 \u{e9}.txt";
    assert!(net.wait(writer.create(name, "first".into())).unwrap());
    assert!(!net.wait(writer.create(name, "second".into())).unwrap());
    assert_eq!(there(name).unwrap(), "first");
    for size in [5, 40 << 20] {
        let bytes: Vec<u8> = (0..u32::MAX).flat_map(u32::to_le_bytes).take(size).collect();
        std::fs::write(dir.path().join("source"), &bytes).unwrap();
        net.wait(writer.upload("shard.tar", &dir.path().join("source"))).unwrap();
        assert!(there("shard.tar").unwrap() == bytes, "{size} bytes");
        assert_eq!(net.wait(volume.stat("shard.tar")).unwrap().size, Some(size as u64));
    }
    net.wait(writer.remove("shard.tar")).unwrap();
    net.wait(writer.remove("shard.tar")).unwrap();
    assert_eq!(there("shard.tar"), None);
    assert!(net.wait(writer.create("../elsewhere", "x".into())).is_err());
}
