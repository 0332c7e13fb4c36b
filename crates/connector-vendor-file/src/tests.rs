//! Faulty files, each with the line that the compiler shows.

use super::compile;

/// A file that has every table.
const ACME: &str = r#"
id = "acme"
name = "Acme"
setup_url = "https://acme.example/keys"
origins = ["https://*.acme.example"]

[fields.tenant]
title = "Tenant"
type = "host-label"

[fields.key]
title = "Key"
type = "string"
secret = true

[fields.region]
title = "Region"
type = "choice"
default = "eu"
choices = { eu = "Europe", us = "United States" }

[token]
url = "https://{tenant}.acme.example/token"
form = { key = "{key}" }

[token.reply]
token = "/data/token"

[api]
base_url = "https://{region}.acme.example/v1"
headers = { X-Token = "{token}", X-Tenant = "{tenant}" }

[codes]
expired = ["E1"]
"#;

#[test]
fn writes_a_table_with_the_templates_and_the_schema() {
    let code = compile("Acme", "acme.toml", ACME).unwrap();
    for part in [
        "pub struct Acme;",
        "VendorInfo::new(\"acme\", &[\"https://*.acme.example\"])",
        "known: &[(\"E1\", ::connector_guest::Meaning::Expired)]",
        "url: &[::connector_guest::data::Piece::Text(\"https://\"), \
         ::connector_guest::data::Piece::Value(0), \
         ::connector_guest::data::Piece::Text(\".acme.example/token\")]",
        "token: ::core::option::Option::Some(\"data.token\")",
        "expires_in: ::core::option::Option::Some(\"expires_in\")",
        "kept: &[0]",
        "(\"x-token\", &[::connector_guest::data::Piece::Value(0)])",
        "(\"x-tenant\", &[::connector_guest::data::Piece::Value(1)])",
        "origins: &[&[::connector_guest::data::Piece::Text(\"https://\"), \
         ::connector_guest::data::Piece::Value(0), \
         ::connector_guest::data::Piece::Text(\".acme.example\")], \
         &[::connector_guest::data::Piece::Text(\"https://\"), \
         ::connector_guest::data::Piece::Value(2), \
         ::connector_guest::data::Piece::Text(\".acme.example\")]]",
        r#"\"required\":[\"tenant\",\"key\"]"#,
        r#"{\"const\":\"eu\",\"title\":\"Europe\"}"#,
    ] {
        assert!(code.contains(part), "{part}\n{code}");
    }
}

/// A change of the file, and what the compiler then shows.
const FAULTY: &[(&str, &str, &str)] = &[
    ("name = \"Acme\"\n", "", "missing field `name`"),
    (
        "name = \"Acme\"",
        "name = 7",
        "3:8: name: invalid type: integer `7`, expected a string",
    ),
    (
        "name = \"Acme\"",
        "nam = \"Acme\"",
        "3:1: nam: unknown field `nam`, expected one of",
    ),
    (
        "id = \"acme\"",
        "id = \"Acme\"",
        "2:6: id: this must be 1 to 64 lower-case",
    ),
    ("id = \"acme\"", "id = \"acme", "2:"),
    ("/keys\"", "/keys\"\nid = \"b\"", "duplicate key"),
    (
        "https://acme.example/keys",
        "http://acme.example",
        "4:13: setup_url: this must be a URL",
    ),
    (
        "*.acme.example\"]",
        "*.acme.example/\"]",
        "5:12: origins: this must be an origin",
    ),
    (
        "\"host-label\"",
        "\"hostlabel\"",
        "9:8: fields.tenant.type: unknown variant `hostlabel`",
    ),
    (
        "\"host-label\"",
        "\"string\"",
        "23:7: token.url: a URL cannot hold `tenant`",
    ),
    (
        "\"host-label\"",
        "\"path-segment\"",
        "23:7: token.url: the host of a URL cannot hold a `path-segment`",
    ),
    (
        "\"host-label\"",
        "\"host\"",
        "9:8: fields.tenant.type: this type needs `domains`",
    ),
    (
        "\"host-label\"",
        "\"host-label\"\nsecret = true",
        "a secret must be of the type",
    ),
    (
        "\"host-label\"",
        "\"host-label\"\nrequired = false",
        "`tenant` may be missing",
    ),
    (
        "[fields.key]",
        "[fields.token]",
        "11:9: fields.token: `token` stands for",
    ),
    (
        "[fields.key]",
        "[fields.Key]",
        "11:9: fields.Key: the name of a field",
    ),
    (
        "secret = true",
        "secret = \"yes\"",
        "14:10: fields.key.secret: invalid type: string",
    ),
    (
        "default = \"eu\"",
        "default = \"fr\"",
        "19:11: fields.region.default: this must be",
    ),
    (
        "choices = {",
        "domains = [\"a.example\"]\nchoices = {",
        "`domains` must not be empty",
    ),
    (
        "choices = { eu = \"Europe\", us = \"United States\" }",
        "",
        "this type needs `choices`",
    ),
    (
        "{tenant}.acme",
        "{tennant}.acme",
        "23:7: token.url: no field is named `tennant`",
    ),
    (
        "{tenant}.acme",
        "{tenant.acme",
        "23:7: token.url: a `{` without `}`",
    ),
    (
        "{tenant}.acme",
        "tenant}.acme",
        "23:7: token.url: a `}` without `{`",
    ),
    (
        "acme.example/token",
        "evil.example/token",
        "23:7: token.url: `origins` lacks https://x.evil",
    ),
    (
        "acme.example/token",
        "acme.example:8/token",
        "23:7: token.url: this must be an https URL",
    ),
    (
        "/token\"",
        "/token/\"",
        "23:7: token.url: this must not end with a slash",
    ),
    (
        "key = \"{key}\"",
        "key = \"{token}\"",
        "24:16: token.form.key: `{token}` is known in",
    ),
    (
        "key = \"{key}\"",
        "key = 7",
        "24:16: token.form.key: invalid type: integer",
    ),
    (
        "form =",
        "json = {}\nform =",
        "a request has `form` or `json`",
    ),
    (
        "form =",
        "method = \"PUT\"\nform =",
        "24:10: token.method: unknown variant `PUT`",
    ),
    (
        "form =",
        "method = \"GET\"\nform =",
        "24:10: token.method: a GET request has no body",
    ),
    (
        "[token.reply]",
        "[token.replies]",
        "26:8: token.replies: unknown field",
    ),
    (
        "\"/data/token\"",
        "\"data.token\"",
        "27:9: token.reply.token: this must be a JSON pointer",
    ),
    ("base_url =", "base_path =", "the table `api` needs either"),
    (
        "base_url =",
        "base_path = \"/a\"\nbase_url =",
        "30:13: api.base_path: `base_path` belongs to",
    ),
    (
        "{region}.acme",
        "{region}.other",
        "`origins` lacks https://eu.other.example",
    ),
    (
        "X-Tenant =",
        "\"X Tenant\" =",
        "this must be the name of a header field",
    ),
    (
        "X-Tenant = \"{tenant}\"",
        "X-Key = \"{key}\"",
        "a header field cannot hold `key`",
    ),
    (
        "X-Tenant =",
        "Host =",
        "31:34: api.headers.Host: the host writes this header field itself",
    ),
    (
        "X-Tenant =",
        "Proxy-Authorization =",
        "the host writes this header field itself",
    ),
    (
        "X-Tenant =",
        "x-token =",
        "31:34: api.headers.x-token: this header field is there twice",
    ),
    (
        "X-Token = \"{token}\"",
        "Authorization = \"{tenant}\"",
        "31:13: api.headers.Authorization: this field carries the session already",
    ),
    (
        "X-Tenant = \"{tenant}\"",
        "X-Key = \"clé\"",
        "a header field must be printable ASCII",
    ),
    (
        "key = \"{key}\"",
        "key = \"x\"",
        "11:9: fields.key: nothing uses this field",
    ),
    (
        "[\"E1\"]",
        "[\"E1\", \"E1\"]",
        "34:18: codes.expired: this code has a meaning already",
    ),
    (
        "expired =",
        "over =",
        "34:1: codes.over: unknown field `over`, expected one of",
    ),
];

#[test]
fn names_the_line_the_key_and_the_remedy_of_a_fault() {
    for (from, to, expected) in FAULTY {
        let file = ACME.replacen(from, to, 1);
        assert_ne!(file, ACME, "{from}");
        let faults = compile("Acme", "acme.toml", &file).unwrap_err();
        assert!(faults.starts_with("acme.toml:"), "{faults}");
        assert!(
            faults.contains(expected),
            "{from} -> {to}: expected {expected}\n{faults}"
        );
    }
}

#[test]
fn reports_all_faults_at_once_in_the_order_of_the_file() {
    let file = ACME.replace("\"acme\"", "\"A\"").replace("\"E1\"", "\" \"");
    let faults = compile("Acme", "acme.toml", &file).unwrap_err();
    let lines: Vec<&str> = faults.lines().collect();
    assert_eq!(lines.len(), 2, "{faults}");
    assert!(lines[0].starts_with("acme.toml:2:6: id: "), "{faults}");
    assert!(
        lines[1].starts_with("acme.toml:34:12: codes.expired: "),
        "{faults}"
    );
}

/// A file without a token request.
fn key_only(api: &str) -> String {
    format!(
        "id = \"a\"\nname = \"A\"\nsetup_url = \"https://a.example\"\n\
         origins = [\"https://a.example\"]\n\
         [fields.key]\ntitle = \"K\"\ntype = \"token\"\nsecret = true\n\
         [api]\nbase_url = \"https://a.example\"\n{api}\n"
    )
}

#[test]
fn a_key_is_carried_by_a_header_a_parameter_or_http_basic() {
    let authorization = |value: &str| {
        format!(
            "headers: &[(\"authorization\", &[::connector_guest::data::Piece::Text(\"{value} \")"
        )
    };
    for (api, opening, headers) in [
        (
            "headers = { Authorization = \"Bearer {key}\" }",
            "Opening::Key(",
            authorization("Bearer"),
        ),
        (
            "basic = { user = \"api\", password = \"{key}\" }",
            "Opening::Basic(",
            authorization("Basic"),
        ),
        (
            "query = { key = \"{key}\" }",
            "Opening::Key(",
            "headers: &[]".to_owned(),
        ),
    ] {
        let code = compile("A", "a.toml", &key_only(api)).unwrap();
        assert!(code.contains(opening) && code.contains(&headers), "{code}");
        assert!(
            code.contains("kept: &[]") && code.contains("Expiry::Never"),
            "{code}"
        );
    }
    for (api, fault) in [
        ("", "must carry a secret field"),
        (
            "headers = { A = \"{token}\" }",
            "`{token}` needs a table `token`",
        ),
    ] {
        let faults = compile("A", "a.toml", &key_only(api)).unwrap_err();
        assert!(faults.contains(fault), "{faults}");
    }
}

#[test]
fn the_file_of_the_readme_is_the_one_that_its_example_compiles() {
    let (_, file) = include_str!("../acme.toml").split_once("\n\n").unwrap();
    assert!(include_str!("../README.md").contains(file));
}

#[test]
fn reads_files_of_every_editor() {
    for file in [
        ACME.replace('\n', "\r\n"),
        format!("\u{feff}{ACME}"),
        format!("# é\u{2028}\n{ACME}"),
    ] {
        compile("Acme", "acme.toml", &file).unwrap();
    }
}
