//! Catalogs, the schemas of a catalog, the volumes and tables of a schema: lists without sizes, as pages of entries.

use super::{API, Lender, kind_of};
use crate::domain::lake_path::LakePath;
use crate::lake::TableInfo;
use crate::lake::listing::EntryKind;
use crate::lake::place::Stat;
use crate::lake::remote::{Asked, Mark, Page, Piece, RemoteEntry, RemoteError, RemoteVolume, Trouble, Version};
use crate::remote::http::Workspace;
use crate::remote::lenient;
use jiff::Timestamp;
use serde::Deserialize;
use std::ops::Range;
use std::sync::Arc;

/// A place in the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// All catalogs.
    Catalogs,
    /// The schemas of a catalog.
    Schemas(String),
    /// Volumes and tables of a schema.
    Contents(String, String),
    /// One table.
    Table(String, String, String),
}

/// A place in the catalog, as something that is listed.
pub(super) struct LevelVolume {
    workspace: Workspace,
    level: Level,
    lender: Lender,
}

/// One page, whichever list it is. Lists that are empty are left out by some servers.
#[derive(Default, Deserialize)]
struct Answer {
    #[serde(default, deserialize_with = "lenient::list")]
    catalogs: Vec<Named>,
    #[serde(default, deserialize_with = "lenient::list")]
    schemas: Vec<Named>,
    #[serde(default, deserialize_with = "lenient::list")]
    volumes: Vec<Named>,
    #[serde(default, deserialize_with = "lenient::list")]
    tables: Vec<Named>,
    #[serde(default)]
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    #[serde(default, deserialize_with = "lenient::opt_int64")]
    updated_at: Option<i64>,
}

/// Which of the lists of a schema a token belongs to: volumes come first.
const TABLES: &str = "tables:";

impl LevelVolume {
    pub(super) fn new(workspace: Workspace, level: Level, lender: Lender) -> Self {
        Self { workspace, level, lender }
    }

    fn place(&self) -> String {
        match &self.level {
            Level::Catalogs => "lake:/".to_owned(),
            Level::Schemas(c) => format!("lake:/{c}"),
            Level::Contents(c, s) => format!("lake:/{c}/{s}"),
            Level::Table(c, s, t) => format!("lake:/{c}/{s}/{t}"),
        }
    }

    async fn ask(&self, list: &str, token: Option<&str>) -> Result<Answer, RemoteError> {
        let place = self.place();
        let mut request = self.workspace.get(&format!("{API}/{list}")).about(format!("`{place}`"));
        match &self.level {
            Level::Schemas(c) => request = request.query("catalog_name", c),
            Level::Contents(c, s) => request = request.query("catalog_name", c).query("schema_name", s),
            Level::Catalogs | Level::Table(..) => {}
        }
        if list == "tables" {
            request = request.query("omit_columns", true).query("omit_properties", true);
        }
        // Without a number the form without pages is meant, which is being withdrawn.
        request = request.query("max_results", 0).query_opt("page_token", token.filter(|t| !t.is_empty()));
        request.json().await.map_err(|error| RemoteError::told("list", &place, &error))
    }

    async fn one(&self, from: &Mark) -> Result<Page, RemoteError> {
        let token = from.token.as_deref();
        let (list, token) = match (&self.level, token.and_then(|t| t.strip_prefix(TABLES))) {
            (Level::Catalogs, _) => ("catalogs", token),
            (Level::Schemas(_), _) => ("schemas", token),
            (Level::Contents(..), Some(token)) => ("tables", Some(token)),
            (Level::Contents(..), None) => ("volumes", token),
            (Level::Table(..), _) => return Ok(Page::default()),
        };
        let answer = self.ask(list, token).await?;
        let next = answer.next_page_token.filter(|token| !token.is_empty());
        let next = match (list, next) {
            ("volumes", None) => Some(TABLES.to_owned()),
            ("tables", Some(next)) => Some(format!("{TABLES}{next}")),
            (_, next) => next,
        };
        let entry = |named: Named, kind| RemoteEntry {
            name: named.name,
            kind,
            size: None,
            modified: named.updated_at.and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        };
        let kind = kind_of(&self.level);
        let plain = answer.catalogs.into_iter().chain(answer.schemas).chain(answer.volumes).map(|n| entry(n, kind));
        let entries = plain.chain(answer.tables.into_iter().map(|n| entry(n, EntryKind::Table))).collect();
        Ok(Page { entries, next: next.map(|token| Mark { token: Some(token), ..Mark::default() }) })
    }

    /// Asks for the thing itself, so that a name that does not exist is told from an empty one.
    async fn look(&self) -> Result<Stat, RemoteError> {
        let place = self.place();
        let bare = |kind| Stat { kind, size: None, modified: None };
        let (list, name, kind) = match &self.level {
            Level::Catalogs => return Ok(bare(EntryKind::Catalog)),
            Level::Schemas(c) => ("catalogs", c.clone(), EntryKind::Catalog),
            Level::Contents(c, s) => ("schemas", format!("{c}.{s}"), EntryKind::Schema),
            Level::Table(c, s, t) => ("tables", format!("{c}.{s}.{t}"), EntryKind::Table),
        };
        let request = self.workspace.get(&format!("{API}/{list}")).part(&name).about(format!("`{place}`"));
        let found: Named = request.json().await.map_err(|error| RemoteError::told("look at", &place, &error))?;
        let modified = found.updated_at.and_then(|ms| Timestamp::from_millisecond(ms).ok());
        Ok(Stat { kind, size: None, modified })
    }
}

impl RemoteVolume for LevelVolume {
    fn page<'a>(&'a self, _: &'a str, _: bool, from: &'a Mark) -> Asked<'a, Page> {
        Box::pin(async move {
            // The first page of an unknown name is an empty list for some servers, not an error.
            let page = self.one(from).await?;
            if from.token.is_none() && page.entries.is_empty() && self.level != Level::Catalogs {
                self.look().await?;
            }
            Ok(page)
        })
    }

    fn stat<'a>(&'a self, _: &'a str) -> Asked<'a, Stat> {
        Box::pin(self.look())
    }

    fn table(&self) -> Asked<'_, Option<TableInfo>> {
        Box::pin(async move {
            let Level::Table(c, s, t) = &self.level else { return Ok(None) };
            let place = self.place();
            let name = format!("{c}.{s}.{t}");
            let request = self.workspace.get(&format!("{API}/tables")).part(&name).about(format!("`{place}`"));
            let info: TableInfo = request.json().await.map_err(|error| RemoteError::told("look at", &place, &error))?;
            Ok(Some(TableInfo { full_name: info.full_name.or(Some(name)), ..info }))
        })
    }

    fn table_files<'a>(&'a self, table: &'a TableInfo, at: &'a LakePath) -> Asked<'a, Option<Arc<dyn RemoteVolume>>> {
        Box::pin(async move {
            let place = self.place();
            match at {
                LakePath::Local(_) if !self.workspace.host().as_str().starts_with("http://") => {
                    let why = "its files lie on the machine of the server";
                    Err(RemoteError::new(Trouble::Other, "open", &place, why, "name an engine that reads it there"))
                }
                LakePath::Remote { scheme, .. } if *scheme != "dbfs" => {
                    let Some(id) = table.id.as_deref().filter(|id| !id.is_empty()) else { return Ok(None) };
                    let location = at.to_string();
                    let lease = self.lender.table(&self.workspace, id, (&place, &location)).await?;
                    Ok(Some(lease as Arc<dyn RemoteVolume>))
                }
                _ => Ok(None),
            }
        })
    }

    fn read<'a>(&'a self, _: &'a str, _: Range<u64>, _: Option<&'a Version>) -> Asked<'a, Piece> {
        Box::pin(async move {
            let why = "it is no file";
            Err(RemoteError::new(Trouble::Other, "read", &self.place(), why, "open a file of a volume"))
        })
    }
}
