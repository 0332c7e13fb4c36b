//! Nothing in an error or a verdict holds a typed value, a token or a vendor's free text. A code
//! passes only if the plugin declares it or it is made of words that the plugin knows.

use std::collections::HashSet;
use std::sync::LazyLock;

use connector_guest::codes::WORDS;
use proptest::prelude::*;

use super::*;

/// The words of the types `Error` and `Verdict` as they print themselves, beside those of codes.
const TYPE_WORDS: &str = "invalidcredential rejected refusal forbidden \
    throttled unavailable unreachable \
    invalidresponse status code confirmed field body some none true false accepted refresh cutoff \
    access_token token_type endpoint project_id scopes permissions other fault message retry";

static KNOWN_WORDS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let words = [WORDS, TYPE_WORDS].join(" ").replace('_', " ");
    words.split(' ').map(str::to_ascii_lowercase).collect()
});

/// Asserts that a printed error or verdict is made of known words and short numbers alone. This is
/// stronger than a search for what was put in: whatever that is, no piece of it is there.
fn check_words(printed: &str) {
    assert!(printed.is_ascii(), "{printed}");
    for word in printed.split(|char: char| !char.is_ascii_alphanumeric()) {
        // A status or a wait in seconds.
        let is_short_number = word.len() <= 5 && word.bytes().all(|byte| byte.is_ascii_digit());
        let is_known = KNOWN_WORDS.contains(&word.to_ascii_lowercase());
        assert!(
            word.is_empty() || is_short_number || is_known,
            "{word:?} in {printed}"
        );
    }
}

/// A vendor's string: a secret, free text, or a code that is nearly known.
fn vendors_string() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        2 => proptest::sample::select(WORDS.split(' ').collect::<Vec<_>>()).prop_map(str::to_owned),
        1 => proptest::sample::select(vec!["tulip", "hunter2", "eyJhbGci0", ""])
            .prop_map(str::to_owned),
    ];
    prop_oneof![
        "[a-zA-Z0-9_.:-]{0,70}",
        "\\PC{0,20}",
        (proptest::collection::vec(word, 1..4), "[_.: -]")
            .prop_map(|(words, separator)| words.join(&separator)),
        Just("invalid_client".to_owned()),
    ]
}

fn vendors_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => vendors_string().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let names = prop_oneof![
            "error",
            "code",
            "errorCode",
            "type",
            "message",
            "[a-z]{1,6}"
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::hash_map(names, inner, 0..3).prop_map(|fields| json!(fields)),
        ]
    })
}

/// An answer with a vendor's strings in every place that is read, and in some that are not.
fn answers() -> impl Strategy<Value = Response> {
    let names = proptest::sample::subsequence(
        vec![
            "access_token",
            "token_type",
            "expires_in",
            "scope",
            "endpoint",
            "project_id",
            "error",
            "errors",
            "errorCode",
            "error_code",
            "code",
            "error_description",
            "message",
            "success",
            "scopes",
            "permissions",
        ],
        0..6,
    );
    let status = proptest::sample::select(vec![200, 201, 302, 400, 401, 403, 404, 429, 500, 503]);
    let fields = names.prop_flat_map(|names| {
        let names: Vec<_> = names
            .into_iter()
            .map(|name| (Just(name), vendors_value()))
            .collect();
        names
    });
    let body = prop_oneof![
        8 => fields.prop_map(|fields| {
            let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
            Value::Object(fields.collect()).to_string().into_bytes()
        }),
        1 => vendors_string().prop_map(String::into_bytes),
        1 => proptest::collection::vec(any::<u8>(), 0..40),
    ];
    let header = (
        proptest::sample::select(vec![
            "Retry-After",
            "WWW-Authenticate",
            "Date",
            "X-Request-Id",
        ]),
        prop_oneof![
            vendors_string(),
            vendors_string().prop_map(|code| format!("Bearer error=\"{code}\", realm=\"{code}\"")),
        ],
    );
    (
        status,
        proptest::collection::vec(header, 0..3),
        body,
        any::<bool>(),
        0..200_usize,
    )
        .prop_map(|(status, headers, mut body, is_cut, end)| {
            if is_cut {
                body.truncate(end);
            }
            let headers = headers.into_iter();
            Response {
                status,
                headers: headers
                    .map(|(name, value)| (name.into(), value.into()))
                    .collect(),
                body,
                cut_off: is_cut.then_some(Stage::CutOff),
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_error_and_no_verdict_repeats_a_vendors_words(answer in answers()) {
        for (vendor, document) in CREDENTIALS {
            let opened = authenticate(vendor, document, &answer).map(drop);
            let inspected = inspect(vendor, document, &answer).map(drop);
            for error in [opened, inspected].into_iter().filter_map(Result::err) {
                check_words(&format!("{error:?}"));
            }
            check_words(&format!("{:?}", classify(vendor, &answer)));
        }
    }

    #[test]
    fn only_a_code_that_is_declared_or_made_of_known_words_passes(code in vendors_string()) {
        let answer = reply(401, &[], json!({"error": code}).to_string());
        let is_known = |word: &str| WORDS.split(' ').any(|known| known.eq_ignore_ascii_case(word));
        let passes = code.len() <= 64 && code.split(['_', '.', ':', '-']).all(is_known);
        for (vendor, document) in CREDENTIALS {
            let passed = match authenticate(vendor, document, &answer).map(drop) {
                Err(Error::Rejected(refusal) | Error::Forbidden(refusal)) => refusal.code,
                // Temporary, which needs no code.
                Err(Error::Throttled(_) | Error::Unavailable(_)) => continue,
                other => panic!("{other:?}"),
            };
            prop_assert_eq!(passed, passes.then(|| code.clone()));
        }
    }

    #[test]
    fn no_issue_repeats_what_was_typed(typed in typed_documents()) {
        let document = typed.to_string();
        for (vendor, good) in CREDENTIALS {
            for locale in ["en", "fr"] {
                let read = Connector::validate(vendor, &document, &[locale.into()]);
                let Err(Error::InvalidCredential(issues)) = read else {
                    panic!("no issue for {document}: {read:?}");
                };
                for issue in issues {
                    prop_assert!(!issue.message.contains("s3cr3t"), "{:?}", issue);
                    prop_assert!(!issue.pointer.contains("s3cr3t"), "{:?}", issue);
                }
            }
            // A piece of a document, or one that is damaged, is not repeated either.
            let damaged = [good.trim_end_matches('}'), "s3cr3t", &document].concat();
            let printed = format!("{:?}", Connector::validate(vendor, &damaged, &[]));
            prop_assert!(!printed.contains("s3cr3t"), "{}", printed);
        }
    }
}

/// Documents with a secret in every place, none of them right.
fn typed_documents() -> impl Strategy<Value = Value> {
    let value = prop_oneof![
        "[\u{0}-\u{1f}\u{200b}a ]{1,3}"
            .prop_map(|rest| json!(["s3cr3t", &*rest, "s3cr3t"].concat())),
        Just(json!("s3cr3t")),
        Just(json!(["s3cr3t", "s3cr3t"])),
        Just(json!({"s3cr3t": "s3cr3t"})),
        Just(json!(7)),
    ];
    let names = prop_oneof![
        "client_id",
        "client_secret",
        "credential_level",
        "scopes",
        "project_id",
        "integration_id",
        "s3cr3t[a-z/~]{0,3}",
    ];
    let fields = proptest::collection::hash_map(names, value, 1..6);
    fields.prop_map(|mut fields| {
        fields.insert("s3cr3t".into(), json!("s3cr3t"));
        json!(fields)
    })
}
