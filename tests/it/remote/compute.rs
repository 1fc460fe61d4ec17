//! Machines: found by name or id, started, waited for.

use super::http::wire;
use crate::support::workspace::{Cluster, FakeWorkspace, Warehouse};
use lakelens::remote::compute::{Machines, Progress, State};
use lakelens::remote::error::Kind;
use lakelens::remote::http::Workspace;
use lakelens::remote::lenient::Known;
use tokio_util::sync::CancellationToken;

const ID: &str = "0101-123456-abcdefgh";

fn fake() -> (FakeWorkspace, Workspace) {
    let fake = FakeWorkspace::start();
    {
        let mut world = fake.world();
        world.clusters = vec![
            Cluster::new(ID, "etl", "TERMINATED"),
            Cluster::new("0202-123456-abcdefgh", "twin", "RUNNING"),
            Cluster::new("0303-123456-abcdefgh", "twin", "TERMINATED"),
            Cluster::new("0404-123456-abcdefgh", "odd", "HIBERNATING"),
        ];
        world.warehouses = vec![Warehouse::new("0123456789abcdef", "small", "STOPPED")];
        (world.page_size, world.empty_pages) = (2, true);
    }
    let workspace = Workspace::with(fake.with_token(), wire());
    (fake, workspace)
}

#[test]
fn machines_are_found_by_name_or_id() {
    let (_fake, workspace) = fake();
    let find = |kind: Machines, name: &str| workspace.wait(kind.find(&workspace, name));
    for name in [ID, "etl"] {
        assert_eq!(find(Machines::Clusters, name).unwrap().id, ID);
    }
    assert_eq!(find(Machines::Warehouses, "small").unwrap().id, "0123456789abcdef");
    let odd = find(Machines::Clusters, "odd").unwrap();
    assert_eq!((&odd.state, odd.doing()), (&Known::Other("HIBERNATING".to_owned()), "HIBERNATING"));
    for (kind, name, expected, says) in [
        (
            Machines::Clusters,
            "etk",
            Kind::NotFound,
            vec!["the cluster `etk` does not exist", "`etl`, `twin`", "did you mean `etl`?"],
        ),
        (Machines::Clusters, "9999-123456-abcdefgh", Kind::NotFound, vec!["`etl`, `twin`"]),
        (
            Machines::Clusters,
            "twin",
            Kind::Ambiguous,
            vec!["2 clusters", "0202-123456-abcdefgh (running), 0303-123456-abcdefgh (stopped)", "by its id"],
        ),
        (Machines::Warehouses, "ffffffffffffffff", Kind::NotFound, vec!["`small`"]),
    ] {
        let error = find(kind, name).unwrap_err();
        assert_eq!(error.kind(), expected, "{error}");
        says.iter().for_each(|part| assert!(error.to_string().contains(part), "{part}: {error}"));
    }
}

#[test]
fn nothing_is_started_by_looking_and_starting_tells_how_it_goes() {
    let (fake, workspace) = fake();
    let machine = workspace.wait(Machines::Clusters.find(&workspace, "etl")).unwrap();
    assert_eq!(fake.world().asked("/api/2.1/clusters/start"), 0);
    assert_eq!(machine.state, Known::Is(State::Stopped));
    for (kind, id) in [(Machines::Clusters, ID), (Machines::Warehouses, "0123456789abcdef")] {
        let mut told: Vec<Progress> = Vec::new();
        let never = CancellationToken::new();
        let ready = workspace.wait(kind.ready(&workspace, id, &never, |progress| told.push(progress))).unwrap();
        assert_eq!(ready.state, Known::Is(State::Running));
        assert!(told.len() >= 2 && told.iter().all(|p| p.machine.state == Known::Is(State::Starting)), "{told:?}");
        assert!(told[0].line(kind).contains("is starting (0 s)"), "{}", told[0].line(kind));
        // It runs: nothing is started again.
        assert!(workspace.wait(kind.ready(&workspace, id, &never, |_| panic!("nothing to tell"))).is_ok());
    }
    assert_eq!(fake.world().asked("/api/2.1/clusters/start"), 1);
    assert_eq!(fake.world().asked("/api/2.0/sql/warehouses/0123456789abcdef/start"), 1);
}

#[test]
fn waiting_ends_when_it_is_cancelled_or_can_never_end() {
    let (fake, workspace) = fake();
    fake.world().clusters[0].polls = None;
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let mut looks = 0;
    let waiting = Machines::Clusters.ready(&workspace, ID, &cancel, |_| {
        looks += 1;
        if looks == 3 {
            stop.cancel();
        }
    });
    let error = workspace.wait(waiting).unwrap_err();
    assert_eq!(error.kind(), Kind::Cancelled);
    assert!(error.to_string().contains("goes on starting"), "{error}");
    // It gives up by itself, and says why.
    let fails = || {
        let mut world = fake.world();
        world.clusters[0].state = "TERMINATED".to_owned();
        world.clusters[0].message = "Cloud provider has no machines".to_owned();
    };
    fails();
    let never = CancellationToken::new();
    let waiting = Machines::Clusters.ready(&workspace, ID, &never, |_| fails());
    let error = workspace.wait(waiting).unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.to_string().contains("stopped while it started: Cloud provider has no machines"), "{error}");
}
