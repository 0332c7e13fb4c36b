//! HTTP dates (RFC 9110 §5.6.7, <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7>). Own code, because the library for it
//! (`httpdate`, which the tests hold this against) adds 5.8 kB to the plugin.

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Reads a date in any of the three forms as seconds since 1970-01-01T00:00:00Z. The day of the week is not checked.
pub fn parse(text: &str) -> Option<u64> {
    let mut words = text.split([' ', ',', '-']).filter(|word| !word.is_empty());
    let (_weekday, first) = (words.next()?, words.next()?);
    let (day, month, year, time) = if let Some(month) = month(first) {
        // Sun Nov  6 08:49:37 1994
        let (day, time) = (words.next()?, words.next()?);
        (day, month, words.next()?, time)
    } else {
        // Sun, 06 Nov 1994 08:49:37 GMT, or Sunday, 06-Nov-94 08:49:37 GMT
        let (month, year, time) = (month(words.next()?)?, words.next()?, words.next()?);
        words.next().filter(|zone| *zone == "GMT")?;
        (first, month, year, time)
    };
    let date_ends = words.next().is_none();
    let days = days(year_number(year)?, month, number(day, 1, 31)?);
    let mut parts = time.split(':');
    let (hours, minutes) = (number(parts.next()?, 0, 23)?, number(parts.next()?, 0, 59)?);
    // 60 is a leap second.
    let secs = number(parts.next()?, 0, 60)?;
    let ends = date_ends && parts.next().is_none();
    ends.then_some(((days * 24 + hours) * 60 + minutes) * 60 + secs)
}

/// The month's number, counted from March, so that the leap day comes last.
fn month(word: &str) -> Option<u64> {
    let index = MONTHS.iter().position(|month| *month == word)?;
    u64::try_from((index + 10) % 12).ok()
}

fn year_number(word: &str) -> Option<u64> {
    match word.len() {
        2 => {
            let year = number(word, 0, 99)?;
            Some(if year < 70 { 2000 + year } else { 1900 + year })
        }
        _ => number(word, 1970, 9999),
    }
}

fn number(word: &str, min: u64, max: u64) -> Option<u64> {
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    let number = word.parse().ok().filter(|_| is_number)?;
    (min..=max).contains(&number).then_some(number)
}

/// The days from 1970-01-01 to a date of the Gregorian calendar, whose years begin in March here.
fn days(year: u64, month: u64, day: u64) -> u64 {
    const DAYS_TO_1970: u64 = 719_468;
    let year = if month >= 10 { year - 1 } else { year };
    let leap_days = year / 4 - year / 100 + year / 400;
    365 * year + leap_days + (153 * month + 2) / 5 + day - 1 - DAYS_TO_1970
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_the_three_forms_of_one_moment() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse(text), Some(784_111_777), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_date() {
        for text in [
            "",
            "soon",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1969 08:49:37 GMT",
            "Sun, 06 Nov 10000 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37:00 GMT",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 08:49:37 GMT GMT",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sun Nov  6 08:49:37",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_library(secs in 0..253_402_300_800_u64) {
            let text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(secs));
            prop_assert_eq!(parse(&text), Some(secs));
        }

        #[test]
        fn survives_any_text(text in "\\PC*|[A-Z][a-z]{2}, [0-9]{2} (Jan|Feb|Dec) [0-9]{4} [0-9:]{0,9} GMT") {
            if let (Some(secs), Ok(date)) = (parse(&text), httpdate::parse_http_date(&text)) {
                prop_assert_eq!(UNIX_EPOCH + Duration::from_secs(secs), date);
            }
        }
    }
}
