//! The schema and `validate` agree on any document: the schema by an independent validator,
//! `validate` by the component.

use proptest::strategy::{Strategy as _, ValueTree as _};

use super::common::failure;
use super::documents::{document, runner, validator};
use super::samples::{Sample, Suite};

const DOCUMENTS: usize = 10_000;

/// Runs documents through both, and returns the number of valid ones.
async fn count_good(suite: &Suite, sample: &Sample) -> usize {
    let validator = validator(&sample.schema);
    let documents = document(&sample.schema);
    let mut runner = runner();
    let mut good = 0;
    for _ in 0..DOCUMENTS {
        let document = documents.new_tree(&mut runner).unwrap().current();
        let by_schema = validator.is_valid(&document);
        let text = document.to_string();
        leak_check::register_document(&text);
        let by_plugin = suite.connector.validate(sample.id(), &text, &[]).await;
        assert_eq!(by_plugin.is_ok(), by_schema, "{document}: {by_plugin:?}");
        good += usize::from(by_schema);
        if by_plugin.is_err() {
            assert_eq!(failure(by_plugin).kind(), "invalid-credential");
        }
    }
    good
}

#[tokio::test]
async fn schema_and_validate_agree_on_ten_thousand_documents_of_each_vendor() {
    let suite = Suite::load().await;
    for sample in &suite.samples {
        let good = count_good(&suite, sample).await;
        // The test needs both valid and invalid documents.
        let range = DOCUMENTS / 20..DOCUMENTS * 19 / 20;
        let vendor = sample.id();
        assert!(
            range.contains(&good),
            "{good} good documents of {DOCUMENTS} for {vendor}"
        );
    }
}
