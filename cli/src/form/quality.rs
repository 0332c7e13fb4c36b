//! The weighted lists of `Accept-Language` and `Accept-Encoding` (RFC 9110 §12.4.2).

/// A value of a list, with its weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weighted<'a> {
    pub(super) value: &'a str,
    /// The quality in thousandths; 0 for a value that is not acceptable.
    pub(super) thousandths: u16,
}

/// The values of a field, in their order. Those with a malformed quality are left out.
pub(super) fn weighted(field: &str) -> impl Iterator<Item = Weighted<'_>> {
    field.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let value = parts.next().unwrap_or_default();
        let quality =
            parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let thousandths = quality.map_or(Some(1000), thousandths)?;
        Some(Weighted { value, thousandths })
    })
}

/// A quality, such as `0.8`, in thousandths; `None` for one that is out of range or not a number.
fn thousandths(quality: &str) -> Option<u16> {
    let (whole, decimals) = quality.split_once('.').unwrap_or((quality, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let decimals: u16 = format!("{decimals:0<3}").parse().ok()?;
    match (whole, decimals) {
        ("0", _) => Some(decimals),
        ("1", 0) => Some(1000),
        _ => None,
    }
}
