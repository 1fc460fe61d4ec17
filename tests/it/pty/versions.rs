//! Snapshots in the built program: taken, compared, walked through, taken back, and taken back again.

use crate::support::pictures;
use crate::support::pty::Home;

fn done(home: &Home, args: &[&str]) -> String {
    let (code, out, err) = home.command(args);
    assert_eq!(code, 0, "{args:?}: {out}{err}");
    out
}

#[test]
fn a_snapshot_is_taken_compared_walked_through_and_taken_back_with_an_undo() {
    let home = Home::new();
    pictures::write(&home.path("flowers"), "flower", 4);
    done(&home, &["project", "create", "flowers", "--from", "flowers", "--classes", "daisy,roses"]);
    for picture in ["flower_01.png", "flower_02.png"] {
        done(&home, &["label", "flowers", picture, "daisy"]);
    }
    let mut session = home.terminal().run::<&str>(&[]);
    session.wait_for("flowers").keys("g p").wait_for("E export").keys("V").wait_for("No snapshot yet");
    session.keys("t").wait_for("name of the snapshot").type_text("delivered").keys("<enter>");
    session.wait_for("1 snapshot").wait_for("just now");
    // A class becomes another, and a picture is answered.
    done(&home, &["label", "flowers", "flower_01.png", "roses"]);
    done(&home, &["label", "flowers", "flower_03.png", "daisy"]);
    session.keys("j <enter>").wait_for("2 pictures differ").wait_for("daisy → roses").wait_for("answered since");
    session
        .keys("<enter>")
        .wait_for("diff delivered now")
        .wait_for("flower_01.png")
        .keys("n")
        .wait_for("flower_03.png");
    // A list is no step that undo would take back.
    session.keys("B").wait_for("on or off a list").type_text("odd").keys("<enter>").wait_for("takes it off, not `u`");
    // Back to the two states, and only the class comes back.
    session
        .keys("g V")
        .wait_for("answered since")
        .keys("r")
        .wait_for("take back")
        .type_text("another class")
        .keys("<enter>");
    session.wait_for("Take 1 picture back to delivered (another class)?").keys("<enter> j y");
    session.wait_for("1 picture differs");
    let differs = || done(&home, &["diff", "flowers", "delivered"]);
    assert!(differs().contains("1 samples differ between delivered and now: 1 added"), "{}", differs());
    session.keys("u").wait_for("2 pictures differ");
    assert!(differs().contains("2 samples differ"), "{}", differs());
    session.keys("Q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
}
