//! Spans of time for people.

use std::time::Duration;

/// Two units at most: `12.3 s`, `4 min 05 s`, `2 h 07 min`, `3 d 04 h`.
pub fn duration(span: Duration) -> String {
    seconds(span.as_secs_f64())
}

/// The same of seconds. What is no span of time at all is said to be none.
pub fn seconds(seconds: f64) -> String {
    if !(seconds.is_finite() && seconds >= 0.0) {
        return "-".to_owned();
    }
    // Rounded before it is split, so that there are never 60 seconds.
    let whole = seconds.round() as u64;
    match whole {
        _ if seconds < 9.95 => format!("{seconds:.1} s"),
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        3600..86_400 => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
        _ => format!("{} d {:02} h", whole / 86_400, whole % 86_400 / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_two_units_at_most() {
        let shown = [
            (0.0, "0.0 s"),
            (9.94, "9.9 s"),
            (9.96, "10 s"),
            (59.6, "1 min 00 s"),
            (245.0, "4 min 05 s"),
            (7620.0, "2 h 07 min"),
            (277_200.0, "3 d 05 h"),
        ];
        for (span, text) in shown {
            assert_eq!(seconds(span), text);
        }
        for none in [f64::NAN, f64::INFINITY, -1.0] {
            assert_eq!(seconds(none), "-");
        }
    }
}
