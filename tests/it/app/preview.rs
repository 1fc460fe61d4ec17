//! What is said of the line to the terminal, and the panel that tells why a picture is late.

use super::harness::Harness;
use super::lake::lake;
use super::screens::snapshots;
use lakelens::app::event::Event;
use lakelens::app::messages::Level;
use lakelens::app::preview_report::{
    CacheReport, Closeness, KeysReport, LinkNews, LinkReport, PictureReport, PreviewReport, Stages,
};
use lakelens::term::caps::{BlockKind, Protocol};
use std::time::Duration;

#[test]
fn a_terminal_that_falls_silent_is_told_once() {
    let mut h = lake(&["a.jpg"]);
    for _ in 0..3 {
        h.event(Event::Link(LinkNews::Silent));
    }
    h.event(Event::Link(LinkNews::Lowered("half blocks, because it forgets pictures".to_owned())));
    h.event(Event::Link(LinkNews::Lowered("half blocks, because it forgets pictures".to_owned())));
    h.event(Event::Link(LinkNews::Answers));
    h.event(Event::Link(LinkNews::Answers));
    let said: Vec<(Level, &str)> = h.state.messages.all().map(|m| (m.level, m.text.as_str())).collect();
    assert_eq!(
        said,
        [
            (Level::Warning, "the terminal does not answer; pictures may come late, keys and labels work as before"),
            (Level::Warning, "from now on pictures are shown as half blocks, because it forgets pictures"),
            (Level::Info, "the terminal answers again"),
        ]
    );
    assert!(!h.state.preview.silent && h.state.preview.lowered.is_some());
}

#[test]
fn a_report_is_kept_only_while_somebody_looks() {
    let mut h = lake(&["a.jpg"]);
    assert!(!h.state.wants_preview_report());
    h.event(Event::Preview(Box::default()));
    assert_eq!(h.state.preview.report, None);
    h.state.preview.open = true;
    h.event(Event::Preview(Box::new(PreviewReport { queued: 3, ..PreviewReport::default() })));
    assert_eq!(h.state.preview.report.as_ref().unwrap().queued, 3);
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn report() -> PreviewReport {
    let mb = |pictures: u64, bytes: u64, quota: u64| {
        Some(CacheReport { pictures, bytes: bytes * 1_000_000, quota: quota * 1_000_000 })
    };
    PreviewReport {
        closeness: Some(Closeness::Good),
        link: Some(LinkReport {
            round_trip: Some(ms(41)),
            bandwidth: Some(1_140_000),
            credit: 47_000,
            unacknowledged: 12_300,
            waiting: 210_000,
        }),
        last: Some(PictureReport {
            name: "0001\u{1b}.jpg".to_owned(),
            closeness: Closeness::Good,
            bytes: 118_400,
            stages: Stages {
                open: Some(Duration::from_micros(2_100)),
                decode: Some(ms(31)),
                encode: Some(ms(9)),
                sent: Some(ms(104)),
                seen: None,
            },
        }),
        exact_bytes: Some(1_000_000),
        keys: Some(KeysReport { count: 20, p50: ms(48), p90: ms(71) }),
        memory: mb(31, 41, 268),
        disk: mb(210, 18, 1_074),
        terminal: mb(12, 3, 128),
        decoding: 1,
        queued: 7,
    }
}

/// The Label screen in kitty, with the panel open.
fn with_panel() -> Harness {
    let mut h = Harness::labelling(&["daisy", "roses"], 8);
    let mut caps = h.state.caps.clone();
    caps.findings = vec!["pictures: Kitty graphics (it answered the question)".to_owned()];
    caps.ssh = true;
    h.event(Event::Caps(caps));
    h.keys(":");
    h.text("preview");
    h.keys("<enter>");
    assert!(h.state.wants_preview_report());
    h
}

#[test]
fn the_panel_shows_what_is_known() {
    let mut h = with_panel();
    snapshots("preview_nothing", &mut h);
    h.event(Event::Preview(Box::new(report())));
    snapshots("preview", &mut h);
}

#[test]
fn the_panel_takes_no_keys_but_the_one_that_closes_it() {
    let mut h = with_panel();
    h.keys("n 2");
    assert_eq!((h.state.label().unwrap().at, h.writes().len()), (2, 1));
    assert!(h.state.wants_preview_report());
    h.keys("<esc>");
    assert!(!h.state.wants_preview_report() && h.state.screens.len() == 1);
    let screen = h.screen(120, 40);
    assert!(!screen.contains("preview"), "{screen}");
}

/// The last lines of the panel as one text.
fn foot(h: &mut Harness) -> String {
    let screen = h.screen(160, 50);
    let lines: Vec<&str> = screen.lines().take(46).filter_map(|l| l.get(120..)).map(str::trim).collect();
    lines.join(" ")
}

#[test]
fn the_panel_says_what_to_do_for_the_worst() {
    let mut h = with_panel();
    let with = |h: &mut Harness, change: &dyn Fn(&mut PreviewReport)| {
        let mut report = report();
        change(&mut report);
        h.event(Event::Preview(Box::new(report)));
        foot(h)
    };
    let slow = with(&mut h, &|_| {});
    assert!(slow.contains("The link carries 1.1 MB/s: exact pictures take 877 ms"), "{slow}");
    assert!(slow.contains("or with `+`."), "{slow}");
    let disk = with(&mut h, &|r| {
        r.exact_bytes = None;
        r.last.as_mut().unwrap().stages.open = Some(ms(1_240));
    });
    assert!(disk.contains("Reading the file took 1.2 s"), "{disk}");
    let decode = with(&mut h, &|r| {
        r.exact_bytes = None;
        r.last.as_mut().unwrap().stages.decode = Some(ms(310));
    });
    assert!(decode.contains("Decoding took 310 ms"), "{decode}");
    let fine = with(&mut h, &|r| r.exact_bytes = Some(20_000));
    assert!(fine.contains("Nothing waits"), "{fine}");
    h.event(Event::Link(LinkNews::Silent));
    let silent = foot(&mut h);
    assert!(silent.contains("does not answer") && silent.contains("Nothing is lost"), "{silent}");
    h.event(Event::Link(LinkNews::Answers));
    h.state.caps.protocol = Protocol::Blocks(BlockKind::Half);
    let blocks = foot(&mut h);
    assert!(blocks.contains("half blocks") && blocks.contains("shows real pictures"), "{blocks}");
}

#[test]
fn a_silent_terminal_stands_on_every_screen_until_it_answers() {
    let mut h = Harness::labelling(&["daisy", "roses"], 8);
    h.event(Event::Link(LinkNews::Silent));
    h.event(Event::Link(LinkNews::Lowered("half blocks, because it forgets pictures".to_owned())));
    let later = h.state.clock + 10_000;
    h.state.messages.expire(later);
    for (width, height) in [(80, 24), (160, 50)] {
        let screen = h.screen(width, height);
        assert!(screen.contains("terminal silent   ") && screen.contains("half blocks   exact"), "{screen}");
    }
    let narrow = h.screen(40, 12);
    assert!(narrow.contains("silent") && narrow.contains("saved"), "{narrow}");
    h.event(Event::Link(LinkNews::Answers));
    h.state.messages.expire(later + 10_000);
    let screen = h.screen(80, 24);
    assert!(!screen.contains("silent") && screen.contains("half blocks"), "{screen}");
}
