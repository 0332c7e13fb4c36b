//! Dates as vendors write them: HTTP dates (RFC 9110 §5.6.7,
//! <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7>) and RFC 3339. Own code: the library
//! `httpdate`, which the tests compare this with, adds 5.8 kB to a component.

use crate::Timestamp;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Reads an HTTP date in any of its three forms as seconds since 1970-01-01T00:00:00Z. The day of
/// the week is not checked.
pub fn parse_http(text: &str) -> Option<u64> {
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

/// Reads a date and time of RFC 3339, such as `2026-11-25T14:05:53.25+01:00`. The time zone is
/// required; fractions beyond nanoseconds are cut off.
///
/// ```
/// use connector_guest::{Timestamp, date};
///
/// let time = date::parse_rfc3339("1970-01-01T01:00:01.5+01:00");
/// assert_eq!(time, Some(Timestamp { secs: 1, nanos: 500_000_000 }));
/// ```
pub fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut date = date.split('-');
    let (year, month, day) = (date.next()?, date.next()?, date.next()?);
    let year = number(year, 1970, 9999).filter(|_| year.len() == 4 && date.next().is_none())?;
    let month = (number(month, 1, 12)? + 9) % 12;
    let days = days(year, month, number(day, 1, 31)?);
    let zone_at = time.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = time.split_at_checked(zone_at)?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut time = time.split(':');
    let (hours, minutes) = (number(time.next()?, 0, 23)?, number(time.next()?, 0, 59)?);
    let secs = number(time.next()?, 0, 60).filter(|_| time.next().is_none())?;
    let secs = ((days * 24 + hours) * 60 + minutes) * 60 + secs;
    let secs = match zone.split_at_checked(1)? {
        ("Z" | "z", "") => secs,
        (sign, offset) => {
            let (hours, minutes) = offset.split_once(':')?;
            let offset_secs = (number(hours, 0, 23)? * 60 + number(minutes, 0, 59)?) * 60;
            if sign == "+" {
                secs.checked_sub(offset_secs)?
            } else {
                secs.checked_add(offset_secs)?
            }
        }
    };
    Some(Timestamp {
        secs,
        nanos: nanos(fraction)?,
    })
}

/// Reads the digits behind a decimal point.
fn nanos(fraction: &str) -> Option<u32> {
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = fraction.bytes().chain(core::iter::repeat(b'0')).take(9);
    Some(digits.fold(0, |nanos, digit| nanos * 10 + u32::from(digit - b'0')))
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
            assert_eq!(parse_http(text), Some(784_111_777), "{text}");
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
            assert_eq!(parse_http(text), None, "{text:?}");
        }
    }

    #[test]
    fn reads_dates_of_rfc_3339() {
        let at = |secs, nanos| Some(Timestamp { secs, nanos });
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", at(0, 0)),
            ("1994-11-06T08:49:37Z", at(784_111_777, 0)),
            (
                "1994-11-06t09:49:37.123456789123+01:00",
                at(784_111_777, 123_456_789),
            ),
            ("1994-11-06 00:49:37-08:00", at(784_111_777, 0)),
            ("2000-02-29T23:59:60Z", at(951_868_800, 0)),
            ("1970-01-01T00:00:00+01:00", None),
            ("1994-11-06T08:49:37", None),
            ("1994-11-06", None),
            ("1994-13-06T08:49:37Z", None),
            ("1994-11-06T08:49Z", None),
            ("1994-11-06T08:49:37.Z", None),
            ("1994-11-06T08:49:37Zx", None),
            ("94-11-06T08:49:37Z", None),
            ("+994-11-06T08:49:37Z", None),
            ("", None),
        ] {
            assert_eq!(parse_rfc3339(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_library(secs in 0..253_402_300_800_u64) {
            let text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(secs));
            prop_assert_eq!(parse_http(&text), Some(secs));
        }

        #[test]
        fn survives_any_text(
            text in "\\PC*|[A-Z][a-z]{2}, [0-9]{2} (Jan|Feb|Dec) [0-9]{4} [0-9:]{0,9} GMT",
        ) {
            if let (Some(secs), Ok(date)) = (parse_http(&text), httpdate::parse_http_date(&text)) {
                prop_assert_eq!(UNIX_EPOCH + Duration::from_secs(secs), date);
            }
        }
    }
}
