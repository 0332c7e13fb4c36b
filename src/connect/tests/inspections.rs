//! What a credential reaches.

use super::*;

fn inspected(vendor: &str, body: &str) -> Result<Access, Error> {
    let answer = Cell::new(Some(reply(200, body)));
    let document = r#"{"client_id":"c","client_secret":"s"}"#;
    inspect(vendor, document, NOW, &|_: Request| {
        Ok(answer.take().unwrap())
    })
}

#[test]
fn contentsquare_names_scopes_and_projects() {
    let body = r#"{"scopes":"metrics data-export","permissions":{"projects":[{"id":42,"name":"UX\u001b ANALYTICS"},{"id":7,"name":" "},{"id":8}]}}"#;
    let access = inspected("contentsquare", body).unwrap();
    assert_eq!(access.scopes, ["metrics", "data-export"]);
    let projects: Vec<_> = access
        .projects
        .iter()
        .map(|project| (project.id, project.name.as_str()))
        .collect();
    assert_eq!(projects, [(42, "UX ANALYTICS"), (7, "7"), (8, "8")]);
    assert_eq!(access.level, Some(crate::access::Level::Account));
}

#[test]
fn one_project_leaves_the_level_open() {
    let body = r#"{"scopes":"","permissions":{"projects":[{"id":42,"name":"A"}]}}"#;
    let access = inspected("contentsquare", body).unwrap();
    assert_eq!(
        (access.scopes.len(), access.projects.len(), access.level),
        (0, 1, None)
    );
}

#[test]
fn contentsquare_answers_that_are_not_as_promised_are_named() {
    for (body, part) in [
        ("{}", "scopes"),
        (r#"{"scopes":["metrics"]}"#, "scopes"),
        (r#"{"scopes":"metrics"}"#, "permissions.projects"),
        (
            r#"{"scopes":"metrics","permissions":[]}"#,
            "permissions.projects",
        ),
        (
            r#"{"scopes":"metrics","permissions":{"projects":{}}}"#,
            "permissions.projects",
        ),
        (
            r#"{"scopes":"metrics","permissions":{"projects":[{"id":"42","name":"A"}]}}"#,
            "permissions.projects",
        ),
        ("<html>", "body"),
    ] {
        let error = inspected("contentsquare", body).unwrap_err();
        assert_eq!(
            error,
            Error::Unintelligible(Misreply { status: 200, part }),
            "{body}"
        );
    }
}

#[test]
fn hotjar_is_inspected_by_the_grant_and_names_nothing() {
    let body = r#"{"access_token":"a","token_type":"Bearer","expires_in":3600}"#;
    assert_eq!(inspected("hotjar", body), Ok(Access::default()));
    let error = inspected("hotjar", "{}").unwrap_err();
    assert_eq!(
        error,
        Error::Unintelligible(Misreply {
            status: 200,
            part: "access_token"
        })
    );
}
