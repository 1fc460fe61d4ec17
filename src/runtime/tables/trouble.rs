//! Failures of catalogs and engines, in the words of the Table screen.

use crate::app::screens::table::state::Trouble;
use crate::domain::text::printable;
use crate::lake::LakeError;
use crate::lake::remote;
use crate::lake::rows::RowsError;
use crate::remote::sql::SqlError;

/// Why no engine can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoEngine {
    /// Nothing names one. The profile in use, where there is one.
    NotSaid(Option<String>),
    /// The one that is named cannot be used: a sentence, safe to show.
    Unusable(String),
}

/// What the catalog says instead of a table.
pub(super) fn of_lake(error: &LakeError) -> Trouble {
    let title = match error {
        LakeError::Remote(error) => match error.trouble {
            remote::Trouble::Denied => "no permission",
            remote::Trouble::NoCredentials => "not signed in",
            remote::Trouble::NotFound => "there is no such table",
            remote::Trouble::Unreachable | remote::Trouble::Busy => "the catalog cannot be reached",
            _ => "the catalog does not tell",
        },
        _ => "the catalog does not tell",
    };
    Trouble::new(title, printable(&error.to_string()))
}

/// What an engine says instead of rows.
pub(super) fn of_rows(error: &RowsError) -> Trouble {
    let RowsError::Sql(error) = error else { return of_files(error) };
    let title = match error {
        SqlError::Auth { .. } => "not signed in",
        SqlError::Unreachable { .. } | SqlError::Unknown { .. } => "the engine cannot be reached",
        SqlError::Refused { class, state, .. } if is_denied(class, state) => "no permission",
        SqlError::Refused { .. } if error.is_missing_table() => "the engine knows no such table",
        SqlError::Refused { .. } | SqlError::Garbled { .. } => "the engine cannot read it",
        SqlError::Address(_) | SqlError::Cancelled => "cannot be read",
    };
    Trouble::new(title, error.to_string())
}

/// What the files of a table say, which are read only where no engine is named: naming one may help.
fn of_files(error: &RowsError) -> Trouble {
    let engine = "An engine may read it all the same: put warehouse_id or cluster_id into the profile, or start with --store \
                  sc://HOST:PORT";
    Trouble { remedies: vec![engine.to_owned()], ..Trouble::new("its files cannot be read", error.to_string()) }
}

fn is_denied(class: &str, state: &str) -> bool {
    class.contains("PERMISSION") || class.contains("UNAUTHORIZED") || state == "42501"
}

/// What an engine says instead of versions.
pub(super) fn of_history(error: &RowsError) -> Trouble {
    match error {
        RowsError::Sql(SqlError::Refused { class, state, .. }) if !is_denied(class, state) => Trouble {
            title: "no history".to_owned(),
            remedies: vec!["Delta tables keep versions; other tables, views and some engines have none.".to_owned()],
            text: error.to_string(),
        },
        _ => of_rows(error),
    }
}

/// What to set where no engine is named.
pub(super) fn of_engine(missing: &NoEngine) -> Trouble {
    match missing {
        NoEngine::Unusable(why) => Trouble::new("no engine", why.clone()),
        NoEngine::NotSaid(profile) => {
            let profile = printable(profile.as_deref().unwrap_or("DEFAULT")).into_owned();
            let text = "The catalog knows this table, but nothing is set up that can read it. One of these is enough:";
            let remedies = vec![
                format!(
                    "In ~/.databrickscfg, below [{profile}]: warehouse_id = ID of a SQL warehouse, or cluster_id = ID"
                ),
                "In the environment: DATABRICKS_WAREHOUSE_ID or DATABRICKS_CLUSTER_ID".to_owned(),
                "On the command line: --store sc://HOST:PORT, a Spark Connect server that has this catalog".to_owned(),
            ];
            Trouble { title: "no engine reads it".to_owned(), text: text.to_owned(), remedies }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_has_its_title() {
        let refused = |class: &str, state: &str| RowsError::Sql(SqlError::refused("w1", class, state, "no"));
        assert_eq!(of_rows(&refused("INSUFFICIENT_PERMISSIONS", "")).title, "no permission");
        assert_eq!(of_rows(&refused("", "42501")).title, "no permission");
        assert_eq!(of_rows(&refused("TABLE_OR_VIEW_NOT_FOUND", "42P01")).title, "the engine knows no such table");
        assert_eq!(of_history(&refused("DELTA_ONLY_OPERATION", "")).title, "no history");
        assert_eq!(of_history(&refused("PERMISSION_DENIED", "")).title, "no permission");
        let files = of_rows(&RowsError::Files("dbfs:/x is not reached".to_owned()));
        assert!(
            files.text.contains("dbfs:/x") && files.remedies.iter().any(|r| r.contains("warehouse_id")),
            "{files:?}"
        );
        let missing = of_engine(&NoEngine::NotSaid(Some("prod\u{1b}".to_owned())));
        assert!(missing.remedies[0].contains("[prod\\x1b]: warehouse_id = "), "{missing:?}");
    }
}
