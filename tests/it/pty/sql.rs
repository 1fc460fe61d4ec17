//! A statement on the screen, its engine started, its rows a queue that is labelled; against our own workspace.

use crate::support::pictures;
use crate::support::pty::Home;
use crate::support::workspace::{
    FakeWorkspace, SqlBackend, SqlColumn, SqlFailure, SqlRequest, SqlTable, TOKEN, Warehouse,
};
use std::sync::Arc;

/// Knows one table: pictures and their classes.
struct Flowers(Vec<String>);

impl SqlBackend for Flowers {
    fn execute(&self, request: &SqlRequest) -> Result<SqlTable, SqlFailure> {
        if !request.statement.contains("flowers") {
            let message =
                "[TABLE_OR_VIEW_NOT_FOUND] The table cannot be found. SQLSTATE: 42P01 (line 1, pos 14)".into();
            return Err(SqlFailure { code: "BAD_REQUEST".into(), message, sql_state: Some("42P01".into()) });
        }
        let columns = ["path", "class"];
        let columns = columns.map(|name| SqlColumn { name: name.into(), type_text: "STRING".into() }).to_vec();
        let row = |(i, path): (usize, &String)| {
            let class = ["rose", "tulip"][i % 2].to_owned();
            vec![Some(path.clone()), Some(class)]
        };
        Ok(SqlTable { columns, rows: self.0.iter().enumerate().map(row).collect() })
    }
}

#[test]
fn a_statement_becomes_a_queue() {
    let home = Home::new();
    let folder = home.path("flowers");
    let paths = pictures::write(&folder, "flower", 4);
    let fake = FakeWorkspace::start();
    {
        let mut world = fake.world();
        let mut stopped = Warehouse::new("0123456789abcdef", "small", "STOPPED");
        stopped.polls = Some(1);
        world.warehouses = vec![stopped];
        world.sql = Some(Arc::new(Flowers(paths.iter().map(|p| p.display().to_string()).collect())));
    }
    let config = format!("[dev]\nhost = {}\ntoken = {TOKEN}\nwarehouse_id = 0123456789abcdef\n", fake.host());
    std::fs::write(home.path(".databrickscfg"), config).unwrap();
    let mut session = home.terminal().kitty().run(&["--profile", "dev"]);
    session.wait_for("profiles").wait_for("in use").keys(":").type_text("sql").keys("<enter>");
    session.wait_for("databricks://dev/").type_text("SELECT * FROM roses").keys("<enter>");
    session.wait_for("is starting").wait_for("TABLE_OR_VIEW_NOT_FOUND").wait_for("line 1, column 15");
    session.keys("<C-u>").type_text("SELECT path, class FROM flowers").keys("<enter>");
    session.wait_for("flower_04.png").wait_for("4 rows").keys("P");
    session.wait_for("name of the new project").type_text("night").keys("<enter>");
    session.wait_for("labels to begin with?").type_text("class").keys("<enter>");
    session.wait_for("night").wait_for("rose").wait_for("tulip").wait_for("4 / 4").keys("Q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
    let (code, out, err) = home.command(&["project", "list", "--json"]);
    assert!(code == 0 && out.contains("night") && out.contains("\"labeled\": 4"), "{out}{err}");
    let history = std::fs::read_to_string(home.path("data/sql-history.json"));
    let history = history.or_else(|_| std::fs::read_to_string(home.path("data/data/sql-history.json"))).unwrap();
    assert!(history.contains("SELECT path, class FROM flowers") && !history.contains(TOKEN), "{history}");
}
