//! Unity Catalog: catalogs, schemas, tables, volumes, models, and temporary credentials that are never granted.

use super::reply::{Query, forbidden, ok, page, refuse};
use super::{Shared, World};
use axum::Router;
use axum::extract::{Path, Query as Parameters, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::path::Path as File;
use std::sync::Arc;

const ROOT: &str = "/api/2.1/unity-catalog";
/// Kind, key of the list, what is said when one is missing.
const KINDS: [(&str, &str, &str); 5] = [
    ("catalogs", "catalogs", "CATALOG_DOES_NOT_EXIST"),
    ("schemas", "schemas", "SCHEMA_DOES_NOT_EXIST"),
    ("tables", "tables", "TABLE_DOES_NOT_EXIST"),
    ("volumes", "volumes", "VOLUME_DOES_NOT_EXIST"),
    ("models", "registered_models", "REGISTERED_MODEL_DOES_NOT_EXIST"),
];
/// Of a table, what a list leaves out on request.
const OMITTED: [(&str, &str); 3] =
    [("omit_columns", "columns"), ("omit_properties", "properties"), ("omit_username", "owner")];

impl World {
    /// Adds a securable with the fields that all have; its parents are not made. `kind` as in the path.
    pub(crate) fn securable(&mut self, kind: &'static str, full_name: &str, more: Value) {
        let parts: Vec<&str> = full_name.split('.').collect();
        let id = self.number();
        let mut row = json!({
            "name": parts.last(), "full_name": full_name, "owner": super::USER, "comment": "",
            "created_at": 1_700_000_000_000_i64 + i64::try_from(id).unwrap(), "updated_at": 1_700_000_100_000_i64,
        });
        if let [catalog, _, ..] = parts.as_slice() {
            row["catalog_name"] = json!(catalog);
        }
        if let [_, schema, _] = parts.as_slice() {
            row["schema_name"] = json!(schema);
        }
        if let ("volumes", Some(object)) = (kind, row.as_object_mut()) {
            object.insert("volume_id".to_owned(), json!(format!("vol-{id}")));
            object.insert("volume_type".to_owned(), json!("MANAGED"));
        }
        if let ("tables", Some(object)) = (kind, row.as_object_mut()) {
            object.insert("table_id".to_owned(), json!(format!("tab-{id}")));
            object.insert("table_type".to_owned(), json!("MANAGED"));
            object.insert("data_source_format".to_owned(), json!("DELTA"));
        }
        for (name, value) in more.as_object().into_iter().flatten() {
            row[name] = value.clone();
        }
        self.securables.entry(kind).or_default().insert(full_name.to_owned(), row);
    }

    /// Adds a volume with its catalog and schema, whose files are those of a folder.
    pub(crate) fn volume(&mut self, full_name: &str, folder: &File) {
        if let [catalog, schema, _] = full_name.split('.').collect::<Vec<_>>().as_slice() {
            self.securable("catalogs", catalog, json!({ "catalog_type": "MANAGED_CATALOG" }));
            self.securable("schemas", &format!("{catalog}.{schema}"), json!({}));
        }
        let location = format!("file://{}", folder.display());
        self.securable("volumes", full_name, json!({ "storage_location": location }));
        self.folders.insert(full_name.to_owned(), folder.to_owned());
    }
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    let mut router = Router::new()
        .route(&format!("{ROOT}/metastore_summary"), get(metastore))
        .route(&format!("{ROOT}/table-summaries"), get(summaries));
    for (kind, key, missing) in KINDS {
        let list = move |state, query| async move { list(state, query, kind, key) };
        let one = move |state, name| async move { one(state, name, kind, missing) };
        router = router.route(&format!("{ROOT}/{kind}"), get(list)).route(&format!("{ROOT}/{kind}/{{name}}"), get(one));
    }
    for what in ["volume", "table", "path"] {
        router = router.route(&format!("/api/2.0/unity-catalog/temporary-{what}-credentials"), post(no_credentials));
    }
    router
}

type ListQuery = Parameters<Query>;

fn list(State(shared): State<Arc<Shared>>, Parameters(query): ListQuery, kind: &'static str, key: &str) -> Response {
    let world = shared.world();
    let (catalog, schema) = (query.get("catalog_name"), query.get("schema_name"));
    let needs = [("schemas", catalog.is_none()), ("tables", schema.is_none()), ("volumes", schema.is_none())];
    if needs.contains(&(kind, true)) {
        return refuse(400, "INVALID_PARAMETER_VALUE", "catalog_name and schema_name are required");
    }
    let exists = |kind: &str, name: &str| world.securables.get(kind).is_some_and(|all| all.contains_key(name));
    if let Some(catalog) = catalog.filter(|c| !exists("catalogs", c)) {
        return refuse(404, "CATALOG_DOES_NOT_EXIST", format!("Catalog '{catalog}' does not exist."));
    }
    if let (Some(catalog), Some(schema)) = (catalog, schema) {
        let full = format!("{catalog}.{schema}");
        if !exists("schemas", &full) {
            return refuse(404, "SCHEMA_DOES_NOT_EXIST", format!("Schema '{full}' does not exist."));
        }
        if world.forbidden.contains(&full) {
            return forbidden(&format!("Schema '{full}'"));
        }
    }
    let fits = |row: &&Value, field: &str, wanted: Option<&String>| wanted.is_none_or(|w| row[field] == json!(w));
    let rows = world.securables.get(kind).into_iter().flat_map(|all| all.values());
    let rows = rows.filter(|r| fits(r, "catalog_name", catalog)).filter(|r| fits(r, "schema_name", schema));
    let rows: Vec<Value> = rows.cloned().map(|r| without(r, &query)).collect();
    page(&world, key, &rows, &query, "max_results")
}

fn without(mut row: Value, query: &Query) -> Value {
    for (switch, field) in OMITTED {
        if query.get(switch).is_some_and(|v| v == "true")
            && let Some(object) = row.as_object_mut()
        {
            object.remove(field);
        }
    }
    row
}

fn one(State(shared): State<Arc<Shared>>, Path(name): Path<String>, kind: &'static str, missing: &str) -> Response {
    let world = shared.world();
    if world.forbidden.contains(&name) {
        return forbidden(&format!("'{name}'"));
    }
    match world.securables.get(kind).and_then(|all| all.get(&name)) {
        Some(row) => ok(&world, row.clone()),
        None => refuse(404, missing, format!("'{name}' does not exist.")),
    }
}

async fn summaries(State(shared): State<Arc<Shared>>, Parameters(query): ListQuery) -> Response {
    let world = shared.world();
    let catalog = query.get("catalog_name");
    let rows = world.securables.get("tables").into_iter().flat_map(|all| all.values());
    let rows = rows.filter(|r| catalog.is_none_or(|c| r["catalog_name"] == json!(c)));
    let rows: Vec<Value> =
        rows.map(|r| json!({ "full_name": r["full_name"], "table_type": r["table_type"] })).collect();
    page(&world, "tables", &rows, &query, "max_results")
}

async fn metastore(State(shared): State<Arc<Shared>>) -> Response {
    let row = json!({ "metastore_id": "ms", "name": "fake", "cloud": "aws", "region": "eu-central-1" });
    ok(&shared.world(), row)
}

async fn no_credentials() -> Response {
    refuse(403, "PERMISSION_DENIED", "User does not have EXTERNAL USE SCHEMA, or external access is not enabled.")
}
