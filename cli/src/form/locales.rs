//! The languages of the browser, as language tags in the order of preference. The plugin chooses
//! among them.

use super::quality;

/// More languages than a person reads; keeps an odd header from becoming a long argument.
const MAX_LOCALES: usize = 16;

/// The languages of the parameter `locales`, which the page fills from `navigator.languages`; else
/// those of the header field `Accept-Language`.
pub(super) fn requested(query: Option<&str>, accept_language: Option<&str>) -> Vec<String> {
    let query = query.unwrap_or_default().as_bytes();
    let mut parameters = form_urlencoded::parse(query);
    match parameters.find(|(name, _)| name == "locales") {
        Some((_, list)) => distinct(list.split(',').map(str::trim)),
        None => accepted(accept_language.unwrap_or_default()),
    }
}

/// The languages of an `Accept-Language` (RFC 9110 §12.5.4), the highest quality first. Those with
/// the quality 0 are not acceptable, and `*` names none.
fn accepted(field: &str) -> Vec<String> {
    let mut ranges: Vec<_> = quality::weighted(field)
        .filter(|range| range.thousandths > 0)
        .collect();
    // Stable, so that equals stay in the order of the field.
    ranges.sort_by_key(|range| std::cmp::Reverse(range.thousandths));
    distinct(ranges.into_iter().map(|range| range.value))
}

fn distinct<'a>(tags: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for tag in tags.filter(|tag| is_tag(tag)) {
        if distinct.len() < MAX_LOCALES && !distinct.iter().any(|other| other == tag) {
            distinct.push(tag.to_owned());
        }
    }
    distinct
}

/// Whether this has the form of a language tag (RFC 5646 §2.1): subtags of 1 to 8 characters.
fn is_tag(tag: &str) -> bool {
    let is_subtag = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    tag.split('-').all(is_subtag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_read_by_quality() {
        for (field, expected) in [
            ("", &[][..]),
            ("fr", &["fr"]),
            ("fr-CA, fr;q=0.9, en;q=0.8", &["fr-CA", "fr", "en"]),
            ("en;q=0.5,fr;q=0.9", &["fr", "en"]),
            ("en;q=0.5,fr", &["fr", "en"]),
            ("de;q=0.7, fr;q=0.7, en;q=0.7", &["de", "fr", "en"]),
            ("fr ; q=0.25 , en;Q=0.333", &["en", "fr"]),
            ("fr;q=0.001,en;q=0.002", &["en", "fr"]),
            ("fr;q=1.000,en;q=1", &["fr", "en"]),
            ("fr;q=0, en", &["en"]),
            ("fr;q=0.000", &[]),
            ("*", &[]),
            ("en, *;q=0.5", &["en"]),
            ("zh-Hant-TW", &["zh-Hant-TW"]),
            ("fr, fr;q=0.5", &["fr"]),
            (",, ,fr,", &["fr"]),
            ("fr;q=2, en", &["en"]),
            ("fr;q=1.5, en", &["en"]),
            ("fr;q=0.1234, en", &["en"]),
            ("fr;q=high, en", &["en"]),
            ("fr;q=, en", &["en"]),
            ("fr;q=-1, en", &["en"]),
            ("français, en", &["en"]),
            ("fr_FR, en", &["en"]),
            ("<script>, en", &["en"]),
            ("abcdefghi, en", &["en"]),
        ] {
            assert_eq!(requested(None, Some(field)), expected, "{field}");
        }
    }

    #[test]
    fn the_parameter_wins_over_the_header() {
        for (query, expected) in [
            ("locales=fr-CA,fr,en", &["fr-CA", "fr", "en"][..]),
            ("locales=fr%2Cen", &["fr", "en"]),
            ("locales=", &[]),
            ("locales=fr%20,%20de", &["fr", "de"]),
            ("locales=fr&locales=en", &["fr"]),
            ("other=fr", &["es"]),
            ("", &["es"]),
        ] {
            assert_eq!(requested(Some(query), Some("es")), expected, "{query}");
        }
    }

    #[test]
    fn a_long_list_is_cut() {
        let list: Vec<_> = (0..100).map(|n| format!("x{n}")).collect();
        assert_eq!(requested(None, Some(&list.join(","))).len(), MAX_LOCALES);
        let query = format!("locales={}", list.join(","));
        assert_eq!(requested(Some(&query), None).len(), MAX_LOCALES);
    }
}
