//! Moments in the text form that SQLAlchemy gives them in SQLite.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
/// 0000-01-01 and 9999-12-31T23:59:59.999999: what the text form can hold.
const EARLIEST: i64 = -62_167_219_200 * MICROS_PER_SECOND;
const LATEST: i64 = 253_402_300_800 * MICROS_PER_SECOND - 1;

/// A moment in UTC, to the microsecond. Prints as `YYYY-MM-DD HH:MM:SS.ffffff`, so that text order
/// is time order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    micros: i64,
}

impl Timestamp {
    /// This moment, by the system's clock.
    pub fn now() -> Timestamp {
        // A clock before 1970 is broken; its times all read as 1970.
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_unix_micros(i64::try_from(since.as_micros()).unwrap_or(LATEST))
    }

    /// The moment so many microseconds after 1970 began, held within the years 0 to 9999.
    pub fn from_unix_micros(micros: i64) -> Timestamp {
        Timestamp {
            micros: micros.clamp(EARLIEST, LATEST),
        }
    }

    /// Whole seconds since 1970 began.
    pub fn unix_seconds(self) -> i64 {
        self.micros.div_euclid(MICROS_PER_SECOND)
    }

    /// Microseconds from this moment to a later one; below 0 to an earlier one.
    pub fn micros_until(self, later: Timestamp) -> i64 {
        // Both lie within ten thousand years.
        later.micros - self.micros
    }

    /// The next moment that can be told apart.
    pub(super) fn next(self) -> Timestamp {
        Timestamp::from_unix_micros(self.micros.saturating_add(1))
    }

    /// Reads the text form; the fraction may be missing. None for anything else.
    pub fn parse(text: &str) -> Option<Timestamp> {
        let (seconds, fraction) = text.split_once('.').unwrap_or((text, "000000"));
        let shape = "dddd-dd-dd dd:dd:dd".bytes();
        let fits = seconds.len() == 19
            && shape.zip(seconds.bytes()).all(|(want, byte)| match want {
                b'd' => byte.is_ascii_digit(),
                _ => byte == want,
            });
        if !fits || fraction.len() != 6 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number = |range: std::ops::Range<usize>| seconds.get(range)?.parse::<i64>().ok();
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
        let days = days_from_civil(year, month, day);
        let in_range = hour < 24 && minute < 60 && second < 60;
        if !in_range || civil_from_days(days) != (year, month, day) {
            return None;
        }
        let seconds = days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
        let micros = seconds * MICROS_PER_SECOND + fraction.parse::<i64>().ok()?;
        Some(Timestamp::from_unix_micros(micros))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.unix_seconds();
        let (year, month, day) = civil_from_days(seconds.div_euclid(SECONDS_PER_DAY));
        let of_day = seconds.rem_euclid(SECONDS_PER_DAY);
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        let micros = self.micros.rem_euclid(MICROS_PER_SECOND);
        write!(
            f,
            "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{micros:06}"
        )
    }
}

/// Days of 400 Gregorian years, after which the calendar repeats.
const ERA: i64 = 146_097;
/// Days from 0000-03-01, where a leap day ends its year, to 1970-01-01.
const MARCH_YEAR_0: i64 = 719_468;

/// Year, month and day of a day counted from 1970-01-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + MARCH_YEAR_0;
    let (era, of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / (ERA - 1)) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// The inverse for days that exist; others give some day.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month_from_march = (month + 9) % 12;
    let of_year = (153 * month_from_march + 2) / 5 + day - 1;
    era * ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - MARCH_YEAR_0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn moments_print_as_sqlalchemy_stores_them() {
        assert_eq!(
            Timestamp::from_unix_micros(0).to_string(),
            "1970-01-01 00:00:00.000000"
        );
        assert_eq!(
            Timestamp::from_unix_micros(-1).to_string(),
            "1969-12-31 23:59:59.999999"
        );
        let leap = Timestamp::from_unix_micros(951_827_696_000_042);
        assert_eq!(leap.to_string(), "2000-02-29 12:34:56.000042");
        assert_eq!(leap.unix_seconds(), 951_827_696);
        assert_eq!(
            Timestamp::from_unix_micros(i64::MAX).to_string(),
            "9999-12-31 23:59:59.999999"
        );
        assert_eq!(
            Timestamp::from_unix_micros(i64::MIN).to_string(),
            "0000-01-01 00:00:00.000000"
        );
    }

    #[test]
    fn only_real_moments_in_the_text_form_are_read() {
        assert!(Timestamp::parse("2024-02-29 00:00:00").is_some());
        for text in [
            "",
            "2023-02-29 00:00:00",
            "2024-01-01T00:00:00",
            "2024-13-01 00:00:00",
            "2024-00-10 00:00:00",
            "2024-01-01 24:00:00",
            "2024-01-01 00:00:00.5",
            "2024-01-01 00:00:00.",
            "2024-01-00 00:00:00",
            "é024-01-01 00:00:0",
            "+024-01-01 00:00:00",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back_and_sorts_as_time(a in EARLIEST..=LATEST, b in EARLIEST..=LATEST) {
            let (a, b) = (Timestamp::from_unix_micros(a), Timestamp::from_unix_micros(b));
            prop_assert_eq!(Timestamp::parse(&a.to_string()), Some(a));
            prop_assert_eq!(a.to_string().cmp(&b.to_string()), a.cmp(&b));
        }

        #[test]
        fn the_calendar_is_sqlites(seconds in -62_167_219_200i64..253_402_300_800) {
            let sqlite = rusqlite::Connection::open_in_memory().unwrap();
            let text: String = sqlite
                .query_row("SELECT strftime('%Y-%m-%d %H:%M:%S', ?1, 'unixepoch')", [seconds], |row| row.get(0))
                .unwrap();
            let ours = Timestamp::from_unix_micros(seconds * MICROS_PER_SECOND).to_string();
            prop_assert_eq!(ours, format!("{text}.000000"));
        }
    }
}
