//! Files that are not a plugin, and plugins that are rejected.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use connector_host::{
    Breach, Connector, Limits, Live, LoadError, LoadRule, MAX_COMPONENT_BYTES, PluginError,
    Transport,
};

use crate::harness::{Row, load, turn};
use crate::wat::{CORRECT, OK, Plugin, WIT, changed_wit, component};

/// The error of loading a plugin with these additional definitions.
async fn refused(more: &str) -> LoadError {
    let plugin = Plugin { more, ..CORRECT }.component();
    Row::endless(plugin).load().await.err().unwrap()
}

#[tokio::test]
async fn a_plugin_with_too_much_initial_memory_is_rejected() {
    for more in [
        "(memory $second 256)",
        "(memory $second 65536)",
        "(memory 1) (memory 1) (memory 1) (memory 1) (memory 1)",
        "(table 10001 funcref)",
        "(table 4000000000 funcref)",
        "(table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref)
         (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref)",
    ] {
        let error = refused(more).await;
        let memory = matches!(error, LoadError::Plugin(PluginError::Memory));
        assert!(memory, "{more}: {error:?}");
    }
}

/// Embeds a component in a correct plugin, and instantiates it: in sections behind those of the
/// plugin. The eighth component is one of these, because the plugin has fewer.
fn with_part(part: &str) -> Vec<u8> {
    let text = format!("(component {} (instance (instantiate 7)))", part.repeat(8));
    let parts = wat::parse_str(text).unwrap();
    [&CORRECT.component()[..], &parts[8..]].concat()
}

#[tokio::test]
async fn a_component_of_too_many_parts_is_rejected() {
    let instances = "(core instance (instantiate $m))".repeat(20);
    let plugin = with_part(&format!("(component (core module $m) {instances})"));
    let error = load(&plugin, Limits::default()).await.err();
    let memory = matches!(error, Some(LoadError::Plugin(PluginError::Memory)));
    assert!(memory, "{error:?}");
}

#[tokio::test]
async fn handles_of_a_plugin_s_own_resources_are_counted() {
    // It creates them at start, of a resource of its own.
    for (number, loads) in [(100, true), (1000, false)] {
        let plugin = with_part(&format!(
            r#"(component
              (type $own (resource (rep i32)))
              (core func $new (canon resource.new $own))
              (core module $m
                (import "" "new" (func $new (param i32) (result i32)))
                (func $start (local $i i32)
                  (loop $next
                    (drop (call $new (i32.const 0)))
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br_if $next (i32.lt_u (local.get $i) (i32.const {number})))))
                (start $start))
              (core instance (instantiate $m (with "" (instance (export "new" (func $new)))))))"#
        ));
        let error = load(&plugin, Limits::default()).await.err();
        match error {
            None => assert!(loads),
            Some(LoadError::Plugin(PluginError::Trapped(_))) => assert!(!loads),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_plugin_that_never_starts_is_rejected() {
    let error = refused("(func $start (loop (br 0))) (start $start)").await;
    assert!(matches!(error, LoadError::Plugin(PluginError::Deadline)));
    let error = refused("(func $start unreachable) (start $start)").await;
    assert!(matches!(error, LoadError::Plugin(PluginError::Trapped(_))));
    let error = refused("(data (i32.const 65536) \"beyond\")").await;
    assert!(matches!(error, LoadError::Plugin(PluginError::Trapped(_))));
}

#[tokio::test]
async fn a_plugin_that_cannot_list_its_vendors_is_not_loaded() {
    let plugin = Plugin {
        vendors: "unreachable",
        ..CORRECT
    };
    let error = load(&plugin.component(), Limits::default()).await.err();
    assert!(matches!(
        error,
        Some(LoadError::Plugin(PluginError::Trapped(_)))
    ));
}

#[tokio::test]
async fn a_file_that_is_not_a_component_is_rejected() {
    let core = wat::parse_str("(module)").unwrap();
    let whole = CORRECT.component();
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 0xff;
    for bytes in [
        &b""[..],
        b"PK\x03\x04",
        b"\0asm",
        &core,
        &whole[..200],
        &whole[..whole.len() - 1],
        &damaged,
    ] {
        let error = load(bytes, Limits::default()).await.err();
        assert!(matches!(error, Some(LoadError::NotAComponent)), "{error:?}");
    }
}

#[tokio::test]
async fn a_component_of_200_mib_is_not_even_read() {
    let _turn = turn().await;
    let error = load(&vec![0; 200 << 20], Limits::default()).await.err();
    assert!(matches!(error, Some(LoadError::TooLong)), "{error:?}");

    // The file is sparse.
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("huge.wasm");
    for (length, too_long) in [
        (200 << 20, true),
        (MAX_COMPONENT_BYTES + 1, true),
        (MAX_COMPONENT_BYTES, false),
    ] {
        let file = File::create(&path).unwrap();
        file.set_len(length as u64).unwrap();
        let error = Connector::builder(nowhere()).load_file(&path).await.err();
        assert_eq!(
            matches!(error, Some(LoadError::TooLong)),
            too_long,
            "{error:?}"
        );
    }
    std::fs::remove_file(path).unwrap();
}

/// A transport that no test uses.
fn nowhere() -> Arc<dyn Transport> {
    Arc::new(Live::builder().build().unwrap())
}

#[tokio::test]
async fn an_unavailable_import_is_named() {
    for import in [
        "wasi:cli/environment@0.2.12",
        "wasi:http/types@0.3.0",
        "some:thing/else",
    ] {
        let text = format!(r#"(component (import "{import}" (instance)))"#);
        let error = load(&wat::parse_str(text).unwrap(), Limits::default()).await;
        match error.err() {
            Some(LoadError::Imports { name }) => assert_eq!(name, import),
            other => panic!("{import}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_available_import_of_another_type_is_named() {
    let import = r#"(component (import "wasi:io/poll@0.2.12"
        (instance (export "no-such-function" (func))))"#;
    let text = connector_of("").replacen("(component", import, 1);
    let error = load(&wat::parse_str(text).unwrap(), Limits::default()).await;
    match error.err() {
        Some(LoadError::Imports { name }) => assert_eq!(name, "wasi:io/poll@0.2.12"),
        other => panic!("{other:?}"),
    }
}

/// A component with all functions of a connector except `without`, and none of its types.
fn connector_of(without: &str) -> String {
    let names = [
        "vendors",
        "describe",
        "credential-schema",
        "validate",
        "origins",
        "authenticate",
        "refresh",
        "inspect",
        "authorize",
        "classify",
    ];
    let exports: Vec<_> = names
        .iter()
        .filter(|name| **name != without)
        .map(|name| format!(r#"(export "{name}" (func $f))"#))
        .collect();
    let exports = exports.concat();
    format!(
        r#"(component
            (core module $only (func (export "f") unreachable))
            (core instance $i (instantiate $only))
            (func $f (canon lift (core func $i "f")))
            (instance $c {exports})
            (export "integration:connector/credentials@0.1.0" (instance $c)))"#
    )
}

const CREDENTIALS: &str = "integration:connector/credentials@0.1.0";

#[tokio::test]
async fn a_component_without_the_functions_of_a_connector_is_rejected() {
    let other_version = connector_of("").replace("@0.1.0", "@0.2.0");
    let no_function = connector_of("")
        .replace(
            r#"(export "inspect" (func $f))"#,
            r#"(export "inspect" (instance $no))"#,
        )
        .replace(
            "(instance $c ",
            r#"(instance $no (export "f" (func $f))) (instance $c "#,
        );
    for (text, missing) in [
        ("(component)".to_owned(), ""),
        (other_version, ""),
        (connector_of("vendors"), "#vendors"),
        (connector_of("inspect"), "#inspect"),
        (connector_of("authorize"), "#authorize"),
        (no_function, "#inspect"),
    ] {
        let error = load(&wat::parse_str(&text).unwrap(), Limits::default()).await;
        match error.err() {
            Some(LoadError::Exports { name }) => assert_eq!(name, [CREDENTIALS, missing].concat()),
            other => panic!("{missing}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn functions_with_other_types_are_rejected() {
    let component = wat::parse_str(connector_of("")).unwrap();
    let error = load(&component, Limits::default()).await.err();
    assert!(matches!(error, Some(LoadError::ExportTypes)), "{error:?}");
}

#[tokio::test]
async fn imports_and_exports_are_checked_before_the_component_is_compiled() {
    // The compiler would refuse the body of this function.
    let invalid = "(core module (func (result i32)))";
    for (rest, rule) in [
        (
            r#"(import "wasi:cli/stderr@0.2.12" (instance))"#,
            LoadRule::Imports,
        ),
        ("", LoadRule::Exports),
    ] {
        let component = wat::parse_str(format!("(component {rest} {invalid})")).unwrap();
        let error = load(&component, Limits::default()).await.err().unwrap();
        assert_eq!(error.rule(), Some(rule), "{error:?}");
    }
    let whole = connector_of("").replacen("(component", &format!("(component {invalid}"), 1);
    let error = load(&wat::parse_str(whole).unwrap(), Limits::default()).await;
    assert!(matches!(error.err(), Some(LoadError::NotAComponent)));
}

/// The one breach of a plugin: it is not loaded, except by a builder that tolerates breaches.
async fn breach(plugin: Plugin<'_>) -> Breach {
    let component = plugin.component();
    let error = load(&component, Limits::default()).await.err();
    let Some(LoadError::Breach(breach)) = error else {
        panic!("{error:?}");
    };
    let tolerant = Connector::builder(nowhere()).tolerate_breaches();
    let connector = tolerant.load_bytes(&component).await.unwrap();
    assert_eq!(connector.breaches().await, Ok(vec![breach.clone()]));
    breach
}

#[tokio::test]
async fn a_description_or_schema_that_breaks_a_rule_is_named() {
    let unknown_vendor = "(call $fail (i32.const 0) (i32.const 0) (i32.const 0))";
    for (describe, problem) in [
        (OK, "`describe`: the plugin broke its contract: describe"),
        ("unreachable", "`describe`: the plugin crashed: "),
        (unknown_vendor, "`describe`: unknown vendor"),
    ] {
        let breach = breach(Plugin {
            describe,
            ..CORRECT
        })
        .await;
        assert_eq!(breach.rule, LoadRule::Description);
        assert_eq!(breach.vendor.as_deref(), Some("a"));
        assert!(breach.problem.starts_with(problem), "{breach}");
    }
    let with_root_condition = CORRECT.schema.replace("\"type\"", "\"allOf\":[],\"type\"");
    for (schema, problem) in [
        ("", "the root: the schema must be a JSON object"),
        ("[]", "the root: the schema must be a JSON object"),
        (
            &with_root_condition,
            "/allOf: the keyword is not portable here",
        ),
    ] {
        let breach = breach(Plugin { schema, ..CORRECT }).await;
        assert_eq!(breach.rule, LoadRule::Schema);
        assert_eq!(
            (breach.vendor.as_deref(), &*breach.problem),
            (Some("a"), problem)
        );
    }
    let connector = load(&CORRECT.component(), Limits::default()).await.unwrap();
    assert_eq!(connector.breaches().await, Ok(Vec::new()));
}

#[tokio::test]
async fn an_origin_that_breaks_a_rule_is_named() {
    for (origin, broken) in [
        ("https://*.acme.io", None),
        ("http://a.example/", Some(LoadRule::Origins)),
        ("https://*.govt.nz", Some(LoadRule::PublicSuffix)),
    ] {
        let module = CORRECT.module().replace("https://a.example", origin);
        let error = load(&component(&module, WIT), Limits::default())
            .await
            .err();
        let rule = error.as_ref().and_then(LoadError::rule);
        assert_eq!(rule, broken, "{origin}: {error:?}");
    }
}

#[tokio::test]
async fn additional_exports_are_no_fault() {
    let name = "export credentials;";
    let wit = changed_wit("wit-more", name, &format!("{name} export later: func();"));
    let later = r#"(func (export "later")) (func (export "cabi_realloc")"#;
    let module = CORRECT.module();
    let module = module.replace(r#"(func (export "cabi_realloc")"#, later);
    let plugin = component(&module, wit);
    assert!(load(&plugin, Limits::default()).await.is_ok());
}

#[tokio::test]
async fn a_missing_file_is_named() {
    let builder = Connector::builder(nowhere());
    let error = builder.load_file("no/such/file.wasm".as_ref()).await.err();
    let text = error.unwrap().to_string();
    assert!(
        text.starts_with("cannot read no/such/file.wasm: "),
        "{text}"
    );
}

#[tokio::test]
async fn rejected_plugins_leave_no_memory_behind() {
    // Loaded repeatedly, good and bad in alternation; the good one still works.
    let bad = Plugin {
        more: "(func $start unreachable) (start $start)",
        ..CORRECT
    }
    .component();
    let limits = Limits::new().deadline(Duration::from_secs(5));
    for _ in 0..20 {
        assert!(load(&bad, limits.clone()).await.is_err());
        let good = Plugin {
            validate: OK,
            ..CORRECT
        }
        .component();
        let connector = load(&good, limits.clone()).await.unwrap();
        assert_eq!(connector.validate("a", "{}", &[]).await, Ok(()));
    }
}
