//! What is said of the line to the terminal, and the panel that tells why a picture is late.

use super::lake::lake;
use lakelens::app::event::Event;
use lakelens::app::messages::Level;
use lakelens::app::preview_report::{LinkNews, PreviewReport};

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
