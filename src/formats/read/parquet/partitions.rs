//! What the folders of a table say that is parted as Hive does it: `split=train/label=red%20dog/0.parquet`.

use crate::domain::text::percent_decoded;

/// Columns with the value that all rows of a file have; an empty one is none.
pub(super) type Said = Vec<(String, String)>;

/// How a partition without a value is called.
const NOTHING: &str = "__HIVE_DEFAULT_PARTITION__";

/// What the folders of a file say beyond its own columns.
pub(super) fn of(path: &str, columns: &[String]) -> Said {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    let pairs = folders.split('/').filter_map(|folder| folder.split_once('='));
    let named = pairs.map(|(name, value)| {
        (percent_decoded(name), if value == NOTHING { String::new() } else { percent_decoded(value) })
    });
    named.filter(|(name, _)| !name.is_empty() && !columns.iter().any(|own| own.eq_ignore_ascii_case(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_say_what_no_column_says() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let found = of("set/split=train/label=red%20dog%2F%zz/a=b=c/x=__HIVE_DEFAULT_PARTITION__/p=1.parquet", &[]);
        assert_eq!(found, [pair("split", "train"), pair("label", "red dog/%zz"), pair("a", "b=c"), pair("x", "")]);
        assert!(of("Label=cat/0.parquet", &["label".to_owned()]).is_empty(), "the file's own count");
        assert!(of("0.parquet", &[]).is_empty() && of("", &[]).is_empty() && of("=a/0.parquet", &[]).is_empty());
        assert_eq!(of("a=%FF/0", &[]), [pair("a", "%FF")]);
    }
}
