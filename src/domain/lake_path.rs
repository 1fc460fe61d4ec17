//! One address for everything a person can point at, read from any spelling people have in their notes.
//!
//! The canonical form is what [`fmt::Display`] writes; parsing it again gives the same value. Local names that are not
//! UTF-8 are held in the lossless form of [`super::text::encode_os`].

use std::fmt;

/// A place in the lake.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LakePath {
    /// Above all catalogs.
    Root,
    /// One catalog.
    Catalog(String),
    /// One schema of a catalog: catalog, schema.
    Schema(String, String),
    /// A volume (with an empty `path`) or a file or folder in it: `/Volumes/catalog/schema/volume/path`.
    Volume {
        /// Catalog name.
        catalog: String,
        /// Schema name.
        schema: String,
        /// Volume name.
        volume: String,
        /// Slash-separated path inside the volume, without leading or trailing slash.
        path: String,
    },
    /// A table: catalog, schema, table.
    Table(String, String, String),
    /// An absolute path on this machine, in the form of [`super::text::encode_os`].
    Local(String),
    /// A cloud or DBFS location.
    Remote {
        /// Canonical scheme: `s3`, `abfss`, `wasbs`, `gs` or `dbfs`.
        scheme: &'static str,
        /// Bucket, or `container@account-host`; empty for `dbfs`.
        authority: String,
        /// Path without leading or trailing slash.
        path: String,
    },
}

/// Schemes as people write them, and their canonical name.
const SCHEMES: [(&str, &str); 8] = [
    ("s3://", "s3"),
    ("s3a://", "s3"),
    ("s3n://", "s3"),
    ("abfss://", "abfss"),
    ("abfs://", "abfss"),
    ("wasbs://", "wasbs"),
    ("wasb://", "wasbs"),
    ("gs://", "gs"),
];

impl LakePath {
    /// Reads any spelling. A relative plain path is taken below `base`, an absolute directory in `encode_os` form.
    ///
    /// # Errors
    /// A sentence that says what is missing.
    pub fn parse(text: &str, base: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("the path is empty; give a folder, a file or a URI such as s3://bucket/path".to_owned());
        }
        for (prefix, scheme) in SCHEMES {
            if let Some(rest) = text.strip_prefix(prefix) {
                return remote(scheme, rest, text);
            }
        }
        if let Some(rest) = text.strip_prefix("dbfs:/Volumes/").or_else(|| text.strip_prefix("/Volumes/")) {
            return volume(rest, text);
        }
        if let Some(rest) = text.strip_prefix("dbfs:/").or_else(|| text.strip_prefix("/dbfs/")) {
            return Ok(Self::Remote { scheme: "dbfs", authority: String::new(), path: clean(rest).join("/") });
        }
        if text == "lake:" || text == "lake:/" {
            return Ok(Self::Root);
        }
        if let Some(rest) = text.strip_prefix("lake:/") {
            return catalog_path(rest, text);
        }
        let plain = text.strip_prefix("file://").or_else(|| text.strip_prefix("file:")).unwrap_or(text);
        if plain.contains("://") {
            return Err(format!(
                "`{text}` has a scheme that is not known; use s3, abfss, wasbs, gs, dbfs, file or a plain path"
            ));
        }
        let joined = if plain.starts_with('/') { plain.to_owned() } else { format!("{base}/{plain}") };
        Ok(Self::Local(format!("/{}", clean(&joined).join("/"))))
    }

    /// Reads a text that means the same file wherever it is read, such as a cell of a table: relative paths are none.
    #[must_use]
    pub fn parse_whole(text: &str) -> Option<Self> {
        let whole = text.starts_with('/') || text.contains(":/");
        whole.then(|| Self::parse(text, "").ok()).flatten()
    }

    /// The place above this one; nothing above [`LakePath::Root`]. Above `/` stands the schema `local.default`.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        match self {
            Self::Root => None,
            Self::Catalog(_) => Some(Self::Root),
            Self::Schema(c, _) => Some(Self::Catalog(c.clone())),
            Self::Table(c, s, _) => Some(Self::Schema(c.clone(), s.clone())),
            Self::Volume { catalog, schema, path, .. } if path.is_empty() => {
                Some(Self::Schema(catalog.clone(), schema.clone()))
            }
            Self::Volume { catalog, schema, volume, path } => Some(Self::Volume {
                catalog: catalog.clone(),
                schema: schema.clone(),
                volume: volume.clone(),
                path: above(path).to_owned(),
            }),
            Self::Local(path) if path == "/" => Some(Self::Schema("local".to_owned(), "default".to_owned())),
            Self::Local(path) => Some(Self::Local(match above(path) {
                "" => "/".to_owned(),
                dir => dir.to_owned(),
            })),
            Self::Remote { path, .. } if path.is_empty() => Some(Self::Root),
            Self::Remote { scheme, authority, path } => {
                Some(Self::Remote { scheme, authority: authority.clone(), path: above(path).to_owned() })
            }
        }
    }

    /// The entry `name` inside this place. Inside a schema it is taken as a volume.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        match self {
            Self::Root => Self::Catalog(name.to_owned()),
            Self::Catalog(c) => Self::Schema(c.clone(), name.to_owned()),
            Self::Schema(c, s) => {
                Self::Volume { catalog: c.clone(), schema: s.clone(), volume: name.to_owned(), path: String::new() }
            }
            Self::Table(..) => self.clone(),
            Self::Volume { catalog, schema, volume, path } => Self::Volume {
                catalog: catalog.clone(),
                schema: schema.clone(),
                volume: volume.clone(),
                path: below(path, name),
            },
            Self::Local(path) if path == "/" => Self::Local(format!("/{name}")),
            Self::Local(path) => Self::Local(below(path, name)),
            Self::Remote { scheme, authority, path } => {
                Self::Remote { scheme, authority: authority.clone(), path: below(path, name) }
            }
        }
    }

    /// The last name: file, folder, volume, schema or catalog; `/` for the root of the machine.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Root => "lake",
            Self::Catalog(name) | Self::Schema(_, name) | Self::Table(_, _, name) => name,
            Self::Volume { volume, path, .. } if path.is_empty() => volume,
            Self::Remote { authority, path, .. } if path.is_empty() => authority,
            Self::Local(path) if path == "/" => "/",
            Self::Volume { path, .. } | Self::Remote { path, .. } | Self::Local(path) => {
                path.rsplit('/').next().unwrap_or_default()
            }
        }
    }

    /// The local path in `encode_os` form, if this is one.
    #[must_use]
    pub fn as_local(&self) -> Option<&str> {
        match self {
            Self::Local(path) => Some(path),
            _ => None,
        }
    }
}

fn remote(scheme: &'static str, rest: &str, text: &str) -> Result<LakePath, String> {
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.is_empty() {
        return Err(format!("`{text}` names no bucket or container after `{scheme}://`"));
    }
    Ok(LakePath::Remote { scheme, authority: authority.to_owned(), path: clean(path).join("/") })
}

fn volume(rest: &str, text: &str) -> Result<LakePath, String> {
    let parts = clean(rest);
    let [catalog, schema, volume, path @ ..] = parts.as_slice() else {
        return Err(format!("`{text}` is not /Volumes/CATALOG/SCHEMA/VOLUME[/PATH]"));
    };
    Ok(LakePath::Volume {
        catalog: (*catalog).to_owned(),
        schema: (*schema).to_owned(),
        volume: (*volume).to_owned(),
        path: path.join("/"),
    })
}

fn catalog_path(rest: &str, text: &str) -> Result<LakePath, String> {
    match clean(rest).as_slice() {
        [] => Ok(LakePath::Root),
        [c] => Ok(LakePath::Catalog((*c).to_owned())),
        [c, s] => Ok(LakePath::Schema((*c).to_owned(), (*s).to_owned())),
        [c, s, t] => Ok(LakePath::Table((*c).to_owned(), (*s).to_owned(), (*t).to_owned())),
        _ => Err(format!("`{text}` is not lake:/CATALOG[/SCHEMA[/TABLE]]; a file in a volume is /Volumes/…")),
    }
}

/// Path segments without empty ones and `.`; `..` drops the one before it and never climbs above the start.
fn clean(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts
}

fn above(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}

impl fmt::Display for LakePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => write!(f, "lake:/"),
            Self::Catalog(c) => write!(f, "lake:/{c}"),
            Self::Schema(c, s) => write!(f, "lake:/{c}/{s}"),
            Self::Table(c, s, t) => write!(f, "lake:/{c}/{s}/{t}"),
            Self::Volume { catalog, schema, volume, path } if path.is_empty() => {
                write!(f, "/Volumes/{catalog}/{schema}/{volume}")
            }
            Self::Volume { catalog, schema, volume, path } => write!(f, "/Volumes/{catalog}/{schema}/{volume}/{path}"),
            Self::Local(path) => write!(f, "{path}"),
            Self::Remote { scheme: "dbfs", path, .. } => write!(f, "dbfs:/{path}"),
            Self::Remote { scheme, authority, path } if path.is_empty() => write!(f, "{scheme}://{authority}"),
            Self::Remote { scheme, authority, path } => write!(f, "{scheme}://{authority}/{path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_has_one_canonical_form() {
        let cases = [
            ("dbfs:/Volumes/c/s/v/a/b.jpg", "/Volumes/c/s/v/a/b.jpg"),
            ("/Volumes/c/s/v/", "/Volumes/c/s/v"),
            ("/dbfs/mnt/x", "dbfs:/mnt/x"),
            ("s3a://bucket//a/./b", "s3://bucket/a/b"),
            ("abfs://fs@acct.dfs.core.windows.net/x", "abfss://fs@acct.dfs.core.windows.net/x"),
            ("file:///tmp/../etc", "/etc"),
            ("photos", "/home/me/photos"),
            ("../x", "/home/x"),
            ("lake:/main/vision", "lake:/main/vision"),
        ];
        for (text, want) in cases {
            let path = LakePath::parse(text, "/home/me").unwrap();
            assert_eq!(path.to_string(), want);
            assert_eq!(LakePath::parse(&path.to_string(), "/elsewhere").unwrap(), path);
        }
        assert!(LakePath::parse("ftp://x/y", "/").is_err());
        assert!(LakePath::parse("/Volumes/c/s", "/").is_err());
    }

    #[test]
    fn parent_and_child_agree() {
        for text in ["/Volumes/c/s/v/a/b", "s3://bucket/a/b", "/tmp/x", "lake:/c/s"] {
            let path = LakePath::parse(text, "/").unwrap();
            assert_eq!(path.parent().unwrap().child(path.name()), path);
        }
        assert_eq!(LakePath::Local("/".to_owned()).child("a"), LakePath::Local("/a".to_owned()));
    }
}
