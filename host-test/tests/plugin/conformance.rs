//! The built component by the rules of the conformance kit, as any other plugin, with few inputs:
//! `.ci/run` makes the full check. The other files check the promises of this plugin and its SDK.

use std::fs;

use connector_conformance::{Effort, Kit, Samples, Verdict};
use host_test::COMPONENT;

#[tokio::test]
async fn keeps_every_rule_of_the_contract() {
    let samples = Samples::read(&xtask::root().join("samples")).unwrap();
    let kit = Kit::new(fs::read(COMPONENT).unwrap());
    let kit = kit.samples(samples).effort(Effort::Quick);
    let report = kit.run().await.unwrap();
    let is_passed = |verdict| verdict == Verdict::Passed;
    let all_passed = report
        .outcomes
        .iter()
        .all(|outcome| is_passed(outcome.verdict));
    assert!(all_passed, "{report}");
}
