//! JSON without the blanks around its tokens: files stay readable, and the plugin does not carry their indentation.

/// Makes a constant text of a constant JSON text, without the blanks around its tokens.
macro_rules! compact {
    ($json:expr) => {{
        const JSON: &str = $json;
        const BYTES: [u8; $crate::json::compact::write(JSON, &mut [])] = {
            let mut bytes = [0; _];
            $crate::json::compact::write(JSON, &mut bytes);
            bytes
        };
        const TEXT: &str = match ::core::str::from_utf8(&BYTES) {
            Ok(text) => text,
            // Of UTF-8 only ASCII was left out.
            Err(_) => JSON,
        };
        TEXT
    }};
}
pub(crate) use compact;

/// Writes as much into `room` as fits, and returns how long all of it is.
pub const fn write(json: &str, mut room: &mut [u8]) -> usize {
    let mut json = json.as_bytes();
    let mut length = 0;
    let mut is_text = false;
    let mut is_escaped = false;
    while let [byte, rest @ ..] = json {
        if is_text || !matches!(*byte, b' ' | b'\t' | b'\n' | b'\r') {
            length += 1;
            if let [first, left @ ..] = room {
                *first = *byte;
                room = left;
            }
        }
        is_text ^= *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        json = rest;
    }
    length
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::vendors::{VENDORS, Vendor as _};

    fn compacted(json: &str) -> String {
        let mut bytes = vec![0; write(json, &mut [])];
        assert_eq!(write(json, &mut bytes), bytes.len());
        String::from_utf8(bytes).unwrap()
    }

    proptest! {
        #[test]
        fn writes_what_the_library_writes(texts in prop::collection::vec("[ \n\"\\\\a-c{}:,é]{0,9}", 1..5)) {
            let value = json!({"a": texts, "b": [{}, 1.5, null], texts[0].as_str(): true});
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(compacted(&pretty), value.to_string());
        }
    }

    #[test]
    fn makes_constants() {
        assert_eq!(compact!("[ \"a \\\" b\",\r\n\t1 ]\n"), "[\"a \\\" b\",1]");
    }

    #[test]
    fn keeps_the_meaning_of_every_form() {
        let files = [
            include_str!("../vendors/hotjar.schema.json"),
            include_str!("../vendors/contentsquare.schema.json"),
        ];
        assert_eq!(files.len(), VENDORS.len());
        for (file, vendor) in files.iter().zip(&VENDORS) {
            let schema = vendor.schema();
            let read = |text| serde_json::from_str::<Value>(text).unwrap();
            assert_eq!(read(file), read(schema));
            assert_eq!(schema, compacted(file));
            assert!(!schema.contains('\n'));
        }
    }
}
