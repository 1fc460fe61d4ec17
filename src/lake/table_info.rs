//! What a catalog says of a table: for the Lake screen and for `lakelens info`.
//!
//! What always holds: what a server leaves out or sends as nothing is left out; the texts are as the server has them, and
//! [`TableInfo::lines`] gives them in a form that can be shown.

use crate::domain::text::printable;
use crate::remote::lenient;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// Columns of text that the names and the types of a table's columns get at most; longer ones push the rest aside.
const WIDEST: usize = 24;

/// A table as the catalog describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TableInfo {
    /// `catalog.schema.table`.
    pub full_name: Option<String>,
    /// `MANAGED`, `EXTERNAL`, `VIEW` and others.
    pub table_type: Option<String>,
    /// What tells it from a table that bore its name before; for the catalog alone.
    #[serde(rename(deserialize = "table_id"), skip_serializing)]
    pub id: Option<String>,
    /// `DELTA`, `PARQUET` and others; views have none.
    #[serde(rename(deserialize = "data_source_format"))]
    pub format: Option<String>,
    /// Whom it belongs to.
    pub owner: Option<String>,
    /// What people wrote about it.
    pub comment: Option<String>,
    /// Where its files lie.
    #[serde(rename(deserialize = "storage_location"))]
    pub location: Option<String>,
    /// When it was made.
    #[serde(rename(deserialize = "created_at"), deserialize_with = "time")]
    pub created: Option<Timestamp>,
    /// Who made it.
    pub created_by: Option<String>,
    /// When what the catalog says of it was changed last.
    #[serde(rename(deserialize = "updated_at"), deserialize_with = "time")]
    pub updated: Option<Timestamp>,
    /// Who changed that.
    pub updated_by: Option<String>,
    /// The query of a view.
    pub view_definition: Option<String>,
    /// Its columns, in their order.
    #[serde(deserialize_with = "columns")]
    pub columns: Vec<ColumnInfo>,
    /// Settings of the table.
    #[serde(deserialize_with = "properties")]
    pub properties: BTreeMap<String, String>,
}

/// A column of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ColumnInfo {
    /// Its name.
    pub name: String,
    /// Its type as SQL writes it.
    #[serde(rename(deserialize = "type_text", serialize = "type"))]
    pub kind: Option<String>,
    /// Whether it may hold nothing; where the server does not tell, it may.
    pub nullable: Option<bool>,
    /// What people wrote about it.
    pub comment: Option<String>,
    /// Its place among the columns by which the files are divided.
    #[serde(deserialize_with = "lenient::opt_int64")]
    pub partition_index: Option<i64>,
    #[serde(skip_serializing, deserialize_with = "lenient::opt_int64")]
    position: Option<i64>,
}

fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(lenient::opt_int64(from)?.and_then(|ms| Timestamp::from_millisecond(ms).ok()))
}

fn columns<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<ColumnInfo>, D::Error> {
    let mut columns: Vec<ColumnInfo> = lenient::list(from)?;
    columns.sort_by_key(|column| column.position);
    Ok(columns)
}

fn properties<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    let all = Option::<BTreeMap<String, serde_json::Value>>::deserialize(from)?.unwrap_or_default();
    let text = |value: serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Ok(all.into_iter().map(|(name, value)| (name, text(value))).collect())
}

impl TableInfo {
    /// The names of the columns by which the files are divided, in their order.
    #[must_use]
    pub fn partition_columns(&self) -> Vec<&str> {
        let mut by: Vec<(i64, &str)> =
            self.columns.iter().filter_map(|c| Some((c.partition_index?, c.name.as_str()))).collect();
        by.sort_by_key(|(index, _)| *index);
        by.into_iter().map(|(_, name)| name).collect()
    }

    /// All of it as lines that can be shown: the name, what is known, then columns and properties. A line may be long.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut out = vec![shown(self.full_name.as_deref().unwrap_or_default())];
        out.extend(self.facts().iter().map(|(label, text)| format!("{label:<10}  {text}")));
        out.extend([String::new(), format!("columns ({})", self.columns.len())]);
        let width = |of: &dyn Fn(&ColumnInfo) -> usize| self.columns.iter().map(of).max().unwrap_or(0).min(WIDEST);
        let name = width(&|c| shown(&c.name).chars().count());
        let kind = width(&|c| shown(c.kind.as_deref().unwrap_or_default()).chars().count());
        out.extend(self.columns.iter().map(|column| column.line(name, kind)));
        if !self.properties.is_empty() {
            out.extend([String::new(), format!("properties ({})", self.properties.len())]);
            out.extend(self.properties.iter().map(|(name, value)| format!("  {} = {}", shown(name), shown(value))));
        }
        out
    }

    /// What is known of the table besides its name, columns and properties: a label and a text each, on one line and safe
    /// to show.
    #[must_use]
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let partitions = self.partition_columns().join(", ");
        let facts = [
            ("type", self.table_type.clone()),
            ("format", self.format.clone()),
            ("owner", self.owner.clone()),
            ("comment", self.comment.clone()),
            ("location", self.location.clone()),
            ("created", moment(self.created, self.created_by.as_deref())),
            ("updated", moment(self.updated, self.updated_by.as_deref())),
            ("partitions", Some(partitions)),
            ("query", self.view_definition.clone()),
        ];
        let told = facts.into_iter().filter_map(|(label, text)| Some((label, text.filter(|t| !t.trim().is_empty())?)));
        told.map(|(label, text)| (label, shown(&text))).collect()
    }
}

impl ColumnInfo {
    fn line(&self, name: usize, kind: usize) -> String {
        let null = if self.nullable == Some(false) { "not null" } else { "" };
        let comment = shown(self.comment.as_deref().unwrap_or_default());
        let (own, of) = (shown(&self.name), shown(self.kind.as_deref().unwrap_or_default()));
        format!("  {own:<name$}  {of:<kind$}  {null:<8}  {comment}").trim_end().to_owned()
    }
}

fn moment(at: Option<Timestamp>, by: Option<&str>) -> Option<String> {
    let at = at?.strftime("%Y-%m-%d %H:%M").to_string();
    Some(by.filter(|by| !by.is_empty()).map_or_else(|| at.clone(), |by| format!("{at} by {by}")))
}

/// Text of a server on one line, safe to show.
#[must_use]
pub fn shown(text: &str) -> String {
    printable(&text.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_say_of_a_table_is_read_and_shown() {
        let databricks = r#"{"full_name":"main.v.labels","table_type":"MANAGED","data_source_format":"DELTA",
            "owner":"ann","comment":"two\nlines \u001b[31m","storage_location":"s3://lake/t","created_at":1700000000000,
            "created_by":"bob","updated_at":1700000100000,"new":{"x":1},"properties":{"delta.minReaderVersion":"1","n":2},
            "columns":[{"name":"class","type_text":"string","position":1,"nullable":true,"comment":"what it is"},
            {"name":"id","type_text":"bigint","position":0,"nullable":false},
            {"name":"day","type_text":"date","position":2,"partition_index":1},
            {"name":"site","type_text":"struct<a:int>","position":"3","partition_index":"0"}]}"#;
        let info: TableInfo = serde_json::from_str(databricks).unwrap();
        assert_eq!(info.partition_columns(), ["site", "day"]);
        let expected = "main.v.labels\ntype        MANAGED\nformat      DELTA\nowner       ann\n\
            comment     two lines \\x1b[31m\nlocation    s3://lake/t\ncreated     2023-11-14 22:13 by bob\n\
            updated     2023-11-14 22:15\npartitions  site, day\n\ncolumns (4)\n  id     bigint         not null\n\
            \x20 class  string                   what it is\n  day    date\n  site   struct<a:int>\n\n\
            properties (2)\n  delta.minReaderVersion = 1\n  n = 2";
        assert_eq!(info.lines().join("\n"), expected);
        let json = serde_json::to_value(&info).unwrap();
        assert_eq!((&json["format"], &json["columns"][0]["type"]), (&"DELTA".into(), &"bigint".into()));
        let bare = r#"{"full_name":"a.b.c","columns":null,"properties":null,"comment":null,"created_at":"1700000000000",
            "updated_at":null,"nullable":null}"#;
        let bare: TableInfo = serde_json::from_str(bare).unwrap();
        assert_eq!(bare.lines(), ["a.b.c", "created     2023-11-14 22:13", "", "columns (0)"]);
    }
}
