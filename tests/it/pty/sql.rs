//! A statement on the screen, its engine started, its rows a queue that is labelled; against our own workspace.

use crate::support::pictures;
use crate::support::pty::Home;
use crate::support::workspace::{
    Cluster, FakeWorkspace, Fault, SqlBackend, SqlColumn, SqlFailure, SqlRequest, SqlTable, TOKEN, Warehouse,
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

#[test]
fn a_cluster_is_started_when_one_says_so_and_what_goes_wrong_is_said() {
    let (home, fake) = (Home::new(), FakeWorkspace::start());
    let mut never = Cluster::new("0101-123456-abcdefgh", "etl", "TERMINATED");
    never.polls = None;
    let twin = |id: &str| Cluster::new(id, "twin", "TERMINATED");
    fake.world().clusters = vec![never, twin("0202-123456-abcdefgh"), twin("0303-123456-abcdefgh")];
    let config = format!("[dev]\nhost = {}\ntoken = {TOKEN}\ncluster_id = 0101-123456-abcdefgh\n", fake.host());
    std::fs::write(home.path(".databrickscfg"), config).unwrap();
    let mut session = home.terminal().kitty().run(&["--profile", "dev"]);
    session.wait_for("profiles").wait_for("in use").keys(":").type_text("sql").keys("<enter>");
    session.wait_for("databricks://dev/").type_text("SELECT 1").keys("<enter>");
    session.wait_for("the cluster `etl` is stopped").wait_for("Start it?").wait_for("y yes").keys("n");
    session.wait("the question is gone", |screen| !screen.contains("Start it?"));
    assert_eq!(fake.world().asked("/api/2.1/clusters/start"), 0, "a no starts nothing");
    session.keys("<enter>").wait_for("Start it?").wait_for("y yes").keys("y");
    session.wait_for("is starting").wait_for("Esc stops waiting").keys("<esc>").wait_for("cancelled");
    assert_eq!(fake.world().asked("/api/2.1/clusters/start"), 1);
    fake.world().clusters[0].state = "TERMINATED".to_owned();
    fake.fault("POST /api/2.1/clusters/start", usize::MAX, Fault::Status(403, None, "PERMISSION_DENIED: no"));
    session.keys("<enter>").wait_for("Start it?").wait_for("y yes").keys("y").wait_for("you may not use");
    // Two clusters of one name are told apart by their ids, and the name alone is not enough.
    session.keys("<esc>").wait_for("c engine").keys("c").wait_for("clusters/0202-").wait_for("cluster `twin`");
    session.type_text("another").keys("<enter>").wait_for("by id or by name");
    session.type_text("databricks://dev/clusters/twin").keys("<enter>").wait_for("databricks://dev/clusters/twin ");
    session.keys("e").wait_for("Enter run").keys("<enter>");
    session.wait_for("means several things").wait_for("0202-123456-abcdefgh").wait_for("0303-123456-abcdefgh");
    session.keys("<esc>").wait_for("c engine").keys("Q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
}
