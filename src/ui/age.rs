//! Times as people say them: how long ago, and how long it will take.

use jiff::Timestamp;

/// `just now`, `5 minutes ago`, `3 days ago`; the date from two months on.
#[must_use]
pub fn ago(now: Timestamp, at: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(at.as_second());
    let many = |n: i64, unit: &str| format!("{n} {unit}{} ago", if n == 1 { "" } else { "s" });
    match seconds {
        ..60 => "just now".to_owned(),
        60..3_600 => many(seconds / 60, "minute"),
        3_600..86_400 => many(seconds / 3_600, "hour"),
        86_400..5_184_000 => many(seconds / 86_400, "day"),
        _ => at.strftime("%Y-%m-%d").to_string(),
    }
}

/// A time of work, to two units at most: `40 s`, `12 min`, `3 h 20 min`, `41 h`.
#[must_use]
pub fn span(seconds: f64) -> String {
    let minutes = (seconds / 60.0).round() as u64;
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{:.0} s", seconds.max(0.0)),
        (0, m) => format!("{m} min"),
        (h, m) if h < 10 && m > 0 => format!("{h} h {m} min"),
        (h, _) => format!("{} h", super::canvas::number(h)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_for_people() {
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        let before = |s: i64| ago(now, now - jiff::SignedDuration::from_secs(s));
        assert_eq!(before(-500), "just now");
        assert_eq!(before(61), "1 minute ago");
        assert_eq!(before(7_300), "2 hours ago");
        assert_eq!(before(3 * 86_400), "3 days ago");
        assert_eq!(before(100 * 86_400), "2026-06-13");
        assert_eq!((span(20.0), span(720.0), span(12_000.0)), ("20 s".into(), "12 min".into(), "3 h 20 min".into()));
        assert_eq!(span(4_000_000.0), "1,111 h");
    }
}
