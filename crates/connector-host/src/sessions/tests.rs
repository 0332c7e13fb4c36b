//! Tests of the identity of a credential, and of the store that its vendor requires.

use super::*;
use crate::sessions::store::MemorySessionStore;
use crate::types::Signing;

fn vendor(durable_state: bool) -> Vendor {
    Vendor {
        id: "vendor".to_owned(),
        origins: Vec::new(),
        max_concurrent_calls: None,
        signing: Signing::Session,
        inspection: Inspection::None,
        durable_state,
    }
}

#[test]
fn a_durable_state_needs_a_store_and_an_id() {
    let store: Arc<dyn SessionStore> = Arc::new(MemorySessionStore::new());
    let anonymous = Credential::new("vendor", "{}");
    let with_id = anonymous.with_id("7");
    let key = Ok(Some(StoreKey::new("vendor", "7")));
    for (durable_state, store, credential, expected) in [
        (false, None, anonymous, Ok(None)),
        (false, Some(&store), with_id, Ok(None)),
        (true, None, with_id, Err(CallError::NoStore)),
        (true, Some(&store), anonymous, Err(CallError::NoStore)),
        (true, Some(&store), with_id, key),
    ] {
        let found = store_of(store, &vendor(durable_state), &credential);
        let found = found.map(|found| found.map(|(_, key)| key));
        assert_eq!(found, expected, "{credential:?}");
    }
}

#[test]
fn a_credential_is_its_vendor_and_its_id_else_its_document() {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"key");
    let document = Credential::new("vendor", "{}");
    let identity = |vendor, credential| CredentialKey::new(&key, vendor, &credential);
    for (one, other, same) in [
        (document, Credential::new("vendor", "{}"), true),
        (document, Credential::new("vendor", "{ }"), false),
        (document, document.with_id("7"), false),
        (document, document.with_id("{}"), false),
        (document.with_id("7"), document.with_id("8"), false),
        (
            document.with_id("7"),
            Credential::new("vendor", "{ }").with_id("7"),
            true,
        ),
    ] {
        assert_eq!(
            identity(0, one) == identity(0, other),
            same,
            "{one:?} {other:?}"
        );
        assert!(identity(0, one) != identity(1, other));
    }
    assert!(revision(&key, "{}") != revision(&key, "{ }"));
}

#[test]
fn debug_hides_the_document() {
    let credential = Credential::new("vendor", r#"{"secret":"tulip;42"}"#).with_id("7");
    let shown = format!("{credential:?}");
    assert!(shown.contains("vendor") && shown.contains('7'), "{shown}");
    assert!(!shown.contains("tulip"), "{shown}");
}
